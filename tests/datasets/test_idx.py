import gzip
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mnist_lab import datasets
from mnist_lab.datasets import idx
from mnist_lab.errors import DataError
from tests.datasets.dataset_files import arrays, idx_bytes, write_idx

PLAIN = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
IMAGES = "train-images-idx3-ubyte.gz"


@pytest.mark.parametrize(
    "names",
    [
        PLAIN,
        ("train-images.idx3-ubyte", "train-labels.idx1-ubyte", "test-images.idx3-ubyte", "test-labels.idx1-ubyte"),
        tuple(f"sets-digits-{name.replace('t10k', 'test')}.gz" for name in PLAIN),
        ("train_images.gz", "train_labels.gz", "test_images.gz", "test_labels.gz"),
    ],
)
def test_idx_files_are_paired_by_their_names(tmp_path, data, names):
    loaded = datasets.load(str(write_idx(tmp_path / "mine", data, names)))
    np.testing.assert_array_equal(loaded.x_train, data["x_train"])
    np.testing.assert_array_equal(loaded.y_test, data["y_test"])
    assert loaded.name == "mine"
    assert not loaded.genuine


@settings(max_examples=30, deadline=None)
@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=1, max_dims=4, max_side=5)), st.booleans())
def test_what_was_written_as_idx_is_read_back(tmp_path_factory, array, zipped):
    path = tmp_path_factory.mktemp("idx") / "file"
    header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    path.write_bytes(gzip.compress(header + array.tobytes()) if zipped else header + array.tobytes())
    np.testing.assert_array_equal(idx.read_file(path, (array.ndim,)), array)


def test_colour_images_come_with_three_channels(tmp_path):
    colour = arrays(channels=3)
    names = tuple(name.replace("idx3", "idx4") for name in PLAIN)
    assert datasets.load(str(write_idx(tmp_path, colour, names))).image_shape == (6, 5, 3)


def _with_damage(folder, data, name, change):
    path = write_idx(folder, data) / name
    path.write_bytes(change(path.read_bytes()))
    return path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda old: old[: len(old) // 2], "truncated"),
        (lambda old: old[:100] + bytes([old[100] ^ 255]) + old[101:], "corrupt"),
        (lambda old: old[:-8] + b"\0\0\0\0" + old[-4:], "corrupt"),
        (lambda old: gzip.compress(gzip.decompress(old)[:-7]), "truncated: its header says"),
        (lambda old: gzip.compress(gzip.decompress(old) + b"x"), "too long"),
        (lambda old: gzip.compress(gzip.decompress(old)[:9]), "truncated within its header"),
        (lambda old: gzip.compress(b"\0\0\x08\x01" + gzip.decompress(old)[4:]), "0x00000801, a file of labels"),
        (lambda old: gzip.compress(b"\0\0\x0d\x03" + gzip.decompress(old)[4:]), "magic number 0x00000803 .*0x00000d03"),
        (lambda old: b"<html>not found</html>", "not an IDX file: expected the magic number 0x00000803"),
        (lambda old: b"", "received an empty file"),
    ],
    ids=["cut", "bit-flip", "checksum", "short", "long", "header", "labels", "floats", "html", "empty"],
)
def test_a_damaged_idx_file_is_named_with_what_is_wrong(tmp_path, data, change, message):
    path = _with_damage(tmp_path, data, IMAGES, change)
    with pytest.raises(DataError, match=message) as caught:
        datasets.load(str(tmp_path))
    assert str(path) in caught.value.message


def test_different_numbers_of_images_and_labels_name_both_files(tmp_path, data):
    data["y_test"] = data["y_test"][:-1]
    write_idx(tmp_path, data)
    with pytest.raises(DataError, match=r"10 images but 9 labels") as caught:
        datasets.load(str(tmp_path))
    assert "t10k-images-idx3-ubyte.gz" in caught.value.message
    assert "t10k-labels-idx1-ubyte.gz" in caught.value.message


def test_a_missing_file_is_named(tmp_path, data):
    (write_idx(tmp_path, data) / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError, match=r"missing: t10k-labels-idx1-ubyte\.gz"):
        datasets.load(str(tmp_path))


def test_two_data_sets_in_one_folder_are_not_mixed(tmp_path, data):
    write_idx(tmp_path, data)
    write_idx(tmp_path, data, tuple(f"emnist-{name}" for name in PLAIN))
    with pytest.raises(DataError, match="which of these is meant"):
        datasets.load(str(tmp_path))


def test_a_file_with_a_gzip_beside_it_is_read_from_the_gzip(tmp_path, data):
    write_idx(tmp_path, data)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(b"stale")
    np.testing.assert_array_equal(datasets.load(str(tmp_path)).x_train, data["x_train"])


def test_parts_of_different_image_size_are_refused(tmp_path, data):
    data["x_test"] = data["x_test"][:, :-1]
    with pytest.raises(DataError, match=re.escape("(6, 5, 1)") + r"[\s\S]*" + re.escape("(5, 5, 1)")):
        datasets.load(str(write_idx(tmp_path, data)))


def test_no_images_is_an_error(tmp_path, data):
    data["x_test"], data["y_test"] = data["x_test"][:0], data["y_test"][:0]
    with pytest.raises(DataError, match="no images"):
        datasets.load(str(write_idx(tmp_path, data)))


def test_the_format_is_recognized_by_the_content_and_not_by_the_suffix(tmp_path, data):
    (write_idx(tmp_path, data) / IMAGES).write_bytes(idx_bytes(data["x_train"]))
    np.testing.assert_array_equal(datasets.load(str(tmp_path)).x_train, data["x_train"])
