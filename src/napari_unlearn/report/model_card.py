"""The card of a revised model, as Markdown: what it is for, what it learned from, what is guaranteed, what is not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from napari_unlearn.report.content import Content
from napari_unlearn.report.facts import RunFacts
from napari_unlearn.report.guarantee import not_promised, stamp
from napari_unlearn.report.numbers import Measure

NAME = "model_card.md"
"""File name in an exported folder."""

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&])")


def model_card(content: Content, tidy: Callable[[str], str]) -> str:
    """Write the card of the revised model. It says nothing of the model before, so that it can go with the new one.

    Parameters
    ----------
    content : Content
        Facts of the run, and numbers of the revised model if it was measured.
    tidy : callable
        Applied to every text before it is escaped, to keep paths out.

    Returns
    -------
    str
        Markdown without HTML.

    Notes
    -----
    The sections are those of Mitchell et al., Model Cards for Model Reporting, FAT* 2019, as far as they apply.
    """

    def plain(text: object) -> str:
        return _SPECIAL.sub(r"\\\1", " ".join(tidy(str(text)).split()))

    facts, mark = content.facts, stamp(content.facts)
    record = facts.certificate
    blocks = [
        f"# Model card: {plain(facts.trained_on or 'segmentation model')}, {plain(facts.title)}",
        f"**{plain(mark.title)}.** {plain(mark.sentence)}",
        "**For research. Not a medical device.** Nothing it predicts may guide the care of a patient.",
        "## Model",
        _list(
            [
                "Task: segmentation of dermoscopy images",
                f"Classes: {plain(', '.join(facts.classes) or 'not recorded')}",
                f"Score of a case: probability of {plain(facts.positive or 'a class that is not recorded')}",
                f"Encoder: {plain(facts.encoder_name or 'not recorded')}",
                f"Revised part: {plain(facts.revised_part or 'not recorded')}",
                f"Finished: {plain(record.created)}",
            ]
        ),
        "## Intended use",
        "Research on shortcuts and on unlearning. Not intended: diagnosis, triage, or images other than dermoscopy.",
        "## What it learned from",
        _training(facts, plain),
        "## What was unlearned",
        f"The operator {plain(facts.title)} ({plain(record.operator)}) revised a model that coarse masks had taught. "
        "What it was to forget are the labels that coarse masks gave beyond fine ones"
        + (f", and labels and images of {facts.withdrawn} whole cases." if facts.withdrawn else "."),
        "## Guarantee",
        f"{plain(record.status[0].upper() + record.status[1:])}.",
        *_guarantee(content, plain),
        "It rests on:" if record.tier != "empirical" else "What was checked:",
        _list(
            f"{plain(entry.sentence)} {plain(entry.checked)} **{'Holds' if entry.holds else 'Does not hold'}.**"
            for entry in record.assumptions
        ),
        "It does not promise:",
        _list(plain(sentence) for sentence in not_promised(facts)),
        "## Numbers",
        *_numbers(content, plain),
        "## Provenance",
        _list(f"{plain(name)}: {plain(digest)}" for name, digest in record.hashes.items() if name in _OWN),
        _list(f"{plain(name)} {plain(version)}" for name, version in record.versions.items()),
        "Whoever has the certificate checks it with `napari-unlearn verify FOLDER`.",
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


# Digests of the model before and of the masks are in the certificate; a card need not repeat them.
_OWN = ("model_out", "model_card", "public_encoder")


def _training(facts: RunFacts, plain: Callable[[object], str]) -> str:
    cases = facts.model.get("cases")
    kind = {"unlearned": "revised by unlearning", "coarse": "coarse masks", "fine": "fine masks"}
    return _list(
        [
            f"Data set: {plain(facts.trained_on or 'not recorded')}",
            f"Refined cases that it learned from: {plain('not recorded' if cases is None else cases)}",
            f"Masks: {plain(kind.get(str(facts.model.get('masks')), facts.model.get('masks') or 'not recorded'))}",
        ]
    )


def _guarantee(content: Content, plain: Callable[[object], str]) -> list[str]:
    rows = [f"| {plain(name)} | {plain(value)} | {plain(meaning)} |" for name, value, meaning in content.budget()]
    return ["\n".join(["| | Value | Meaning |", "|---|---:|---|", *rows])] if rows else []


def _numbers(content: Content, plain: Callable[[object], str]) -> list[str]:
    if not content.splits:
        return [
            "Not measured for this card. `napari-unlearn report RUN --dataset DATASET` writes one with numbers.",
        ]
    rows = [
        f"| {plain(split.name)} ({split.cases} cases) | {plain(measure.name)} | {_number(measure, plain)} |"
        for split in content.splits
        for measure in split.measures
    ]
    if content.gap is not None:
        rows.append(f"| all | {plain(content.gap.name)} | {_number(content.gap, plain)} |")
    table = "\n".join(["| Split | Measure | Value, 95 % interval |", "|---|---|---|", *rows])
    return [plain(content.measured), table, "### Limits", _list(plain(sentence) for sentence in content.limits)]


def _number(measure: Measure, plain: Callable[[object], str]) -> str:
    if measure.after is None:
        return f"not measured: {plain(measure.missing)}"
    interval = measure.interval(measure.after)
    return plain(measure.written(measure.after) + (f" ({interval})" if interval else ""))


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)
