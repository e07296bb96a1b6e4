"""Tests of the record of what a run guarantees."""

from __future__ import annotations

import json
import math

import pytest

from napari_unlearn.privacy import Assumption, Certificate

MECHANISMS = ["none-needed", "none", "residual", "gradient-clipping", "output-perturbation", "model-clipping"]


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_nothing_is_lost_through_json(make_certificate, mechanism):
    certificate = make_certificate(mechanism)
    text = json.dumps(certificate.to_dict(), allow_nan=False)
    assert Certificate.from_dict(json.loads(text)) == certificate


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
    with pytest.raises(ValueError, match="assumption has no field 'holds'"):
        Certificate.from_dict(record | {"assumptions": [{"sentence": "s", "checked": "c"}]})
    with pytest.raises(ValueError, match="assumption must be a set of named fields"):
        Certificate.from_dict(record | {"assumptions": ["s"]})
    with pytest.raises(ValueError, match="'assumptions' must be a list"):
        Certificate.from_dict(record | {"assumptions": "s"})


@pytest.mark.parametrize("value", [math.nan, math.inf, "1", True])
@pytest.mark.parametrize("name", ["epsilon", "delta", "mu"])
def test_numbers_must_be_finite(make_certificate, name, value):
    with pytest.raises(ValueError, match=f"field '{name}' must be a finite number"):
        Certificate.from_dict(make_certificate().to_dict() | {name: value})


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
