"""What a run that may be killed keeps beside its folder, so that it can go on: `unlearn --resume`.

Features of images are on the disk anyway. What cannot be made again without being charged again are noisy steps: noise
that was drawn is in the weights, and drawing it again would be another attempt. So the weights after a noisy step are
kept together with the account of what is in them, as one file that is either whole or not there. Steps after it were
seen by nobody when the process was killed; a run that goes on does them with fresh noise, and its certificate is that
of one run in one piece. The file goes when the run is complete.
"""

from __future__ import annotations

import dataclasses
import glob
import json
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_unlearn.errors import UserError
from napari_unlearn.files import atomic_write, parse_json, sha256_bytes
from napari_unlearn.jobs.run_folder import CERTIFICATE
from napari_unlearn.leftovers import is_living
from napari_unlearn.privacy.accountant import ACCOUNTANT
from napari_unlearn.privacy.certificate import Assumption

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from napari_unlearn.jobs.unlearn import UnlearnRequest
    from napari_unlearn.operators.kept_steps import KeptSteps
    from napari_unlearn.operators.protocol import FloatArray, Operator, Revision, Step
    from napari_unlearn.operators.retain_masks import Collected
    from napari_unlearn.operators.settings import Settings
    from napari_unlearn.privacy.noise import NoiseSource

EVERY = 20.0
"""Seconds between two states that are kept, so that writing takes little beside working."""


def kept_file(out: Path) -> Path:
    """Where the state of an unfinished run is kept.

    Parameters
    ----------
    out : Path
        Folder of the run.

    Returns
    -------
    Path
        Beside it, hidden, so that nothing takes it for a run.
    """
    return out.parent / f".{out.name}.unfinished"


def drop_kept(out: Path) -> None:
    """Take away what an unfinished run has kept, once it is complete.

    Parameters
    ----------
    out : Path
        Folder of the run.
    """
    kept_file(out).unlink(missing_ok=True)


def require_unfinished(request: UnlearnRequest) -> None:
    """Refuse to go on with a run that is complete, and clear away what a killed process left of its folder.

    Parameters
    ----------
    request : UnlearnRequest
        What is asked for.

    Raises
    ------
    UserError
        It is to go on, but is complete.
    """
    if not request.resume:
        return
    if (request.out / CERTIFICATE).is_file():
        # Killed in the moment between the two.
        drop_kept(request.out)
        raise UserError(f"{request.out} is complete; there is nothing to go on with.")
    for half in request.out.parent.glob(f".{glob.escape(request.out.name)}.*.new"):
        if not is_living(half.name):
            shutil.rmtree(half, ignore_errors=True)


def kept_run(
    request: UnlearnRequest,
    settings: Settings,
    collected: Collected,
    model_in: str,
    operator: Operator,
    noise: NoiseSource,
) -> KeptRun:
    """Prepare to keep the state of a run, and take up that of an earlier one where that is asked for.

    Parameters
    ----------
    request : UnlearnRequest
        What is asked for.
    settings : Settings
        Numbers of the operator.
    collected : Collected
        Its data.
    model_in : str
        Digest of the model in use.
    operator : Operator
        What is run.
    noise : NoiseSource
        Where its noise comes from.

    Returns
    -------
    KeptRun
    """
    account = {
        "operator": request.operator,
        "epsilon": request.epsilon,
        "delta": request.delta,
        "settings": dataclasses.asdict(settings),
        "composed cases": request.counterfactual,
        "seed": request.seed,
        "noise seed": request.noise_seed,
        "model": model_in,
        "labels that are kept": collected.retain_hash,
        "labels to forget": collected.forget_hash,
    }
    return KeptRun(request.out, account, operator, int(getattr(settings, "steps", 0)), noise, request.resume)


