"""Ink is measured against its background: light, shadows and tables are not ink."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lab.datasets.drawing.background import _reconstructed, sheets

INK, PAPER = 40.0, 200.0
STROKE = (slice(60, 140), slice(96, 104))


def sheet(light=1.0):
    picture = np.full((200, 200), PAPER)
    picture[STROKE] = INK
    return (picture * light)[..., np.newaxis].astype(np.float32)


def mostly(strength):
    """The strength of the stroke, and the greatest strength elsewhere."""
    elsewhere = strength.copy()
    elsewhere[STROKE] = 0
    return np.median(strength[STROKE]), elsewhere.max()


def test_dark_ink_is_the_share_of_light_that_is_missing_however_bright_the_light_is():
    shares = [mostly(sheets(sheet(light))[0].strength)[0] for light in (1.0, 0.7, 0.4)]
    assert shares == pytest.approx([255 * (1 - INK / PAPER)] * 3, abs=1)


def test_the_dark_corner_where_two_shadows_overlap_is_not_ink():
    light = np.ones((200, 200))
    light[:, 90:] *= 0.6
    light[85:] *= 0.6
    stroke, elsewhere = mostly(sheets(sheet(light))[0].strength)
    assert stroke > 125
    assert elsewhere < 1


def test_a_dark_table_around_the_sheet_is_not_ink():
    picture = np.full((280, 280, 1), 30, np.float32)
    picture[40:240, 40:240] = sheet()
    strength = sheets(picture)[0].strength
    stroke, elsewhere = mostly(strength[40:240, 40:240])
    assert stroke > 200
    assert elsewhere < 1
    strength[40:240, 40:240] = 0
    assert strength.max() < 1


def test_light_ink_on_a_dark_board_is_the_difference_from_it():
    stroke, elsewhere = mostly(sheets(255 - sheet())[1].strength)
    assert stroke == pytest.approx(PAPER - INK, abs=1)
    assert elsewhere < 1


def reconstructed_step_by_step(marker, mask):
    """Reconstruction by definition: erosion by one pixel, not below the mask, until nothing changes."""
    while True:
        around = np.pad(marker, 1, constant_values=np.inf)
        rows, columns = marker.shape
        lowest = np.min([around[y : y + rows, x : x + columns] for y in range(3) for x in range(3)], axis=0)
        after = np.maximum(lowest, mask)
        if (after == marker).all():
            return marker
        marker = after


@given(st.integers(0, 2**32 - 1), st.integers(2, 12), st.integers(2, 12))
def test_reconstruction_by_sweeps_equals_that_by_single_steps(seed, rows, columns):
    draw = np.random.default_rng(seed)
    mask = draw.integers(0, 256, (rows, columns)).astype(np.float32)
    marker = np.maximum(mask, draw.integers(0, 256, (rows, columns))).astype(np.float32)
    swept = _reconstructed(marker[..., np.newaxis], mask[..., np.newaxis])[..., 0]
    np.testing.assert_array_equal(swept, reconstructed_step_by_step(marker, mask))
