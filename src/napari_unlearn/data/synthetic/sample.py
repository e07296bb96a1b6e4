"""A whole synthetic data set on disk, in the package's own folder format.

What a case shows depends on the seed and its place in its split only. How strongly shortcut and diagnosis go together,
how many cases are refined and how coarse masks are made change nothing else, so that two samples can be compared.
"""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from napari_unlearn import __version__
from napari_unlearn.data.synthetic.case import LARGEST, SMALLEST, CaseSpec, render_case
from napari_unlearn.data.synthetic.flags import ARTEFACT_NAMES
from napari_unlearn.data.synthetic.lesion import SEPARATION
from napari_unlearn.data.synthetic.canvas import Bytes
from napari_unlearn.errors import UserError

# Raised whenever the same seed gives other images than before.
GENERATOR = 1
# How far a coarse mask reaches beyond the lesion, in image sides.
MARGIN = {"box": 0.08, "dilation": 0.10}

DIAGNOSES = ("benign", "malignant")
DEVICES = ("contact, polarised", "contact, immersion", "non-contact, polarised")
SITES = ("back", "chest", "abdomen", "upper limb", "lower limb", "head or neck")


@dataclass(frozen=True)
class SampleCase:
    """One case of a sample: where it belongs, what it shows and whether its fine mask is written."""

    id: str
    split: str
    spec: CaseSpec
    refined: bool
    device: str
    site: str

    @property
    def diagnosis(self) -> str:
        """The diagnosis, benign or malignant."""
        return DIAGNOSES[self.spec.malignant]


