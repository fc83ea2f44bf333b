import numpy as np
import pytest

from mnist_lab import datasets
from mnist_lab.errors import DataError
from tests.datasets.dataset_files import arrays, write_idx, write_npz


class _Bomb:
    """Leaves a mark if it is ever unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return open, (str(self.mark), "w")


def test_an_archive_is_read_by_its_own_path_or_its_folder(tmp_path, data):
    path = write_npz(tmp_path / "folder" / "mine.npz", data)
    by_file, by_folder = datasets.load(str(path)), datasets.load(str(path.parent))
    assert (by_file.name, by_folder.name) == ("mine", "folder")
    assert by_file.sha256 == by_folder.sha256
    np.testing.assert_array_equal(by_file.x_test, data["x_test"])


def test_the_hash_does_not_depend_on_the_format(tmp_path, data):
    wide = {name: array.astype(np.int32) for name, array in data.items()}
    wide["x_train"] = wide["x_train"][..., 0].astype(float)
    wide["y_test"] = wide["y_test"][:, None]
    loaded = [
        datasets.load(str(write_npz(tmp_path / "a.npz", data))),
        datasets.load(str(write_npz(tmp_path / "b.npz", wide))),
        datasets.load(str(write_idx(tmp_path / "c", data))),
    ]
    assert len({each.sha256 for each in loaded}) == 1
    assert datasets.load(str(write_npz(tmp_path / "d.npz", arrays(seed=1)))).sha256 != loaded[0].sha256


def test_labels_with_a_gap_become_classes_named_by_the_labels(tmp_path, data):
    path = write_npz(tmp_path / "a.npz", data, y_train=data["y_train"] * 3 + 1, y_test=data["y_test"] * 3 + 1)
    loaded = datasets.load(str(path))
    assert loaded.classes == ("1", "4", "7", "10", "13", "16", "19", "22", "25", "28")
    np.testing.assert_array_equal(loaded.y_test, data["y_test"])


def test_more_than_256_classes_keep_distinct_labels(tmp_path):
    rows = 600
    images = np.zeros((rows, 2, 2), np.uint8)
    first = {"x_train": images, "y_train": np.arange(rows) % 300, "x_test": images, "y_test": np.arange(rows) % 300}
    second = {**first, "y_test": (np.arange(rows) + 256) % 300}
    one, two = (datasets.load(str(write_npz(tmp_path / f"{n}.npz", each))) for n, each in enumerate((first, second)))
    assert len(one.classes) == 300
    assert one.digests["y_test"] != two.digests["y_test"]


def test_pickled_objects_are_refused_and_never_unpickled(tmp_path, data):
    mark = tmp_path / "mark"
    path = write_npz(tmp_path / "a.npz", data, x_test=np.array([_Bomb(mark)] * 10, object))
    with pytest.raises(DataError, match="pickled Python objects") as caught:
        datasets.load(str(path))
    assert str(path) in caught.value.message
    assert not mark.exists()


def _fractions(data):
    return {"x_train": data["x_train"] / 255}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (lambda data: {"y_test": None}, "y_test missing"),
        (_fractions, r"different ranges of pixels:\n  0 to 1 in .*x_train\n  0 to 253 in .*x_test"),
        (lambda data: {"x_test": data["x_test"].astype(float) * 2}, "x_test: pixels must lie within 0..255"),
        (lambda data: {"x_test": data["x_test"].astype(int) - 300}, "must lie within 0..255, received -"),
        (lambda data: {"x_test": data["x_test"] * np.nan}, "must lie within 0..255, received nan"),
        (lambda data: {"x_train": data["x_train"].reshape(30, 30)}, "x_train: .* square .* received 30, which is no"),
        (lambda data: {"x_train": np.zeros((30, 2, 6, 5), np.uint8)}, "with 1 or 3 channels"),
        (lambda data: {"x_train": data["x_train"].astype(str)}, "expected numbers 0..255 as pixels"),
        (lambda data: {"y_train": np.ones((30, 2)) / 2}, r"y_train: expected one label .* received \(30, 2\)"),
        (lambda data: {"y_train": data["y_train"] + 0.5}, "whole numbers as labels, received fractions"),
        (lambda data: {"y_train": data["y_train"].astype(int) - 1}, "labels start at 0, received -1"),
        (lambda data: {"y_test": data["y_test"] + 1}, "y_test: label 10 in row 9 is not among the classes"),
        (lambda data: {"y_train": data["y_train"] * 0, "y_test": data["y_test"] * 0}, "two classes or more"),
        (lambda data: {"x_train": data["x_train"][1:]}, "29 images but 30 labels"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_by_name(tmp_path, data, changes, message):
    path = write_npz(tmp_path / "a.npz", data, **changes(data))
    with pytest.raises(DataError, match=message) as caught:
        datasets.load(str(path))
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04 broken", b"no archive at all", b"\x80\x04N."],
    ids=["empty", "cut", "text", "pickle"],
)
def test_a_file_that_is_not_an_archive_is_a_data_error(tmp_path, content):
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.npz: "):
        datasets.load(str(path))


@pytest.mark.parametrize("keep", [0.3, 0.9, 0.999])
def test_a_truncated_archive_is_a_data_error(tmp_path, data, keep):
    path = write_npz(tmp_path / "a.npz", data)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(DataError, match="truncated or corrupt"):
        datasets.load(str(path))


def test_an_archive_with_a_flipped_bit_is_a_data_error(tmp_path, data):
    path = write_npz(tmp_path / "a.npz", data)
    content = bytearray(path.read_bytes())
    content[300] ^= 255
    path.write_bytes(content)
    with pytest.raises(DataError, match="truncated or corrupt"):
        datasets.load(str(path))


def test_an_archive_that_a_wrong_byte_makes_look_encrypted_is_a_data_error(tmp_path, data):
    path = write_npz(tmp_path / "data.npz", data)
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1  # the flags of the first entry of the directory
    path.write_bytes(content)
    with pytest.raises(DataError, match="truncated or corrupt"):
        datasets.load(str(path))


def test_a_single_array_is_not_a_data_set(tmp_path, data):
    path = tmp_path / "a.npz"
    with path.open("wb") as file:
        np.save(file, data["x_train"])
    with pytest.raises(DataError, match="a single array"):
        datasets.load(str(path))


def test_two_archives_in_a_folder_are_ambiguous(tmp_path, data):
    write_npz(tmp_path / "a.npz", data)
    write_npz(tmp_path / "b.npz", data)
    with pytest.raises(DataError, match=r"which of these is meant\? a\.npz, b\.npz"):
        datasets.load(str(tmp_path))
