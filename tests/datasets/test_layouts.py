"""Arrays in the layouts that people have: MedMNIST's, KMNIST's, scikit-learn's, PyTorch's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lab import datasets
from mnist_lab.datasets import layouts
from mnist_lab.datasets.roles import role_of
from mnist_lab.errors import DataError
from tests.datasets.dataset_files import arrays, write_npz


@pytest.fixture
def square():
    """Four arrays of 6 x 6 images with black and white in each."""
    made = arrays()
    for part in ("train", "test"):
        images = np.zeros((len(made[f"x_{part}"]), 6, 6, 1), np.uint8)
        images[..., :5, :] = made[f"x_{part}"]
        images[:, 0, 0] = 255
        made[f"x_{part}"] = images
    return made


def medmnist(channels=3, labels=None):
    """MedMNIST's layout: images, labels of shape (n, 1), and a validation part."""
    generator = np.random.default_rng(0)
    shape = (6, 6, 3) if channels == 3 else (6, 6)
    made = {}
    for part, rows in (("train", 60), ("val", 12), ("test", 18)):
        images = generator.integers(0, 256, (rows, *shape), np.uint8)
        images[:, 0, 0] = 255
        made[f"{part}_images"] = images
        made[f"{part}_labels"] = labels(rows) if labels else (np.arange(rows) % 6).astype(np.uint8)[:, None]
    return made


def same(loaded, expected):
    for role, array in expected.items():
        np.testing.assert_array_equal(getattr(loaded, role), array)


@pytest.mark.parametrize("channels", [1, 3])
def test_medmnist_has_its_validation_part(tmp_path, channels):
    made = medmnist(channels)
    loaded = datasets.load(str(write_npz(tmp_path / "pathmnist.npz", made)))
    assert {part: len(labels) for part, (_, labels) in loaded.parts.items()} == {
        "train": 60,
        "validation": 12,
        "test": 18,
    }
    np.testing.assert_array_equal(loaded.x_val.squeeze(), made["val_images"])
    np.testing.assert_array_equal(loaded.y_val, made["val_labels"][:, 0])
    assert loaded.image_shape == (6, 6, channels)


def breastmnist(test=156):
    generator = np.random.default_rng(0)
    made = {}
    for part, rows in (("train", 546), ("val", 78), ("test", test)):
        made[f"{part}_images"] = generator.integers(0, 256, (rows, 6, 6), np.uint8)
        made[f"{part}_labels"] = (np.arange(rows) % 2).astype(np.uint8)[:, None]
    return made


@pytest.mark.parametrize(
    ("name", "test", "classes"),
    [
        ("breastmnist.npz", 156, ("malignant", "normal, benign")),
        ("BreastMNIST_64.npz", 156, ("malignant", "normal, benign")),
        ("breastmnist.npz", 155, ("0", "1")),
        ("mine.npz", 156, ("0", "1")),
        ("chestmnist.npz", 156, ("0", "1")),
    ],
)
def test_classes_of_medmnist_have_names_if_the_file_and_its_numbers_of_images_are_known(tmp_path, name, test, classes):
    assert datasets.load(str(write_npz(tmp_path / name, breastmnist(test)))).classes == classes


def test_names_in_the_file_come_before_those_that_are_known(tmp_path):
    made = breastmnist() | {"classes": np.array(["bad", "good"])}
    assert datasets.load(str(write_npz(tmp_path / "breastmnist.npz", made))).classes == ("bad", "good")


def test_other_validation_images_are_another_data_set(tmp_path):
    made = medmnist()
    other = {**made, "val_images": made["val_images"] ^ 1}
    one, two = (datasets.load(str(write_npz(tmp_path / f"{n}.npz", each))) for n, each in enumerate((made, other)))
    assert one.sha256 != two.sha256


def test_multi_label_targets_are_refused_by_that_name(tmp_path):
    made = medmnist(labels=lambda rows: (np.arange(rows * 14).reshape(rows, 14) % 5 == 0).astype(np.uint8))
    with pytest.raises(
        DataError,
        match=r"train_labels: .* 60 of 60 images have no label or .* \(row 0 has \d+\)",
    ):
        datasets.load(str(write_npz(tmp_path / "chestmnist.npz", made)))


