"""Command `operators`."""

from __future__ import annotations

from napari_unlearn.cli.console import OUT, print_json
from napari_unlearn.cli.options import Json


def operators(json: Json = False) -> None:
    """List the operators, strongest guarantee first."""
    from napari_unlearn.operators.registry import available, left_out

    entries = available()
    if json:
        print_json(
            {
                "operators": [
                    {
                        "name": entry.name,
                        "title": entry.title,
                        "tier": entry.tier,
                        "badge": entry.badge,
                        "summary": entry.summary,
                        "source": entry.source,
                        "convex": entry.convex,
                        "package": entry.package or None,
                        "parameters": entry.parameters,
                    }
                    for entry in entries
                ],
                "left_out": [
                    {"name": entry.name, "package": entry.package, "reason": entry.reason} for entry in left_out()
                ],
            }
        )
        return
    from rich.table import Table
    from rich.text import Text

    grid = Table()
    # What is typed again is never cut short, however narrow the terminal.
    for heading, typed in (("Operator", True), ("Guarantee", False), ("What it does", False), ("Settings", True)):
        grid.add_column(heading, no_wrap=typed, overflow="fold")
    for entry in entries:
        settings = "\n".join(f"{name}={facts['default']:g}" for name, facts in entry.parameters.items())
        origin = f"{entry.source}\nFrom {entry.package}." if entry.package else entry.source
        grid.add_row(entry.name, entry.badge, Text.assemble(f"{entry.summary}\n", (origin, "dim")), settings)
        grid.add_section()
    OUT.print(grid)
    if left_out():
        OUT.print("Could not be loaded:")
        for missing in left_out():
            OUT.print(f"- {missing.reason}", markup=False, highlight=False, soft_wrap=True)
