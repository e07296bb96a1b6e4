"""`README.md` of an exported model: what it is, how it is used, what was measured, and the card of the run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from napari_unlearn.export.usage import NAME as LINES
from napari_unlearn.export.usage import install_line
from napari_unlearn.report.content import Content
from napari_unlearn.report.facts import read_run
from napari_unlearn.report.model_card import model_card
from napari_unlearn.report.paths import PathRemover

NAME = "README.md"

_BARE = (
    "# Model card: segmentation of dermoscopy images\n\n"
    "**For research. Not a medical device.** Nothing it predicts may guide the care of a patient.\n\n"
    "**No certificate.** This model was trained, not unlearned; nothing is guaranteed about what it learned from.\n"
)


def run_card(run: Path | None, out: Path) -> str:
    """Card of what is exported.

    Parameters
    ----------
    run : Path or None
        The run; None for a bare model.
    out : Path
        Where it is exported to; no path appears in the card.

    Returns
    -------
    str
        Markdown.
    """
    return _BARE if run is None else model_card(Content(read_run(run)), PathRemover([run, out]))


def read_me(card: str, facts: Mapping[str, Any], lines: str) -> str:
    """Write the whole page.

    Parameters
    ----------
    card : str
        From `run_card`.
    facts : mapping
        What `export.json` says; once measured, with the round trip.
    lines : str
        The lines that use the model.

    Returns
    -------
    str
        Markdown; the lines stand in it word for word.
    """
    model, image = facts["model"], facts["input"]
    classes = ", ".join(f"{place} {_plain(name)}" for place, name in enumerate(model["classes"]))
    title, _, rest = card.partition("\n\n")
    blocks = [
        title,
        "## Use",
        f"`{LINES}` needs `{install_line(facts['format'])}`, and nothing of the package that trained the model:",
        f"```python\n{lines}```",
        "## Input and output",
        f"- Image: RGB, {image['dtype']}, {image['layout']}. {image['orientation']}\n"
        f"- Size: long side {image['long_side']} pixels, {image['resampling']}; both sides multiples of "
        f"{image['multiple_of']}.\n"
        f"- Normalisation: {image['normalisation']}; mean {image['mean']}, std {image['std']}.\n"
        f"- Classes, in the order of the scores: {classes}.\n"
        f"- SHA-256 of the weights that it was made from: {model['weights_sha256']}",
        "## Validation of the export",
        _measured(facts),
        rest.rstrip("\n"),
    ]
    front = _front_matter(facts) if facts["format"] == "huggingface" else ""
    return front + "\n\n".join(blocks) + "\n"


def _measured(facts: Mapping[str, Any]) -> str:
    found = facts.get("round_trip")
    if found is None:
        return "It was loaded again before it was handed on; `export.json` says how far it was from the model."
    return (
        f"Loaded again, by the lines above, on {found['images']} drawn images: the largest difference of a class "
        f"probability is {found['largest_probability_difference']:.2g}, and {found['different_pixels']} of "
        f"{found['pixels']} pixels have another class."
    )


def _front_matter(facts: Mapping[str, Any]) -> str:
    # JSON is YAML, and quotes whatever a class may be called.
    entries = {
        "library_name": "segmentation-models-pytorch" if facts["model"]["class"] == "Unet" else "pytorch",
        "pipeline_tag": "image-segmentation",
        "tags": ["dermoscopy", "machine-unlearning", "semantic-segmentation"],
    }
    return "---\n" + "".join(f"{name}: {json.dumps(value)}\n" for name, value in entries.items()) + "---\n\n"


def _plain(name: str) -> str:
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>()#+!|~&" else c for c in " ".join(name.split()))
