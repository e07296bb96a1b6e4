from __future__ import annotations

import numpy as np
from napari.components import ViewerModel

from napari_unlearn.plugin.layers import KEY, LayerBook, Role


def book() -> LayerBook:
    made = LayerBook(ViewerModel(), classes=3)
    image = made.show_image(np.zeros((20, 30, 3), np.uint8))
    image.scale, image.translate = (0.5, 0.5), (2, 3)
    made.show_coarse(np.ones((20, 30), np.uint8))
    made.show_fine(np.ones((20, 30), np.uint8))
    return made


def test_layers_are_known_after_rename_and_reorder() -> None:
    layers = book()
    fine = layers.find(Role.FINE)
    fine.name = "my mask"
    layers.viewer.layers.move(layers.viewer.layers.index(fine), 0)
    again = layers.show_fine(np.zeros((20, 30), np.uint8))
    assert again is fine
    assert len(layers.viewer.layers) == 3


def test_a_removed_layer_is_made_again_with_the_scale_of_the_image() -> None:
    layers = book()
    layers.viewer.layers.remove(layers.find(Role.FINE))
    assert layers.find(Role.FINE) is None
    fine = layers.show_fine(np.zeros((20, 30), np.uint8))
    assert tuple(fine.scale) == (0.5, 0.5)
    assert tuple(fine.translate) == (2, 3)


def test_a_copy_made_by_the_user_is_not_taken_for_the_original() -> None:
    layers = book()
    fine = layers.find(Role.FINE)
    copy = type(fine)(fine.data.copy(), metadata=dict(fine.metadata))
    layers.viewer.layers.insert(0, copy)
    assert copy.metadata[KEY] == Role.FINE
    assert layers.find(Role.FINE) is fine


def test_a_coarser_leakage_map_covers_the_image_exactly() -> None:
    layers = book()
    leakage = layers.show_leakage(Role.LEAKAGE_AFTER, np.zeros((10, 10), np.float32), (0, 1))
    image = layers.find(Role.IMAGE)
    corner = np.array([-0.5, -0.5])
    assert np.allclose(leakage.data_to_world(corner), image.data_to_world(corner))
    assert np.allclose(leakage.data_to_world([9.5, 9.5]), image.data_to_world([19.5, 29.5]))


def test_the_fine_mask_of_another_case_starts_without_undo_history() -> None:
    layers = book()
    fine = layers.find(Role.FINE)
    fine.paint((5, 5), 0)
    other = np.ones((12, 12), np.uint8)
    layers.show_fine(other)
    fine.undo()
    assert (other == 1).all()


def test_masks_lie_above_the_image_and_the_outline_on_top() -> None:
    layers = book()
    layers.show_prediction(Role.PREDICTION, np.zeros((20, 30), np.uint8))
    roles = [layer.metadata[KEY] for layer in layers.viewer.layers]
    assert roles == [Role.IMAGE, Role.PREDICTION, Role.FINE, Role.COARSE]


def test_a_layer_that_turns_keeps_the_name_the_user_gave_it() -> None:
    layers = book()
    mine = layers.show_prediction(Role.PREDICTION, np.ones((20, 30), np.uint8))
    layers.turn(Role.PREDICTION, Role.BEFORE)
    assert layers.find(Role.BEFORE) is mine
    assert layers.find(Role.PREDICTION) is None
    assert mine.name == Role.BEFORE.value
    mine.name = "first model"
    layers.turn(Role.BEFORE, Role.PREDICTION)
    assert layers.find(Role.PREDICTION) is mine
    assert mine.name == "first model"


def test_the_other_layers_follow_the_image_and_remember_it_when_it_is_gone() -> None:
    layers = book()
    leakage = layers.show_leakage(Role.LEAKAGE_AFTER, np.zeros((10, 10), np.float32), (0, 1))
    image, fine = layers.find(Role.IMAGE), layers.find(Role.FINE)
    image.scale, image.translate = (0.25, 0.25), (1, -2)
    image.units = ("mm", "mm")
    assert (tuple(fine.scale), tuple(fine.translate), fine.units) == ((0.25, 0.25), (1, -2), image.units)
    assert np.allclose(leakage.data_to_world([9.5, 9.5]), image.data_to_world([19.5, 29.5]))
    assert leakage.units == image.units
    layers.viewer.layers.remove(image)
    prediction = layers.show_prediction(Role.PREDICTION, np.zeros((20, 30), np.uint8))
    again = layers.show_image(np.zeros((20, 30, 3), np.uint8))
    for layer in (prediction, again):
        assert (tuple(layer.scale), tuple(layer.translate), layer.units) == ((0.25, 0.25), (1, -2), fine.units)
    again.scale = (2, 2)
    assert tuple(prediction.scale) == (2, 2)


