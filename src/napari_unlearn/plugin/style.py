"""Looks of the dock, derived from the colours of napari's theme, so that it is at home in the dark and in the light."""

from __future__ import annotations

from dataclasses import dataclass

from napari.settings import get_settings
from napari.utils.theme import get_theme
from qtpy.QtGui import QGuiApplication

from napari_unlearn.plugin import colours

WIDTH = 390  # pixels; the dock is laid out for this and grows from here


@dataclass(frozen=True)
class Theme:
    """The colours of a napari theme that the dock uses, as ``#rrggbb``, and the size of its letters in points."""

    background: str
    surface: str
    line: str
    muted: str
    text: str
    accent: str
    on_accent: str
    curves: tuple[str, ...]
    dark: bool
    points: float


def theme(name: str) -> Theme:
    """Read a napari theme, and the size of letters that the user prefers.

    Parameters
    ----------
    name : str
        Its identifier, for example ``dark``.

    Returns
    -------
    Theme
    """
    source = get_theme(name)
    dark = source.type == "dark"
    return Theme(
        background=source.background.as_hex(),
        surface=source.foreground.as_hex() if dark else "#f6f4f3",
        line=source.primary.as_hex(),
        muted="#a3a9b3" if dark else "#66686d",
        text=source.text.as_hex(),
        accent="#3d72d6" if dark else "#2f6fd0",
        on_accent="#ffffff",
        curves=colours.CURVES_DARK if dark else colours.CURVES_LIGHT,
        dark=dark,
        points=float(get_settings().appearance.font_size),
    )


def sheet(worn: Theme) -> str:
    """Style sheet of the dock.

    Parameters
    ----------
    worn : Theme
        The colours.

    Returns
    -------
    str
    """
    danger = "#e5604d" if worn.dark else "#b3261e"
    good = "#3ecf8e" if worn.dark else "#137a4b"
    title, section, number = (f"{share * worn.points:.1f}" for share in (1.33, 0.92, 1.83))
    high = round(1.5 * worn.points * _dots_per_point())
    return f"""
    #unlearn_dock, #unlearn_dock QScrollArea, #unlearn_page {{ background: {worn.background}; }}
    #unlearn_dock QLabel {{ background: transparent; }}
    #unlearn_dock QLabel[kind="title"] {{ font-size: {title}pt; font-weight: 600; color: {worn.text}; }}
    #unlearn_dock QLabel[kind="section"] {{ font-size: {section}pt; font-weight: 600; color: {worn.muted}; }}
    #unlearn_dock QLabel[kind="hint"] {{ color: {worn.muted}; }}
    #unlearn_dock QLabel[kind="number"] {{ font-size: {number}pt; font-weight: 600; color: {worn.text}; }}
    #unlearn_dock QFrame[kind="card"] {{
        background: {worn.surface}; border: 1px solid {worn.line}; border-radius: 6px; }}
    #unlearn_dock QFrame[kind="card"][chosen="true"] {{ border: 2px solid {worn.accent}; }}
    #unlearn_dock QPushButton, #unlearn_dock QToolButton {{
        background: {worn.surface}; color: {worn.text}; border: 1px solid {worn.line};
        border-radius: 5px; padding: 5px 10px; font-size: {worn.points:.1f}pt; min-height: {high}px; }}
    #unlearn_dock QPushButton:hover, #unlearn_dock QToolButton:hover {{ border-color: {worn.accent}; }}
    #unlearn_dock QPushButton:focus {{ border: 1px solid {worn.accent}; }}
    #unlearn_dock QPushButton:disabled {{ color: {worn.muted}; background: transparent; }}
    #unlearn_dock QPushButton[kind="primary"] {{
        background: {worn.accent}; color: {worn.on_accent}; border-color: {worn.accent}; font-weight: 600;
        padding: 8px 12px; }}
    #unlearn_dock QPushButton[kind="primary"]:disabled {{
        background: {worn.line}; color: {worn.muted}; border-color: {worn.line}; }}
    #unlearn_dock QPushButton:checked {{
        background: {worn.accent}; color: {worn.on_accent}; border-color: {worn.accent}; }}
    #unlearn_dock QPushButton[kind="narrow"] {{ padding: 5px 6px; }}
    #unlearn_dock QPushButton[kind="plain"] {{ border: none; background: transparent; padding: 2px 6px; }}
    #unlearn_dock QLabel[kind="badge"] {{
        color: #ffffff; border-radius: 8px; padding: 1px 8px; font-size: {section}pt; font-weight: 600; }}
    #unlearn_dock #help_overlay {{ background: {worn.background}; border: 1px solid {worn.line}; }}
    #unlearn_dock QLabel[kind="key"] {{
        background: {worn.surface}; color: {worn.text}; border: 1px solid {worn.line}; border-radius: 4px;
        padding: 2px 7px; font-weight: 600; }}
    #unlearn_dock QFrame[kind="message"] {{
        background: {worn.surface}; border: 1px solid {worn.line}; border-radius: 5px; }}
    #unlearn_dock QFrame[kind="message"][level="error"] {{ border-left: 4px solid {danger}; }}
    #unlearn_dock QFrame[kind="message"][level="done"] {{ border-left: 4px solid {good}; }}
    #unlearn_dock QFrame[kind="message"][level="note"] {{ border-left: 4px solid {worn.accent}; }}
    #unlearn_dock QTableView {{
        background: {worn.surface}; border: 1px solid {worn.line}; border-radius: 5px;
        gridline-color: transparent; selection-background-color: {worn.accent};
        selection-color: {worn.on_accent}; }}
    #unlearn_dock QTableView::item:selected {{ background: {worn.accent}; color: {worn.on_accent}; }}
    #unlearn_dock QHeaderView::section {{
        background: {worn.surface}; color: {worn.muted}; border: none;
        border-bottom: 1px solid {worn.line}; padding: 4px 6px; }}
    #unlearn_dock QProgressBar {{
        background: {worn.line}; border: none; border-radius: 4px; max-height: 8px; min-height: 8px; }}
    #unlearn_dock QProgressBar::chunk {{ background: {worn.accent}; border-radius: 4px; }}
    #unlearn_dock QLineEdit, #unlearn_dock QComboBox, #unlearn_dock QDoubleSpinBox, #unlearn_dock QSpinBox {{
        background: {worn.surface}; color: {worn.text}; border: 1px solid {worn.line}; border-radius: 4px;
        padding: 3px 6px; min-height: {high}px; }}
    #unlearn_dock QLineEdit:disabled, #unlearn_dock QSpinBox:disabled, #unlearn_dock QDoubleSpinBox:disabled {{
        color: {worn.muted}; background: transparent; }}
    """


def _dots_per_point() -> float:
    # Qt reads points as the size of letters only, not as any other length.
    screen = QGuiApplication.primaryScreen()
    return 96 / 72 if screen is None else screen.logicalDotsPerInch() / 72
