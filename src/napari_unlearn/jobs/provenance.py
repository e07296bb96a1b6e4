"""Where every tensor of a model comes from, read off the model's files, so that a certificate leaves none out.

What the file of a run holds is grouped by a fixed rule. `verify` applies the rule again, so neither an extra tensor
nor a different grouping passes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from napari_unlearn.errors import UserError
from napari_unlearn.files import parse_json, sha256_bytes
from napari_unlearn.privacy.certificate import (
    COVERED,
    EMPIRICAL,
    FROZEN_PUBLIC,
    IMAGES_ONLY,
    NOT_COVERED,
    ROLES,
    Assumption,
    TensorGroup,
)

_WEIGHTS, _CARD = "model.safetensors", "model.json"
_ENCODER, _STANDARDISER = "encoder.", ("head.mean", "head.std")
_TRAINED = {
    "head": ("head.weights",),
    "decoder": ("decoder.", "segmentation_head."),
    "all": ("encoder.", "decoder.", "segmentation_head."),
}


def tensor_groups(model: Path, tier: str) -> tuple[TensorGroup, ...]:
    """Group the tensors of a model by what they are to a guarantee.

    Parameters
    ----------
    model : Path
        Model folder.
    tier : str
        Of the run; an empirical one covers nothing.

    Returns
    -------
    tuple of TensorGroup
        Every tensor of the file is in exactly one.

    Raises
    ------
    UserError
        The files cannot be read.
    """
    facts, tensors = _read(model)
    encoder, trainable = facts["encoder"], facts["model"]["trainable"]
    groups: dict[tuple[str, str], list[str]] = {}
    for name in sorted(tensors):
        groups.setdefault(_place(name, encoder, trainable, tier), []).append(name)
    return tuple(
        TensorGroup(role, provenance, tensor_digest({name: tensors[name] for name in names}), tuple(names))
        for (role, provenance), names in sorted(groups.items(), key=lambda item: ROLES.index(item[0][0]))
    )


def encoder_digest(model: Path) -> str | None:
    """SHA-256 of the file that the encoder of a model would be published as, as ``public_encoder`` quotes it.

    Parameters
    ----------
    model : Path
        Model folder.

    Returns
    -------
    str or None
        None where the encoder was trained with the rest.

    Raises
    ------
    UserError
        The files cannot be read.
    """
    facts, tensors = _read(model)
    if facts["model"]["trainable"] == "all":
        return None
    own = {name.removeprefix(_ENCODER): value for name, value in tensors.items() if name.startswith(_ENCODER)}
    # Kernels were rounded to this type when the encoder was loaded, so nothing is lost.
    with np.errstate(over="ignore"):  # of a crafted file
        stored = {name: value.astype(np.float16) if value.ndim > 1 else value for name, value in own.items()}
    return sha256_bytes(save(stored, metadata={"encoder": json.dumps(facts["encoder"], sort_keys=True)}))


def carried_over(before: Path, after: Path, withdrawn: int = 0) -> list[Assumption]:
    """Check that of the model in use only what is free of labels got into the revised one.

    Parameters
    ----------
    before, after : Path
        Model folders.
    withdrawn : int
        Cases that were forgotten whole, so that what was computed from images is computed anew without theirs.

    Returns
    -------
    list of Assumption
        Each with the outcome of comparing the two files.
    """
    old, new = _by_role(before), _by_role(after)
    extra = sorted(_names(old) ^ _names(new)) + sorted(_names({NOT_COVERED: old.get(NOT_COVERED, [])}))
    found = [
        Assumption(
            "Nothing of the model before lives on but tensors that no label touched: no state of an optimiser, no "
            "running average.",
            "Both files hold the same tensors, and each is accounted for."
            if not extra
            else f"This is not accounted for in both files: {', '.join(extra)}.",
            not extra,
        )
    ]
    sentences = {
        FROZEN_PUBLIC: "The encoder's weights and normalisation statistics stay as published.",
        IMAGES_ONLY: "Features are scaled by statistics of images, not of labels, and these stay as they were.",
    }
    remarks = {
        FROZEN_PUBLIC: "",
        IMAGES_ONLY: " That training took them at pixels drawn anywhere in the images cannot be read off a file; it is "
        "what this package does and tests.",
    }
    for role, sentence in sentences.items():
        if role in old or role in new:
            one, other = (sorted(group.sha256 for group in groups.get(role, [])) for groups in (old, new))
            if role == IMAGES_ONLY and withdrawn:
                found.append(_computed_anew(one, other, withdrawn))
                continue
            compared = (
                f"They have the same SHA-256 before and after ({', '.join(other)})."
                if one == other
                else "Their SHA-256 differs between the model before and the one after."
            )
            found.append(Assumption(sentence, compared + remarks[role], one == other))
    return found


def _computed_anew(before: list[str], after: list[str], withdrawn: int) -> Assumption:
    return Assumption(
        "Features are scaled by statistics of images, not of labels, and no withdrawn case has a part in them.",
        f"They were computed anew in this run without the images of the {withdrawn} withdrawn cases: their SHA-256 was "
        f"{', '.join(before)} and is {', '.join(after)}. From which images cannot be read off a file; it is what this "
        "package does and tests.",
        True,
    )


def _place(name: str, encoder: dict[str, Any], trainable: str, tier: str) -> tuple[str, str]:
    if any(name == part or (part.endswith(".") and name.startswith(part)) for part in _TRAINED.get(trainable, ())):
        if tier == EMPIRICAL:
            return NOT_COVERED, "Labels touched it; an empirical operator revised it, which guarantees nothing."
        return COVERED, "All that labels ever touched; the operator revised it, and the guarantee covers it."
    if name.startswith(_ENCODER):
        origin = f"Encoder {encoder['name']}, trained on: {encoder['trained_on']}."
        if encoder["public"] is True:
            return FROZEN_PUBLIC, f"{origin} No label of the data set touched it, and it stays as it was."
        return NOT_COVERED, f"{origin} Labels of the data set may have touched it."
    if name in _STANDARDISER and trainable == "head":
        return IMAGES_ONLY, "Mean and spread of features at pixels drawn anywhere in the images, whatever their label."
    return NOT_COVERED, "This version does not know what it is, so it may hold anything."


def _by_role(model: Path) -> dict[str, list[TensorGroup]]:
    groups: dict[str, list[TensorGroup]] = {}
    for group in tensor_groups(model, "certified"):
        groups.setdefault(group.role, []).append(group)
    return groups


def _names(groups: dict[str, list[TensorGroup]]) -> set[str]:
    return {name for members in groups.values() for group in members for name in group.names}


def tensor_digest(tensors: Mapping[str, NDArray[Any]]) -> str:
    """SHA-256 over the names, types, shapes and numbers of tensors."""
    lines = (
        f"{name} {tensor.dtype.str} {tensor.shape} {sha256_bytes(tensor.tobytes())}\n"
        for name, tensor in sorted(tensors.items())
    )
    return sha256_bytes("".join(lines).encode())


def _read(model: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    try:
        facts = parse_json((model / _CARD).read_text(encoding="utf-8"))
        for part, name in (
            ("encoder", "name"),
            ("encoder", "trained_on"),
            ("encoder", "public"),
            ("model", "trainable"),
        ):
            facts[part][name]
        return facts, load((model / _WEIGHTS).read_bytes())
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{model} is not a complete model, so its tensors cannot be checked.") from error
