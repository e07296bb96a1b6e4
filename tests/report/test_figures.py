from __future__ import annotations

import dataclasses

import numpy as np

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.report.figures import PER_SPLIT, dice, forget_figures, prediction_figure, shown_cases


def test_refined_cases_show_what_was_forgotten(sample: Dataset) -> None:
    figures = list(forget_figures(sample.split("train")))
    refined = sample.refined("train")
    assert [figure.title.split(" · ")[0] for figure in figures] == [case.id for case in refined[:6]]
    case = refined[0]
    fine = case.fine()
    assert fine is not None
    count = int(((case.coarse() > 0) & (fine == 0)).sum())
    (picture,) = figures[0].pictures
    assert picture.caption.startswith(f"{count:,} pixels forgotten")
    assert case.id in picture.alt


def test_cases_without_a_fine_mask_are_not_shown(sample: Dataset) -> None:
    assert list(forget_figures([case for case in sample.split("train") if not case.is_refined])) == []


def test_a_case_of_which_nothing_is_forgotten_makes_room_for_the_next(sample: Dataset) -> None:
    refined = sample.refined("train")
    # Its fine mask in place of the coarse one leaves nothing to forget.
    nothing = [dataclasses.replace(case, coarse_path=case.fine_path) for case in refined[1:]]
    figures = list(forget_figures([*nothing, refined[0]]))
    assert [figure.title.split(" · ")[0] for figure in figures] == [refined[0].id]
    assert len(list(forget_figures([nothing[0], refined[0]] * 6))) == 6


def test_every_split_is_shown(sample: Dataset) -> None:
    shown = shown_cases(sample, ("test_aligned", "test_conflicting"))
    assert [case.split for case in shown] == ["test_aligned"] * PER_SPLIT + ["test_conflicting"] * PER_SPLIT


def test_predictions_stand_beside_the_image(sample: Dataset) -> None:
    case = sample.refined("test_aligned")[0]
    fine = case.fine()
    assert fine is not None
    figure = prediction_figure(case, {"Before": np.zeros_like(fine), "After": fine}, sample.classes)
    image, before, after = figure.pictures
    assert (image.caption, before.caption) == ("Image", "Before: no lesion, Dice 0.00")
    assert after.caption == f"After: {case.diagnosis}, Dice 1.00"
    assert len({picture.uri for picture in figure.pictures}) == 3


def test_the_largest_class_is_named_and_unknown_ones_by_number(sample: Dataset) -> None:
    case = sample.refined("test_aligned")[0]
    prediction = np.zeros(case.shape, np.uint8)
    prediction[:2], prediction[2:8] = 1, 9
    (_, picture) = prediction_figure(case, {"After": prediction}, sample.classes).pictures
    assert picture.caption.startswith("After: mostly class 9, Dice ")


def test_overlap() -> None:
    one, other = np.array([[True, True, False, False]]), np.array([[False, True, True, False]])
    assert dice(one, other) == 0.5
    assert dice(~(one | True), ~(one | True)) is None
