"""Make an environment of just what a wheel asks for, out of links to what `.venv` holds: nothing is downloaded.

    .venv/bin/python scripts/linked_environment.py FOLDER WHEEL [EXTRA ...]

What the wheel needs but does not ask for is missing there, as it is on the machine of a user. The versions are those of
`.venv`; which ones a user gets is not tried.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterable, Mapping
from email.parser import HeaderParser
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def asked_for(requirements: Iterable[str], extras: Iterable[str] = ()) -> dict[str, Distribution]:
    """What these requirements come to here, all that they ask for in turn included."""
    found: dict[tuple[str, str], Distribution] = {}
    waiting = [(line, extra) for line in requirements for extra in ("", *extras)]
    while waiting:
        line, extra = waiting.pop()
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        for wanted in {"", *requirement.extras} - {extra for known, extra in found if known == name}:
            found[name, wanted] = distribution(name)
            waiting += [(further, wanted) for further in found[name, wanted].requires or ()]
    return {name: found[name, wanted] for name, wanted in found}


def link(packages: Path, wanted: Mapping[str, Distribution]) -> None:
    """Link whatever these distributions brought into their own folder of packages."""
    for found in wanted.values():
        for top in {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
            if not (packages / top).exists():
                (packages / top).symlink_to(Path(str(found.locate_file(top))))


def make(folder: Path, wheel: Path, extras: Iterable[str] = ()) -> None:
    """Make the environment at `folder`, and install the wheel in it."""
    venv.create(folder, symlinks=True, clear=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        told = HeaderParser().parsestr(archive.read(metadata).decode())
    own = canonicalize_name(told["Name"])
    # An extra may ask for the package itself, whose links would lead to the source tree.
    wanted = asked_for(told.get_all("Requires-Dist", []), extras)
    link(packages, {name: found for name, found in wanted.items() if name != own})
    # By name rather than by path: a bill of materials made here would tell the path.
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install", "--quiet", "--no-deps"]
    where = ["--no-index", "--find-links", str(wheel.parent), f"{told['Name']}=={told['Version']}"]
    subprocess.run([*pip, *where], check=True)


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