def test_a_spacing_from_the_file_becomes_millimetres_and_ends_with_that_case() -> None:
    layers = LayerBook(ViewerModel(), classes=3)
    image = layers.show_image(np.zeros((20, 30, 3), np.uint8), (0.02, 0.03))
    fine = layers.show_fine(np.ones((20, 30), np.uint8))
    leakage = layers.show_leakage(Role.LEAKAGE_AFTER, np.zeros((10, 10), np.float32), (0, 1))
    millimetres = image.units
    assert [str(unit) for unit in millimetres] == ["millimeter", "millimeter"]
    assert all(layer.units == millimetres for layer in (fine, leakage))
    assert np.allclose(fine.data_to_world([10, 10]), (0.2, 0.3))
    assert np.allclose(leakage.data_to_world([9.5, 9.5]), image.data_to_world([19.5, 29.5]))

    layers.show_image(np.zeros((20, 30, 3), np.uint8), (0.05, 0.05))
    assert tuple(fine.scale) == (0.05, 0.05)
    layers.show_image(np.zeros((8, 8, 3), np.uint8))  # a photograph among DICOM files
    assert tuple(image.scale) == tuple(fine.scale) == (1, 1)
    assert image.units == fine.units != millimetres
    assert layers.show_coarse(np.ones((8, 8), np.uint8)).units == image.units


def test_what_the_user_scaled_is_kept_for_images_that_tell_no_spacing() -> None:
    layers = book()
    image, fine = layers.find(Role.IMAGE), layers.find(Role.FINE)
    assert tuple(image.scale) == (0.5, 0.5)  # by hand
    layers.show_image(np.zeros((20, 30, 3), np.uint8), (0.02, 0.02))
    assert tuple(image.scale) == tuple(fine.scale) == (0.02, 0.02)
    assert tuple(image.translate) == (0, 0)
    image.scale = (3, 3)  # by hand, and only for this case
    assert tuple(fine.scale) == (3, 3)
    layers.show_image(np.zeros((20, 30, 3), np.uint8))
    assert tuple(image.scale) == tuple(fine.scale) == (0.5, 0.5)
    assert tuple(fine.translate) == (2, 3)


def test_nobody_hears_of_a_selection_when_a_layer_is_added_beside_the_selected_one() -> None:
    layers = book()
    image = layers.find(Role.IMAGE)
    layers.viewer.layers.selection.active = image
    heard: list[object] = []
    layers.viewer.layers.selection.events.connect(heard.append)
    layers.show_prediction(Role.PREDICTION, np.zeros((20, 30), np.uint8))
    assert heard == []
    assert layers.viewer.layers.selection.active is image
    assert set(layers.viewer.layers.selection) == {image}
    layers.viewer.layers.selection.active = None
    again = layers.show_prediction(Role.AFTER, np.zeros((20, 30), np.uint8))
    assert layers.viewer.layers.selection.active is again  # as napari does


def test_an_image_can_be_added_first_then_seen_and_then_selected() -> None:
    layers = LayerBook(ViewerModel(), classes=3)
    image = layers.show_image(np.zeros((20, 30, 3), np.uint8), visible=False)
    selection = layers.viewer.layers.selection
    layers.show_coarse(np.ones((20, 30), np.uint8))  # quicker than the window
    assert not image.visible
    assert selection.active is None
    layers.reveal()
    assert image.visible
    assert layers.show_image(np.ones((20, 30, 3), np.uint8), visible=False) is image
    assert image.visible
    layers.select_image()
    assert selection.active is image
    selection.active = None
    layers.select_image()
    assert selection.active is None  # somebody has taken it away since


def test_a_user_who_selects_something_before_the_image_keeps_it() -> None:
    layers = LayerBook(ViewerModel(), classes=3)
    layers.show_image(np.zeros((20, 30, 3), np.uint8), visible=False)
    mine = layers.viewer.add_points([[1, 1]])
    layers.select_image()
    assert layers.viewer.layers.selection.active is mine


def test_a_leakage_map_is_made_as_it_is_to_be_seen() -> None:
    layers = book()
    leakage = layers.show_leakage(Role.LEAKAGE_BEFORE, np.zeros((10, 10), np.float32), (0, 0.4), visible=False)
    assert not leakage.visible
    assert tuple(leakage.contrast_limits) == (0, 0.4)
    leakage.visible = True
    assert layers.show_leakage(Role.LEAKAGE_BEFORE, np.ones((5, 5), np.float32), (0, 0.8), visible=False) is leakage
    assert leakage.visible
    assert tuple(leakage.contrast_limits) == (0, 0.8)
    image = layers.find(Role.IMAGE)
    assert np.allclose(leakage.data_to_world([4.5, 4.5]), image.data_to_world([19.5, 29.5]))
