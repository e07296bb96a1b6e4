"""Let pages link to tests: `mkdocs` puts the test modules on the site beside the pages, as text."""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel

ROOT = Path(__file__).parents[1]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add every test module under the address that it has in the repository, seen from `docs/`."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        name = path.relative_to(ROOT).as_posix()
        # Said aloud, since what begins with a dot is left out otherwise.
        file = File.generated(config, f"../{name}", abs_src_path=str(path), inclusion=InclusionLevel.INCLUDED)
        # Browsers show text, and offer Python to be saved.
        file.dest_uri = f"{name}.txt"
        files.append(file)
    return files