def test_volumes_are_not_images(tmp_path):
    made = medmnist()
    made["train_images"] = np.zeros((60, 6, 6, 6), np.uint8)
    with pytest.raises(DataError, match=r"train_images: expected images of shape .* received \(60, 6, 6, 6\)"):
        datasets.load(str(write_npz(tmp_path / "organmnist3d.npz", made)))


KMNIST = {
    "x_train": "kmnist-train-imgs.npz", "y_train": "kmnist-train-labels.npz",
    "x_test": "kmnist-test-imgs.npz", "y_test": "kmnist-test-labels.npz",
}  # fmt: skip


def test_kmnists_four_archives_are_one_data_set(tmp_path, square):
    for role, name in KMNIST.items():
        np.savez_compressed(tmp_path / name, square[role].squeeze())
    loaded = datasets.load(str(tmp_path))
    same(loaded, square)
    assert loaded.source == f"{tmp_path} (NumPy)"


def test_four_npy_files_are_one_data_set(tmp_path, square):
    for role, array in square.items():
        np.save(tmp_path / f"{role}.npy", array)
    same(datasets.load(str(tmp_path)), square)


def test_a_damaged_npy_file_is_named(tmp_path, square):
    for role, array in square.items():
        np.save(tmp_path / f"{role}.npy", array)
    path = tmp_path / "x_test.npy"
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(DataError, match=r"x_test\.npy: its header says .*\nThe file is truncated or corrupt"):
        datasets.load(str(tmp_path))


def test_an_archive_of_several_arrays_among_files_of_one_is_refused_with_what_it_holds(tmp_path, square):
    for role, name in KMNIST.items():
        np.savez(tmp_path / name, square[role], square[role])
    with pytest.raises(DataError, match=r"imgs\.npz: expected one array\. It holds:\n  arr_0  \(10, 6, 6, 1\) uint8"):
        datasets.load(str(tmp_path))


def test_two_data_sets_of_files_in_one_folder_are_not_mixed(tmp_path, square):
    for role, name in KMNIST.items():
        np.savez(tmp_path / name, square[role])
        np.savez(tmp_path / name.replace("kmnist", "k49"), square[role])
    with pytest.raises(DataError, match="which of these is meant"):
        datasets.load(str(tmp_path))


