"""The command line: `napari-unlearn COMMAND`. Each command is one module; heavy libraries load inside the commands."""

from __future__ import annotations

import logging
import os

import typer

from napari_unlearn.cli.benchmark import benchmark
from napari_unlearn.cli.compose import compose
from napari_unlearn.cli.demo import demo
from napari_unlearn.cli.evaluate import evaluate
from napari_unlearn.cli.export import export
from napari_unlearn.cli.group import Commands
from napari_unlearn.cli.information import information
from napari_unlearn.cli.operators import operators
from napari_unlearn.cli.plan import plan
from napari_unlearn.cli.predict import predict
from napari_unlearn.cli.report import report
from napari_unlearn.cli.sample import sample
from napari_unlearn.cli.suggest import suggest
from napari_unlearn.cli.train import train
from napari_unlearn.cli.unlearn import unlearn
from napari_unlearn.cli.verify import verify

# Threads that spin while they wait slow each other down manyfold on a busy machine; must be set before torch loads.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

app = typer.Typer(
    name="napari-unlearn",
    cls=Commands,
    help="Make a segmentation model forget what coarse masks took in, and tell what is guaranteed.",
    no_args_is_help=True,
    add_completion=False,
    # Help is plain text: what would draw boxes around it takes three times as long to load as all else.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for command in (
    sample,
    information,
    suggest,
    train,
    plan,
    unlearn,
    compose,
    evaluate,
    benchmark,
    predict,
    report,
    export,
    verify,
    operators,
    demo,
):
    # Given as it is, or the list of commands would cut it short.
    app.command(short_help=(command.__doc__ or "").partition("\n")[0])(command)


@app.callback()
def _configure() -> None:
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
