from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_unlearn.plugin.proposal_layer import ProposalLayer


@pytest.fixture
def viewer() -> ViewerModel:
    made = ViewerModel()
    made.add_image(np.zeros((20, 30, 3), np.uint8), rgb=True, scale=(0.5, 0.5), translate=(3, 4))
    return made


def test_a_proposal_lies_on_top_where_its_image_lies(viewer: ViewerModel) -> None:
    shown = ProposalLayer(viewer)
    image = viewer.layers[0]
    shown.show(np.ones((20, 30), np.uint8), image, 2)
    assert viewer.layers[-1] is shown.layer
    assert np.array_equal(shown.layer.scale, image.scale)
    assert np.array_equal(shown.layer.translate, image.translate)
    assert shown.layer.selected_label == 2


def test_another_proposal_takes_its_place(viewer: ViewerModel) -> None:
    shown = ProposalLayer(viewer)
    shown.show(np.ones((20, 30), np.uint8), viewer.layers[0], 1)
    shown.layer.visible = False
    shown.show(np.zeros((20, 30), np.uint8), viewer.layers[0], 1)
    assert len(viewer.layers) == 2
    assert shown.layer.visible
    assert not shown.layer.data.any()


def test_a_layer_that_the_user_removed_is_gone(viewer: ViewerModel) -> None:
    shown = ProposalLayer(viewer)
    shown.show(np.ones((20, 30), np.uint8), viewer.layers[0], 1)
    viewer.layers.remove(shown.layer)
    assert shown.layer is None
    shown.close()
    shown.show(np.ones((20, 30), np.uint8), viewer.layers[0], 1)
    shown.close()
    assert len(viewer.layers) == 1
