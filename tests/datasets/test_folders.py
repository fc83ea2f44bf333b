import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnist_lab import datasets
from mnist_lab.datasets import folders
from mnist_lab.datasets.pictures import read
from mnist_lab.errors import DataError
from tests.datasets.dataset_files import write_pictures


def _draw(path, value=100, size=(4, 3), mode="L", **kwargs):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value).save(path, **kwargs)
    return path


@pytest.fixture
def pictures(tmp_path):
    """Two classes, two training pictures and one test picture each; the grey value tells which."""
    root = tmp_path / "shapes"
    for c, name in enumerate(("circle", "square")):
        for n in range(2):
            _draw(root / "train" / name / f"{n}.png", 100 * c + 20 * n)
        _draw(root / "test" / name / "0.png", 100 * c + 50)
    return root


def test_folders_become_classes_and_pictures_rows(pictures):
    loaded = datasets.load(str(pictures))
    assert loaded.name == "shapes"
    assert loaded.classes == ("circle", "square")
    assert loaded.x_train.shape == (4, 3, 4, 1)
    assert loaded.x_train[:, 0, 0, 0].tolist() == [0, 20, 100, 120]
    assert loaded.y_train.tolist() == [0, 0, 1, 1]
    assert loaded.x_test[:, 0, 0, 0].tolist() == [50, 150]


def test_classes_that_are_numbers_stand_in_numerical_order(tmp_path):
    write_pictures(tmp_path, {name: [Image.new("L", (4, 3), 20 * int(name))] for name in ("10", "9", "2")})
    loaded = datasets.load(str(tmp_path))
    assert loaded.classes == ("2", "9", "10")
    assert loaded.x_test[:, 0, 0, 0].tolist() == [40, 180, 200]


def test_one_colour_picture_makes_all_colour_with_a_note(pictures):
    assert datasets.load(str(pictures)).notes == ()
    _draw(pictures / "test" / "circle" / "1.JPG", (200, 0, 0), mode="RGB", format="JPEG")
    loaded = datasets.load(str(pictures))
    assert loaded.notes == (
        "All images are read in colour, with three channels, because 1 of 7 is (test/circle/1.JPG);"
        " for greyscale: data.grey: true.",
    )
    assert loaded.image_shape == (3, 4, 3)
    assert loaded.x_train[3, 0, 0].tolist() == [120, 120, 120]
    assert abs(int(loaded.x_test[1, 0, 0, 0]) - 200) < 5


def test_grey_pictures_that_are_stored_in_colour_stay_grey_beside_grey_ones(pictures):
    _draw(pictures / "test" / "circle" / "1.webp", (200, 200, 200), mode="RGB", lossless=True)
    loaded = datasets.load(str(pictures))
    assert loaded.image_shape == (3, 4, 1)
    assert loaded.x_test[:, 0, 0, 0].tolist() == [50, 200, 150]
    assert loaded.notes == ()


