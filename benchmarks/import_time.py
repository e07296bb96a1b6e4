"""What `napari-unlearn --help` costs: processor time of the whole process, and the modules that take longest to load.

    python benchmarks/import_time.py [RUNS]

Processor time, user and system, depends less on what else the machine does than clock time, which is printed beside it.
The smallest of all runs was disturbed least.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

RESULT = Path(__file__).parent / "results" / "import_time.json"
HELP = (sys.executable, "-m", "napari_unlearn", "--help")
NOTHING = (sys.executable, "-c", "pass")


def cost(command: tuple[str, ...]) -> tuple[float, float]:
    """Processor seconds and clock seconds of a command."""
    from resource import RUSAGE_CHILDREN, getrusage

    before, started = getrusage(RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.perf_counter() - started


def modules() -> list[tuple[float, str]]:
    """Milliseconds in each module itself, longest first."""
    found = subprocess.run((HELP[0], "-X", "importtime", *HELP[1:]), capture_output=True, text=True, check=True).stderr
    lines = [line.removeprefix("import time:").split("|") for line in found.splitlines() if "|" in line]
    return sorted(((int(own) / 1000, name.strip()) for own, _, name in lines if own.strip().isdigit()), reverse=True)


def main(runs: int) -> None:
    for command in (HELP, NOTHING):
        cost(command)  # from now on its files are in memory
    told = {}
    for name, command in (("--help", HELP), ("Python alone", NOTHING)):
        processor, clock = zip(*(cost(command) for _ in range(runs)), strict=True)
        told[name] = {
            "processor_s": {"least": round(min(processor), 3), "median": round(median(processor), 3)},
            "clock_s": {"least": round(min(clock), 3), "median": round(median(clock), 3)},
        }
        print(name, told[name])
    slowest = modules()
    for milliseconds, name in slowest[:10]:
        print(f"{milliseconds:8.1f} ms  {name}")
    RESULT.write_text(json.dumps({"runs": runs, "modules": len(slowest), **told}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