class KeptRun:
    """Keeps the state of one run, and takes up that of an earlier one.

    Parameters
    ----------
    out : Path
        Folder of the run.
    account : mapping
        What the noise is for: model, data, operator, numbers and budget. A state of another account is refused.
    operator : Operator
        What is run.
    steps : int
        Noisy steps of it.
    noise : NoiseSource
        Where its noise comes from.
    resume : bool
        Whether to go on from what was kept.

    Raises
    ------
    UserError
        The state that was kept is damaged or belongs to another account.
    """

    def __init__(
        self, out: Path, account: Mapping[str, Any], operator: Operator, steps: int, noise: NoiseSource, resume: bool
    ) -> None:
        self._path, self._steps, self._noise = kept_file(out), steps, noise
        self._account = {**account, "accountant": ACCOUNTANT}
        self._source, self._certifies = noise.description, noise.certifies
        self._last = time.monotonic()
        self.interrupted = 0
        self.kept: KeptSteps | None = None
        self._can = hasattr(operator, "kept")
        self.operator = operator
        if resume and self._can:
            self.kept = self._read()
        if self.kept is not None:
            self.interrupted += 1
            self.operator = dataclasses.replace(operator, kept=self.kept)  # type: ignore[type-var]

    def draws(self, rng: np.random.Generator, seed: int) -> np.random.Generator:
        """Choose the source of batches: that of the run, or a fresh one where it goes on."""
        from napari_unlearn.operators.kept_steps import fresh_draws

        return rng if self.kept is None else fresh_draws(seed, self.kept)

    def see(self, step: Step) -> None:
        """Keep the state after a noisy step, unless one was kept just before.

        Parameters
        ----------
        step : Step
            Any.
        """
        from napari_unlearn.models.ranks import first

        if not self._can or step.weights is None or step.done > self._steps or not first():
            return
        if step.done == self._steps or time.monotonic() - self._last >= EVERY:
            self._write(step.done, step.weights)
            self._last = time.monotonic()

    def told(self, revision: Revision) -> Revision:
        """Say in a revision that its run was interrupted.

        Parameters
        ----------
        revision : Revision
            At the end of the run.

        Returns
        -------
        Revision
            The same where it was not.
        """
        if self.kept is None:
            return revision
        how_often = "once" if self.interrupted == 1 else f"{self.interrupted} times"
        said = Assumption(
            "Every noisy step drew its noise once.",
            f"The run was interrupted {how_often} and went on after step {self.kept.done} of {self._steps}, with the "
            "weights that were kept then. What was drawn between that step and the interruption was lost with it and "
            "drawn afresh, and is in nothing that was kept.",
            True,
        )
        return dataclasses.replace(
            revision,
            assumptions=(*revision.assumptions, said),
            noise=self._source,
            noise_certifies=revision.noise_certifies and self._certifies,
        )

    def _write(self, done: int, weights: FloatArray) -> None:
        import torch
        from safetensors.torch import save

        tensor = torch.from_numpy(weights).contiguous()
        record = {
            "account": self._account,
            "done": done,
            "interrupted": self.interrupted,
            "noise": self._source,
            "certifies": self._certifies,
            "digest": sha256_bytes(tensor.numpy().tobytes()),
        }
        atomic_write(self._path, save({"weights": tensor}, metadata={"run": json.dumps(record, sort_keys=True)}))

    def _read(self) -> KeptSteps | None:
        from safetensors import SafetensorError, safe_open

        from napari_unlearn.operators.kept_steps import KeptSteps

        if not self._path.is_file():
            return None
        try:
            with safe_open(self._path, framework="pt") as stream:
                record = parse_json((stream.metadata() or {})["run"])
                weights = stream.get_tensor("weights").numpy()
            if sha256_bytes(weights.tobytes()) != record["digest"]:
                raise ValueError("the weights are not those that were written")
            done, self.interrupted = int(record["done"]), int(record["interrupted"])
            account = dict(record["account"])
        except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
            raise UserError(
                f"{self._path} is damaged, so the run cannot go on; leave --resume out to begin anew, which costs no "
                "budget, since nobody has seen what the unfinished run made."
            ) from error
        other = sorted(name for name in {*account, *self._account} if account.get(name) != self._account.get(name))
        if other:
            raise UserError(
                f"The unfinished run at {self._path} was asked for something else: {', '.join(other)} differ. Ask for "
                "the same to go on, or leave --resume out to begin anew."
            )
        # Noise that could be repeated stays what it is, whatever is drawn from now on.
        self._certifies = self._certifies and bool(record["certifies"])
        self._source = str(record["noise"])
        return KeptSteps(done, weights)