SUFFIXES = ["bmp", "BMP", "gif", "tif", "tiff", "webp", "jpg", "jpeg", "jfif", "pgm", "pnm"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_that_is_read_for_a_prediction_is_read_in_a_class_too(pictures, suffix):
    lossless = {"lossless": True} if suffix == "webp" else {}
    path = _draw(pictures / "train" / "circle" / f"2.{suffix}", 200, **lossless)
    loaded = datasets.load(str(pictures))
    np.testing.assert_array_equal(loaded.x_train[2], read(path))
    assert loaded.y_train.tolist() == [0, 0, 0, 1, 1]
    assert loaded.notes == ()


def test_pictures_in_folders_below_a_class_belong_to_it_in_the_order_of_their_paths(pictures):
    _draw(pictures / "train" / "circle" / "0a" / "deep" / "z.png", 60)
    _draw(pictures / "train" / "circle" / "0a" / "a.png", 50)
    (pictures / "train" / "circle" / "empty").mkdir()
    loaded = datasets.load(str(pictures))
    assert loaded.x_train[:, 0, 0, 0].tolist() == [0, 50, 60, 20, 100, 120]
    assert loaded.y_train.tolist() == [0, 0, 0, 0, 1, 1]
    assert loaded.notes == ()


def test_a_class_may_have_its_pictures_in_folders_alone(pictures):
    for part in ("train", "test"):
        folder = pictures / part / "circle"
        (folder / "writer").mkdir()
        for path in folder.glob("*.png"):
            path.rename(folder / "writer" / path.name)
    assert datasets.load(str(pictures)).y_train.tolist() == [0, 0, 1, 1]


def test_a_folder_is_read_through_a_link_but_not_in_a_circle(pictures, tmp_path):
    _draw(tmp_path / "elsewhere" / "7.png", 70)
    (pictures / "train" / "circle" / "more").symlink_to(tmp_path / "elsewhere")
    assert datasets.load(str(pictures)).x_train[:, 0, 0, 0].tolist() == [0, 20, 70, 100, 120]
    (tmp_path / "elsewhere" / "back").symlink_to(pictures / "train" / "circle")
    with pytest.raises(DataError, match=r"circle.more.back: a link to a folder that contains it"):
        datasets.load(str(pictures))


def test_what_is_skipped_is_reported_with_the_reason(pictures):
    for name in ("train/circle/notes.txt", "train/square/more.txt", "test/square/README", "train/circle/x.npy"):
        (pictures / name).write_text("none")
    (pictures / "train" / "circle" / ".hidden.txt").write_text("none")
    _draw(pictures / "test" / "stray.png")
    _draw(pictures / "extra" / "circle" / "0.png")
    loaded = datasets.load(str(pictures))
    assert len(loaded.x_train) == 4
    assert set(loaded.notes) == {
        "Skipped 2 files, such as train/circle/notes.txt: a file ending in .txt is not read as an image.",
        "Skipped 1 file (train/circle/x.npy): a file ending in .npy is not read as an image.",
        "Skipped 1 file (test/square/README): a file without a suffix is not read as an image.",
        "Skipped 1 file (test/stray.png): it is in no class's folder.",
        "Skipped everything outside the folders train and test: extra.",
    }


@pytest.mark.parametrize("suffix", ["gif", "tif", "webp", "png"])
def test_the_first_of_several_frames_is_read_with_a_note(pictures, suffix):
    frames = [Image.fromarray(np.full((3, 4), value, np.uint8)) for value in (200, 100, 40)]
    frames[0].save(pictures / "train" / "circle" / f"2.{suffix}", save_all=True, append_images=frames[1:])
    loaded = datasets.load(str(pictures))
    assert abs(int(loaded.x_train[2, 0, 0, 0]) - 200) < 4
    assert loaded.notes == (f"Read only the first frame or page of 1 file with several (train/circle/2.{suffix}).",)


@pytest.mark.skipif(sys.platform != "linux", reason="a name of any bytes needs Linux")
def test_a_class_whose_name_is_not_utf_8_is_refused_in_text_that_is(pictures):
    for part in ("train", "test"):
        (pictures / part / "circle").rename(pictures / part / os.fsdecode(b"caf\xe9"))
    with pytest.raises(DataError, match=r"train/caf\\udce9: expected the name of a class, in UTF-8") as caught:
        datasets.load(str(pictures))
    assert str(caught.value).encode()


@pytest.mark.skipif(sys.platform != "linux", reason="a name of any bytes needs Linux")
def test_a_data_set_whose_path_is_not_utf_8_is_refused_in_text_that_is(pictures):
    path = pictures.rename(pictures.with_name(os.fsdecode(b"\xe9t\xe9")))
    with pytest.raises(DataError, match="expected a path in UTF-8") as caught:
        datasets.load(str(path))
    assert str(caught.value).encode()


@pytest.mark.skipif(sys.platform != "linux", reason="a name of any bytes needs Linux")
def test_a_file_whose_name_is_not_utf_8_is_read_and_named_in_text_that_is(pictures):
    folder = pictures / "train" / "circle"
    (folder / "1.png").rename(folder / os.fsdecode(b"\xff.png"))
    (folder / os.fsdecode(b"\xff.txt")).write_text("none")
    loaded = datasets.load(str(pictures))
    assert loaded.x_train[:, 0, 0, 0].tolist() == [0, 20, 100, 120]
    assert "\n".join(loaded.notes).encode()


def test_a_picture_of_another_size_is_named(pictures):
    odd = _draw(pictures / "train" / "square" / "7.png", size=(5, 3))
    with pytest.raises(DataError, match=r"is 3 x 5, but .*0\.png is 3 x 4") as caught:
        datasets.load(str(pictures))
    assert str(odd) in caught.value.message


def test_all_pictures_that_cannot_be_read_are_named_at_once(pictures, monkeypatch):
    (pictures / "train" / "circle" / "0.png").write_bytes(b"")
    (pictures / "test" / "square" / "0.png").write_bytes(b"no picture")
    _draw(pictures / "test" / "circle" / "1.png", size=(9, 9))  # comes later
    with pytest.raises(DataError) as caught:
        datasets.load(str(pictures))
    assert str(caught.value).splitlines() == [
        f"{pictures}: 2 of 7 images cannot be read:",
        f"  {pictures / 'train' / 'circle' / '0.png'}: expected an image, but this file is empty (0 bytes).",
        f"  {pictures / 'test' / 'square' / '0.png'}: not an image in a supported format "
        "(PNG, JPEG, GIF, BMP, TIFF, WebP, PNM or .npy).",
        "Replace or remove these files.",
    ]
    monkeypatch.setattr(folders, "NAMED", 1)
    with pytest.raises(DataError, match=r"\n  and 1 more\n"):
        datasets.load(str(pictures))


def test_an_empty_class_is_named(pictures):
    (pictures / "test" / "circle" / "0.png").unlink()
    (pictures / "test" / "circle" / "notes.txt").write_text("none")
    with pytest.raises(DataError, match=r"test.circle: this class is empty"):
        datasets.load(str(pictures))


def test_a_class_in_only_one_part_is_named(pictures):
    _draw(pictures / "test" / "star" / "0.png")
    with pytest.raises(DataError, match="class 'star' has a folder in test, but none in train"):
        datasets.load(str(pictures))


def test_a_single_class_is_refused_by_its_name(tmp_path):
    _draw(tmp_path / "p_one" / "a" / "0.png")
    with pytest.raises(DataError, match="p_one: only one folder of images, a; a data set needs one for each"):
        datasets.load(str(tmp_path / "p_one"))


def test_a_test_part_alone_is_refused(pictures):
    (pictures / "train").rename(pictures / "training pictures")
    with pytest.raises(DataError, match="has no folder 'train'"):
        datasets.load(str(pictures))


@pytest.mark.parametrize("name", ["val", "valid", "validation"])
def test_a_validation_folder_is_the_validation_part(pictures, name):
    for value, of_class in ((70, "circle"), (170, "square")):
        _draw(pictures / name / of_class / "0.png", value)
    loaded = datasets.load(str(pictures))
    assert loaded.x_val[:, 0, 0, 0].tolist() == [70, 170]
    assert loaded.y_val.tolist() == [0, 1]
    assert loaded.notes == ()


def test_training_pictures_alone_are_split(pictures):
    for n in range(2, 10):
        _draw(pictures / "train" / "circle" / f"{n}.png", 90)
        _draw(pictures / "train" / "square" / f"{n}.png", 190)
    (pictures / "test").rename(pictures / "val")
    loaded = datasets.load(str(pictures))
    assert {part: len(labels) for part, (_, labels) in loaded.parts.items()} == {
        "train": 16,
        "validation": 2,
        "test": 4,
    }
    assert "No labelled test part: 4 of the 20 images" in loaded.notes[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda path: path.write_bytes(b"no picture"), "not an image in a supported format"),
        (lambda path: path.write_bytes(path.read_bytes()[:-30]), "the image is damaged"),
        (lambda path: _draw(path, 1000, mode="I;16"), "more than 8 bits"),
        (lambda path: _draw(path, (9, 9, 9, 128), mode="RGBA"), "transparent"),
        (lambda path: _draw(path, (9, 128), mode="LA"), "transparent"),
    ],
    ids=["text", "cut", "16-bit", "rgba", "la"],
)
def test_a_picture_that_cannot_be_used_is_named(pictures, change, message):
    path = pictures / "train" / "circle" / "1.png"
    change(path)
    with pytest.raises(DataError, match=message) as caught:
        datasets.load(str(pictures))
    assert str(path) in caught.value.message


