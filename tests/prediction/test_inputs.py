"""Pictures reach a network on the scale of the images that it learned from."""

import numpy as np
import pytest
from PIL import Image

from mnist_lab.prediction import Signature, read_pictures, signature_of
from mnist_lab.runs import load_run
from tests.run_folders import MNIST, finished_run


def read(image, white=255):
    """An 8 x 8 image as seen by a network whose data set has this white."""
    [picture], problems = read_pictures([image], Signature((8, 8, 1), ("a", "b"), "mine", "none", white=white))
    assert problems == []
    return picture.prepared


@pytest.fixture
def sixteenths():
    return np.arange(64).reshape(8, 8) % 14  # its brightest is 13 of 16


def test_numbers_within_the_data_set_s_scale_are_on_that_scale(sixteenths, tmp_path):
    np.save(tmp_path / "a.npy", sixteenths)
    prepared = read(tmp_path / "a.npy", white=16)
    np.testing.assert_array_equal(prepared.pixels[..., 0], np.rint(sixteenths * 255 / 16))
    assert prepared.done.startswith("scaled from 0..16 to 0..255")


def test_an_image_file_within_the_data_set_s_scale_is_on_that_scale(sixteenths, tmp_path):
    Image.fromarray(sixteenths.astype(np.uint8)).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read(tmp_path / "a.png", white=16).pixels[..., 0], np.rint(sixteenths * 255 / 16))


def test_an_array_within_the_data_set_s_scale_is_on_that_scale(sixteenths):
    np.testing.assert_array_equal(read(sixteenths, white=16).pixels[..., 0], np.rint(sixteenths * 255 / 16))


def test_the_data_set_s_scale_is_that_of_the_run(tmp_path):
    folders = [finished_run(tmp_path / "a", dataset=MNIST | {"white": 16}), finished_run(tmp_path / "b")]
    assert [signature_of(load_run(folder.path)).white for folder in folders] == [16, 255]


def test_small_numbers_are_spread_to_their_brightest_if_no_scale_is_known(sixteenths, tmp_path):
    np.save(tmp_path / "a.npy", sixteenths)
    prepared = read(tmp_path / "a.npy")
    assert prepared.pixels.max() == 255
    assert prepared.done.startswith("scaled from 0..13 to 0..255")


def test_a_dark_image_file_stays_dark_and_a_bright_one_bright(sixteenths, tmp_path):
    for name, white, array in (("dark.png", 255, sixteenths), ("bright.png", 16, sixteenths * 15)):
        Image.fromarray(array.astype(np.uint8)).save(tmp_path / name)
        np.testing.assert_array_equal(read(tmp_path / name, white=white).pixels[..., 0], array)
