"""How the status of a case is drawn: told apart by shape, so that no colour is needed, with its picture beside it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QRectF, QSize, Qt
from qtpy.QtGui import QColor, QIcon, QImage, QPainter, QPen, QPixmap

from napari_unlearn.plugin import colours

SHARP = 2  # pixels of a mark for each pixel of the window, for screens that have them
_KEEP = Qt.AspectRatioMode.KeepAspectRatio


def dot(status: str) -> QPixmap:
    """A ring for unrefined, half a disc for in progress, a disc for refined, a ring struck out for excluded."""
    pixmap = QPixmap(24, 24)
    pixmap.fill(QColor(0, 0, 0, 0))
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    colour = QColor(colours.STATUS[status])
    painter.setPen(QPen(QColor(colours.MARK_EDGE), 2.5))  # else a grey ring is lost on the blue of a selected line
    painter.drawEllipse(QRectF(1.5, 1.5, 21, 21))
    painter.setPen(QPen(colour, 3))
    painter.setBrush(colour if status == "refined" else QColor(0, 0, 0, 0))
    painter.drawEllipse(4, 4, 16, 16)
    if status == "in progress":
        painter.setBrush(colour)
        painter.drawPie(4, 4, 16, 16, 90 * 16, 180 * 16)
    elif status == "excluded":
        painter.drawLine(4, 20, 20, 4)
    painter.end()
    return pixmap


def picture(pixels: NDArray[np.uint8]) -> QPixmap:
    """Turn a thumbnail, uint8 of shape (h, w, 3), into a pixmap of its own."""
    height, width = pixels.shape[:2]
    data = np.ascontiguousarray(pixels)
    return QPixmap.fromImage(QImage(data.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy())


def mark(status: str, thumbnail: QPixmap | None, noted: bool, size: QSize) -> QIcon:
    """Draw status and picture side by side, the picture pale for an excluded case, with a corner where there is a note.

    Parameters
    ----------
    status : str
        A key of `colours.STATUS`.
    thumbnail : QPixmap or None
        The picture; an empty frame stands for one that is not there yet.
    noted : bool
        Whether there is a note.
    size : QSize
        Size in the window.

    Returns
    -------
    QIcon
        The same in a selected line, where Qt would tint a pixmap.
    """
    made = QPixmap(size * SHARP)
    made.setDevicePixelRatio(SHARP)
    made.fill(QColor(0, 0, 0, 0))
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawPixmap(QRectF(0, (size.height() - 12) / 2, 12, 12), dot(status), QRectF(0, 0, 24, 24))
    side = float(size.height())
    frame = QRectF(size.width() - side, 0, side, side)
    if thumbnail is None:
        painter.setPen(QColor("#80808080"))
        painter.drawRect(frame.adjusted(0.5, 0.5, -0.5, -0.5))
    else:
        painter.setOpacity(0.35 if status == "excluded" else 1.0)
        fitted = thumbnail.size().scaled(frame.size().toSize(), _KEEP)
        place = QRectF(0, 0, fitted.width(), fitted.height())
        place.moveCenter(frame.center())
        painter.drawPixmap(place, thumbnail, QRectF(thumbnail.rect()))
        painter.setOpacity(1.0)
    if noted:
        painter.fillRect(QRectF(frame.right() - 9, 0, 9, 9), QColor("#202020"))
        painter.fillRect(QRectF(frame.right() - 8, 1, 7, 7), QColor(colours.COARSE))
    painter.end()
    icon = QIcon(made)
    icon.addPixmap(made, QIcon.Mode.Selected)
    return icon
