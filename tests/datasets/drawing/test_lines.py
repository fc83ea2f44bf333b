"""Printed lines are removed and the strokes that cross them stay."""

import numpy as np
import pytest
from scipy import ndimage

from mnist_lab.datasets.drawing.lines import without_printed_lines

HEIGHT, WIDTH = 420, 300  # pixels: an A5 sheet of 210 x 148 mm at two pixels per millimetre
MILLIMETRE = 2
RULED, SQUARED = 8 * MILLIMETRE, 5 * MILLIMETRE  # pixels from line to line: as in exercise books
INK = 200.0


def paper(*, printed=0.0, across=None, along=None, slope=0.0, bow=0.0, seed=0):
    """The ink of a sheet with lines at equal distances, blurred as by a lens, with the sensor's noise.

    Args:
        printed: the strength of the lines.
        across: pixels from one horizontal line to the next; None for none.
        along: pixels from one vertical line to the next.
        slope: the slope of the sheet in the picture.
        bow: how many pixels the middle of a line is above its ends, as on a page that curls.
    """
    rows, columns = np.mgrid[:HEIGHT, :WIDTH].astype(float)
    lines = np.zeros((HEIGHT, WIDTH))
    bent = rows + slope * columns + bow * np.square(2 * columns / WIDTH - 1)
    for where, pitch in ((bent, across), (columns - slope * rows, along)):
        if pitch:
            lines = np.maximum(lines, np.abs(where % pitch - pitch / 2) < 0.8)
    noise = np.random.default_rng(seed).normal(3, 1.5, lines.shape)
    return (ndimage.gaussian_filter(printed * lines, 0.7) + noise).clip(0).astype(np.float32)


def seven(strength):
    """A seven drawn on the sheet with a pen 2 mm wide, and where it is."""
    drawn = np.zeros((HEIGHT, WIDTH), bool)
    drawn[120:126, 90:200] = True
    for step in np.linspace(0, 1, 500):
        y, x = round(122 + 170 * step), round(197 - 70 * step)
        drawn[y : y + 4, x - 3 : x + 3] = True
    return np.maximum(strength, ndimage.gaussian_filter(INK * drawn, 0.7).astype(np.float32)), drawn


SHEETS = {
    "ruled": {"across": RULED},
    "ruled, turned": {"along": RULED},
    "ruled, tilted by four degrees": {"across": RULED, "slope": 0.07},
    "ruled, curling": {"across": RULED, "bow": 1.5},
    "squared": {"across": SQUARED, "along": SQUARED},
}
TILTED = {"across": SQUARED, "along": SQUARED, "slope": -0.035}


def kept(strength, drawn):
    """The share of the seven that is ink, the share of what is around it, and whether lines were found."""
    cleared, _, level, printed = without_printed_lines(strength)
    assert level is not None
    around = ~ndimage.binary_dilation(drawn, iterations=4)
    return (cleared > level)[drawn].mean(), (cleared > level)[around].mean(), printed


@pytest.mark.parametrize("sheet", [*SHEETS.values(), TILTED], ids=[*SHEETS, "squared, tilted by two degrees"])
def test_pale_lines_are_not_ink_and_the_stroke_stays_whole(sheet):
    ink, around, _ = kept(*seven(paper(**sheet, printed=80)))
    assert ink > 0.95
    assert around < 0.001


@pytest.mark.parametrize("sheet", SHEETS.values(), ids=SHEETS)
def test_lines_nearly_as_strong_as_ink_are_removed_and_most_of_the_stroke_stays(sheet):
    ink, around, printed = kept(*seven(paper(**sheet, printed=150)))
    assert printed
    assert ink > 0.7
    assert around < 0.002


def test_a_margin_line_is_removed():
    strength, drawn = seven(paper())
    strength[:, 40:43] = 180
    _, around, printed = kept(strength, drawn)
    assert printed
    assert around == 0


def test_a_seven_and_a_one_on_plain_paper_are_not_printed_lines():
    strength, _ = seven(paper())
    one = paper()
    one[60:360, 140:144] = INK
    for each in (strength, one):
        cleared, _, _, printed = without_printed_lines(each)
        assert not printed
        np.testing.assert_array_equal(cleared, each)
