"""A report as one HTML file that loads nothing: text is escaped, pictures are inside, and scripts are forbidden."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

import napari_unlearn
from napari_unlearn.report import plots
from napari_unlearn.report import trajectory as course
from napari_unlearn.report.content import COMMAND, Content
from napari_unlearn.report.feature_plot import SIZE, legend_path, space_plots
from napari_unlearn.report.guarantee import not_promised, stamp
from napari_unlearn.report.numbers import plots as number_plots
from napari_unlearn.report.pictures import CLASSES

_TEMPLATES = Path(__file__).parent / "templates"


def render(content: Content, tidy: Callable[[str], str], now: dt.datetime | None = None) -> str:
    """Lay a report out.

    Parameters
    ----------
    content : Content
        What it says.
    tidy : callable
        Applied to every text before it is escaped, to keep paths out.
    now : datetime or None
        When the report is made; None for now.

    Returns
    -------
    str
        The whole file.
    """

    def finish(value: object) -> object:
        if isinstance(value, Markup) or not isinstance(value, str) or value.startswith("data:image/"):
            return value
        return tidy(value)

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=finish,
    )
    css = (_TEMPLATES / "style.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    facts = content.facts
    trajectory, curves = course.split_curves(facts.curves)
    return environment.get_template("report.html.j2").render(
        content=content,
        facts=facts,
        record=facts.certificate,
        metrics=facts.metrics,
        counted=content.counted,
        stamp=stamp(facts),
        not_promised=not_promised(facts),
        curves=[plots.line_plot(curve) for curve in curves],
        trajectory=course.trajectory_plots(trajectory),
        trajectory_about=course.about(trajectory),
        number_plots=number_plots(content.splits),
        plots=plots,
        space_plots=[] if content.space is None else space_plots(content.space),
        panel=SIZE,
        legend_path=legend_path,
        swatches=len(CLASSES),
        command=COMMAND,
        # Not a Markup of anything but the file above: it is the only text that is not escaped.
        css=Markup(css),
        style_hash=f"sha256-{digest}",
        made=(now or dt.datetime.now(dt.UTC)).isoformat(timespec="seconds"),
        version=napari_unlearn.__version__,
    )
