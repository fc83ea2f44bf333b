import dataclasses
import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest

from mnist_lab import datasets
from mnist_lab.config.schema import Data
from mnist_lab.datasets.known import GZIPPED_IDX, KNOWN, Mirror
from mnist_lab.errors import ConfigError, DataError
from mnist_lab.system.directories import cache_dir
from tests.datasets.dataset_files import ROWS, SHAPE, arrays, write_idx, write_npz

PLAIN = tuple(name.removesuffix(".gz") for name in GZIPPED_IDX)


def _keras_cache() -> Path:
    import os

    return Path(os.environ["KERAS_HOME"]) / "datasets"


@pytest.mark.parametrize("place", ["{}", "{}/mnist"])
@pytest.mark.parametrize(
    "write",
    [write_idx, lambda to, data: write_idx(to, data, PLAIN), lambda to, data: write_npz(to / "mnist.npz", data)],
    ids=["gzip", "idx", "npz"],
)
def test_genuine_mnist_is_found_in_the_folder_or_its_mnist_folder(tmp_path, mnist, data, place, write):
    folder = tmp_path / "data"
    write(Path(place.format(folder)), data)
    loaded = datasets.load("mnist", folder, download=False)
    assert loaded.genuine
    assert loaded.name == "mnist"
    assert str(folder) in loaded.source
    np.testing.assert_array_equal(loaded.x_train, data["x_train"])


def test_another_set_with_the_same_file_names_is_not_taken_for_mnist(tmp_path, mnist):
    write_idx(tmp_path / "data", arrays(seed=9))
    with pytest.raises(DataError, match="not match MNIST; to use it as mnist nevertheless, move it to"):
        datasets.load("mnist", tmp_path / "data", download=False)


def test_a_folder_called_mnist_is_taken_at_its_word_but_not_called_genuine(tmp_path, mnist):
    write_idx(tmp_path / "mnist", arrays(seed=9))
    loaded = datasets.load("mnist", tmp_path, download=False)
    assert loaded.name == "mnist"
    assert not loaded.genuine
    assert "not match MNIST" in loaded.check


def test_what_was_passed_over_is_noted(tmp_path, mnist, data, monkeypatch):
    write_idx(tmp_path / "first", arrays(seed=9))
    write_idx(tmp_path / "second", data)
    monkeypatch.setenv("MNIST_LAB_DATA", str(tmp_path / "second"))
    loaded = datasets.load("mnist", tmp_path / "first", download=False)
    assert loaded.genuine
    (note,) = loaded.notes
    assert str(tmp_path / "first") in note


def test_empty_places_on_the_way_are_not_worth_a_note(tmp_path, mnist, data):
    write_npz(_keras_cache() / "mnist.npz", data)
    assert datasets.load("mnist", tmp_path, download=False).notes == ()


def test_the_places_are_tried_in_order(tmp_path, mnist, data, monkeypatch):
    def source():
        return datasets.load("mnist", tmp_path / "given", download=False).source

    (tmp_path / "given").mkdir()
    (tmp_path / "variable").mkdir()
    monkeypatch.setenv("MNIST_LAB_DATA", str(tmp_path / "variable"))
    write_npz(_keras_cache() / "mnist.npz", data)
    assert str(_keras_cache()) in source()
    write_idx(cache_dir() / "mnist", data)
    assert str(cache_dir()) in source()
    write_idx(tmp_path / "variable", data)
    assert str(tmp_path / "variable") in source()
    write_idx(tmp_path / "given", data)
    assert str(tmp_path / "given") in source()


def test_other_archives_in_keras_cache_do_not_disturb(mnist, data):
    write_npz(_keras_cache() / "imdb.npz", arrays(seed=4))
    write_npz(_keras_cache() / "mnist.npz", data)
    assert datasets.load("mnist", download=False).genuine


def test_a_wrong_archive_in_keras_cache_is_passed_over(mnist):
    write_npz(_keras_cache() / "mnist.npz", arrays(seed=4))
    with pytest.raises(DataError, match=r"mnist\.npz: the SHA-256 hashes of x_train, x_test do not match MNIST"):
        datasets.load("mnist", download=False)


@pytest.mark.parametrize("own", ["", "mnist"])
@pytest.mark.parametrize("by_variable", [True, False])
def test_damage_where_the_user_pointed_is_an_error_and_not_passed_over(
    tmp_path, mnist, data, own, by_variable, monkeypatch
):
    write_idx(cache_dir() / "mnist", data)
    path = write_idx(tmp_path / "data" / own, data) / GZIPPED_IDX[0]
    path.write_bytes(path.read_bytes()[:-30])
    if by_variable:
        monkeypatch.setenv("MNIST_LAB_DATA", str(tmp_path / "data"))
    with pytest.raises(DataError, match="truncated"):
        datasets.load("mnist", None if by_variable else tmp_path / "data")


