from __future__ import annotations

import re
from pathlib import Path

from napari_unlearn.data.artefacts import ARTEFACT_NAMES
from napari_unlearn.plugin.proposal_texts import ARTEFACTS, METHODS
from napari_unlearn.proposals.outlines import NAMES

PAGE = (Path(__file__).parents[2] / "docs" / "refining.md").read_text(encoding="utf-8")


def test_every_method_is_offered_and_no_other() -> None:
    assert {name for name, _, _ in METHODS} == {*NAMES, *ARTEFACTS}
    assert all(flag in ARTEFACT_NAMES for flag, _, _ in ARTEFACTS.values())


def test_the_numbers_in_the_window_are_those_of_the_table() -> None:
    table = {cells[1]: cells for line in PAGE.splitlines() if len(cells := [c.strip() for c in line.split("|")]) == 7}
    rows = {"colour-cut": "by colour", "random-walker": "by edges", "chan-vese": "by evenness"}
    for name, _, tip in METHODS:
        if name in rows:
            (cells,) = [cells for first, cells in table.items() if first.startswith(rows[name])]
            itself = table["the coarse mask itself"]
            wanted = [f"{float(row[column]):.3f}" for row in (cells, itself) for column in (2, 4)]
            assert re.findall(r"0\.\d{3}", tip) == wanted
