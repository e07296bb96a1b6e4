"""What a guarantee means and what it does not, in plain words."""

from __future__ import annotations

import math
from dataclasses import dataclass

from napari_unlearn.privacy.certificate import CERTIFIED, EXACT
from napari_unlearn.report.facts import RunFacts


@dataclass(frozen=True)
class Stamp:
    """The stamp of a report.

    Attributes
    ----------
    kind : str
        ``exact``, ``certified``, ``empirical``, ``test`` or ``broken``.
    title : str
        A few words.
    sentence : str
        What it means.
    """

    kind: str
    title: str
    sentence: str


def stamp(facts: RunFacts) -> Stamp:
    """Choose the stamp of a run; a run that does not pass its own check gets no other.

    Parameters
    ----------
    facts : RunFacts
        Of the run.

    Returns
    -------
    Stamp
        Only that of a certified run holds epsilon and delta.
    """
    record = facts.certificate
    if facts.failures:
        return Stamp("broken", "Does not verify", "The run does not pass its own check, so believe nothing it claims.")
    if facts.test_mode:
        return Stamp(
            "test",
            "Test mode: not certified",
            f"The noise of this run can be repeated ({record.noise}). It shows how the operator works; it hides "
            "nothing.",
        )
    if record.tier == EXACT:
        return Stamp(
            "exact", "Exact", "The revised model was computed without the forgotten labels. Nothing of them is left."
        )
    if record.tier == CERTIFIED and record.epsilon is not None and record.delta is not None:
        return Stamp(
            "certified",
            f"Certified: ε = {number(record.epsilon)}, δ = {number(record.delta)}",
            "The forgotten labels are hidden by noise. Somebody who sees the revised model and bets on whether the "
            "model before it had learned from them, where both are equally likely, is right at most "
            f"{100 * best_guess(record.epsilon, record.delta):.1f} % of the time; 50 % is a coin toss. This "
            f"holds under {_assumptions(facts)}.",
        )
    return Stamp(
        "empirical", "Empirical: nothing is guaranteed", "What the model still knows of the forgotten labels is open."
    )


def _assumptions(facts: RunFacts) -> str:
    count = len(facts.certificate.assumptions)
    return "one assumption, listed with its check" if count == 1 else f"{count} assumptions, each listed with its check"


def best_guess(epsilon: float, delta: float) -> float:
    """Largest chance of a right bet between two equally likely models.

    Parameters
    ----------
    epsilon, delta : float
        The guarantee. The two error rates of any test add up to at least 2 (1 - delta) / (1 + exp(epsilon)), after
        Kairouz, Oh and Viswanath, The composition theorem for differential privacy, ICML 2015.

    Returns
    -------
    float
        From 0.5 to 1.

    Examples
    --------
    >>> best_guess(0.0, 0.0)
    0.5
    """
    return 1 - (1 - min(1.0, delta)) / (1 + math.exp(min(epsilon, 700.0)))


def not_promised(facts: RunFacts) -> list[str]:
    """Say what the guarantee of a run leaves open.

    Parameters
    ----------
    facts : RunFacts
        Of the run.

    Returns
    -------
    list of str
    """
    open_questions = [
        f"Of the {facts.withdrawn} withdrawn cases labels and images are forgotten, but not what a public encoder saw "
        "of them before it was published. Of all others only labels are; their images stay."
        if facts.withdrawn
        else "Forgetting is about labels. The images stay, and so does everything that was computed from images alone.",
        "It is not hidden which cases were refined, nor where the forgotten pixels lie.",
        "Forgetting a label does not by itself make a model use less of a shortcut: a ruler or ink outside the lesion "
        "can still tell the diagnosis. Only measurements speak about that.",
    ]
    tier = facts.certificate.tier
    if tier == EXACT:
        open_questions.append(
            "Exact is said of the revised weights. The old model, the data set and the report still tell of the labels."
        )
    elif tier == CERTIFIED:
        open_questions += [
            "ε bounds what anyone can learn about the forgotten labels from the revised weights. It does not say that "
            "the model is good, fair or safe.",
            f"The budget covers {facts.certificate.attempts} "
            f"{'run' if facts.certificate.attempts == 1 else 'runs'} on the model before that lay beside this one. "
            "Runs that were written elsewhere are not known to it.",
        ]
    else:
        open_questions.append(
            "An empirical run has no ε and no δ. Good numbers do not show that nothing of the forgotten labels is "
            "left: a better attack may find what these measurements do not."
        )
    return open_questions


def number(value: float) -> str:
    """Write a number for people: three digits that count, no needless exponent.

    Parameters
    ----------
    value : float
        Finite.

    Returns
    -------
    str

    Examples
    --------
    >>> number(1e-05), number(0.25), number(400.0)
    ('1e-5', '0.25', '400')
    """
    if float(value).is_integer() and abs(value) < 1e9:
        return f"{int(value):,}"
    text = f"{value:.3g}"
    mantissa, mark, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if mark else mantissa
