"""`data.resize` and `data.grey`: images of one size and number of channels, whatever the files have."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mnist_lab import datasets
from mnist_lab.config.schema import Data
from mnist_lab.datasets import centring, pictures
from mnist_lab.datasets.form import Form
from mnist_lab.errors import DataError
from tests.datasets.dataset_files import arrays, write_npz


def draw(path, size, colour=(200, 30, 30), mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(sum(size)).integers(0, 256, (size[1], size[0], 3), np.uint8)
    pixels[0, 0] = 255
    image = Image.fromarray(pixels) if mode == "RGB" else Image.fromarray(pixels).convert("L")
    image.save(path)
    return path


@pytest.fixture
def photos(tmp_path):
    """Two classes of photographs of several sizes, all but one in colour."""
    root = tmp_path / "photos"
    for part in ("train", "test"):
        for name in ("cat", "dog"):
            for n, size in enumerate(((40, 30), (30, 30), (17, 64))):
                draw(root / part / name / f"{n}.png", size)
    draw(root / "train" / "cat" / "3.png", (30, 30), mode="L")
    return root


def test_pictures_of_several_sizes_need_to_be_resized_and_the_error_says_how(photos):
    with pytest.raises(DataError, match=r"is 30 x 30, but .*0\.png is 30 x 40[\s\S]*data\.resize: 28"):
        datasets.load(str(photos))


def test_resized_pictures_are_what_a_network_is_shown_for_a_prediction(photos):
    loaded = datasets.load(Data(dataset=str(photos), resize=28, grey=True))
    assert loaded.image_shape == (28, 28, 1)
    files = sorted((photos / "train").rglob("*.png"))
    for image, path in zip(loaded.x_train, files, strict=True):
        np.testing.assert_array_equal(image, centring.resized(pictures.read(path), (28, 28, 1)).pixels)
    assert loaded.notes == ("The images, 30 x 30 (height x width) and 2 other sizes, were resized to 28 x 28.",)


def test_colour_beside_grey_stays_colour_unless_grey_is_asked_for(photos):
    loaded = datasets.load(Data(dataset=str(photos), resize=(20, 30)))
    assert loaded.image_shape == (20, 30, 3)
    assert any("in colour" in note and "data.grey: true" in note for note in loaded.notes)


def test_folders_of_classes_alone_are_split(tmp_path):
    for name in ("cat", "dog"):
        for n in range(10):
            draw(tmp_path / name / f"{n}.png", (8, 6 + n % 2))
    loaded = datasets.load(Data(dataset=str(tmp_path), resize=8))
    assert loaded.classes == ("cat", "dog")
    assert np.bincount(loaded.y_train).tolist() == [8, 8]
    assert "No labelled test part: 4 of the 20 images" in loaded.notes[-1]


def test_a_published_set_can_be_resized_and_stays_known(tmp_path):
    whole, small = datasets.load("digits"), datasets.load(Data(dataset="digits", resize=14))
    assert small.image_shape == (14, 14, 1)
    assert (small.genuine, small.classes) == (True, whole.classes)
    assert small.sha256 != whole.sha256
    assert small.check == f"{whole.check}, before they were converted"
    assert small.notes == ("The images were converted from 28 x 28 grey to 14 x 14 grey.",)
    np.testing.assert_array_equal(small.y_test, whole.y_test)


def test_what_already_has_that_form_is_the_same_data_set(tmp_path):
    path = str(write_npz(tmp_path / "a.npz", arrays()))
    plain = datasets.load(path)
    formed = datasets.load(Data(dataset=path, resize=(6, 5), grey=True))
    assert (formed.sha256, formed.notes) == (plain.sha256, plain.notes)


def test_arrays_become_greyscale_as_pictures_do(tmp_path):
    made = arrays(channels=3)
    loaded = datasets.load(Data(dataset=str(write_npz(tmp_path / "a.npz", made)), grey=True))
    np.testing.assert_array_equal(loaded.x_test[0], pictures.grey(made["x_test"][0]))


@given(
    st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3])),
    st.none() | st.tuples(st.integers(1, 9), st.integers(1, 9)),
    st.booleans(),
)
def test_the_announced_shape_is_the_resulting_one(given_shape, size, grey):
    form = Form(size, grey)
    images = np.full((2, *given_shape), 100, np.uint8)
    formed = form.applied_to_all(images)
    assert formed.shape == (2, *form.shape(given_shape))
    assert (abs(formed.astype(int) - 100) <= 1).all()


@pytest.mark.parametrize("kind", ["published", "pictures", "arrays"])
def test_a_size_that_no_memory_holds_is_refused_before_it_is_allocated(kind, photos, tmp_path):
    source = {"published": "digits", "pictures": str(photos), "arrays": str(write_npz(tmp_path / "a.npz", arrays()))}
    with pytest.raises(DataError, match=r"data\.resize: .* of 99,999,999 x 99,999,999 pixels would take"):
        datasets.load(Data(dataset=source[kind], resize=99_999_999))
