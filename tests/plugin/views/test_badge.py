from __future__ import annotations

from typing import Any

import pytest

from napari_unlearn.operators.registry import available
from napari_unlearn.plugin.texts import BADGES
from napari_unlearn.plugin.views.badge import Badge


@pytest.mark.parametrize("badge", [operator.badge for operator in available()])
def test_every_operator_has_a_badge_that_is_explained(badge: str, qtbot: Any) -> None:
    shown = Badge(badge)
    qtbot.addWidget(shown)
    assert shown.text() == badge
    assert shown.toolTip() == BADGES[badge.lower()].tip


def test_an_unknown_badge_is_not_shown(qtbot: Any) -> None:
    badge = Badge("Invincible")
    qtbot.addWidget(badge)
    assert badge.isHidden()
