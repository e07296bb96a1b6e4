"""What a live session keeps of the data: pixels of every case in the objective, and which compositions are due.

After a stroke the case's own pixels are replaced at once. Every composed case that the old mask had a part in, with its
lesion or with its surroundings, leaves the objective at the same moment, because it may hold labels that are forgotten
from now on; composed anew with the new mask, it comes back a little later (`compose_due`).
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_unlearn.data.case import Case
from napari_unlearn.models.convex_head import PixelSet
from napari_unlearn.models.grid import image_to_grid
from napari_unlearn.models.pixel_sampling import DrawnPixels, draw_pixels, standardised
from napari_unlearn.models.segmenter import HeadSegmenter
from napari_unlearn.operators.counterfactual import Refined, compose, lesion_free_share
from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.operators.lesion_free import Kinds, companion
from napari_unlearn.operators.live.draws import SteadyGenerator, number, partner
from napari_unlearn.operators.live.objective import LiveObjective, _go_on
from napari_unlearn.operators.live.rows import Kind, Rows
from napari_unlearn.operators.protocol import Step
from napari_unlearn.operators.retain_masks import Collected, Mask, MaskReader, known_cases, require_classes
from napari_unlearn.operators.settings import Settings

_BATCH = 4  # images that a newer stroke has to wait for
_OWN = -1  # in the name of a slot, where a composition has its number


@dataclasses.dataclass(eq=False)
class _InHand:
    """The case that was looked at last: what takes time to read."""

    case_id: str
    shape: tuple[int, int]
    coarse: Mask
    artefacts: Mask | None
    grid: Tensor
    levels: list[Tensor]


class RetainState:
    """Pixels of all cases, kept up to date case by case.

    Parameters
    ----------
    segmenter : HeadSegmenter
        The model in use; nothing of its head is used, the fit starts from zero.
    settings : Settings
        Numbers of pixels and shares.
    swaps : int
        Composed cases per refined case.
    seed : int
        Of the draws.
    """

    def __init__(self, segmenter: HeadSegmenter, settings: Settings, swaps: int, seed: int) -> None:
        self.segmenter, self.settings, self.swaps, self._seed = segmenter, settings, swaps, seed
        head = segmenter.head.weights
        self.objective = LiveObjective(
            Rows(*head.shape),
            torch.zeros(*head.shape, dtype=torch.float64),
            settings.strength,
            settings.swap_weight,
            settings.background_weight,
        )
        self.due: list[tuple[str, int]] = []
        self.refined: dict[str, Refined] = {}
        self._partners: dict[tuple[str, int], str] = {}
        self._masks = MaskReader(segmenter.card.size, bool(settings.corrected), overlap=bool(settings.overlap))
        self._known: dict[str, tuple[bool, bool]] = {}  # whether it has no lesion, whether it teaches all it shows
        self._free: dict[str, Case] = {}  # cases without a lesion that nobody refined
        self._companions: dict[str, Refined] = {}  # those of them that are composed
        self._near = settings.near_weight
        self._drawn: dict[tuple[str, int], DrawnPixels] = {}  # what lies in the objective's rows, without features
        self._in_hand: _InHand | None = None

    def read(self, cases: Sequence[Case]) -> Iterator[Step]:
        """Read every case and compose all there is to compose.

        Parameters
        ----------
        cases : sequence of Case
            Training cases.

        Yields
        ------
        Step

        Raises
        ------
        UserError
            No case is refined, or refined cases lack a class that the model predicts.
        """
        cases, refined = known_cases(cases)
        total = len(cases) + refined * self.swaps
        for done, case in enumerate(cases):
            yield Step(done, total, "Reading masks")
            self._put(case, case.fine(), keep=False)
        self._count_kinds()
        require_classes(self.refined.values(), self.segmenter.card.classes)
        self._plan_compositions(None)
        total += self.swaps * len(self._companions)
        while self.due:
            yield Step(total - len(self.due), total, "Composing counterfactual cases")
            self.compose_due()

    def stroke(self, case: Case, fine: Mask) -> None:
        """Take a new fine mask of one case.

        Parameters
        ----------
        case : Case
            It has a coarse mask.
        fine : ndarray of uint8, shape (H, W)
            Class ids.

        Raises
        ------
        UserError
            No refined case shows some class any more.
        """
        self._put(case, fine, keep=True)
        self._count_kinds()
        require_classes(self.refined.values(), self.segmenter.card.classes)
        self._plan_compositions(case.id)

    def levels(self, case: Case) -> tuple[list[Tensor], tuple[int, int]]:
        """Maps of one case and the shape of its image; the last case is remembered.

        Parameters
        ----------
        case : Case
            Any case.

        Returns
        -------
        list of Tensor, tuple of int
        """
        if self._in_hand is None or self._in_hand.case_id != case.id:
            self._in_hand = self._open(case)
        return self._in_hand.levels, self._in_hand.shape

    def compose_due(self, check: Callable[[], None] = _go_on) -> None:
        """Compose the next few cases that are due.

        Parameters
        ----------
        check : callable
            Called before anything is changed; may raise to break off.
        """
        composing = self._composing
        first = composing[self.due[0][0]].fine.shape
        batch = [key for key in self.due if composing[key[0]].fine.shape == first][:_BATCH]
        made = []
        for lesion, k in batch:
            check()
            made.append(compose(composing[lesion], composing[self._partners[lesion, k]]))
        images = torch.from_numpy(np.stack([image.transpose(2, 0, 1) for image, _ in made]))
        maps = self.segmenter.cache.compute(images)
        check()
        for key, levels, (_, labels) in zip(batch, maps, made, strict=True):
            self._fill(key, self._kind_of(key), self.settings.swap_pixels, levels, labels)
        self.due = [key for key in self.due if key not in batch]
        self._count_present()

    def refined_dice(self, weights: NDArray[np.float64]) -> float:
        """Dice of lesion against background at the drawn pixels of refined cases.

        Parameters
        ----------
        weights : ndarray of float64, shape (K + 1, F + 1)
            A head; of one that is shown the noise belongs in, because a number tells of what it was computed from.

        Returns
        -------
        float
            1 where there is no lesion.
        """
        head = torch.from_numpy(weights).float()
        both = sizes = 0.0
        for kind, chunk in self.objective.rows.chunks():
            if kind is Kind.REFINED:
                predicted, true = (head @ chunk.x.T).argmax(dim=0) > 0, chunk.y > 0
                both += float(chunk.a[predicted & true].sum())
                sizes += float(chunk.a[predicted].sum() + chunk.a[true].sum())
        return 2 * both / sizes if sizes else 1.0

    def collected(self) -> Collected:
        """What a certificate has to say about the data of the moment; its problem holds labels without features."""
        rows = [(chunk.y[chunk.a > 0], chunk.a[chunk.a > 0]) for _, chunk in self.objective.rows.chunks()]
        labels = torch.cat([y for y, _ in rows]).numpy()
        weights = torch.cat([a for _, a in rows]).numpy()
        nothing = PixelSet(np.empty((0, 0), np.float32), np.empty(0, np.int64), np.empty(0))
        problem = HeadProblem(
            PixelSet(np.empty((len(labels), 0), np.float32), labels, weights),
            nothing,
            self.segmenter.head.weights,
            self.objective.rows.classes,
            self.settings.strength,
        )
        return self._masks.collected(problem, len(self.refined), len(self._known) - len(self.refined))

    def _open(self, case: Case) -> _InHand:
        image = case.image()
        grid = image_to_grid(image, self.segmenter.card.size)
        return _InHand(
            case.id, image.shape[:2], case.coarse(), case.artefacts(), grid, self.segmenter.cache.levels(grid)
        )

    def _put(self, case: Case, fine: Mask | None, *, keep: bool) -> None:
        settings = self.settings
        if fine is None and not (settings.background_pixels and settings.background_weight):
            lesion_free = self._masks.take(case.id, case.coarse(), None).lesion_free
            self._known[case.id] = lesion_free, False
            return
        opened = self._in_hand if self._in_hand is not None and self._in_hand.case_id == case.id else self._open(case)
        if keep:
            self._in_hand = opened
        labels = self._masks.take(case.id, opened.coarse, fine, opened.artefacts)
        self._known[case.id] = labels.lesion_free, labels.fine is not None or labels.lesion_free
        kind = Kind.LESION_FREE if labels.lesion_free else Kind.CERTAIN if labels.fine is None else Kind.REFINED
        count = settings.background_pixels if labels.fine is None else settings.pixels
        owner = (case.id, _OWN)
        before = self.objective.rows.slots.get(owner)
        if before is not None and (before.kind, before.size) != (kind, count):
            self.objective.drop(owner)
        self._fill(owner, kind, count, opened.levels, labels.retain)
        if labels.fine is None:
            if labels.lesion_free:
                self._free[case.id] = case
            return
        self._free.pop(case.id, None)
        image = opened.grid.permute(1, 2, 0).numpy()
        self.refined[case.id] = Refined(image, labels.fine, case.diagnosis or "")

    def _fill(self, key: tuple[str, int], kind: Kind, count: int, levels: Sequence[Tensor], labels: Mask) -> None:
        rng = SteadyGenerator(number(self._seed, *key), labels.size)
        drawn = draw_pixels(levels, labels, count, rng)
        pixels = standardised(drawn, self.segmenter.head.standardiser, self._near)
        self._drawn[key] = dataclasses.replace(drawn, features=drawn.features[:, :0].copy())
        self.objective.replace(key, kind, count, pixels)

    @property
    def _composing(self) -> dict[str, Refined]:
        return {**self.refined, **self._companions}

    def _kind_of(self, key: tuple[str, int]) -> Kind:
        free = self.objective.kinds.teach_lesion_free and not self._composing[key[0]].has_lesion
        return Kind.COMPOSED_FREE if free else Kind.COMPOSED

    def _choose_companions(self) -> None:
        count = sum(case.has_lesion for case in self.refined.values()) if self.swaps else 0
        chosen = sorted(self._free, key=lambda case: (number(self._seed, case), case))[:count]
        self._companions = {
            name: self._companions.get(name) or companion(self._free[name], self.segmenter.card.size) for name in chosen
        }

    def _plan_compositions(self, changed: str | None) -> None:
        """Take out what the case `changed` had a part in or what has another partner now, and note what is due."""
        self._choose_companions()
        composing = self._composing
        self.objective.composed_free = lesion_free_share(composing.values(), self.settings.swap_weight)
        for key in [key for key in self._partners if key[0] not in composing]:
            self._forget_composition(key)
        shapes: dict[tuple[int, ...], list[str]] = {}
        for case_id, case in composing.items():
            shapes.setdefault(case.fine.shape, []).append(case_id)
        for members in shapes.values():
            lenders: dict[str, list[str]] = {}
            with_lesion: dict[str, list[str]] = {}
            for case_id in members:
                case = composing[case_id]
                if case.composes:
                    lenders.setdefault(case.group, []).append(case_id)
                if case.has_lesion:
                    with_lesion.setdefault(case.group, []).append(case_id)
            for lesion in members:
                own = composing[lesion]
                groups = lenders if own.has_lesion else with_lesion if own.composes else {}
                others = {
                    name: rest for name, group in groups.items() if (rest := [case for case in group if case != lesion])
                }
                for k in range(self.swaps):
                    key, lender = (lesion, k), partner(self._seed, lesion, k, others)
                    if lender is None:
                        self._forget_composition(key)
                    elif self._partners.get(key) != lender or changed in (lesion, lender) or self._is_misplaced(key):
                        self._partners[key] = lender
                        self.objective.drop(key)
                        if key not in self.due:
                            self.due.append(key)
        self._count_present()

    def _forget_composition(self, key: tuple[str, int]) -> None:
        if self._partners.pop(key, None) is not None:
            self.objective.drop(key)
            self.due = [other for other in self.due if other != key]

    def _is_misplaced(self, key: tuple[str, int]) -> bool:
        slot = self.objective.rows.slots.get(key)
        return slot is not None and slot.kind is not self._kind_of(key)

    def _count_kinds(self) -> None:
        self.objective.kinds = Kinds()
        for lesion_free, teaches in self._known.values():
            self.objective.kinds.count(lesion_free=lesion_free, teaches=teaches)
        # A stroke that gives the last case without a lesion one changes what all others count for, and so does one that
        # takes it away again.
        if (near := self.objective.kinds.near_weight(self.settings.near_weight)) != self._near:
            self._near = near
            there = {key: drawn for key, drawn in self._drawn.items() if key in self.objective.rows.slots}
            self.objective.reweigh({key: drawn.weighed(near) for key, drawn in there.items() if drawn.near.any()})

    def _count_present(self) -> None:
        due, planned = (Counter(map(self._kind_of, keys)) for keys in (self.due, self._partners))
        for kind in (Kind.COMPOSED, Kind.COMPOSED_FREE):
            self.objective.present[kind] = 1 - due[kind] / max(1, planned[kind])
