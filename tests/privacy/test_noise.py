"""Tests of the noise."""

from __future__ import annotations

import os
import ssl

import numpy as np
import pytest
from scipy import stats

from napari_unlearn.privacy import NoiseSource, OperatingSystemNoise, SeededNoise, noise

SOURCES = [OperatingSystemNoise(), SeededNoise(7)]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.description)
def test_draws_are_normal_with_the_given_deviation(source: NoiseSource):
    draws = source.gaussian((200, 1000), 0.37)
    assert draws.shape == (200, 1000)
    assert draws.dtype == np.float64
    # Bounds that an honest generator leaves once in a million runs or less.
    assert abs(draws.mean()) < 5 * 0.37 / np.sqrt(draws.size)
    assert draws.var() == pytest.approx(0.37**2, rel=5 * np.sqrt(2 / draws.size))
    assert stats.kstest(draws.ravel() / 0.37, "norm").pvalue > 1e-7
    assert abs(stats.kurtosis(draws, axis=None)) < 5 * np.sqrt(24 / draws.size)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.description)
def test_draws_are_independent(source: NoiseSource):
    one, other = source.gaussian(100_000, 1.0), source.gaussian(100_000, 1.0)
    bound = 5 / np.sqrt(one.size)
    assert abs(np.corrcoef(one, other)[0, 1]) < bound
    for lag in (1, 2, 4, noise._CHUNK // 2, noise._CHUNK, 25_000):
        assert abs(np.corrcoef(one[:-lag], one[lag:])[0, 1]) < bound
        assert abs(np.corrcoef(one[:-lag] ** 2, one[lag:] ** 2)[0, 1]) < bound
    assert np.unique(np.concatenate([one, other])).size == 200_000


def test_no_seed_repeats_the_operating_systems_noise():
    np.random.seed(0)  # noqa: NPY002
    first = noise.gaussian(10, 1.0)
    np.random.seed(0)  # noqa: NPY002
    assert np.all(noise.gaussian(10, 1.0) != first)


@pytest.mark.parametrize("threads", [1, 3])
def test_every_value_is_made_of_four_fresh_draws(monkeypatch, threads):
    taken = []

    def generate(size):
        taken.append(size)
        return bytes(size)

    monkeypatch.setattr(ssl, "RAND_bytes", generate)
    monkeypatch.setattr(noise, "_THREADS", threads)
    values = noise.gaussian(9 * noise._CHUNK + 3, 1.0)
    # Values are made in twos.
    assert sum(taken) == 8 * 4 * (values.size + 1)
    # A value that no draw had reached would be another.
    assert np.all(np.isin(values, [values[0], 0.0]))
    assert np.count_nonzero(values) == (values.size + 1) // 2


def test_every_call_keys_its_bits_with_256_fresh_bits_of_the_operating_system(monkeypatch):
    events = []

    def urandom(size):
        events.append(("entropy", size))
        return bytes([len(events)]) * size

    monkeypatch.setattr(os, "urandom", urandom)
    monkeypatch.setattr(ssl, "RAND_add", lambda data, entropy: events.append(("key", data, entropy)))
    monkeypatch.setattr(ssl, "RAND_bytes", lambda size: events.append(("bits", size)) or bytes(size))
    for _ in range(2):
        noise.gaussian(3, 1.0)
    # Each call: ask the operating system, hand over what it gave and count it in full, only then draw.
    once = [("entropy", 32), ("key", b"\1" * 32, 32.0), ("bits", 128)]
    assert events == [*once, ("entropy", 32), ("key", b"\4" * 32, 32.0), ("bits", 128)]


def test_two_values_of_the_same_points_are_jointly_normal():
    draws = OperatingSystemNoise().gaussian((8, noise._CHUNK), 1.0)
    one, other = draws[:, : noise._CHUNK // 2].ravel(), draws[:, noise._CHUNK // 2 :].ravel()
    # Whatever mixture of two independent normal values is taken is normal, and their squares add up to chi-squared.
    for angle in (0.3, np.pi / 4, 1.2):
        assert stats.kstest(np.cos(angle) * one + np.sin(angle) * other, "norm").pvalue > 1e-7
    assert stats.kstest(one**2 + other**2, "chi2", (2,)).pvalue > 1e-7
    assert stats.kstest(np.arctan2(one, other) / np.pi, "uniform", (-1, 2)).pvalue > 1e-7


def test_a_known_key_alone_does_not_repeat_the_noise(monkeypatch):
    # Even with a known key the generator has a state of its own that nobody set.
    monkeypatch.setattr(os, "urandom", bytes)
    assert np.all(noise.gaussian(50, 1.0) != noise.gaussian(50, 1.0))


@pytest.mark.parametrize(
    ("bits", "length", "direction"),
    [
        (0, np.sqrt(128 * np.log(2)), 0.0),
        (1, np.sqrt(128 * np.log(2)), 0.0),
        (2**64 - 2, 0.0, 0.0),
        (2**63, np.sqrt(2 * np.log(2)), -np.pi),
        (2**62, np.sqrt(4 * np.log(2)), np.pi / 2),
        (2**64 - 2**62, np.sqrt(2 * np.log(4 / 3)), -np.pi / 2),
    ],
)
def test_bits_become_the_coordinates_of_a_random_point(monkeypatch, bits, length, direction):
    monkeypatch.setattr(ssl, "RAND_bytes", lambda size: np.full(size // 8, bits, np.uint64).tobytes())
    # Four equal draws, halved.
    expected = [length * np.cos(direction), length * np.sin(direction)]
    np.testing.assert_allclose(noise.gaussian(2, 0.5), expected, atol=1e-12)
    assert noise.gaussian(1, 0.5)[0] == pytest.approx(expected[0], abs=1e-12)


def test_lengths_and_directions_never_share_bits(monkeypatch):
    # Ascending numbers: had two draws the same bits, a value would come twice or a length with its own direction.
    monkeypatch.setattr(
        ssl, "RAND_bytes", lambda size: (np.arange(1, size // 8 + 1, dtype=np.uint64) << np.uint64(58)).tobytes()
    )
    numbers = np.arange(1, 17, dtype=np.float64).reshape(2, 4, 2)
    lengths = np.sqrt(-2 * np.log(numbers[0] * 2.0**-6))
    directions = numbers[1] * 2 * np.pi * 2.0**-6
    expected = [(lengths * np.cos(directions)).sum(axis=0) / 2, (lengths * np.sin(directions)).sum(axis=0) / 2]
    np.testing.assert_allclose(noise.gaussian(4, 1.0), np.ravel(expected), atol=1e-12)


def test_a_seed_repeats_its_noise_and_certifies_nothing():
    np.testing.assert_array_equal(SeededNoise(3).gaussian(5, 2.0), SeededNoise(3).gaussian(5, 2.0))
    assert not SeededNoise(3).certifies
    assert "seed 3" in SeededNoise(3).description
    assert OperatingSystemNoise().certifies


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.description)
@pytest.mark.parametrize("sigma", [0, -1, np.inf, np.nan])
def test_a_deviation_out_of_range_is_named(source: NoiseSource, sigma):
    with pytest.raises(ValueError, match="sigma must be a finite number larger than 0"):
        source.gaussian(3, sigma)


def test_shapes_may_be_empty_or_a_number():
    assert OperatingSystemNoise().gaussian((0, 3), 1.0).shape == (0, 3)
    assert OperatingSystemNoise().gaussian((), 1.0).shape == ()
