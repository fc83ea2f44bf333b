from importlib.resources import files

import numpy as np
import pytest

from mnist_lab import datasets
from mnist_lab.datasets import digits


@pytest.fixture(scope="module")
def loaded():
    return datasets.load("digits")


def test_the_bytes_are_the_same_on_every_machine(loaded):
    assert loaded.genuine
    assert loaded.digests["x_train"] == "e508d0b8efa3593b34dcff104bdf63eeb9563ddad3707c056d4f1ab2e719ae8a"


def test_they_are_in_mnists_form(loaded):
    assert loaded.x_train.shape == (1437, 28, 28, 1)
    assert loaded.x_test.shape == (360, 28, 28, 1)
    assert loaded.x_train.dtype == np.uint8
    assert loaded.classes == tuple("0123456789")
    assert loaded.x_train.max() == 255


def test_they_are_called_what_they_are(loaded):
    assert "not MNIST" in loaded.title
    assert loaded.name == "digits"


def test_a_fifth_of_every_class_is_for_the_test(loaded):
    train, test = np.bincount(loaded.y_train), np.bincount(loaded.y_test)
    assert (np.abs(test - (train + test) / 5) <= 1).all()


def test_the_centre_of_mass_is_in_the_middle(loaded):
    images = loaded.x_train[..., 0].astype(float)
    mass = images.sum(axis=(1, 2))
    pixel_centres = np.arange(28) + 0.5
    vertical = (images.sum(axis=2) @ pixel_centres) / mass
    horizontal = (images.sum(axis=1) @ pixel_centres) / mass
    assert np.abs(vertical - 14).max() <= 0.51
    assert np.abs(horizontal - 14).max() <= 0.51


def test_the_ink_stays_within_a_box_of_twenty_pixels(loaded):
    for axis in (1, 2):
        inked = loaded.x_train[..., 0].max(axis=axis) > 0
        extent = 28 - inked[:, ::-1].argmax(axis=1) - inked.argmax(axis=1)
        assert extent.max() <= 20


def test_an_even_image_stays_even():
    full = digits.like_mnist(np.full((1, 8, 8), 16, np.uint8))[0, :, :, 0]
    assert (full[4:24, 4:24] == 255).all()
    assert full.sum() == 255 * 400


def test_the_attribution_is_beside_the_file():
    text = (files("mnist_lab.datasets") / "uci_digits.txt").read_text()
    for fact in ("Alpaydin", "Kaynak", "10.24432/C50P49", "CC BY 4.0", "scikit-learn"):
        assert fact in text
