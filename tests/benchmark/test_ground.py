"""What all trials of one seed stand on."""

from __future__ import annotations

from napari_unlearn.benchmark.ground import Ground


def test_masks_are_those_of_the_trial(ground: Ground) -> None:
    cases = ground.masked("dilation", 0.5)
    assert [case.id for case in cases] == [case.id for case in ground.train]
    assert {case.id for case in cases if case.is_refined} == ground.refine(0.5)
    assert all(case.how == "dilation" and case.coarse_path is not None for case in cases)


def test_no_share_refines_nothing(ground: Ground) -> None:
    assert not any(case.is_refined for case in ground.masked("box", 0.0))
