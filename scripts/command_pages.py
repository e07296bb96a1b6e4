"""Put a reference of all commands on the site: `mkdocs` makes the page from the commands, so it is never old."""

from __future__ import annotations

import html

import typer
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from napari_unlearn.cli.main import app

PAGE = "commands.md"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the page; `mkdocs.yml` says where it stands."""
    files.append(File.generated(config, PAGE, content=page()))
    return files


def page() -> str:
    """Every command with its arguments and options, in the order of `--help`, as Markdown."""
    blocks = [
        "# All commands",
        "What `napari-unlearn COMMAND --help` prints. [Command line](cli.md) tells what they are for.",
    ]
    program = typer.main.get_command(app)
    assert isinstance(program, typer.core.TyperGroup)
    for name, command in program.commands.items():
        context = command.make_context(name, [], resilient_parsing=True)
        usage = " ".join(["napari-unlearn", name, *command.collect_usage_pieces(context)])
        rows = [row for each in command.get_params(context) if (row := each.get_help_record(context)) is not None]
        told = [f"| `{cell(names)}` | {cell(html.escape(text, quote=False))} |" for names, text in rows]
        table = ["| Argument or option | |", "|---|---|", *told]
        blocks += [f"## `{name}`", str(command.help), f"```\n{usage}\n```", "\n".join(table)]
    return "\n\n".join(blocks) + "\n"


def cell(text: str) -> str:
    """What may stand in a table: one line, whose bars divide nothing."""
    return " ".join(text.split()).replace("|", "\\|")
