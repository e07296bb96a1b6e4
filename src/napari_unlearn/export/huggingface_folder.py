"""A folder as `save_pretrained` writes it, for `from_pretrained`; whether and where to push it is up to the user."""

from __future__ import annotations

from pathlib import Path

from napari_unlearn.export import safetensors_file
from napari_unlearn.export.bundle import Bundle
from napari_unlearn.files import atomic_json


def write(folder: Path, bundle: Bundle) -> None:
    """Write weights, `config.json` and `preprocessor_config.json`.

    Parameters
    ----------
    folder : Path
        Destination.
    bundle : Bundle
        The model.
    """
    safetensors_file.write(folder, bundle)
    model, image = bundle.facts["model"], bundle.facts["input"]
    if model["class"] == "Unet":
        # By this name segmentation-models-pytorch finds the class.
        atomic_json(folder / safetensors_file.CONFIG, {"_model_class": "Unet", **model["arguments"]})
    processor = {
        "do_resize": True,
        "size": {"longest_edge": image["long_side"]},
        "size_divisor": image["multiple_of"],
        "resample": 3,  # bicubic
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": image["mean"],
        "image_std": image["std"],
        "id2label": dict(enumerate(model["classes"])),
    }
    atomic_json(folder / "preprocessor_config.json", processor)