@pytest.mark.parametrize(
    ("mode", "value", "channels"),
    [("1", 1, 1), ("L", 255, 1), ("LA", (255, 255), 1), ("RGBA", (255,) * 4, 3), ("P", 1, 3)],
)
def test_every_common_kind_of_png_is_read(tmp_path, mode, value, channels):
    image = Image.new(mode, (3, 3), value)
    if mode == "P":
        image.putpalette([0, 0, 0, 255, 255, 255])
    write_pictures(tmp_path, {"a": [image], "b": [image]})
    loaded = datasets.load(str(tmp_path))
    assert loaded.image_shape == (3, 3, channels)
    assert (loaded.x_test == 255).all()


def test_a_folder_with_nothing_says_what_was_expected(tmp_path):
    with pytest.raises(DataError, match=r"no data set in this folder[\s\S]*train-images-idx3-ubyte"):
        datasets.load(str(tmp_path))


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(DataError, match=r"no such file or folder\.$"):
        datasets.load(str(tmp_path / "absent"))


@pytest.mark.parametrize("name", ["a\0b", "folder/a\0b.npz"])
def test_a_path_that_no_file_system_can_have_is_an_error_like_a_missing_one(name):
    with pytest.raises(DataError, match=r"unknown data set|no such file or folder"):
        datasets.load(name)


