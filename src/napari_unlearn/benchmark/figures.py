"""The table of a benchmark as SVG figures that read in light and in dark, and that the colour-blind can tell apart."""

from __future__ import annotations

import io
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_unlearn.benchmark.groups import FACTORS, Setting, along, bases, by_model, values
from napari_unlearn.benchmark.row import COARSE, ORACLE, REFERENCE, SCRATCH, Row
from napari_unlearn.errors import UserError
from napari_unlearn.files import atomic_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito (2008) without black and yellow, which vanish on one ground or the other.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
MARKS = ("o", "s", "^", "D", "v", "P", "X")
GREY = "#888888"
_INK = "#010203"
_STYLE = "<style>svg{--ink:#2b2b2b}@media (prefers-color-scheme: dark){svg{--ink:#e3e3e3}}</style>"
"""Text and axes follow the reader's choice of light or dark; curves keep colours that show on both."""


def draw(rows: Sequence[Row], folder: Path) -> list[Path]:
    """Draw every base setting, and every factor that was varied.

    Parameters
    ----------
    rows : sequence of Row
        At least one.
    folder : Path
        Where files go; created when missing.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    UserError
        matplotlib is not installed, or the folder cannot be written.
    """
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UserError("Figures are drawn by matplotlib; install it with: pip install matplotlib.") from error
    ink = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
    settings: dict[Any, Any] = {
        "svg.hashsalt": "benchmark",
        "svg.fonttype": "none",
        "font.size": 9,
        **dict.fromkeys(ink, _INK),
    }
    written: list[Path] = []
    with mpl.rc_context(settings):
        for base in bases(rows):
            stem = f"benchmark-{base.source}-{base.classes}"
            models = by_model(rows, base)
            written.append(_save(_models(Figure, models, base), folder / f"{stem}.svg"))
            for factor in FACTORS:
                settings_along = along(rows, base, factor)
                if len(settings_along) > 1:
                    written.append(
                        _save(_curves(Figure, rows, settings_along, factor), folder / f"{stem}-{factor}.svg")
                    )
    return written


def _models(figure_of: type[Figure], models: dict[str, list[Row]], base: Setting) -> Figure:
    """One line a model: every seed a dot, the mean a bar."""
    names = [
        name for name, rows in models.items() if values(rows, "auroc_conflicting") and not name.endswith(REFERENCE)
    ]
    figure = figure_of(figsize=(8, 0.9 + 0.3 * len(names)), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for place, name in enumerate(names):
        _dots(left, values(models[name], "auroc_aligned"), place - 0.16, COLOURS[1], "^")
        _dots(left, values(models[name], "auroc_conflicting"), place + 0.16, COLOURS[0], "o")
        _dots(right, values(models[name], "dice_conflicting"), place, COLOURS[2], "s")
    left.set_yticks(range(len(names)), names)
    left.invert_yaxis()
    left.set_xlabel("AUROC: triangles aligned, dots conflicting")
    right.set_xlabel("Dice on conflicting cases")
    left.axvline(0.5, color=GREY, lw=0.8, ls=":")
    figure.suptitle(f"{base.source}, {base.classes} classes", fontsize=9)
    return figure


def _dots(axes: Axes, numbers: dict[int, float], place: float, colour: str, mark: str) -> None:
    if not numbers:
        return
    axes.plot(list(numbers.values()), [place] * len(numbers), mark, color=colour, alpha=0.55, ms=4, mew=0)
    axes.plot([statistics.fmean(numbers.values())], [place], "|", color=colour, ms=11, mew=2.2)


def _curves(figure_of: type[Figure], rows: Sequence[Row], settings: Sequence[Setting], factor: str) -> Figure:
    """Mean over seeds along one factor, with the range of seeds."""
    columns = [by_model(rows, setting) for setting in settings]
    names = [
        name
        for name in dict.fromkeys(name for column in columns for name in column)
        if sum(bool(values(column.get(name, []), "dice_conflicting")) for column in columns) > 1
        and not name.endswith(REFERENCE)
    ]
    labels = [_label(setting, factor) for setting in settings]
    figure = figure_of(figsize=(8, 3.4), layout="constrained")
    axes = figure.subplots(1, 2)
    for axis, measure, title in zip(
        axes,
        ("auroc_conflicting", "dice_conflicting"),
        ("AUROC on conflicting cases", "Dice on conflicting cases"),
        strict=True,
    ):
        for number, name in enumerate(names):
            places, means, lows, highs = [], [], [], []
            for place, column in enumerate(columns):
                found = list(values(column.get(name, []), measure).values())
                if found:
                    places.append(place + 0.06 * (number - (len(names) - 1) / 2))
                    means.append(statistics.fmean(found))
                    lows.append(means[-1] - min(found))
                    highs.append(max(found) - means[-1])
            axis.errorbar(places, means, (lows, highs), label=name, lw=1.4, elinewidth=0.8, ms=5, **_look(name, number))
        axis.set_xticks(range(len(labels)), labels)
        axis.set(xlabel=FACTORS[factor], ylabel=title)
    handles, titles = axes[0].get_legend_handles_labels()
    figure.legend(handles, titles, loc="outside lower center", ncols=4, frameon=False)
    return figure


def _look(name: str, number: int) -> dict[str, str]:
    if name in (COARSE, ORACLE, SCRATCH):
        return {"color": GREY, "marker": {COARSE: "v", ORACLE: "*", SCRATCH: "x"}[name], "linestyle": ":"}
    return {"color": COLOURS[number % len(COLOURS)], "marker": MARKS[number % len(MARKS)], "linestyle": "-"}


def _label(setting: Setting, factor: str) -> str:
    value = getattr(setting, factor)
    return f"{value:.0%}" if factor == "fine" else str(value)


def _save(figure: Figure, path: Path) -> Path:
    with io.StringIO() as stream:
        figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None})
        text = stream.getvalue()
    head, tag, rest = text.partition("<defs>")
    drawn = (head + _STYLE + tag + rest).replace(_INK, "var(--ink)")
    try:
        atomic_write(path, drawn.encode())
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UserError(f"{path} cannot be written ({reason}); name a folder with room.") from error
    return path
