"""Write the bill of materials of a release to `dist/`: all packages that a user gets, as CycloneDX JSON.

The bill is made from an environment that holds what the wheel asks for with all of its extras, and nothing else, in the
versions of `.venv`, which are those of `requirements.lock`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from linked_environment import make

ROOT = Path(__file__).parents[1]


def write(folder: Path) -> Path:
    """Write the bill into `folder`, and say where it is."""
    with tempfile.TemporaryDirectory() as work:
        build = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", work, str(ROOT)]
        subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
        (wheel,) = Path(work).glob("*.whl")
        make(Path(work) / "environment", wheel, extras=["all"])
        name, version = wheel.name.split("-")[:2]
        folder.mkdir(parents=True, exist_ok=True)
        return describe(Path(work) / "environment", folder / f"{name}-{version}.cdx.json")


def describe(environment: Path, bill: Path) -> Path:
    """Write the bill of an environment, without date and random number, checked against the schema of CycloneDX."""
    command = [sys.executable, "-m", "cyclonedx_py", "environment", "--pyproject", str(ROOT / "pyproject.toml")]
    how = ["--mc-type", "library", "--output-reproducible", "--validate", "--output-file", str(bill)]
    subprocess.run([*command, *how, str(environment)], check=True, stderr=subprocess.DEVNULL)
    return bill


if __name__ == "__main__":
    sys.stdout.write(f"{write(ROOT / 'dist')}\n")
