"""Which settings to measure: all combinations, or one factor at a time. Imports no torch."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from napari_unlearn.benchmark.row import COARSE, ORACLE, SCRATCH, Trial
from napari_unlearn.data.synthetic.sample import MARGIN
from napari_unlearn.errors import UserError
from napari_unlearn.operators.registry import available, info

FINE = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0)
CORRELATION = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
SWAPS = 8


@dataclass(frozen=True)
class Factors:
    """Values of each factor; the first of each is its base value.

    Attributes
    ----------
    classes : tuple of int
        2, 3 or both.
    correlation : tuple of float or None
        Of artefact and diagnosis in training, 0 to 1; None where the data set decides.
    coarse : tuple of str
        ``box``, ``dilation``.
    fine : tuple of float
        Shares of refined cases, above 0 and at most 1.
    swaps : tuple of int
        Composed cases per refined case.
    """

    classes: tuple[int, ...] = (3, 2)
    correlation: tuple[float | None, ...] = (0.95, *(value for value in CORRELATION if value != 0.95))
    coarse: tuple[str, ...] = ("dilation", "box")
    fine: tuple[float, ...] = (0.1, *(value for value in FINE if value != 0.1))
    swaps: tuple[int, ...] = (SWAPS, 0)

    def checked(self, *, any_classes: bool = False) -> Factors:
        """Return these values.

        Parameters
        ----------
        any_classes : bool
            Whether the data set decides about their number.

        Returns
        -------
        Factors

        Raises
        ------
        UserError
            One is out of range.
        """
        problems = (
            *(
                (value not in (2, 3) and not any_classes, f"{value} classes cannot be drawn; choose 2 or 3.")
                for value in self.classes
            ),
            *(
                (value is not None and not 0 <= value <= 1, f"The correlation {value} is not between 0 and 1.")
                for value in self.correlation
            ),
            *(
                (value not in MARGIN, f"Masks cannot be coarsened by {value!r}; choose box or dilation.")
                for value in self.coarse
            ),
            *(
                (not 0 < value <= 1, f"The share {value} of refined cases is not above 0 and at most 1.")
                for value in self.fine
            ),
            *(
                (value < 0, f"There cannot be {value} composed cases per refined case; choose 0 or more.")
                for value in self.swaps
            ),
        )
        for wrong, sentence in problems:
            if wrong:
                raise UserError(sentence)
        return self

    def grid(self) -> Iterator[tuple[int, float | None, str, float, int]]:
        """All combinations."""
        yield from itertools.product(self.classes, self.correlation, self.coarse, self.fine, self.swaps)

    def star(self) -> Iterator[tuple[int, float | None, str, float, int]]:
        """The base values, then one factor at a time moved away from them.

        The number of classes is no such factor: the whole star is measured for each.
        """
        for classes in self.classes:
            base = (classes, self.correlation[0], self.coarse[0], self.fine[0], self.swaps[0])
            yield base
            for place, values in enumerate((self.correlation, self.coarse, self.fine, self.swaps), 1):
                yield from ((*base[:place], value, *base[place + 1 :]) for value in values[1:])  # type: ignore[misc]


@dataclass(frozen=True)
class Models:
    """What to measure in every setting.

    Attributes
    ----------
    operators : tuple of str
        Names in the registry; empty for all of it.
    epsilon, delta : float
        Budget of the certified ones.
    """

    operators: tuple[str, ...] = ()
    epsilon: float = 1.0
    delta: float = 1e-5

    def checked(self) -> Models:
        """Return these, with every operator named.

        Returns
        -------
        Models

        Raises
        ------
        UserError
            There is no such operator, or the budget is out of range.
        """
        if not 0 < self.epsilon < math.inf:
            raise UserError(f"Epsilon must be above 0, not {self.epsilon:g}.")
        if not 0 < self.delta < 1:
            raise UserError(f"Delta must lie between 0 and 1, not be {self.delta:g}.")
        names = tuple(info(name).name for name in self.operators)
        return dataclasses.replace(self, operators=names or tuple(entry.name for entry in available()))


def trials(
    settings: Sequence[tuple[int, float | None, str, float, int]], seeds: Sequence[int], models: Models, common: Trial
) -> list[Trial]:
    """List every model to measure, once.

    Parameters
    ----------
    settings : sequence of tuple
        Classes, correlation, coarse, fine, swaps: of `Factors.grid` or `Factors.star`.
    seeds : sequence of int
        Each setting is measured with all of them.
    models : Models
        Which models.
    common : Trial
        Where source, encoder, cases and size come from.

    Returns
    -------
    list of Trial
        Setting by setting, and all seeds of one before the next, so that a run that is stopped has compared something.
    """
    found: dict[Trial, None] = {}
    for classes, correlation, coarse, fine, swaps in settings:
        for seed in seeds:
            ground = dataclasses.replace(
                common, classes=classes, correlation=correlation, seed=seed, coarse="", fine=None, swaps=None
            )
            found[dataclasses.replace(ground, model=ORACLE)] = None
            found[dataclasses.replace(ground, model=COARSE, coarse=coarse)] = None
            found[dataclasses.replace(ground, model=SCRATCH, fine=fine)] = None
            for name in models.operators:
                budget = (models.epsilon, models.delta) if info(name).uses_budget else (None, None)
                found[
                    dataclasses.replace(
                        ground,
                        coarse=coarse,
                        fine=fine,
                        swaps=swaps,
                        model=name,
                        epsilon=budget[0],
                        delta=budget[1],
                    )
                ] = None
    return list(found)