@pytest.mark.parametrize("by_variable", [True, False])
def test_a_data_folder_that_is_missing_or_a_file_is_an_error(tmp_path, mnist, data, by_variable, monkeypatch):
    write_idx(cache_dir() / "mnist", data)
    file = tmp_path / "file"
    file.write_text("")
    for path, message in ((tmp_path / "absent", "no such folder"), (file, "expected a folder, but this is a file")):
        if by_variable:
            monkeypatch.setenv("MNIST_LAB_DATA", str(path))
        with pytest.raises(DataError, match=message) as caught:
            datasets.load("mnist", None if by_variable else path)
        assert ("MNIST_LAB_DATA" if by_variable else "--data-dir") in caught.value.message


def test_labels_beyond_the_known_classes_are_an_error(tmp_path, mnist, data):
    data["y_train"][4] = 12
    write_idx(tmp_path / "mnist", data)
    with pytest.raises(DataError, match=r"label 12 in row 4 is not among the classes, 0 to 9\.$"):
        datasets.load("mnist", tmp_path)


def test_mnist_given_by_its_path_is_recognized(tmp_path, mnist, data):
    loaded = datasets.load(str(write_idx(tmp_path / "whatever", data)))
    assert loaded.name == "mnist"
    assert loaded.genuine


def test_data_that_are_found_nowhere_are_an_error_with_remedies(mnist, tmp_path):
    with pytest.raises(DataError) as caught:
        datasets.load("mnist", download=False)
    text = str(caught.value)
    assert str(cache_dir() / "mnist") in text
    assert str(_keras_cache() / "mnist.npz") in text
    for way in ("--data-dir", "MNIST_LAB_DATA", "mnist-lab data fetch mnist", "data set `digits`"):
        assert way in text


@pytest.mark.parametrize("name", ["fashion-mnist", "MNIST", "digit"])
def test_an_unknown_name_is_answered_with_the_nearest(name):
    nearest = {"fashion-mnist": "fashion_mnist", "MNIST": "mnist", "digit": "digits"}[name]
    with pytest.raises(DataError, match=f"unknown data set {name!r} .did you mean {nearest!r}"):
        datasets.load(name)


def test_an_error_about_a_strange_name_lists_the_known_ones():
    with pytest.raises(DataError, match=r"expected one of mnist, .*, or the path of a folder or file\.$"):
        datasets.load("qqqq")
    with pytest.raises(DataError, match=r"expected one of mnist, fashion_mnist, .*, digits\.$"):
        datasets.fetch("qqqq")
    with pytest.raises(ConfigError, match=r"^unknown data set 'minst' .did you mean 'mnist'"):
        datasets.load(Data(dataset="minst"))


def test_digits_need_no_folder(tmp_path):
    assert datasets.load("digits", tmp_path / "absent", download=False).genuine


@pytest.fixture
def fashion(monkeypatch, data):
    """A published set known by its gzipped files only."""
    from tests.datasets.dataset_files import ROLES, idx_bytes

    hashes = [hashlib.sha256(gzip.compress(idx_bytes(data[role]), mtime=0)).hexdigest() for role in ROLES]
    small = dataclasses.replace(
        KNOWN["fashion_mnist"],
        rows=(ROWS["train"], ROWS["test"]),
        image_shape=SHAPE,
        gzip_sha256=tuple(hashes),
        mirrors=(Mirror("http://127.0.0.1:9/"),),
    )
    monkeypatch.setitem(KNOWN, "fashion_mnist", small)
    return small


def test_fashion_mnist_is_recognized_by_its_gzipped_files(tmp_path, fashion, data):
    write_idx(tmp_path, data)
    loaded = datasets.load("fashion_mnist", tmp_path, download=False)
    assert loaded.genuine
    assert loaded.classes[9] == "Ankle boot"
    assert "gzipped files" in loaded.check


def test_fashion_mnist_in_another_form_is_not_called_genuine(tmp_path, fashion, data):
    write_idx(tmp_path / "fashion_mnist", data, PLAIN)
    loaded = datasets.load("fashion_mnist", tmp_path, download=False)
    assert not loaded.genuine
    assert loaded.check.startswith("cannot be verified")


def test_fashion_mnist_with_a_changed_file_is_not_genuine(tmp_path, fashion, data):
    data["x_test"][0] += 1
    write_idx(tmp_path / "fashion_mnist", data)
    loaded = datasets.load("fashion_mnist", tmp_path, download=False)
    assert not loaded.genuine
    assert "t10k-images-idx3-ubyte.gz does not match Fashion-MNIST" in loaded.check
