"""Inject every fault of tests/faults, and write what came of it into the table of docs/faults.md."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "faults.md"
BEGIN, END = "<!-- table: scripts/list_faults.py -->\n", "<!-- end of the table -->\n"


def table(rows: list[dict[str, object]]) -> str:
    """The counts as Markdown."""
    lines = ["| Fault | Where | How often | Something saved was lost |", "|---|---|---:|---:|"]
    rows = sorted(rows, key=lambda row: (str(row["fault"]), str(row["where"])))
    lines += [f"| {row['fault']} | {row['where']} | {row['times']} | {row['lost']} |" for row in rows]
    times, lost = (sum(int(str(row[name])) for row in rows) for name in ("times", "lost"))
    lines.append(f"| **all** | | **{times}** | **{lost}** |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run the tests, and write the table only where all of them pass."""
    with tempfile.TemporaryDirectory() as folder:
        counts = Path(folder) / "counts.json"
        environment = {**os.environ, "NAPARI_UNLEARN_FAULTS": str(counts)}
        command = [sys.executable, "-m", "pytest", "-q", str(ROOT / "tests" / "faults"), *sys.argv[1:]]
        status = subprocess.run(command, env=environment, cwd=ROOT, check=False).returncode
        if status != 0:
            return status
        rows = json.loads(counts.read_text(encoding="utf-8"))
    page = PAGE.read_text(encoding="utf-8")
    head, _, rest = page.partition(BEGIN)
    PAGE.write_text(f"{head}{BEGIN}\n{table(rows)}\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