def test_a_file_in_place_of_a_folder_is_an_error(tmp_path):
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(b"")
    with pytest.raises(DataError, match=r"expected a folder, an \.npz or a \.csv file"):
        datasets.load(str(path))


def test_an_unreadable_folder_is_an_error(pictures, monkeypatch):
    def refuse(self):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(DataError, match="no permission to read it"):
        datasets.load(str(pictures))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is unreadable to root")
@pytest.mark.parametrize("locked", [".", "train", "train/circle", "train/circle/0.png"])
def test_missing_permissions_are_an_error_that_names_the_place(pictures, locked):
    place = pictures / locked
    place.chmod(0)
    try:
        with pytest.raises(DataError, match="no permission"):
            datasets.load(str(pictures))
    finally:
        place.chmod(0o755)


def test_a_photo_is_turned_as_the_camera_noted_and_as_for_a_prediction(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees, clockwise
    pixels = 20 * np.arange(12, dtype=np.uint8).reshape(3, 4)
    write_pictures(tmp_path, dict.fromkeys("ab", (Image.fromarray(pixels),)), exif=exif)
    loaded = datasets.load(str(tmp_path)).x_train[0]
    np.testing.assert_array_equal(loaded[..., 0], np.rot90(pixels, -1))
    np.testing.assert_array_equal(loaded, read(tmp_path / "train" / "a" / "0.png"))


def test_images_keep_every_pixel(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (3, 5, 7, 3), np.uint8)
    write_pictures(tmp_path, {name: [Image.fromarray(pixels[n])] for n, name in enumerate("abc")})
    np.testing.assert_array_equal(datasets.load(str(tmp_path)).x_train, pixels)
