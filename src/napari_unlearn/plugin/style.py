"""Looks of the dock, derived from the colours of napari's theme, so that it is at home in the dark and in the light."""

from __future__ import annotations

from dataclasses import dataclass

from napari.utils.theme import get_theme

WIDTH = 390  # pixels; the dock is laid out for this and grows from here


@dataclass(frozen=True)
class Theme:
    """The colours of a napari theme that the dock uses, as ``#rrggbb``."""

    background: str
    surface: str
    line: str
    muted: str
    text: str
    accent: str
    on_accent: str
    dark: bool


def theme(name: str) -> Theme:
    """Read a napari theme.

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
        accent="#5b8def" if dark else "#2f6fd0",
        on_accent="#ffffff",
        dark=dark,
    )


def sheet(colours: Theme) -> str:
    """Style sheet of the dock.

    Parameters
    ----------
    colours : Theme
        The colours.

    Returns
    -------
    str
    """
    danger = "#e5604d" if colours.dark else "#b3261e"
    good = "#3ecf8e" if colours.dark else "#137a4b"
    return f"""
    #unlearn_dock, #unlearn_dock QScrollArea, #unlearn_page {{ background: {colours.background}; }}
    #unlearn_dock QLabel {{ background: transparent; }}
    #unlearn_dock QLabel[kind="title"] {{ font-size: 16px; font-weight: 600; color: {colours.text}; }}
    #unlearn_dock QLabel[kind="section"] {{ font-size: 11px; font-weight: 600; color: {colours.muted}; }}
    #unlearn_dock QLabel[kind="hint"] {{ color: {colours.muted}; }}
    #unlearn_dock QLabel[kind="number"] {{ font-size: 22px; font-weight: 600; color: {colours.text}; }}
    #unlearn_dock QFrame[kind="card"] {{
        background: {colours.surface}; border: 1px solid {colours.line}; border-radius: 6px; }}
    #unlearn_dock QFrame[kind="card"][chosen="true"] {{ border: 2px solid {colours.accent}; }}
    #unlearn_dock QPushButton, #unlearn_dock QToolButton {{
        background: {colours.surface}; color: {colours.text}; border: 1px solid {colours.line};
        border-radius: 5px; padding: 5px 10px; min-height: 18px; }}
    #unlearn_dock QPushButton:hover, #unlearn_dock QToolButton:hover {{ border-color: {colours.accent}; }}
    #unlearn_dock QPushButton:focus {{ border: 1px solid {colours.accent}; }}
    #unlearn_dock QPushButton:disabled {{ color: {colours.muted}; background: transparent; }}
    #unlearn_dock QPushButton[kind="primary"] {{
        background: {colours.accent}; color: {colours.on_accent}; border-color: {colours.accent}; font-weight: 600;
        padding: 8px 12px; }}
    #unlearn_dock QPushButton[kind="primary"]:disabled {{
        background: {colours.line}; color: {colours.muted}; border-color: {colours.line}; }}
    #unlearn_dock QPushButton:checked {{
        background: {colours.accent}; color: {colours.on_accent}; border-color: {colours.accent}; }}
    #unlearn_dock QPushButton[kind="narrow"] {{ padding: 5px 6px; }}
    #unlearn_dock QPushButton[kind="plain"] {{ border: none; background: transparent; padding: 2px 6px; }}
    #unlearn_dock #help_overlay {{ background: {colours.background}; border: 1px solid {colours.line}; }}
    #unlearn_dock QLabel[kind="key"] {{
        background: {colours.surface}; color: {colours.text}; border: 1px solid {colours.line}; border-radius: 4px;
        padding: 2px 7px; font-weight: 600; }}
    #unlearn_dock QFrame[kind="message"] {{
        background: {colours.surface}; border: 1px solid {colours.line}; border-radius: 5px; }}
    #unlearn_dock QFrame[kind="message"][level="error"] {{ border-left: 4px solid {danger}; }}
    #unlearn_dock QFrame[kind="message"][level="done"] {{ border-left: 4px solid {good}; }}
    #unlearn_dock QFrame[kind="message"][level="note"] {{ border-left: 4px solid {colours.accent}; }}
    #unlearn_dock QTableView {{
        background: {colours.surface}; border: 1px solid {colours.line}; border-radius: 5px;
        gridline-color: transparent; selection-background-color: {colours.accent};
        selection-color: {colours.on_accent}; }}
    #unlearn_dock QTableView::item:selected {{ background: {colours.accent}; color: {colours.on_accent}; }}
    #unlearn_dock QHeaderView::section {{
        background: {colours.surface}; color: {colours.muted}; border: none;
        border-bottom: 1px solid {colours.line}; padding: 4px 6px; }}
    #unlearn_dock QProgressBar {{
        background: {colours.line}; border: none; border-radius: 4px; max-height: 8px; min-height: 8px; }}
    #unlearn_dock QProgressBar::chunk {{ background: {colours.accent}; border-radius: 4px; }}
    #unlearn_dock QLineEdit, #unlearn_dock QComboBox, #unlearn_dock QDoubleSpinBox, #unlearn_dock QSpinBox {{
        background: {colours.surface}; color: {colours.text}; border: 1px solid {colours.line}; border-radius: 4px;
        padding: 3px 6px; min-height: 18px; }}
    #unlearn_dock QLineEdit:disabled, #unlearn_dock QSpinBox:disabled, #unlearn_dock QDoubleSpinBox:disabled {{
        color: {colours.muted}; background: transparent; }}
    """
