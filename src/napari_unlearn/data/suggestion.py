"""Which cases to refine next: those that take away what goes with a diagnosis.

A model revised on a few refined cases learns whatever tells their diagnosis, be it the lesion or the ruler beside it.
So the few are chosen until every attribute of the table (an artefact, a device, a site) is as common among the refined
cases of one diagnosis as of the others, pairs of attributes included. One case is added at a time, of the diagnosis
that has fewest; it is the one after which the shares differ least between diagnoses and lie nearest to one half, so
that every attribute is seen both present and absent. Only the table is read, neither images nor masks; what the images
show beside the lesions can be one more attribute (`note_surroundings`).

The measure is the variance of shares between groups, as in the balance of covariates that matching is after (Stuart
2010, Statistical Science 25(1), doi 10.1214/09-STS313); adding cases one by one approximates the best set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.data.case import Case
from napari_unlearn.errors import UserError

SURROUNDINGS = "surroundings like"
"""Column that `note_surroundings` adds: the diagnosis that what surrounds the lesion speaks for."""

MOST_VALUES = 12
"""A column with more different values than this is no attribute but a measurement or a name."""

# A pair of attributes says less than each of the two, and there are many more pairs.
_PAIR = 0.7
# How much it counts that an attribute is seen both present and absent, against that it tells no diagnosis.
_SEEN = 0.2
# A share whose difference between diagnoses is below this is not worth telling a person.
_TOLD = 0.05
_PRESENT = frozenset({"1", "yes", "true"})
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Suggestion:
    """A case to refine next.

    Attributes
    ----------
    case : Case
        Not refined yet.
    reason : str
        Why this one, in one sentence.
    """

    case: Case
    reason: str


@dataclass(frozen=True)
class Told:
    """What the surroundings of a case say.

    Attributes
    ----------
    like : str
        The diagnosis that they speak for.
    against : float
        How much more they speak for another diagnosis than for that of the case; below 0 where they speak for it.
    """

    like: str
    against: float


@dataclass(frozen=True)
class Share:
    """How common an attribute is in one diagnosis.

    Attributes
    ----------
    column, value : str
        The attribute.
    diagnosis : str
        Class name.
    cases : int
        Cases of that diagnosis.
    share : float
        Those of them that have the attribute, from 0 to 1.
    """

    column: str
    value: str
    diagnosis: str
    cases: int
    share: float

    @property
    def attribute(self) -> str:
        """The attribute in words."""
        return _in_words(self.column, self.value)


def attributes(cases: Sequence[Case]) -> tuple[str, ...]:
    """Columns of the table that sort cases into a few kinds.

    Parameters
    ----------
    cases : sequence of Case
        All of them.

    Returns
    -------
    tuple of str
        Columns with 2 to `MOST_VALUES` different values, in the order of the table.
    """
    names = dict.fromkeys(name for case in cases for name in case.metadata)
    return tuple(name for name in names if 2 <= len({case.metadata.get(name, "") for case in cases}) <= MOST_VALUES)


def note_surroundings(cases: Sequence[Case], told: Mapping[str, Told]) -> tuple[Case, ...]:
    """Add the column `SURROUNDINGS`, so that it can be evened out like any other.

    Parameters
    ----------
    cases : sequence of Case
        Any.
    told : mapping of str to Told
        By the id of the case, as `evaluation.surroundings` finds it.

    Returns
    -------
    tuple of Case
        In their order; those that `told` does not have stay as they are.
    """
    return tuple(
        replace(case, metadata={**case.metadata, SURROUNDINGS: told[case.id].like}) if case.id in told else case
        for case in cases
    )


def suggest(
    cases: Sequence[Case],
    count: int,
    columns: Sequence[str],
    rng: np.random.Generator,
    told: Mapping[str, Told] | None = None,
) -> tuple[Suggestion, ...]:
    """Choose cases to refine so that nothing in the table tells the diagnosis of the refined ones.

    Parameters
    ----------
    cases : sequence of Case
        Training cases; those with a fine mask are counted as refined, those without diagnosis are left out.
    count : int
        How many to suggest; fewer are returned where fewer are left.
    columns : sequence of str
        Attributes to even out, as `attributes` finds them.
    rng : numpy.random.Generator
        Decides between cases that serve equally well.
    told : mapping of str to Told, optional
        Decides before that: the case whose surroundings speak most against its diagnosis comes first.

    Returns
    -------
    tuple of Suggestion
        In the order in which to refine them; every beginning of it is a good choice too.

    Raises
    ------
    UserError
        A column does not exist or has too many values, or no case is left to refine.
    """
    known = [case for case in cases if case.diagnosis]
    groups = sorted({case.diagnosis or "" for case in known})
    _require(known, columns)
    names, features = _features(known, columns)
    group = np.array([groups.index(case.diagnosis or "") for case in known])
    refined = np.array([case.is_refined for case in known])
    free = ~refined
    sums = np.stack([features[refined & (group == k)].sum(axis=0) for k in range(len(groups))])
    numbers = np.array([float((refined & (group == k)).sum()) for k in range(len(groups))])
    order = rng.permutation(len(known))
    if told is not None:
        against = np.array([told[case.id].against if case.id in told else -np.inf for case in known])
        order = order[np.argsort(-against[order], kind="stable")]
    found: list[Suggestion] = []
    while len(found) < count and free.any():
        open_groups = [k for k in range(len(groups)) if (free & (group == k)).any()]
        k = min(open_groups, key=lambda k: numbers[k])
        candidates = order[(free & (group == k))[order]]
        chosen = int(candidates[np.argmin(_costs(sums, numbers, k, features[candidates], len(names)))])
        has = features[chosen, : len(names)]
        reason = _reason(known[chosen], groups, k, sums[:, : len(names)], numbers, has, names)
        found.append(Suggestion(known[chosen], reason))
        sums[k] += features[chosen]
        numbers[k] += 1
        free[chosen] = False
    return tuple(found)


def shares(cases: Sequence[Case], columns: Sequence[str]) -> tuple[Share, ...]:
    """Count how common each attribute is in each diagnosis.

    Parameters
    ----------
    cases : sequence of Case
        To count; those without diagnosis are left out.
    columns : sequence of str
        Attributes.

    Returns
    -------
    tuple of Share
        By attribute, then by diagnosis.
    """
    known = [case for case in cases if case.diagnosis]
    if not known:
        return ()
    names, features = _features(known, columns)
    found = []
    for i, (column, value) in enumerate(names):
        for diagnosis in sorted({case.diagnosis or "" for case in known}):
            rows = features[[case.diagnosis == diagnosis for case in known], i]
            found.append(Share(column, value, diagnosis, len(rows), float(rows.mean())))
    return tuple(found)


def _require(cases: Sequence[Case], columns: Sequence[str]) -> None:
    if all(case.is_refined for case in cases):
        raise UserError("No training case with a diagnosis is left to refine, so there is nothing to suggest.")
    known = {name for case in cases for name in case.metadata}
    for column in columns:
        if column not in known:
            raise UserError(
                f"The table has no column '{column}' to even out; it has: {', '.join(sorted(known)) or 'none'}."
            )
        values = len({case.metadata.get(column, "") for case in cases})
        if values > MOST_VALUES:
            raise UserError(
                f"The column '{column}' has {values} different values; choose one with at most {MOST_VALUES}, or put "
                "its values into groups first."
            )


def _features(cases: Sequence[Case], columns: Sequence[str]) -> tuple[list[tuple[str, str]], FloatArray]:
    """Which attributes each case has, (n, attributes and then their pairs); of two values one says it all."""
    names: list[tuple[str, str]] = []
    for column in columns:
        values = sorted({case.metadata.get(column, "") for case in cases})
        names += [(column, value) for value in (values[1:] if len(values) == 2 else values)]
    single = np.array([[case.metadata.get(column, "") == value for column, value in names] for case in cases], float)
    single = single.reshape(len(cases), len(names))
    pairs = [
        _PAIR * single[:, i] * single[:, j] for i, j in combinations(range(len(names)), 2) if names[i][0] != names[j][0]
    ]
    return names, np.column_stack([single, *pairs]) if pairs else single


def _costs(sums: FloatArray, numbers: FloatArray, k: int, candidates: FloatArray, singles: int) -> FloatArray:
    """How uneven the refined cases would be with each of the candidates, all of diagnosis `k`: (n,)."""
    # Half a case of each kind is taken for granted, so that the first few cases do not decide everything.
    shares = np.repeat(((sums + 0.5) / (numbers[:, None] + 1))[:, None], len(candidates), axis=1)
    shares[k] = (sums[k] + candidates + 0.5) / (numbers[k] + 2)
    uneven = shares.var(axis=0).sum(axis=1) * 2
    unseen = ((shares[:, :, :singles].mean(axis=0) - 0.5) ** 2).sum(axis=1)
    costs: FloatArray = uneven + _SEEN * unseen
    return costs


def _reason(
    case: Case,
    groups: Sequence[str],
    k: int,
    sums: FloatArray,
    numbers: FloatArray,
    has: FloatArray,
    names: Sequence[tuple[str, str]],
) -> str:
    """Name the attribute that most told this diagnosis so far and that this case works against."""
    like = case.metadata.get(SURROUNDINGS) if any(name == SURROUNDINGS for name, _ in names) else None
    misled = like is not None and like != groups[k]
    if not numbers[k]:
        also = f", and the surroundings of this one look like those of {like} cases" if misled else ""
        return f"No refined case shows {groups[k]} yet{also}."
    others = numbers.sum() - numbers[k]
    if others and names:
        mine = sums[k] / numbers[k]
        rest = (sums.sum(axis=0) - sums[k]) / others
        helps = np.where(has > 0, rest - mine, mine - rest)
        i = int(helps.argmax())
        if helps[i] >= _TOLD:
            if names[i][0] == SURROUNDINGS:
                return _of_surroundings(groups[k], like)
            what = _in_words(*names[i])
            return (
                f"So far {mine[i]:.0%} of the refined {groups[k]} cases and {rest[i]:.0%} of the others have {what}; "
                f"this {groups[k]} case {'has it' if has[i] else 'does not'}."
            )
    if misled:
        return _of_surroundings(groups[k], like)
    return f"There are fewest refined cases of {groups[k]}, and this one keeps their attributes even."


def _of_surroundings(diagnosis: str, like: str | None) -> str:
    if like is None:
        return f"It shows nothing beside the lesion that could tell it is {diagnosis}."
    if like != diagnosis:
        return f"Its surroundings look like those of {like} cases, but it is {diagnosis}."
    return f"Its surroundings look like those of other {diagnosis} cases, which few refined ones show so far."


def _in_words(column: str, value: str) -> str:
    what = column.replace("_", " ")
    return what if value.lower() in _PRESENT else f"{what} {value or 'unknown'}"
