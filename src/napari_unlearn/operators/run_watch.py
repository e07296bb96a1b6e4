"""The watch over a whole run: it ends one that collapses, keeps the last good state, and says what happened.

Operators that promise nothing are watched while they run. A certified one destroys the model on purpose before it lets
it learn again, and an exact one learns from nothing, so of those only the result is looked at.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from napari_unlearn.errors import UserError
from napari_unlearn.operators.collapse import CollapseWatch
from napari_unlearn.operators.info import OperatorInfo
from napari_unlearn.operators.protocol import Budget, FloatArray, Problem, Revision, Step
from napari_unlearn.privacy.certificate import Assumption

LARGEST_LOSS = 0.25
"""Of retain Dice below that of the model in use, or below the best since: a quarter of all there is."""

COLLAPSING = "Stopped: the model was collapsing"
"""Message of the last step of a run that was ended."""


class RunWatch:
    """Watches one run.

    Parameters
    ----------
    problem : Problem
        What the operator works on; the model in use is what its states are compared with.
    operator : OperatorInfo
        What is run.
    budget : Budget
        Of a certified operator.
    names : sequence of str
        Classes of the model.
    """

    def __init__(self, problem: Problem, operator: OperatorInfo, budget: Budget, names: Sequence[str]) -> None:
        self._operator, self._budget = operator, budget
        self._original = problem.original
        self._watch = CollapseWatch(problem, problem.original, LARGEST_LOSS, names)
        self._good: FloatArray | None = None

    @property
    def keeps(self) -> bool:
        """Whether there is a state that a run may end with now; a certified one has none before its end."""
        return self._good is not None

    def over(
        self, steps: Iterable[Step | Revision], stopping: Callable[[], bool] = lambda: False
    ) -> Iterator[Step | Revision]:
        """Pass on the steps of a run until it collapses; then the last good state is its result.

        A run that begins elsewhere than at the model in use has not collapsed as long as it was never as good.

        Parameters
        ----------
        steps : iterable of Step or Revision
            Of the operator.
        stopping : callable
            Whether somebody asks to stop; then the last good state is the result as soon as there is one.

        Yields
        ------
        Step or Revision
        """
        for made in steps:
            if self._operator.tier == "empirical" and isinstance(made, Step) and self._fits(made.weights):
                assert made.weights is not None
                if self._watch.accept(made.weights):
                    self._good = made.weights
                elif self._good is not None:
                    yield dataclasses.replace(made, done=made.total, message=COLLAPSING, weights=None)
                    yield Revision(self._good, stopped=self._kept_sentence())
                    return
            elif self._operator.tier == "exact" and isinstance(made, Step) and self._fits(made.weights):
                self._good = made.weights  # no less exact than the last one: it is fitted to the same labels
            yield made
            if self._good is not None and isinstance(made, Step) and stopping():
                yield self._stopped_by_hand(self._good, made)
                return

    def ended(self, revision: Revision) -> Revision:
        """Look at the result of a run.

        Parameters
        ----------
        revision : Revision
            Of weights that fit the model.

        Returns
        -------
        Revision
            An empirical one that collapsed becomes the last good state. Another one stays what it is, because its
            guarantee stands, and says what happened.

        Raises
        ------
        UserError
            An empirical run has no good state but the model in use.
        """
        empirical = self._operator.tier == "empirical"
        if self._watch.accept(revision.weights):
            if empirical and revision.stopped and np.array_equal(revision.weights, self._original):
                raise self._no_good_state(revision.stopped)
            return revision
        if not empirical:
            said = [sentence for sentence in (revision.stopped, self._useless_sentence()) if sentence]
            return dataclasses.replace(revision, stopped=" ".join(said))
        if self._good is not None:
            return Revision(self._good, stopped=self._kept_sentence())
        if not np.isfinite(revision.weights).all():
            # No model at all, which whoever runs the operator refuses whatever its tier.
            return revision
        raise self._no_good_state(f"The revised model has collapsed: {self._watch.cause}.")

    def _stopped_by_hand(self, weights: FloatArray, step: Step) -> Revision:
        said = self._asked_sentence(step)
        if self._operator.tier != "exact":
            return Revision(weights, stopped=said)
        # Each state is exact, but a person chose among them, and persons know more than what may be kept.
        chosen = Assumption(
            "Nothing that forgotten labels tell had a part in when the run was stopped.",
            f"{said} Every state is fitted to kept labels alone, and so are the loss and the gradient that the run "
            "shows. Its curves of Dice and leakage stand beside the model in use, which forgotten labels taught. "
            "Whether the person who stopped it went by that or by anything else cannot be checked; let it run to its "
            "end where this matters.",
            True,
        )
        return Revision(weights, "none-needed", {"stopped_at": step.done}, assumptions=(chosen,), stopped=said)

    def _fits(self, weights: FloatArray | None) -> bool:
        return weights is not None and weights.shape == self._original.shape

    def _no_good_state(self, reason: str) -> UserError:
        return UserError(
            f"{self._operator.title} found no good state beside the model in use. {reason} Choose smaller steps, or "
            "exact-refit, which never collapses."
        )

    def _kept_sentence(self) -> str:
        return (
            f"{self._operator.title} was collapsing and was stopped: {self._watch.cause}. The last good state before "
            "that is the result of this run."
        )

    def _asked_sentence(self, step: Step) -> str:
        return (
            f"{self._operator.title} was stopped by hand at step {step.done} of at most {step.total}; the last good "
            "state before that is the result of this run."
        )

    def _useless_sentence(self) -> str:
        found = f"The revised model has collapsed: {self._watch.cause}"
        if self._operator.tier == "exact":
            return f"{found}. Too little is kept to learn from; refine more cases, or choose a smaller strength."
        return (
            f"{found}. The noise for epsilon {self._budget.epsilon:g} drowned what it knew, and what may be kept did "
            "not bring it back. The guarantee stands, but use exact-refit or a larger epsilon."
        )
