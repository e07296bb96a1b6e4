"""What may be pressed when: one table from the facts of the moment to what is enabled, and why something is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from napari_unlearn.jobs.state import JobState


@dataclass(frozen=True)
class Facts:
    """Everything that decides what is enabled.

    Attributes
    ----------
    state : JobState
        Of the job in the foreground: opening, training, unlearning, evaluating, exporting.
    dataset, case, model, revised : bool
        Whether there is one; revised: a run whose result can be exported or discarded.
    refined : int
        Number of cases with a fine mask.
    budget : bool
        Whether the chosen operator spends a privacy budget.
    compared : bool
        Whether there are predictions before and after to look at.
    leakage : bool
        Whether there are leakage maps to look at.
    head : bool
        Whether the model is a head on a frozen encoder.
    live, live_state : bool
        Whether a live session runs, and whether it has shown a state.
    pair : bool
        Whether step 4 shows other models than the one in use and the one before.
    two_runs : bool
        Whether these are the models of two runs, which can be composed.
    keep, stopping : bool
        Whether the job has a state that it could end with, and whether it was asked to.
    unplannable : str
        Why the chosen operator cannot be tried beforehand on the model in use, "" where it can.
    keep_coarse : bool
        Whether whole cases are to be forgotten and the others keep their coarse masks, so that no fine one is needed.
    excluded : bool
        Whether the case in hand is left out, so that its mask stays as it is.
    """

    state: JobState = JobState.IDLE
    dataset: bool = False
    case: bool = False
    model: bool = False
    refined: int = 0
    budget: bool = False
    revised: bool = False
    compared: bool = False
    leakage: bool = False
    head: bool = True
    live: bool = False
    live_state: bool = False
    pair: bool = False
    two_runs: bool = False
    keep: bool = False
    stopping: bool = False
    unplannable: str = ""
    keep_coarse: bool = False
    excluded: bool = False


Rule = Callable[[Facts], bool]


def _idle(facts: Facts) -> bool:
    return not facts.state.busy


def _case(facts: Facts) -> bool:
    return facts.case


def _brushable(facts: Facts) -> bool:
    return facts.case and not facts.excluded


RULES: dict[str, Rule] = {
    "open_folder": _idle,
    "open_sample": _idle,
    "choose_model": lambda facts: _idle(facts) and facts.dataset,
    "train_model": lambda facts: _idle(facts) and facts.dataset,
    "previous_case": _case,
    "next_case": _case,
    "next_unrefined": _case,
    "go_refine": _case,
    "tool_trim": _brushable,
    "tool_restore": _brushable,
    "tool_fill": _brushable,
    "brush_size": _case,
    "undo": _case,
    "redo": _case,
    "start_from_coarse": _brushable,
    "done_refining": _brushable,
    "proposal_method": _brushable,
    "propose": _brushable,
    "accept_proposal": _brushable,
    "grow": _brushable,
    "shrink": _brushable,
    "smooth": _brushable,
    "fill_holes": _brushable,
    "stay_inside": _brushable,
    "trim_outside": _brushable,
    "mark_artefacts": _brushable,
    "artefact_kind": _brushable,
    "reject_proposal": _case,
    "case_note": _case,
    "exclude_open": _case,
    "suggest_next": _case,
    "suggest_columns": _case,
    "live": lambda facts: facts.live or live_blocker(facts) == "",
    "live_keep": lambda facts: _idle(facts) and facts.live and facts.live_state,
    "go_unlearn": lambda facts: facts.refined > 0,
    "operator": _idle,
    "epsilon": lambda facts: _idle(facts) and facts.budget,
    "epsilon_slider": lambda facts: _idle(facts) and facts.budget,
    "forget_section": _idle,
    "forget_cases": _idle,
    "keep_coarse": _idle,
    "plan": lambda facts: facts.budget and facts.refined > 0 and blocker(facts) == "" and not facts.unplannable,
    "delta": lambda facts: _idle(facts) and facts.budget,
    "counterfactual": _idle,
    "device": _idle,
    "try_devices": _idle,
    "unlearn": lambda facts: blocker(facts) == "",
    "cancel": lambda facts: facts.state in (JobState.RUNNING, JobState.PAUSED),
    "pause": lambda facts: facts.state in (JobState.RUNNING, JobState.PAUSED) and not facts.stopping,
    "stop": lambda facts: facts.state in (JobState.RUNNING, JobState.PAUSED) and facts.keep and not facts.stopping,
    "show_before": lambda facts: facts.compared,
    "show_after": lambda facts: facts.compared,
    "show_split": lambda facts: facts.compared,
    "show_beside": lambda facts: facts.compared,
    "show_difference": lambda facts: facts.compared,
    "show_leakage_before": lambda facts: facts.leakage,
    "show_leakage_after": lambda facts: facts.leakage,
    "measure": lambda facts: _idle(facts) and (facts.revised or facts.pair),
    "history": lambda facts: facts.dataset,
    "compose_pair": lambda facts: _idle(facts) and facts.two_runs,
    "feature_map": lambda facts: _idle(facts) and (facts.revised or facts.pair),
    "export": lambda facts: _idle(facts) and facts.revised,
    "report": lambda facts: _idle(facts) and facts.revised,
    "discard": lambda facts: _idle(facts) and facts.revised,
}


def enabled(facts: Facts) -> dict[str, bool]:
    """Apply the table: for each action, whether it may be started now."""
    return {name: rule(facts) for name, rule in RULES.items()}


def blocker(facts: Facts) -> str:
    """Say why unlearning cannot start, "" when it can."""
    if facts.state.busy:
        return "A job is running."
    if not facts.dataset:
        return "Open a folder of images first (step 1)."
    if not facts.model:
        return "Choose or train a model first (step 1)."
    if facts.refined == 0 and not facts.keep_coarse:
        return "Refine at least one case first (step 2)."
    return ""


def refusal(key: str, facts: Facts) -> str:
    """Say why an action cannot be started now, "" when it can.

    Parameters
    ----------
    key : str
        The action.
    facts : Facts
        The facts of the moment.

    Returns
    -------
    str
    """
    if enabled(facts).get(key, True):
        return ""
    if key in ("unlearn", "plan") and blocker(facts):
        return blocker(facts)
    if not facts.dataset:
        return "Open a folder of images first (step 1)."
    if not facts.case:
        return "Choose a case first (step 1)."
    if facts.excluded and RULES[key] is _brushable:
        return "This case is excluded; include it again first (step 1)."
    return "A job is running." if facts.state.busy else "Run Unlearn first (step 3)."


def live_blocker(facts: Facts) -> str:
    """Say why no live session can start, "" when one can."""
    reason = blocker(replace(facts, keep_coarse=False))
    if not reason and not facts.head:
        return "Live needs a model with a head on a frozen encoder; the model in use is a U-Net."
    return reason
