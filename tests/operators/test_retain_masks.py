"""Which labels may be kept, and which are to be forgotten."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.errors import UserError
from napari_unlearn.masks import split_pixels
from napari_unlearn.models.grid import mask_to_grid
from napari_unlearn.models.pixel_sampling import IGNORE
from napari_unlearn.operators.counterfactual import Refined
from napari_unlearn.operators.retain_masks import MaskReader, composed_batches, known_cases, require_classes


@pytest.mark.parametrize("corrected", [True, False])
@pytest.mark.parametrize("size", [32, 64])
def test_a_refined_case_keeps_its_fine_mask_and_forgets_its_artefacts(
    sample: Dataset, corrected: bool, size: int
) -> None:
    case = sample.refined("train")[0]
    coarse, fine = mask_to_grid(case.coarse(), size), mask_to_grid(case.fine(), size)
    artefact = (coarse > 0) & (fine == 0)
    labels = MaskReader(size, corrected).read(case)
    np.testing.assert_array_equal(labels.fine, fine)
    np.testing.assert_array_equal(labels.retain, fine if corrected else np.where(artefact, IGNORE, fine))
    np.testing.assert_array_equal(labels.forget, np.where(artefact, coarse, IGNORE))


def test_a_lesion_under_an_artefact_may_be_left_out_of_all_that_teaches() -> None:
    coarse, fine, flags = np.zeros((3, 32, 32), np.uint8)
    coarse[4:28, 4:28], fine[8:24, 8:24], flags[10:12, :] = 2, 2, 16
    under = np.zeros((32, 32), bool)
    under[10:12, 8:24] = True
    for overlap in (True, False):
        reader = MaskReader(32, True, overlap=overlap)
        labels = reader.take("a", coarse, fine, flags)
        expected = fine if overlap else np.where(under, IGNORE, fine)
        np.testing.assert_array_equal(labels.retain, expected)
        np.testing.assert_array_equal(labels.fine, expected)
        np.testing.assert_array_equal(labels.forget, np.where((coarse > 0) & (fine == 0), coarse, IGNORE))
        assert reader.collected(None, 1, 0).overlap == 32  # type: ignore[arg-type]
        # Without a map nothing is known to lie over the lesion.
        np.testing.assert_array_equal(reader.take("a", coarse, fine).retain, fine)
        assert reader.collected(None, 1, 0).overlap == 0  # type: ignore[arg-type]


def test_of_any_other_case_only_what_lies_outside_is_known(sample: Dataset) -> None:
    case = next(case for case in sample.split("train") if not case.is_refined)
    labels = MaskReader(64, True).read(case)
    assert labels.fine is None
    np.testing.assert_array_equal(labels.retain, np.where(case.coarse() > 0, IGNORE, 0))
    assert (labels.forget == IGNORE).all()


def test_it_counts_at_the_resolution_of_the_masks(sample: Dataset) -> None:
    reader = MaskReader(32, True)
    cases = sample.split("train")
    for case in cases:
        reader.read(case)
    splits = [split_pixels(case.coarse(), case.fine()) for case in cases]
    collected = reader.collected(None, 6, 6)  # type: ignore[arg-type]
    assert collected.retain_pixels == sum(int(split.retain.sum()) for split in splits)
    assert collected.forget_pixels == sum(int(split.forget.sum()) for split in splits)
    assert (collected.refined, collected.unrefined, collected.outside) == (6, 6, {})
    other = MaskReader(64, False)
    for case in cases:
        other.read(case)
    assert other.collected(None, 6, 6).retain_hash == collected.retain_hash  # type: ignore[arg-type]


def test_a_case_without_a_coarse_mask_is_not_known(sample: Dataset) -> None:
    cases = sample.split("train")
    bare = [dataclasses.replace(case, coarse_path=None) for case in cases[:3]]
    known, refined = known_cases([*bare, *cases[3:]])
    assert known == list(cases[3:])
    assert refined == sum(case.is_refined for case in cases[3:])
    with pytest.raises(UserError, match="No training case has a fine mask yet; refine at least one case"):
        known_cases([case for case in cases if not case.is_refined])


def drawn(height: int, kind: int) -> Refined:
    fine = np.zeros((height, 32), np.uint8)
    fine[8:16, 8:16] = kind
    return Refined(np.full((height, 32, 3), 90, np.uint8), fine, str(kind))


def test_every_class_must_be_shown() -> None:
    require_classes([drawn(32, 1), drawn(32, 2)], ("background", "benign", "malignant"))
    with pytest.raises(UserError, match="No refined case shows benign or malignant, so the model would forget it"):
        require_classes([drawn(32, 3)], ("background", "benign", "malignant"))


def test_composed_cases_come_in_batches_of_one_shape() -> None:
    refined = [drawn(32, 1), drawn(32, 2), drawn(64, 1), drawn(64, 2), drawn(96, 1)]
    batches = list(composed_batches(refined, 5, np.random.default_rng(0)))
    assert [(len(batch), batch[0].labels.shape[0]) for batch in batches] == [(8, 32), (2, 32), (8, 64), (2, 64)]
    assert all(
        item.image.shape[:2] == item.labels.shape == batch[0].labels.shape for batch in batches for item in batch
    )
    with pytest.raises(
        UserError, match="need two refined cases with a lesion and of the same shape; refine another one"
    ):
        list(composed_batches(refined[-1:], 1, np.random.default_rng(0)))
