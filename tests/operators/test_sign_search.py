"""The search for the boundary against closed forms of linear models."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from napari_unlearn.operators.sign_search import SignSearch, cross, expected_sign, perturbed_sign

WEIGHTS = torch.tensor([[0.0, 0.0, 0.0, 0.0], [1.0, -2.0, 0.5, 0.0]])  # L1 distance of the rows: 3.5


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def linear(x: Tensor) -> Tensor:
    return x @ WEIGHTS.T


def features(*margins: float) -> Tensor:
    """Pixels that class 1 leads by so much."""
    x = torch.zeros(len(margins), 4)
    x[:, 0], x[:, -1] = torch.tensor(margins), 1
    return x


def test_a_boundary_is_crossed_exactly_where_it_is_within_reach() -> None:
    margins = torch.tensor([-0.5, 0.1, 0.34, 0.36, 5.0])
    found = cross(linear, features(*margins), torch.ones(5, dtype=torch.int64), SignSearch(0.1), generator())
    assert found.crossed.tolist() == (margins < 0.1 * 3.5).tolist()
    assert found.labels.tolist() == [0] * 5


def test_the_first_class_across_becomes_the_label() -> None:
    weights = torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.9, 0.0, 0.05]])
    x = torch.tensor([[0.6, 0.0, 1.0], [-0.1, 0.0, 1.0]])
    labels = torch.tensor([1, 0])
    found = cross(lambda z: z @ weights.T, x, labels, SignSearch(0.4, 8, 0.25, 0.0), generator())
    # Class 1 gives way to its neighbour 2 and background to the class that is met first.
    assert found.labels.tolist() == [2, 2]
    assert found.crossed.all()


def test_several_small_steps_never_leave_the_reach() -> None:
    x, seen = features(0.5, 5.0), []

    def watched(z: Tensor) -> Tensor:
        seen.append(z.detach().clone())
        return linear(z)

    cross(watched, x, torch.ones(2, dtype=torch.int64), SignSearch(0.1, 30, 0.5, 0.3, pull=1.0), generator())
    assert len(seen) == 31
    gone = (torch.stack(seen) - x).abs()
    assert gone.max() <= 0.1 + 1e-6
    assert gone[..., -1].max() == 0  # the constant 1 is no feature
    torch.testing.assert_close(gone[1, 1, :3], torch.full((3,), 0.05))


def test_a_pixel_that_has_crossed_moves_no_further() -> None:
    seen = []

    def watched(z: Tensor) -> Tensor:
        seen.append(z.detach().clone())
        return linear(z)

    cross(watched, features(0.1, 5.0), torch.ones(2, dtype=torch.int64), SignSearch(0.3, 4, 0.5, 0.5), generator())
    moved = [bool((later[0] != earlier[0]).any()) for earlier, later in pairwise(seen)]
    assert moved == [True, False, False, False]
    assert bool((seen[-1][1] != seen[-2][1]).any())


def test_pixels_without_a_label_stay_without_one() -> None:
    labels = torch.tensor([255, 1])
    found = cross(linear, features(0.1, 9.0), labels, SignSearch(0.5), generator())
    assert found.labels.tolist() == [255, 0]
    assert found.crossed.tolist() == [False, False]


def test_of_an_image_only_what_the_labelled_pixels_see_moves_and_stays_a_colour() -> None:
    kernel = torch.randn(2, 3, 3, 3, generator=generator(1))
    images, labels, seen = torch.rand(1, 3, 16, 16, generator=generator(2)), torch.full((1, 16, 16), 255), []
    labels[0, 4:6, 4:6] = 1
    images[0, :, 3, 3] = torch.tensor([0.0, 1.0, 0.5])

    def watched(x: Tensor) -> Tensor:
        seen.append(x.detach().clone())
        return torch.nn.functional.conv2d(x - 0.5, kernel, padding=1) + torch.tensor([0.0, 9.0]).view(2, 1, 1)

    cross(watched, images, labels, SignSearch(0.1, 3, 1.0, 10.0), generator())
    gone = (seen[-1] - images).abs().amax(dim=(0, 1))
    assert gone[3:7, 3:7].min() > 0
    gone[3:7, 3:7] = 0
    assert gone.max() == 0
    assert seen[-1].min() >= 0
    assert seen[-1].max() <= 1


@pytest.mark.parametrize("perturbation", [0.3, 1.0, 4.0])
def test_the_expected_sign_is_what_perturbed_signs_come_to(perturbation: float) -> None:
    gradient = torch.linspace(-2, 2, 9, dtype=torch.float64)
    n = 40_000
    mean = perturbed_sign(gradient.expand(n, 9), perturbation, generator()).mean(dim=0)
    expected = expected_sign(gradient, perturbation)
    assert (mean - expected).abs().max() < 4.5 / math.sqrt(n)  # a sign has a standard deviation of at most 1
    # Twice the probability, less one, that a Gaussian stays below g.
    by_hand = [2 * 0.5 * (1 + math.erf(float(g) / perturbation / math.sqrt(2))) - 1 for g in gradient]
    torch.testing.assert_close(expected, torch.tensor(by_hand, dtype=torch.float64))


def test_without_perturbation_the_sign_remains() -> None:
    gradient = torch.tensor([-0.5, 0.0, 2.0])
    for signs in (perturbed_sign(gradient, 0.0, generator()), expected_sign(gradient, 0.0)):
        assert signs.tolist() == [-1, 0, 1]


def test_perturbed_signs_climb_as_fast_as_stated() -> None:
    d, steps, smoothness, perturbation, runs = 6, 40, 2.0, 0.5, 400
    top = torch.linspace(0.3, 1.5, d)
    x, random = torch.zeros(runs, d), generator()
    highest = float(smoothness / 2 * top.square().sum())  # above the start, where f is 0 below it
    size = math.sqrt(2 * highest / (smoothness * d * steps))
    seen = []
    for _ in range(steps):
        gradient = smoothness * (top - x)
        seen.append(float((gradient * expected_sign(gradient, perturbation)).sum(dim=1).mean()))
        x = x + size * perturbed_sign(gradient, perturbation, random)
    assert min(seen) <= highest / (size * steps) + smoothness * size * d / 2
    assert min(seen) < seen[0] / 4


@pytest.mark.parametrize(("decay", "last"), [(0, 2.0), (1, 0.5), (2, 2 * math.exp(-0.04)), (3, 0.0)])
def test_the_pull_fades_as_it_is_told(decay: int, last: float) -> None:
    search = SignSearch(0.1, steps=4, pull=2.0, decay=decay)
    assert search.pull_at(4) == pytest.approx(last)
    assert search.pull_at(1) >= search.pull_at(4)


def test_a_strong_pull_back_turns_the_way_round() -> None:
    seen = []

    def watched(z: Tensor) -> Tensor:
        seen.append(z.detach().clone())
        return linear(z)

    cross(watched, features(5.0), torch.ones(1, dtype=torch.int64), SignSearch(1.0, 2, 0.2, 0.0, -1e6), generator())
    first, second = seen[1] - seen[0], seen[2] - seen[1]
    torch.testing.assert_close(second[0, :3].sign(), -first[0, :3].sign())
    torch.testing.assert_close(second[0, :3].abs(), torch.full((3,), 0.2 / math.sqrt(2)))
