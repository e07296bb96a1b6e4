"""`python -m napari_unlearn`: the command line."""

from __future__ import annotations

from napari_unlearn.cli.main import app

if __name__ == "__main__":
    app(prog_name="napari-unlearn")
