"""Command `operators`."""

from __future__ import annotations

from rich.table import Table

from napari_unlearn.cli.console import OUT, print_json
from napari_unlearn.cli.options import Json


def operators(json: Json = False) -> None:
    """List the operators, strongest guarantee first."""
    from napari_unlearn.operators.registry import available

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
                        "parameters": entry.parameters,
                    }
                    for entry in entries
                ]
            }
        )
        return
    grid = Table("Operator", "Guarantee", "What it does", "Settings")
    for entry in entries:
        settings = "\n".join(f"{name}={facts['default']}" for name, facts in entry.parameters.items())
        grid.add_row(entry.name, entry.badge, f"{entry.summary}\n[dim]{entry.source}[/dim]", settings)
        grid.add_section()
    OUT.print(grid)
