"""Photographs of digits: the digit is found whatever the light and the paper are, or there is a warning."""

from contextlib import suppress

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from benchmarks.photographs import HOPELESS, ONE_DIGIT, photograph
from mnist_lab.datasets import digits
from mnist_lab.datasets.centring import like_mnist
from mnist_lab.errors import DataError
from tests.datasets.test_centring import likeness

DIGITS, LABELS = (digits.load().arrays[name] for name in ("x_test", "y_test"))
SEED = 0


def chosen(seed, kind):
    """Four digits, different ones for each kind."""
    return DIGITS[np.random.default_rng([seed, *kind.encode()]).choice(len(DIGITS), 4, replace=False)]


@pytest.mark.parametrize("kind", ONE_DIGIT)
def test_the_network_sees_the_digit_of_a_photograph_like_that_of_a_plain_image_or_there_is_a_warning(kind):
    images = chosen(SEED, kind)
    prepared = like_mnist(photograph(images, kind, SEED))
    plain = like_mnist(255 - np.asarray(Image.fromarray(images[0][..., 0]).resize((84, 84)))[..., np.newaxis])
    assert likeness(prepared.pixels, plain.pixels) > 0.75 or prepared.doubts


@pytest.mark.parametrize("kind", HOPELESS)
def test_without_exactly_one_digit_there_is_a_warning_or_no_answer(kind):
    with suppress(DataError):
        assert like_mnist(photograph(chosen(SEED, kind), kind, SEED)).doubts


def test_a_photograph_in_good_light_gets_no_warning():
    doubts = [like_mnist(photograph(chosen(seed, "even"), "even", seed)).doubts for seed in range(6)]
    assert sum(map(bool, doubts)) <= 1, doubts


def test_ink_that_is_lighter_than_its_paper_in_one_colour_is_not_taken_for_the_paper():
    doubts = [like_mnist(photograph(chosen(seed, "blue"), "blue on yellow", seed)).doubts for seed in range(3)]
    assert sum(map(bool, doubts)) <= 1, doubts


def test_a_digit_of_the_data_set_in_any_size_gets_no_warning():
    def doubts(image, side):
        return like_mnist(np.asarray(Image.fromarray(255 - image[..., 0]).resize((side, side)))[..., np.newaxis]).doubts

    found = [doubts(image, side) for image in DIGITS[::24] for side in (28, 90, 200)]
    assert np.mean([bool(each) for each in found]) < 0.05, found


@pytest.mark.parametrize("n", range(3))
def test_a_figure_with_axes_and_a_colour_bar_gets_a_warning(n, tmp_path):
    figure = Figure(figsize=(5.25, 3.5), dpi=200)
    axes = figure.add_subplot(xlabel="column", ylabel="row", title=str(LABELS[n]))
    figure.colorbar(axes.imshow(DIGITS[n], cmap="gray"))
    figure.savefig(file := tmp_path / "figure.png")
    assert like_mnist(np.asarray(Image.open(file).convert("RGB"))).doubts


def test_the_size_of_the_drawing_is_given_in_pixels_of_the_picture():
    sheet = np.full((2000, 1500, 1), 255, np.uint8)
    sheet[500:1400, 600:700] = 0
    height, width = like_mnist(sheet).done.split("cropped to ")[1].split(",")[0].split(" x ")
    assert int(width) == pytest.approx(100, abs=15)
    assert int(height) == pytest.approx(900, abs=15)
