"""Write the table of operators in docs/operators/index.md from the registry; with --check, only say what is wrong."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from napari_unlearn.operators.catalogue import OPERATORS
from napari_unlearn.operators.info import OperatorInfo

FOLDER = Path(__file__).parents[1] / "docs" / "operators"
START, END = "<!-- operators:start -->", "<!-- operators:end -->"


def row(entry: OperatorInfo, pages: dict[str, str]) -> str:
    """One operator, linked to the section about it."""
    name = f"[`{entry.name}`]({pages[entry.name]}#{entry.name})" if entry.name in pages else f"`{entry.name}`"
    revises = "head" if entry.convex else "head, U-Net"
    return f"| {name} | {entry.badge} | {revises} | {entry.source} |"


def main() -> int:
    """Return 1 where something is wrong."""
    check = "--check" in sys.argv[1:]
    pages = {
        name: page.name
        for page in sorted(FOLDER.glob("*.md"))
        for name in re.findall(r"^## `([a-z0-9-]+)`", page.read_text(encoding="utf-8"), re.MULTILINE)
    }
    known = [entry.name for entry in OPERATORS]
    wrong = [f"No page of docs/operators has a section '## `{name}`'." for name in known if name not in pages]
    wrong += [
        f"{page} has a section on '{name}', which is no operator." for name, page in pages.items() if name not in known
    ]
    table = ["| Operator | Guarantee | Revises | Source |", "|---|---|---|---|", *(row(o, pages) for o in OPERATORS)]
    index = FOLDER / "index.md"
    old = index.read_text(encoding="utf-8")
    before, _, rest = old.partition(START)
    new = before + "\n".join([START, "", *table, "", END]) + rest.partition(END)[2]
    if check and new != old:
        wrong.append("The table in docs/operators/index.md is not that of the registry; run scripts/list_operators.py.")
    elif new != old:
        index.write_text(new, encoding="utf-8")
    sys.stderr.writelines(f"{sentence}\n" for sentence in wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
