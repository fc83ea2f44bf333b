"""Claims about the figures of what is inside a network."""

import numpy as np
import pytest

from mnist_lab import plots
from tests.plots.layout import outside, overlaps

RANDOM = np.random.default_rng(0)


def tiles(figure):
    return figure.axes[0].images


@pytest.mark.parametrize("shape", [(1, 3, 3, 1), (20, 5, 5, 1), (512, 28, 28, 1), (16, 5, 7, 3)])
def test_no_text_covers_another_beside_weights_and_every_tile_is_within_the_figure(shape):
    figure = plots.weights(RANDOM.normal(size=shape), unit="filter", layer="conv_1", title="a_long_name, seed 1, MNIST")
    assert overlaps(figure) == []
    assert outside(figure) == []
    axes = figure.axes[0]
    assert len(tiles(figure)) == min(64, shape[0])
    for tile in tiles(figure):
        left, right, bottom, top = tile.get_extent()
        assert 0 <= left < right <= axes.get_xlim()[1]
        assert 0 <= top < bottom <= axes.get_ylim()[0]


def test_weights_have_one_scale_about_zero():
    values = RANDOM.normal(size=(4, 3, 3, 1))
    figure = plots.weights(values, unit="unit", layer="dense_1", title="run")
    limit = np.abs(values).max()
    assert {tile.get_clim() for tile in tiles(figure)} == {(-limit, limit)}
    for tile, value in zip(tiles(figure), values, strict=True):
        assert np.array_equal(tile.get_array(), value[..., 0])


def test_the_largest_of_many_weights_are_shown_and_the_rest_counted():
    values = np.ones((100, 2, 2, 1)) * np.arange(1, 101)[:, None, None, None]
    figure = plots.weights(values, unit="unit", layer="dense_1", title="run")
    assert [tile.get_array()[0, 0] for tile in tiles(figure)] == list(range(37, 101))
    assert "the 64 of 100 units with the largest weights" in figure.get_suptitle().replace("\n", " ")


def test_each_layer_has_a_row_of_its_strongest_maps_on_one_scale():
    image = RANDOM.integers(0, 256, (28, 28, 1), dtype=np.uint8)
    maps = RANDOM.uniform(0, 1, (26, 26, 20)) * np.arange(1, 21)
    figure = plots.activations(image, {"conv_1": maps, "conv_2": RANDOM.normal(size=(5, 9, 4))}, title="run")
    assert overlaps(figure) == []
    assert outside(figure) == []
    first, *drawn = tiles(figure)
    assert np.array_equal(first.get_array(), image[..., 0])
    assert [np.array_equal(tile.get_array(), maps[..., i]) for tile, i in zip(drawn, range(8, 20), strict=False)] == (
        [True] * 12
    )
    assert {tile.get_clim() for tile in drawn[:12]} == {(0, maps.max())}
    assert len(drawn) == 12 + 4
    low, high = drawn[12].get_clim()
    assert low == -high < 0


def test_augmented_versions_stand_beside_their_image():
    images = RANDOM.integers(0, 256, (3, 8, 10, 3), dtype=np.uint8)
    versions = RANDOM.uniform(-50, 300, (3, 8, 8, 10, 3))
    figure = plots.augmented(images, versions, ["cat", "a dog with a name that is very long indeed", "x"], title="aug")
    assert overlaps(figure) == []
    assert outside(figure) == []
    drawn = [np.asarray(tile.get_array()) for tile in tiles(figure)]
    assert len(drawn) == 27
    assert np.array_equal(drawn[9], images[1])
    assert np.array_equal(drawn[10], np.clip(np.round(versions[1, 0]), 0, 255).astype(np.uint8))
