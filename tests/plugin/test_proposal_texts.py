from __future__ import annotations

import re
from pathlib import Path

from napari_unlearn.data.artefacts import ARTEFACT_NAMES
from napari_unlearn.plugin.proposal_texts import FLAGS, FOUND, METHODS
from napari_unlearn.proposals.artefacts import DETECTORS
from napari_unlearn.proposals.outlines import NAMES

PAGE = (Path(__file__).parents[2] / "docs" / "refining.md").read_text(encoding="utf-8")


def test_every_method_is_offered_and_no_other() -> None:
    assert {name for name, _, _ in METHODS} == {*NAMES, *DETECTORS}
    assert {name: detector.flag for name, detector in DETECTORS.items()} == FLAGS
    assert all(flag in ARTEFACT_NAMES for flag in FLAGS.values())


def test_the_numbers_in_the_window_are_those_of_the_table() -> None:
    table = {cells[1]: cells for line in PAGE.splitlines() if len(cells := [c.strip() for c in line.split("|")]) == 7}
    rows = {"colour-cut": "by colour", "random-walker": "by edges", "chan-vese": "by evenness"}
    for name, _, tip in METHODS:
        if name in rows:
            (cells,) = [cells for first, cells in table.items() if first.startswith(rows[name])]
            itself = table["the coarse mask itself"]
            wanted = [f"{float(row[column]):.3f}" for row in (cells, itself) for column in (2, 4)]
            assert re.findall(r"0\.\d{3}", tip) == wanted


def test_the_window_says_of_each_detector_what_its_table_says() -> None:
    table = {cells[1]: cells for line in PAGE.splitlines() if len(cells := [c.strip() for c in line.split("|")]) == 6}
    rows = {"ruler": "Ruler", "hair": "Dark hair", "ink": "Violet or blue ink", "dark-corner": "Dark corners"}
    assert rows.keys() == FOUND.keys()
    for name, found in FOUND.items():
        _, _, with_it, without, _, _ = table[rows[name]]
        assert with_it == f"{found.with_it} of {found.images_with}"
        assert without == f"{found.without} of {found.images_without}"
        (tip,) = [tip for key, _, tip in METHODS if key == name]
        share, other = found.with_it / found.images_with, found.without / found.images_without
        for part in (share, other):
            assert f"{part:.0%} of".replace("%", " %") in tip