def plan_sample(
    cases: int, *, shortcut: float, fine: float, seed: int, separation: float = SEPARATION
) -> tuple[SampleCase, ...]:
    """Decide what every case of a sample shows, without rendering anything.

    Both classes have the same number of cases (one apart when that is odd). In the splits `train` and `test_aligned` a
    share `shortcut` of the malignant and 1 - `shortcut` of the benign cases carry a shortcut; in `test_conflicting` it
    is the other way round. Shares are met exactly, up to rounding.
    """
    others = max(20, cases // 3)
    planned: list[SampleCase] = []
    for number, (split, prefix, count, malignant_share) in enumerate(
        (
            ("train", "train", cases, shortcut),
            ("test_aligned", "aligned", others, shortcut),
            ("test_conflicting", "conflicting", others, 1 - shortcut),
        )
    ):
        order, carriers, refined = (np.random.default_rng([seed, number, i]) for i in range(3))
        malignant = order.permutation(count) % 2 == 1
        biased = _chosen(carriers, malignant, (1 - malignant_share, malignant_share))
        chosen = _chosen(refined, malignant, (fine, fine)) if split == "train" else np.ones(count, bool)
        for i in range(count):
            rng = np.random.default_rng([seed, number, 3, i])
            look, place = rng.spawn(2)
            planned.append(
                SampleCase(
                    id=f"{prefix}-{i + 1:04d}",
                    split=split,
                    spec=CaseSpec.draw(look, malignant=bool(malignant[i]), biased=bool(biased[i]), separation=separation),
                    refined=bool(chosen[i]),
                    device=str(place.choice(DEVICES)),
                    site=str(place.choice(SITES)),
                )
            )
    return tuple(planned)


def coarsen(fine: Bytes, how: str) -> Bytes:
    """Coarse mask of a fine one, (H, W) uint8: its bounding box (`how` is "box") or its dilation ("dilation"), grown by `MARGIN`."""
    coarse = np.zeros_like(fine)
    if not fine.any():
        return coarse
    reach = MARGIN[how] * fine.shape[0]
    if how == "dilation":
        coarse[ndimage.distance_transform_edt(fine == 0) <= reach] = fine.max()
        return coarse
    window = []
    for axis in (1, 0):
        hit = np.flatnonzero(fine.any(axis=axis))
        window.append(slice(max(0, hit[0] - round(reach)), hit[-1] + round(reach) + 1))
    coarse[tuple(window)] = fine.max()
    return coarse


def write_sample(
    folder: Path | str,
    cases: int = 600,
    size: int = 128,
    classes: int = 3,
    shortcut: float = 0.95,
    fine: float = 0.1,
    seed: int = 0,
    coarse: str = "box",
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write a synthetic dermoscopy data set; the same arguments give the same bytes.

    Parameters
    ----------
    folder : Path
        New or empty folder. Nothing is left in it when writing fails.
    cases : int
        Cases in the split `train`; `test_aligned` and `test_conflicting` get a third of it each, at least 20.
    size : int
        Side of the images in pixels.
    classes : int
        3: background, benign, malignant. 2: background, malignant; a benign lesion is then background.
    shortcut : float
        Share of malignant cases with an artefact beside the lesion, and of benign cases without one; 0.5 is unbiased.
        In `test_conflicting` it is 1 - `shortcut`.
    fine : float
        Share of the train cases of each class that get a fine mask. Test cases all do.
    seed : int
        Not negative.
    coarse : {"box", "dilation"}
        How coarse masks are made from the lesion.
    progress : callable, optional
        Called with (cases written, cases in all).

    Returns
    -------
    Path
        `folder`.

    Raises
    ------
    UserError
        A setting is out of range, or the folder is not empty.
    """
    folder = Path(folder)
    _check(folder, cases, size, classes, shortcut, fine, seed, coarse)
    plan = plan_sample(cases, shortcut=shortcut, fine=fine, seed=seed)
    command = (
        f"napari-unlearn sample DIR --cases {cases} --size {size} --classes {classes} --shortcut {shortcut:g} "
        f"--fine {fine:g} --seed {seed} --coarse {coarse}"
    )
    existed = folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix=".writing-", dir=folder) as name:
            new = Path(name)
            _write_all(new, plan, size, classes, coarse, progress)
            (new / "dataset.toml").write_text(_toml(classes, command), encoding="utf-8", newline="\n")
            # metadata.csv comes last: a folder without it is not yet a data set.
            for path in sorted(new.iterdir(), key=lambda path: path.name == "metadata.csv"):
                path.replace(folder / path.name)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        if existed:
            folder.mkdir()
        raise
    return folder


def _write_all(
    folder: Path,
    plan: tuple[SampleCase, ...],
    size: int,
    classes: int,
    coarse: str,
    progress: Callable[[int, int], None] | None,
) -> None:
    for kind in ("images", "coarse", "fine", "artefacts"):
        (folder / kind).mkdir()
    table = io.StringIO(newline="")
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(["id", "split", "diagnosis", *ARTEFACT_NAMES.values(), "device", "site"])
    for done, case in enumerate(plan, 1):
        image, fine, artefacts = render_case(case.spec, size)
        if classes == 2:
            fine = (fine == 2).astype(np.uint8)
        Image.fromarray(image).save(folder / "images" / f"{case.id}.jpg", quality=95, subsampling=0)
        _save_mask(folder / "coarse" / f"{case.id}.png", coarsen(fine, coarse))
        _save_mask(folder / "artefacts" / f"{case.id}.png", artefacts)
        if case.refined:
            _save_mask(folder / "fine" / f"{case.id}.png", fine)
        present = int(np.bitwise_or.reduce(artefacts, axis=None))
        rows.writerow(
            [case.id, case.split, case.diagnosis]
            + [int(bool(present & flag)) for flag in ARTEFACT_NAMES]
            + [case.device, case.site]
        )
        if progress is not None:
            progress(done, len(plan))
    (folder / "metadata.csv").write_text(table.getvalue(), encoding="utf-8", newline="\n")


def _save_mask(path: Path, mask: Bytes) -> None:
    Image.fromarray(mask).save(path, compress_level=3)


def _toml(classes: int, command: str) -> str:
    names = '["background", "benign", "malignant"]' if classes == 3 else '["background", "malignant"]'
    return (
        'name = "Synthetic dermoscopy"\n'
        f"classes = {names}\n"
        'licence = "CC0-1.0"\n'
        f'source = "Made by napari-unlearn {__version__}, generator {GENERATOR}: {command}"\n'
    )


def _chosen(rng: np.random.Generator, malignant: np.ndarray, shares: tuple[float, float]) -> np.ndarray:
    """Pick a share of the benign and of the malignant cases; a larger share always includes a smaller one."""
    chosen = np.zeros(malignant.size, bool)
    for label, share in enumerate(shares):
        members = rng.permutation(np.flatnonzero(malignant == label))
        chosen[members[: round(share * members.size)]] = True
    return chosen


def _check(
    folder: Path, cases: int, size: int, classes: int, shortcut: float, fine: float, seed: int, coarse: str
) -> None:
    problems = (
        (cases < 4, f"A sample of {cases} cases is too small: ask for at least 4."),
        (not SMALLEST <= size <= LARGEST, f"An image side of {size} px is out of range: choose {SMALLEST} to {LARGEST}."),
        (classes not in (2, 3), f"A sample cannot have {classes} classes: choose 2 or 3."),
        (not 0 <= shortcut <= 1, f"The shortcut correlation {shortcut:g} is not a share: choose 0 to 1."),
        (not 0 <= fine <= 1, f"The refined fraction {fine:g} is not a share: choose 0 to 1."),
        (seed < 0, f"The seed {seed} is negative: choose 0 or more."),
        (coarse not in MARGIN, f"Coarse masks cannot be made by '{coarse}': choose box or dilation."),
        (
            folder.exists() and (not folder.is_dir() or any(folder.iterdir())),
            f"{folder} is not an empty folder: name a new one for the sample.",
        ),
    )
    for wrong, sentence in problems:
        if wrong:
            raise UserError(sentence)
