"""Tests of the record of what a run guarantees."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path

import pytest

from napari_unlearn.privacy import Assumption, Certificate, OperatingSystemNoise, SeededNoise, TensorGroup
from napari_unlearn.privacy.certificate import ROLES

MECHANISMS = ["none-needed", "none", "residual", "gradient-clipping", "output-perturbation", "model-clipping"]


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_nothing_is_lost_through_json(make_certificate, mechanism):
    certificate = make_certificate(mechanism)
    text = json.dumps(certificate.to_dict(), allow_nan=False)
    assert Certificate.from_dict(json.loads(text)) == certificate
    assert Certificate.from_text(certificate.to_text()) == certificate
    assert Certificate.from_text(certificate.to_text()).to_text() == certificate.to_text()


def test_the_file_is_read_from_the_top_by_a_person(make_certificate):
    record = json.loads(make_certificate().to_text())
    first = ["format", "status", "tier", "operator", "mechanism", "epsilon", "delta", "mu", "attempts", "parameters"]
    assert list(record)[: len(first)] == first
    assert list(record)[-1] == "digest"


def test_every_field_is_documented(make_certificate):
    page = (Path(__file__).parents[2] / "docs" / "certificates.md").read_text(encoding="utf-8")
    assert [name for name in json.loads(make_certificate().to_text()) if f"| `{name}` |" not in page] == []
    assert [role for role in ROLES if f"`{role}`" not in page] == []


def test_the_digest_is_of_all_that_is_before_it(make_certificate):
    text = make_certificate().to_text()
    before = text[: text.index(',\n  "digest"')] + "\n}\n"
    assert json.loads(text)["digest"] == hashlib.sha256(before.encode()).hexdigest()


def test_no_byte_of_the_file_can_change_unnoticed(make_certificate):
    data = make_certificate().to_text().encode()
    unnoticed = [
        (place, mask)
        for place in range(len(data))
        for mask in (1, 0x20, 0x80)
        if reads_back(data[:place] + bytes([data[place] ^ mask]) + data[place + 1 :])
    ]
    assert unnoticed == []
    assert reads_back(data)


def reads_back(data):
    """Whether the file is a certificate and the very text of it."""
    try:
        return Certificate.from_text(data.decode()).to_text().encode() == data
    except ValueError:
        return False


@pytest.mark.parametrize(
    ("mechanism", "noise", "status"),
    [
        ("none-needed", "none", "exact: as if"),
        ("residual", OperatingSystemNoise.description, "certified: "),
        ("none", "none", "empirical: "),
        ("none", OperatingSystemNoise.description, "empirical: "),
        ("none", SeededNoise(3).description, "not certified: the noise can be repeated (fixed seed 3, for tests)"),
    ],
)
def test_the_stamp_says_what_the_run_is_worth(make_certificate, mechanism, noise, status):
    assert json.loads(make_certificate(mechanism, noise=noise).to_text())["status"].startswith(status)


def test_a_stamp_that_says_more_than_the_fields_is_refused(make_certificate):
    record = make_certificate("none", noise="fixed seed 3, for tests").to_dict()
    with pytest.raises(ValueError, match="'status' must be 'not certified: .* but it is 'certified'"):
        Certificate.from_dict(record | {"status": "certified"})


def test_a_file_of_another_version_says_so(make_certificate):
    record = make_certificate().to_dict()
    old = {name: value for name, value in record.items() if name not in ("format", "status", "tensors")}
    for changed in (old, record | {"format": 1}):
        with pytest.raises(
            ValueError, match="written by an earlier version of napari-unlearn, .*; run the operator again"
        ):
            Certificate.from_dict(changed)
    with pytest.raises(ValueError, match="Its format is 3, but this version of napari-unlearn knows format 2; update"):
        Certificate.from_dict(record | {"format": 3})


def test_missing_and_unknown_fields_are_named(make_certificate):
    record = make_certificate().to_dict()
    with pytest.raises(ValueError, match="has no field 'attempts'"):
        Certificate.from_dict({name: value for name, value in record.items() if name != "attempts"})
    with pytest.raises(ValueError, match="has a field 'signature' that is not known"):
        Certificate.from_dict(record | {"signature": "x"})
    with pytest.raises(ValueError, match="must be a set of named fields"):
        Certificate.from_dict([])


def test_missing_and_unknown_fields_of_an_assumption_are_named(make_certificate):
    record = make_certificate().to_dict()
    with pytest.raises(ValueError, match="entry in 'assumptions' has no field 'holds'"):
        Certificate.from_dict(record | {"assumptions": [{"sentence": "s", "checked": "c"}]})
    with pytest.raises(ValueError, match="entry in 'assumptions' must be a set of named fields"):
        Certificate.from_dict(record | {"assumptions": ["s"]})
    with pytest.raises(ValueError, match="'assumptions' must be a list"):
        Certificate.from_dict(record | {"assumptions": "s"})


@pytest.mark.parametrize("value", [math.nan, math.inf, "1", True, 10**400, "x" * 10_000])
@pytest.mark.parametrize("name", ["epsilon", "delta", "mu"])
def test_numbers_must_be_finite(make_certificate, name, value):
    with pytest.raises(ValueError, match=f"field '{name}' must be a finite number"):
        Certificate.from_dict(make_certificate().to_dict() | {name: value})


def test_what_is_wrong_is_said_in_one_short_line(make_certificate):
    with pytest.raises(ValueError, match=r"'x\\n' that is not known") as unknown:
        Certificate.from_dict(make_certificate().to_dict() | {"x\n": 1})
    with pytest.raises(ValueError, match=r"tier must be one of") as tier:
        make_certificate(tier="y\n" * 10_000)
    assert all(len(str(error.value)) < 200 and "\n" not in str(error.value) for error in (unknown, tier))


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"tier": "sure"}, "tier must be one of exact, certified, empirical, but it is 'sure'"),
        ({"operator": ""}, "field 'operator' must be a text"),
        ({"mechanism": None}, "field 'mechanism' must be a text"),
        ({"noise": 7}, "field 'noise' must be a text"),
        ({"parameters": {"sigma": math.nan}}, "'parameters: sigma' must be a finite number"),
        ({"parameters": [1]}, "'parameters' must be a set of named values"),
        ({"hashes": {"model_in": None}}, "hashes: model_in must be a text"),
        ({"hashes": {1: "a"}}, "'hashes' must be a set of named values"),
        ({"versions": {"torch": ""}}, "versions: torch must be a text"),
        ({"attempts": 0}, "'attempts' must be a whole number, 1 or more, but it is 0"),
        ({"attempts": 1.0}, "'attempts' must be a whole number"),
        ({"attempts": True}, "'attempts' must be a whole number"),
        ({"created": "yesterday"}, "'created' must be a date and time with its time zone"),
        ({"created": "2026-01-31T12:00:00"}, "'created' must be a date and time with its time zone"),
    ],
)
def test_malformed_fields_are_named(make_certificate, changed, sentence):
    with pytest.raises(ValueError, match=sentence):
        make_certificate(**changed)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [(("", "c", True), "sentence must be"), (("s", "", True), "check must be"), (("s", "c", 1), "'holds' must be")],
)
def test_malformed_assumptions_are_named(fields, sentence):
    with pytest.raises(ValueError, match=sentence):
        Assumption(*fields)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            ("mine", "p", "d", ("a",)),
            "role of a tensor must be one of covered, images only, frozen public, not covered",
        ),
        (("covered", "", "d", ("a",)), "provenance must be a text"),
        (("covered", "p", "", ("a",)), "digest must be a text"),
        (("covered", "p", "d", ()), "names must be a list of texts"),
        (("covered", "p", "d", (1,)), "names must be a list of texts"),
    ],
)
def test_malformed_tensors_are_named(fields, sentence):
    with pytest.raises(ValueError, match=sentence):
        TensorGroup(*fields)


@pytest.mark.parametrize(
    ("tensors", "sentence"),
    [
        ("all", "'tensors' must be a list"),
        ([{"role": "covered"}], "entry in 'tensors' has no field 'provenance'"),
        ([{"role": "covered", "provenance": "p", "sha256": "d", "names": "a"}], "names must be a list of texts"),
    ],
)
def test_malformed_lists_of_tensors_are_named(make_certificate, tensors, sentence):
    with pytest.raises(ValueError, match=sentence):
        Certificate.from_dict(make_certificate().to_dict() | {"tensors": tensors})


def test_text_that_is_nested_without_end_is_a_value_error():
    with pytest.raises(ValueError, match="nested too deeply"):
        Certificate.from_text("[" * 100_000)
