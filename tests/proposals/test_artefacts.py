from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_unlearn.errors import UserError
from napari_unlearn.proposals.artefacts import DETECTORS, propose


@pytest.mark.parametrize("name", DETECTORS)
def test_plain_skin_with_noise_holds_no_artefact(name: str, skin: np.ndarray) -> None:
    assert not DETECTORS[name].find(skin).any()
    with pytest.raises(UserError, match="no proposal"):
        propose(skin, name)


@pytest.mark.parametrize("shape", [(1, 1), (2, 61), (17, 9), (131, 97)])
@pytest.mark.parametrize("name", DETECTORS)
def test_grey_tiny_and_odd_images_are_looked_at_without_an_error(name: str, shape: tuple[int, int]) -> None:
    grey = np.full((*shape, 3), 128, np.uint8)
    found = DETECTORS[name].find(grey)
    assert found.shape == shape
    assert found.dtype == bool
    assert not found.any()


def test_what_an_annotator_saw_is_found_on_real_images(shared_data: Path) -> None:
    frames = shared_data / "isic384" / "frames"
    marked, plain = (
        np.array(Image.open(frames / f"ISIC_{name}.jpg").convert("RGB")) for name in ("0012135", "0007528")
    )
    for name in ("ruler", "ink"):
        assert propose(marked, name).mean() > 0.005
        assert not DETECTORS[name].find(plain).any()
