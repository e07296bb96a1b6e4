"""The few lines of Python that use an exported model without this package; they go with it as `predict.py`."""

from __future__ import annotations

NAME = "predict.py"

_TEMPLATE = '''"""Mask of an image: python predict.py IMAGE MASK.png"""

import json
import sys
from pathlib import Path

{imports}

folder = Path(__file__).parent
facts = json.loads((folder / "export.json").read_text(encoding="utf-8"))["input"]
network = {network}


def predict(image):
    """Return class scores on the network's grid, and the class of every pixel, of a PIL image."""
    image = ImageOps.exif_transpose(image).convert("RGB")
    grid = [max(32, round(side * facts["long_side"] / max(image.size) / 32) * 32) for side in image.size]
    pixels = np.asarray(image.resize(grid, Image.Resampling.BICUBIC, reducing_gap=3.0)).transpose(2, 0, 1)[None]
{body}


if __name__ == "__main__":
    Image.fromarray(predict(Image.open(sys.argv[1]))[1]).save(sys.argv[2])
'''

_WITH_NUMPY = """    scores = network.run(None, {"image": pixels})[0][0]
    at = ((np.indices(image.size[::-1]).T + 0.5) * np.divide(scores.shape[1:], image.size[::-1]) - 0.5).T
    mask = np.argmax([map_coordinates(s, at, order=1, mode="nearest") for s in scores], axis=0)
    return scores, mask.astype(np.uint8)"""

_WITH_TORCH = """    with torch.no_grad():
        scores = network({tensor})
    mask = functional.interpolate(scores, size=image.size[::-1], mode="bilinear", align_corners=False)[0].argmax(0)
    return scores[0].numpy(), mask.byte().numpy()"""

_MEAN_AND_STD = '\nmean, std = (torch.tensor(facts[name]).view(3, 1, 1) for name in ("mean", "std"))'

_PILLOW, _SCIPY = "from PIL import Image, ImageOps", "from scipy.ndimage import map_coordinates"
_TORCH_IMPORTS = ("import numpy as np", "import torch", _PILLOW, "from torch.nn import functional")

_INSTALL = {
    "onnx": "onnxruntime pillow scipy",
    "bioimageio": "bioimageio.spec onnxruntime pillow scipy",
    "torch": "torch numpy pillow",
    "safetensors": "segmentation-models-pytorch",
    "huggingface": "segmentation-models-pytorch",
}


def install_line(form: str) -> str:
    """Return the command that installs what `usage_lines` need.

    Parameters
    ----------
    form : str
        Name of the format.

    Returns
    -------
    str
    """
    return f"pip install {_INSTALL[form]}"


def usage_lines(form: str, network: str) -> str:
    """Write the lines for a format.

    Parameters
    ----------
    form : str
        Name of the format.
    network : str
        ``Unet`` or ``PixelHead``.

    Returns
    -------
    str
        A Python file that stands beside ``export.json``.
    """
    if form in ("onnx", "bioimageio"):
        return _onnx_lines(form)
    call, imports = "torch.tensor(pixels)", list(_TORCH_IMPORTS)
    if form == "torch":
        # The guards of a program refuse a side of 32 pixels, at which it works as well as at any other.
        loaded = 'torch.export.load(folder / "model.pt2").module(check_guards=False)'
    else:
        call = "(torch.tensor(pixels) / 255 - mean) / std"
        own = network == "PixelHead"
        imports += ["from pixel_head import PixelHead" if own else "import segmentation_models_pytorch as smp"]
        if form == "huggingface":
            loaded = "PixelHead.from_pretrained(folder)" if own else "smp.from_pretrained(folder).eval()"
        else:
            imports += ["from safetensors.torch import load_file"]
            made = f'{"" if own else "smp."}{network}(**json.loads((folder / "config.json").read_text())).eval()'
            loaded = f'{made}\nnetwork.load_state_dict(load_file(folder / "model.safetensors"))'
        loaded += _MEAN_AND_STD
    return _TEMPLATE.format(
        imports="\n".join(sorted(imports, key=_isort)), network=loaded, body=_WITH_TORCH.format(tensor=call)
    )


def _onnx_lines(form: str) -> str:
    imports, loaded = ["import onnxruntime"], 'onnxruntime.InferenceSession(folder / "model.onnx")'
    if form == "bioimageio":
        imports += ["from bioimageio.spec import load_model_description"]
        loaded = (
            'load_model_description(folder / "model.zip").weights.onnx.get_reader().read()\n'
            "network = onnxruntime.InferenceSession(network)"
        )
    imports = sorted([*imports, "import numpy as np", _PILLOW, _SCIPY], key=_isort)
    return _TEMPLATE.format(imports="\n".join(imports), network=loaded, body=_WITH_NUMPY)


def _isort(line: str) -> tuple[bool, str]:
    return line.startswith("from "), line.lower()
