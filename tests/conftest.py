"""What several test modules share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from napari_unlearn.data.dataset import Dataset
    from napari_unlearn.models.encoder import Encoder

# No test depends on how busy the machine is.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

SHARED_DATA = Path(__file__).parents[1] / ".." / "shared" / "data"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let several processes share the tests; those with a window stay together, as they share a screen and a focus."""
    for item in items:
        with_window = "qtbot" in getattr(item, "fixturenames", ()) or {"plugin", "e2e"} & set(item.path.parts)
        item.add_marker(pytest.mark.xdist_group("window" if with_window else str(item.path)))


@pytest.fixture
def shared_data() -> Path:
    """Folder of real dermoscopy images that lies beside the checkout on some machines."""
    if not SHARED_DATA.is_dir():
        pytest.skip("The real images for development (../shared/data beside the checkout) are not on this machine.")
    return SHARED_DATA.resolve()


@pytest.fixture
def contrast() -> Callable[[str, str], float]:
    """Contrast ratio of WCAG 2 between two colours, each ``#rrggbb``."""

    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    def ratio(one: str, other: str) -> float:
        dark, light = sorted((luminance(one), luminance(other)))
        return (light + 0.05) / (dark + 0.05)

    return ratio


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep image features of the tests out of the user's cache."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NAPARI_UNLEARN_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    """A tiny public encoder with random weights."""
    import segmentation_models_pytorch as smp
    import torch

    from napari_unlearn.models.encoder import Encoder, EncoderCard

    name = "tu-test_efficientnet"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        weights = smp.encoders.get_encoder(name, weights=None).state_dict()
    return Encoder(EncoderCard(name, "nothing, its weights are random", public=True), weights)


@pytest.fixture(scope="session")
def encoder_file(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny encoder as a file."""
    path = tmp_path_factory.mktemp("encoder") / "tiny.safetensors"
    encoder.save(path)
    return path


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """A data set of 12 train cases, half of them refined, and 2 x 20 test cases of 64 x 64 pixels. Only to be read."""
    from napari_unlearn.data.synthetic import write_sample

    return write_sample(tmp_path_factory.mktemp("sample"), cases=12, size=64, fine=0.5, seed=3)


@pytest.fixture(scope="session")
def model(sample: Dataset, encoder_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model trained on the coarse masks of the sample. Only to be read."""
    from napari_unlearn.jobs.events import Done
    from napari_unlearn.jobs.token import Token
    from napari_unlearn.jobs.train import TrainRequest, events

    out = tmp_path_factory.mktemp("models") / "coarse"
    *_, last = events(TrainRequest(sample.root, out, encoder=str(encoder_file), device="cpu"), Token())
    assert isinstance(last, Done), last
    return out


@pytest.fixture(scope="session")
def unet(sample: Dataset, encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A U-Net that was never fitted, as a model folder. Only to be read."""
    from napari_unlearn.models.checkpoint import save_segmenter
    from napari_unlearn.models.segmenter import ModelCard
    from napari_unlearn.models.unet import UnetSegmenter, public_unet

    out = tmp_path_factory.mktemp("models") / "unet"
    card = ModelCard(sample.classes, sample.positive, 64, "decoder", "coarse", sample.name, 12, 0)
    network = public_unet(encoder, len(sample.classes), frozen=True, seed=0)
    save_segmenter(UnetSegmenter(card, encoder.card, network), out)
    return out


@pytest.fixture(scope="session")
def run(sample: Dataset, model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an exact run on the sample. Only to be read."""
    from napari_unlearn.jobs.events import Done
    from napari_unlearn.jobs.token import Token
    from napari_unlearn.jobs.unlearn import UnlearnRequest, events

    out = tmp_path_factory.mktemp("runs") / "exact"
    *_, last = events(UnlearnRequest(sample.root, model, out, device="cpu"), Token())
    assert isinstance(last, Done), last
    return out
