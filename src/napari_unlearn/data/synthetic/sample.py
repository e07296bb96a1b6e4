"""A whole synthetic data set on disk, in the package's own folder format."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from napari_unlearn import __version__
from napari_unlearn.data.artefacts import ARTEFACT_NAMES, present
from napari_unlearn.data.dataset import Dataset, open_dataset
from napari_unlearn.data.synthetic.canvas import Bytes
from napari_unlearn.data.synthetic.case import LARGEST, MALIGNANT, SMALLEST, render_case
from napari_unlearn.data.synthetic.lesion import SEPARATION
from napari_unlearn.data.synthetic.plan import FEWEST, PlannedCase, plan_sample
from napari_unlearn.errors import UserError
from napari_unlearn.leftovers import clear, unfinished_name
from napari_unlearn.masks import coarsen_box, coarsen_dilate

# Raised whenever the same seed gives other files than before.
GENERATOR = 2
# How far a coarse mask reaches beyond the lesion, in image sides.
MARGIN = {"box": 0.08, "dilation": 0.10}
# Farther apart every sign is all or nothing.
MOST_SEPARATE = 10.0


def coarsen(fine: Bytes, how: str, margin: float | None = None) -> Bytes:
    """Coarse mask of a fine one as a hurried annotator would draw it, wider than the lesion.

    Parameters
    ----------
    fine : ndarray
        (H, W) uint8 class ids.
    how : {"box", "dilation"}
        An upright box around the lesion, or a thick outline.
    margin : float, optional
        How far it reaches beyond the lesion, in image sides; that of `MARGIN` by default.

    Returns
    -------
    ndarray
        (H, W) uint8 class ids; contains `fine`.
    """
    reach = (MARGIN[how] if margin is None else margin) * fine.shape[0]
    grown = coarsen_box(fine, round(reach)) if how == "box" else coarsen_dilate(fine, reach)
    return grown.astype(np.uint8)


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
    margin: float | None = None,
    separation: float = SEPARATION,
    progress: Callable[[int, int], None] | None = None,
) -> Dataset:
    """Write a synthetic dermoscopy data set; the same arguments give the same bytes.

    Parameters
    ----------
    folder : Path or str
        New or empty folder. It stays as it was when writing fails or is interrupted; what a process that was killed
        began to write there is cleared away.
    cases : int
        Cases in the split `train`, at least 4; `test_aligned` and `test_conflicting` get a third of it each, at
        least 20.
    size : int
        Side of the images in pixels, 64 to 1024.
    classes : int
        3: background, benign, malignant. 2: background, malignant; a benign lesion is then background.
    shortcut : float
        Share of malignant cases with an artefact beside the lesion, and of benign cases without one; 0.5 is unbiased.
        In `test_conflicting` it is 1 - `shortcut`.
    fine : float
        Share of the train cases of each class that get a fine mask, at least one unless 0. Test cases all do.
    seed : int
        Not negative.
    coarse : {"box", "dilation"}
        How coarse masks are made from the lesion.
    margin : float, optional
        How far coarse masks reach beyond the lesion, in image sides, 0 to 1; 0.08 for boxes and 0.1 for dilations
        by default. On average 64 % of a default box is dilation artefact, 86 % of one with a margin of 0.3.
    separation : float
        How different the diagnoses look: distance of the class means of every dermoscopic sign, in its standard
        deviations.
    progress : callable, optional
        Called with (cases written, cases in all).

    Returns
    -------
    Dataset
        What was written, opened.

    Raises
    ------
    UserError
        A setting is out of range, the folder is not empty or it cannot be written.
    """
    folder = Path(folder)
    clear(folder)
    _check(folder, cases, size, classes, shortcut, fine, seed, coarse, margin, separation)
    plan = plan_sample(cases, shortcut=shortcut, fine=fine, seed=seed, separation=separation)
    command = (
        f"napari-unlearn sample DIR --cases {cases} --size {size} --classes {classes} --shortcut {shortcut} "
        f"--fine {fine} --seed {seed} --coarse {coarse}"
    ) + ("" if margin is None else f" --coarse-margin {margin}")
    command += "" if separation == SEPARATION else f" --separation {separation}"
    existed = folder.exists()
    new = folder / unfinished_name()
    try:
        new.mkdir(parents=True)
        _write_cases(new, plan, size, classes, coarse, margin, progress)
        _write_text(new / "dataset.toml", _description(classes, command))
        _write_text(new / "metadata.csv", _table(new, plan))
        # metadata.csv moves last: a folder without it does not pass for a finished sample.
        for path in sorted(new.iterdir(), key=lambda path: path.name == "metadata.csv"):
            path.replace(folder / path.name)
        new.rmdir()
    except BaseException as error:
        shutil.rmtree(new if existed else folder, ignore_errors=True)
        if isinstance(error, OSError):
            reason = error.strerror or type(error).__name__
            raise UserError(f"{folder} cannot be written ({reason}); name a folder with room to write to.") from error
        raise
    return open_dataset(folder)


def _write_cases(
    folder: Path,
    plan: Sequence[PlannedCase],
    size: int,
    classes: int,
    coarse: str,
    margin: float | None,
    progress: Callable[[int, int], None] | None,
) -> None:
    for kind in ("images", "coarse", "fine", "artefacts"):
        (folder / kind).mkdir()
    for done, case in enumerate(plan, 1):
        image, fine, artefacts = render_case(case.spec, size)
        if classes == 2:
            fine = (fine == MALIGNANT).astype(np.uint8)
        Image.fromarray(image).save(folder / "images" / f"{case.id}.jpg", quality=95, subsampling=0)
        masks = {"coarse": coarsen(fine, coarse, margin), "artefacts": artefacts} | (
            {"fine": fine} if case.refined else {}
        )
        for kind, mask in masks.items():
            Image.fromarray(mask).save(folder / kind / f"{case.id}.png", compress_level=3)
        if progress is not None:
            progress(done, len(plan))


def _table(folder: Path, plan: Sequence[PlannedCase]) -> str:
    text = io.StringIO(newline="")
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["id", "split", "diagnosis", *ARTEFACT_NAMES.values(), "device", "site"])
    for case in plan:
        with Image.open(folder / "artefacts" / f"{case.id}.png") as artefacts:
            seen = present(np.asarray(artefacts))
        groups = [int(name in seen) for name in ARTEFACT_NAMES.values()]
        rows.writerow([case.id, case.split, case.diagnosis, *groups, case.device, case.site])
    return text.getvalue()


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _description(classes: int, command: str) -> str:
    names = '["background", "benign", "malignant"]' if classes == 3 else '["background", "malignant"]'
    return (
        'name = "Synthetic dermoscopy"\n'
        f"classes = {names}\n"
        'licence = "CC0-1.0"\n'
        f'source = "Made by napari-unlearn {__version__} (generator {GENERATOR}): {command}"\n'
    )


def _check(
    folder: Path,
    cases: int,
    size: int,
    classes: int,
    shortcut: float,
    fine: float,
    seed: int,
    coarse: str,
    margin: float | None,
    separation: float,
) -> None:
    taken = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    problems = (
        (cases < FEWEST, f"A sample of {cases} cases is too small; ask for {FEWEST} or more."),
        (not SMALLEST <= size <= LARGEST, f"Images of {size} px cannot be drawn; choose {SMALLEST} to {LARGEST}."),
        (classes not in (2, 3), f"A sample cannot have {classes} classes; choose 2 or 3."),
        (not 0 <= shortcut <= 1, f"The shortcut correlation {shortcut} is not a share; choose 0 to 1."),
        (not 0 <= fine <= 1, f"The share {fine} of refined cases is not a share; choose 0 to 1."),
        (seed < 0, f"The seed {seed} is negative; choose 0 or more."),
        (coarse not in MARGIN, f"Coarse masks cannot be made by {coarse!r}; choose box or dilation."),
        (
            margin is not None and not 0 <= margin <= 1,
            f"Coarse masks cannot reach {margin} image sides beyond the lesion; choose 0 to 1.",
        ),
        (
            not 0 <= separation <= MOST_SEPARATE,
            f"Diagnoses cannot be {separation} standard deviations apart; choose 0 to {MOST_SEPARATE}.",
        ),
        (taken, f"{folder} is not an empty folder; name a new one for the sample."),
    )
    for wrong, sentence in problems:
        if wrong:
            raise UserError(sentence)
