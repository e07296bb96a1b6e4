"""Audit of every certified operator: what many runs prove, as it is and with a tenth of its noise.

    python benchmarks/audit.py [--runs 4000] [--out FILE]

Each operator is run `--runs` times from each of its two worst starts on a problem with six weights, at (1, 1e-5), then
once more with every sigma divided by ten. All bounds together hold with probability 95 %. Prints a table in Markdown
and writes all numbers.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import Any

from napari_unlearn.operators.auditing import audit_operator
from napari_unlearn.operators.registry import available

RESULTS = Path(__file__).parent / "results"
EPSILON, DELTA, CONFIDENCE, THIN = 1.0, 1e-5, 0.95, 10.0


def audited(runs: int) -> list[dict[str, Any]]:
    """Numbers of every certified operator."""
    certified = [operator for operator in available() if operator.tier == "certified"]
    # Shared out over operators and both kinds of noise, so that all bounds hold at once.
    confidence = 1 - (1 - CONFIDENCE) / (2 * len(certified))
    found = []
    for operator in certified:
        row: dict[str, Any] = {"operator": operator.name, "claimed": EPSILON}
        for name, thinned in (("as it is", 1.0), ("a tenth of the noise", THIN)):
            result = audit_operator(
                operator, runs, epsilon=EPSILON, delta=DELTA, confidence=confidence, thinned=thinned
            )
            row["mu"] = row.get("mu", result.mu)
            row[name] = {"lower_bound": result.epsilon, "refuted": result.refuted, **dataclasses.asdict(result.found)}
        found.append(row)
        print(json.dumps(row), flush=True)
    return found


def table(rows: list[dict[str, Any]]) -> str:
    """Table in Markdown."""
    lines = [
        "| operator | claimed epsilon | lower bound | lower bound with a tenth of the noise | caught |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        own, thin = row["as it is"], row["a tenth of the noise"]
        caught = "yes" if thin["refuted"] and not own["refuted"] else "NO"
        bounds = f"{own['lower_bound']:.2f} | {thin['lower_bound']:.2f}"
        lines.append(f"| `{row['operator']}` | {row['claimed']:g} | {bounds} | {caught} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=4000, help="runs from each start")
    parser.add_argument("--out", type=Path, default=RESULTS / "audit.json")
    options = parser.parse_args()
    rows = audited(options.runs)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    settings = {"runs": options.runs, "epsilon": EPSILON, "delta": DELTA, "confidence": CONFIDENCE}
    options.out.write_text(json.dumps({**settings, "operators": rows}, indent=2) + "\n", encoding="utf-8")
    print(table(rows))


if __name__ == "__main__":
    main()
