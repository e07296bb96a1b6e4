from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from napari_unlearn.data.synthetic.plan import PlannedCase, plan_sample


def plan(cases: int = 90, *, shortcut: float = 0.9, fine: float = 0.2, seed: int = 1) -> tuple[PlannedCase, ...]:
    return plan_sample(cases, shortcut=shortcut, fine=fine, seed=seed)


def biased(planned: tuple[PlannedCase, ...], split: str, diagnosis: str) -> list[bool]:
    return [case.spec.biased for case in planned if (case.split, case.diagnosis) == (split, diagnosis)]


@pytest.mark.parametrize(("cases", "tested"), [(90, 30), (30, 20), (4, 20)])
def test_splits_have_their_sizes_and_both_classes_equally(cases: int, tested: int) -> None:
    counts = Counter((case.split, case.diagnosis) for case in plan(cases))
    sizes = {"train": cases, "test_aligned": tested, "test_conflicting": tested}
    assert counts == {(s, d): n // 2 for s, n in sizes.items() for d in ("benign", "malignant")}


def test_ids_are_unique_and_start_with_the_split() -> None:
    ids = [case.id for case in plan()]
    assert len(set(ids)) == len(ids)
    assert (ids[0], ids[90], ids[120]) == ("train-0001", "aligned-0001", "conflicting-0001")


@pytest.mark.parametrize(
    ("split", "malignant_share"), [("train", 0.8), ("test_aligned", 0.8), ("test_conflicting", 0.2)]
)
def test_shortcut_and_diagnosis_go_together_as_asked(split: str, malignant_share: float) -> None:
    planned = plan(150, shortcut=0.8)
    for diagnosis, share in (("malignant", malignant_share), ("benign", 1 - malignant_share)):
        carried = biased(planned, split, diagnosis)
        assert sum(carried) == pytest.approx(share * len(carried), abs=0.51)


def test_at_one_half_the_shortcut_says_nothing() -> None:
    planned = plan(120, shortcut=0.5)
    assert sum(biased(planned, "train", "malignant")) == sum(biased(planned, "train", "benign")) == 30


def test_correlation_and_refinement_change_nothing_else() -> None:
    one, other = plan(shortcut=0.5, fine=0.1), plan(shortcut=1.0, fine=0.9)
    assert one != other
    for a, b in zip(one, other, strict=True):
        assert replace(a, spec=replace(a.spec, biased=b.spec.biased), refined=b.refined) == b


def test_a_higher_correlation_only_adds_to_the_malignant_carriers() -> None:
    low, high = (plan(shortcut=p)[:90] for p in (0.6, 0.9))
    assert all(b.spec.biased for a, b in zip(low, high, strict=True) if a.spec.malignant and a.spec.biased)


def test_refined_cases_are_stratified_and_tests_are_all_refined() -> None:
    refined = Counter((case.split, case.diagnosis) for case in plan(100, fine=0.2) if case.refined)
    assert refined == {
        (split, diagnosis): count
        for split, count in (("train", 10), ("test_aligned", 16), ("test_conflicting", 16))
        for diagnosis in ("benign", "malignant")
    } | {("test_aligned", "malignant"): 16, ("test_conflicting", "malignant"): 16, **_odd(33)}


def _odd(count: int) -> dict[tuple[str, str], int]:
    shares = {"benign": count - count // 2, "malignant": count // 2}
    return {(split, d): n for split in ("test_aligned", "test_conflicting") for d, n in shares.items()}


def test_refined_cases_are_not_chosen_by_their_shortcut() -> None:
    planned = [case for seed in range(20) for case in plan(60, shortcut=0.5, fine=0.3, seed=seed)[:60]]
    carried = [case.spec.biased for case in planned if case.refined]
    assert 0.4 < sum(carried) / len(carried) < 0.6


@pytest.mark.parametrize(("fine", "count"), [(0.0, 0), (0.01, 2), (1.0, 20)])
def test_a_small_share_still_refines_one_of_each_class(fine: float, count: int) -> None:
    assert sum(case.refined for case in plan(20, fine=fine)[:20]) == count


def test_seeds_give_different_cases() -> None:
    assert not {case.spec for case in plan(seed=1)} & {case.spec for case in plan(seed=2)}


def test_device_and_site_do_not_give_the_diagnosis_away() -> None:
    counts = Counter((case.device, case.diagnosis) for case in plan(600)[:600])
    devices = {device for device, _ in counts}
    assert len(devices) == 3
    for device in devices:
        assert 0.5 < counts[device, "benign"] / counts[device, "malignant"] < 2