CHANGES = {
    "rows of pixels": lambda images: images.reshape(len(images), -1),
    "no channels": lambda images: images[..., 0],
    "channels first": lambda images: np.moveaxis(images, -1, 1),
    "64-bit": lambda images: images.astype(np.int64),
    "floating point": lambda images: images.astype(np.float64),
    "0 to 1": lambda images: images.astype(np.float32) / 255,
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_usual_layout_of_images_yields_the_same_data_set(tmp_path, square, name):
    changed = {role: CHANGES[name](array) if role[0] == "x" else array for role, array in square.items()}
    same(datasets.load(str(write_npz(tmp_path / "a.npz", changed))), square)


def test_colour_images_with_the_channels_first_are_transposed(tmp_path):
    made = medmnist()
    first = {name: np.moveaxis(array, -1, 1) if array.ndim == 4 else array for name, array in made.items()}
    loaded = datasets.load(str(write_npz(tmp_path / "a.npz", first)))
    np.testing.assert_array_equal(loaded.x_train, made["train_images"])


def test_rows_of_colour_pixels_are_refused_because_their_order_is_not_certain(tmp_path, square):
    square["x_train"] = np.zeros((30, 3 * 32 * 32), np.uint8)
    with pytest.raises(DataError, match="3,072 = 3 x 32 x 32: it is unclear"):
        datasets.load(str(write_npz(tmp_path / "a.npz", square)))


LABELS = {
    "column": lambda labels: labels[:, None],
    "one-hot": lambda labels: np.eye(10)[labels],
    "one-hot bytes": lambda labels: np.eye(10, dtype=np.uint8)[labels],
    "numbers as text": lambda labels: labels.astype(str),
    "numbers as bytes": lambda labels: labels.astype("S2"),
    "floating point": lambda labels: labels.astype(float),
}


@pytest.mark.parametrize("name", LABELS)
def test_every_usual_layout_of_labels_yields_the_same_data_set(tmp_path, square, name):
    changed = {role: LABELS[name](array) if role[0] == "y" else array for role, array in square.items()}
    loaded = datasets.load(str(write_npz(tmp_path / "a.npz", changed)))
    same(loaded, square)
    assert loaded.classes == tuple("0123456789")


def test_labels_that_are_text_name_the_classes(tmp_path, square):
    names = np.array(["ten", "nine", "eight", "cat", "dog", "é", "a b", "x", "y", "z"])
    changed = {role: names[array] if role[0] == "y" else array for role, array in square.items()}
    loaded = datasets.load(str(write_npz(tmp_path / "a.npz", changed)))
    assert loaded.classes == tuple(sorted(names))
    assert [loaded.classes[label] for label in loaded.y_test] == names[square["y_test"]].tolist()


def test_a_label_that_is_text_and_was_not_in_the_training_part_is_named(tmp_path, square):
    changed = {**square, "y_train": np.where(square["y_train"] == 0, "a", "b"), "y_test": np.array(["a", "q"] * 5)}
    with pytest.raises(
        DataError,
        match=r"label q in row 1 is not among the classes of the training part, a, b \(nor are 4 other labels of 10\)",
    ):
        datasets.load(str(write_npz(tmp_path / "a.npz", changed)))


def test_text_in_one_part_and_numbers_in_the_other_are_refused(tmp_path, square):
    changed = {**square, "y_train": np.where(square["y_train"] == 0, "a", "b")}
    with pytest.raises(DataError, match=r"text in .*y_train, but numbers in .*y_test"):
        datasets.load(str(write_npz(tmp_path / "a.npz", changed)))


@pytest.mark.parametrize("names", [("images", "labels"), ("X", "y"), ("data", "target"), ("x_train", "y_train")])
def test_one_part_alone_is_split(tmp_path, names):
    images = medmnist(1)["train_images"]
    path = write_npz(tmp_path / "a.npz", dict(zip(names, (images, np.arange(60) % 6), strict=True)))
    loaded = datasets.load(str(path))
    assert (len(loaded.x_train), len(loaded.x_test)) == (48, 12)
    assert "No labelled test part: 12 of the 60 images" in loaded.notes[0]


def test_an_archive_that_is_not_understood_shows_what_it_holds_and_what_is_understood(tmp_path, square):
    path = write_npz(tmp_path / "a.npz", {"a": square["x_train"], "b": np.arange(3.0), "c": np.array([{}])})
    with pytest.raises(DataError) as caught:
        datasets.load(str(path))
    text = str(caught.value)
    for line in (
        "  a  (30, 6, 6, 1) uint8",
        "  b  (3,) float64",
        "  c  (1,) objects",
        "Expected x_train, y_train",
    ):
        assert line in text


def test_a_folder_that_is_not_understood_shows_what_it_holds_and_what_is_understood(tmp_path):
    (tmp_path / "images.parquet").write_bytes(b"PAR1")
    (tmp_path / "raw").mkdir()
    with pytest.raises(DataError, match=r"no data set in this folder\. It holds images\.parquet, raw/\.\nSupported:"):
        datasets.load(str(tmp_path))


@given(st.sampled_from(["_", "-", ".", " "]), st.sampled_from(["x", "X", "images", "imgs"]), st.booleans())
def test_the_words_of_a_name_say_its_part_and_kind_in_any_order(between, kind, part_first):
    for part in ("train", "val", "test"):
        words = (part, kind) if part_first else (kind, part)
        assert role_of(between.join(("set", *words))) == f"x_{part}"


@given(st.lists(st.integers(0, 9), min_size=1))
def test_one_hot_and_back(labels):
    np.testing.assert_array_equal(layouts.labels(np.eye(10)[labels], "here"), labels)
