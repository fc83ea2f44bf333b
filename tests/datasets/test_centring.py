"""A drawing becomes an image like MNIST's, wherever and however it was drawn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mnist_lab.datasets import digits
from mnist_lab.datasets.centring import BOX, MIDDLE, is_like_mnist, like_mnist, resized
from mnist_lab.errors import DataError

DIGITS = digits.load().arrays["x_test"]


def enlarged(image, times, how=Image.Resampling.BICUBIC):
    size = (image.shape[1] * times, image.shape[0] * times)
    return np.asarray(Image.fromarray(image[..., 0]).resize(size, how))[..., np.newaxis]


def padded(image, top, left, bottom=9, right=9):
    return np.pad(image, ((top, bottom), (left, right), (0, 0)))


def distance(one, other):
    """Root mean square of the differences, in grey levels."""
    return np.sqrt(((one.astype(float) - other) ** 2).mean())


def within_a_pixel(image):
    """The image as it is, and moved by one pixel in each direction."""
    return [np.roll(image, (y, x), axis=(0, 1)) for y in (-1, 0, 1) for x in (-1, 0, 1)]


def likeness(one, other):
    """The correlation of the pixels, at its best over moves by a pixel: the bundled digits are centred between two."""
    return max(np.corrcoef(image.ravel(), other.ravel())[0, 1] for image in within_a_pixel(one))


def test_what_is_like_mnist_already_stays_as_it_is():
    for image in DIGITS:
        assert like_mnist(image).pixels is image


@given(
    st.sampled_from(range(len(DIGITS))), st.integers(1, 60), st.integers(1, 60), st.integers(1, 60), st.integers(1, 60)
)
def test_the_place_of_the_drawing_does_not_matter(n, top, left, bottom, right):
    one, other = (like_mnist(enlarged(padded(DIGITS[n], *sides), 2)) for sides in ((5, 5), (top, left, bottom, right)))
    assert distance(one.pixels, other.pixels) < 1


@given(st.sampled_from(range(len(DIGITS))))
def test_the_polarity_does_not_matter(n):
    light = padded(DIGITS[n], 12, 3)
    assert (like_mnist(255 - light).pixels == like_mnist(light).pixels).all()


@given(st.sampled_from(range(len(DIGITS))))
def test_the_colours_of_ink_and_paper_do_not_matter_except_for_a_move_by_a_pixel(n):
    # Rounding to the 200 levels of this paper can carry a centre of mass half-way between two pixels across it.
    light = padded(DIGITS[n], 12, 3)
    ink = light / 255
    red_on_yellow = np.concatenate([200 + 0 * ink, 200 * (1 - ink), 90 + 0 * ink], axis=2)
    prepared = like_mnist(red_on_yellow.round().astype(np.uint8)).pixels
    expected = like_mnist(light).pixels
    assert min(distance(moved, expected) for moved in within_a_pixel(prepared)) < 4


@given(st.sampled_from(range(len(DIGITS))), st.integers(0, 160), st.integers(60, 95))
def test_a_faint_drawing_is_the_same_except_for_a_move_by_a_pixel(n, dark, contrast):
    # With so few grey levels, rounding them can carry a centre of mass half-way between two pixels across it, and a
    # faint column at the edge of the drawing below what counts as ink.
    ink = padded(DIGITS[n], 12, 3) / 255
    expected = like_mnist((255 * ink).round().astype(np.uint8)).pixels
    grey_on_grey = dark + contrast * ink
    for picture in (grey_on_grey, 255 - grey_on_grey):
        prepared = like_mnist(picture.round().astype(np.uint8)).pixels
        assert min(distance(moved, expected) for moved in within_a_pixel(prepared)) < 8


@pytest.mark.parametrize("times", [3, 10])
def test_an_enlarged_digit_comes_back_nearly_as_it_was(times):
    for image in DIGITS[: 180 // times]:
        comes_back = like_mnist(enlarged(image, times, Image.Resampling.NEAREST)).pixels
        assert likeness(comes_back, image) > 0.9


@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 2**32 - 1))
def test_every_drawing_ends_in_a_box_of_20_centred_by_its_mass(height, width, seed):
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 1), dtype=np.uint8)
    noise[0, 0] = 255
    image = like_mnist(padded(noise, 40, 70)).pixels[..., 0].astype(float)
    assert image.shape == (28, 28)
    assert image.max() == 255
    for axis in (0, 1):
        sums = image.sum(axis=axis)
        assert np.ptp(np.flatnonzero(sums)) < BOX
        centre = np.average(np.arange(28), weights=sums)
        assert abs(centre - MIDDLE) <= 0.5 or sums[0] or sums[-1]  # or it would not fit there


def test_noise_and_a_shadow_on_the_paper_are_not_ink():
    generator = np.random.default_rng(1)
    for image in DIGITS[:8]:
        drawing = padded(enlarged(image, 8), 60, 90) / 255
        shadow = np.linspace(0, 40, drawing.shape[1])[np.newaxis, :, np.newaxis]
        photo = 230 - 150 * drawing - shadow + generator.normal(0, 3, drawing.shape)
        expected = like_mnist((255 * drawing).round().astype(np.uint8)).pixels
        prepared = like_mnist(photo.clip(0, 255).astype(np.uint8)).pixels
        assert likeness(prepared, expected) > 0.9


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_blank_picture_has_no_digit(level):
    for shape in ((28, 28, 1), (1, 1, 1), (300, 200, 3)):
        with pytest.raises(DataError, match="no drawing found"):
            like_mnist(np.full(shape, level, np.uint8))


def specks(size, places):
    sheet = np.full((*size, 1), 255, np.uint8)
    for row, column in places:
        sheet[row, column] = 0
    return sheet


def test_specks_that_are_lost_when_the_sheet_is_reduced_are_not_a_drawing():
    with pytest.raises(DataError, match="no drawing found"):
        like_mnist(specks((3000, 2000), [(100, 50), (2900, 1900)]))


@given(st.lists(st.tuples(st.integers(0, 899), st.integers(0, 699)), min_size=1, max_size=5))
def test_specks_are_a_drawing_or_nothing_wherever_they_are(places):
    try:
        image = like_mnist(specks((900, 700), places)).pixels
    except DataError:
        return
    assert image.shape == (28, 28, 1)
    assert image.max() == 255


def test_what_is_dark_on_light_off_centre_or_too_large_is_not_like_mnist():
    image = DIGITS[0]
    assert is_like_mnist(image)
    for other in (255 - image, np.roll(image, 3, axis=1), enlarged(image, 2)[14:42, 14:42], 0 * image):
        assert not is_like_mnist(other)


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3), (8, 12, 1)])
@pytest.mark.parametrize("channels", [1, 3])
def test_resizing_yields_the_shape_and_says_what_was_done(shape, channels):
    picture = np.random.default_rng(1).integers(0, 256, (40, 50, channels), dtype=np.uint8)
    prepared = resized(picture, shape)
    assert prepared.pixels.shape == shape
    assert f"resized from 40 x 50 to {shape[0]} x {shape[1]}" in prepared.done
    again = resized(prepared.pixels, shape)
    assert again.done == "nothing"
    assert (again.pixels == prepared.pixels).all()
