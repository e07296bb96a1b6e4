"""The certificate of every state that a live session shows.

All states of a session share encoder, scaling, assumptions and versions, so the first record is made as that of any
run, from a model on disk, and the following ones put in what differs: masks, head, numbers, and what was shown before.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.errors import UserError
from napari_unlearn.files import sha256_bytes, sha256_file
from napari_unlearn.jobs.certify import certificate
from napari_unlearn.jobs.provenance import tensor_digest
from napari_unlearn.models.checkpoint import CARD, save_segmenter
from napari_unlearn.models.segmenter import HeadSegmenter
from napari_unlearn.operators.protocol import Budget, Revision
from napari_unlearn.operators.registry import info
from napari_unlearn.operators.retain_masks import Collected
from napari_unlearn.operators.revised import revised_head
from napari_unlearn.privacy import gaussian_dp
from napari_unlearn.privacy.attempts import Cost, charge
from napari_unlearn.privacy.certificate import Certificate
from napari_unlearn.privacy.verification import check

OPERATOR = "residual-head"
_HEAD = ("head.weights",)


@dataclass(frozen=True, eq=False)
class Release:
    """One state: what was computed, and all that its certificate is made of.

    Attributes
    ----------
    segmenter : HeadSegmenter
        The model in use when the session began.
    model : Path
        Its folder.
    model_in : str
        Its digest.
    revision : Revision
        The head, with its noise, and the numbers of the mechanism.
    collected : Collected
        The data of the moment.
    budget : Budget
        What this state alone costs.
    settings : dict of str to float
        Numbers of the session.
    earlier : tuple of float or tuple of float
        What everything cost that was shown before.
    """

    segmenter: HeadSegmenter
    model: Path
    model_in: str
    revision: Revision
    collected: Collected
    budget: Budget
    settings: dict[str, float]
    earlier: tuple[Cost, ...]

    @property
    def revised(self) -> HeadSegmenter:
        """The model with the head of this state."""
        return revised_head(self.segmenter, self.revision.weights, self.collected.refined)

    def write(self, model: Path) -> Certificate:
        """Save the revised model and make its certificate from the files.

        Parameters
        ----------
        model : Path
            Folder for the model.

        Returns
        -------
        Certificate
        """
        model_out = save_segmenter(self.revised, model)
        hashes = {
            "model_in": self.model_in,
            "model_out": model_out,
            "model_card": sha256_file(model / CARD),
            "public_encoder": self.segmenter.encoder.weights_hash,
        }
        return certificate(
            self.segmenter,
            info(OPERATOR),
            self.revision,
            self.collected,
            self.budget,
            self.settings,
            hashes,
            (self.model, model),
            self.earlier,
        )


@dataclass(eq=False)
class Records:
    """Makes the certificate of each state of one session."""

    _template: Certificate | None = field(default=None, init=False)
    _refined: int = field(default=-1, init=False)

    def record(self, release: Release) -> Certificate:
        """Certify a state; what is said of the model's file is the digest of its head, as the file is not written.

        Parameters
        ----------
        release : Release
            The state.

        Returns
        -------
        Certificate
            It passes `check`.

        Raises
        ------
        UserError
            It would not.
        """
        if self._template is None or self._refined != release.collected.refined:
            with tempfile.TemporaryDirectory() as folder:
                self._template = release.write(Path(folder))
            self._refined = release.collected.refined
            return self._template
        weights: NDArray[np.float64] = release.revision.weights
        changed: dict[str, Any] = {}
        if self._template.mu is not None:
            mu = self._template.mu
            epsilon, delta, charged = charge(mu, release.budget.epsilon, release.budget.delta, release.earlier)
            changed = {"epsilon": epsilon, "delta": delta, "attempts": 1 + len(release.earlier)}
        else:
            charged = {}
        record = dataclasses.replace(
            self._template,
            **changed,
            parameters={**release.settings, **release.revision.numbers, **charged},
            tensors=tuple(
                dataclasses.replace(group, sha256=tensor_digest({_HEAD[0]: weights})) if group.names == _HEAD else group
                for group in self._template.tensors
            ),
            hashes={
                **self._template.hashes,
                "model_out": sha256_bytes(weights.tobytes()),
                "retain_masks": release.collected.retain_hash,
                "forget_masks": release.collected.forget_hash,
            },
            created=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        )
        if failures := check(record):
            raise UserError(f"No certificate can be given: {' '.join(failures)}")
        return record


def state_mu(epsilon: float, delta: float, states: int) -> float:
    """Gaussian DP of one state, so that `states` of them together meet the budget.

    Parameters
    ----------
    epsilon, delta : float
        Budget of the session.
    states : int
        How many states it may show.

    Returns
    -------
    float
        mu(epsilon, delta) / sqrt(states).
    """
    return gaussian_dp.mu(epsilon, delta) / math.sqrt(states)
