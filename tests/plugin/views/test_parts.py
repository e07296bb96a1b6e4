from __future__ import annotations

from pathlib import Path
from typing import Any

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QTextDocument
from qtpy.QtWidgets import QApplication, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_unlearn.plugin.texts import TEXTS
from napari_unlearn.plugin.views.compare_page import ComparePage
from napari_unlearn.plugin.views.data_page import DataPage
from napari_unlearn.plugin.views.parts import Line, Page, label


def test_a_button_is_known_by_its_key_and_shows_its_shortcut(qtbot: Any) -> None:
    page = Page("Refine", "Title")
    qtbot.addWidget(page)
    asked: list[str] = []
    page.requested.connect(asked.append)
    button = page.button("next_unrefined")
    page.body.addWidget(button)
    assert page.findChild(QPushButton, "next_unrefined") is button
    assert button.toolTip() == f"{TEXTS['next_unrefined'].tip} (U)"
    button.click()
    assert asked == ["next_unrefined"]


def test_text_that_wraps_is_higher_where_it_is_narrower(qtbot: Any) -> None:
    text = label("word " * 40, wrap=True)
    qtbot.addWidget(text)
    assert text.hasHeightForWidth()
    assert text.heightForWidth(100) > text.heightForWidth(600)
    assert text.sizePolicy().hasHeightForWidth()


def test_a_page_is_never_narrower_than_what_is_on_it(qtbot: Any) -> None:
    page = Page("Data", "Title")
    qtbot.addWidget(page)
    wide = page.button("train_model")
    wide.setMinimumWidth(700)
    page.body.addWidget(wide)
    assert page.minimumSizeHint().width() >= 700


class Layouts(QObject):
    """Counts how often a window lays itself out."""

    count = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.LayoutRequest
        return False


def test_a_line_shows_other_words_without_a_new_layout(qtbot: Any) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    line = Line()
    QVBoxLayout(window).addWidget(line)
    window.resize(300, 60)
    window.show()
    QApplication.processEvents()
    layouts = Layouts()
    window.installEventFilter(layouts)
    line.set_text("Fitting the head to what may be kept")
    QApplication.processEvents()
    assert layouts.count == 0
    shown = line.findChild(QLabel)
    assert shown.text() == "Fitting the head to what may be kept"
    assert shown.width() == line.width()


def test_a_line_is_high_enough_for_the_letters_of_the_style_sheet(qtbot: Any) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.setStyleSheet("QLabel { font-size: 30px; }")
    line = Line()
    QVBoxLayout(window).addWidget(line)
    window.show()
    assert line.height() >= line.findChild(QLabel).fontMetrics().height() >= 30


NASTY = 'a <img src="x.png"> <b>b</b> &amp;'


def test_words_are_shown_as_they_are_written(qtbot: Any) -> None:
    plain, rich = label(NASTY), label("<b>b</b>", rich=True)
    for each in (plain, rich):
        qtbot.addWidget(each)
    assert plain.textFormat() == Qt.TextFormat.PlainText
    assert rich.textFormat() == Qt.TextFormat.RichText


def test_names_from_files_are_not_formatted(qtbot: Any) -> None:
    data, compare = DataPage(), ComparePage()
    for page in (data, compare):
        qtbot.addWidget(page)
    data.show_dataset(NASTY, Path("clinic"), NASTY)
    data.show_model(Path("runs") / "a <b>b<", False)
    data.strip.show_case(NASTY, NASTY, "refined")
    compare.show_run(NASTY, "exact", NASTY)
    compare.show_pair(NASTY, NASTY)
    seen = [seen_in(each) for page in (data, compare) for each in page.findChildren(QLabel)]
    assert [text.count(NASTY) for text in seen if NASTY in text] == [1, 1, 2, 2, 1, 1]
    assert "Model a <b>b<" in seen


def seen_in(shown: QLabel) -> str:
    """What a person reads."""
    if shown.textFormat() == Qt.TextFormat.PlainText:
        return shown.text()
    document = QTextDocument()
    document.setHtml(shown.text())
    return document.toPlainText()
