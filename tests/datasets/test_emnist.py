"""EMNIST: one archive for several sets, images that are stored transposed, letters with labels from 1."""

import dataclasses
import gzip
import hashlib
import io
import zipfile

import numpy as np
import pytest

from mnist_lab import datasets
from mnist_lab.datasets.dataset import ROLES
from mnist_lab.datasets.known import GZIPPED_IDX, KNOWN, Mirror
from mnist_lab.errors import DataError
from mnist_lab.system.directories import cache_dir
from tests.datasets.dataset_files import ROWS, SHAPE, arrays, idx_bytes, write_idx

SPLITS = ("letters", "balanced", "digits")
STORED = (SHAPE[1], SHAPE[0], 1)
"""The shape of the transposed images: what is stored as 6 x 5 is 5 x 6 upright."""


def names(split):
    return tuple(f"emnist-{split}-{name.replace('t10k', 'test')}" for name in GZIPPED_IDX)


def stored(split):
    """The arrays of a set as its files have them."""
    made = arrays(seed=SPLITS.index(split))
    if split == "letters":
        made |= {role: made[role] + 1 for role in ("y_train", "y_test")}
    return made


def zipped(array):
    return gzip.compress(idx_bytes(array), mtime=0)


def archive(**changes):
    """NIST's gzip.zip, with a few images."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for split in SPLITS:
            data = stored(split)
            for name, role in zip(names(split), ROLES, strict=True):
                packed.writestr(f"gzip/{name}", changes.get(role) or zipped(data[role]))
            packed.writestr(f"gzip/emnist-{split}-mapping.txt", "1 65 97\n")
        packed.writestr("gzip/emnist-byclass-train-images-idx3-ubyte.gz", b"not wanted")
    return buffer.getvalue()


@pytest.fixture
def nist(monkeypatch, server):
    """The three sets with a few images of ten classes each, at two addresses, of which the second works."""
    server.files["/new/gzip.zip"] = archive()
    for split in SPLITS:
        data, known = stored(split), KNOWN[f"emnist_{split}"]
        small = dataclasses.replace(
            known,
            rows=(ROWS["train"], ROWS["test"]),
            image_shape=STORED,
            classes=known.classes[:10],
            gzip_sha256=tuple(hashlib.sha256(zipped(data[role])).hexdigest() for role in ROLES),
            mirrors=tuple(Mirror(f"{server.base}/{home}/", names(split), "gzip.zip", 10**6) for home in ("old", "new")),
        )
        monkeypatch.setitem(KNOWN, known.name, small)
    return server


def test_one_download_serves_all_sets_which_come_upright_and_verified(nist):
    for split in SPLITS:
        loaded = datasets.load(f"emnist_{split}")
        np.testing.assert_array_equal(loaded.x_train, stored(split)["x_train"].swapaxes(1, 2))
        assert loaded.genuine
        assert loaded.check == f"the SHA-256 hashes of all four gzipped files match those of EMNIST {split}"
    assert [path for path, _ in nist.requests] == ["/old/gzip.zip", "/new/gzip.zip"]
    kept = {path.name for path in (cache_dir() / "emnist").iterdir()}
    assert kept == {name for split in SPLITS for name in names(split)}
    assert not list(cache_dir().glob("*.download"))


def test_letters_have_labels_from_1_and_classes_from_0(nist):
    loaded = datasets.load("emnist_letters")
    assert loaded.classes == tuple("ABCDEFGHIJ")
    assert loaded.labels == tuple(map(str, range(1, 11)))
    np.testing.assert_array_equal(loaded.y_test, stored("letters")["y_test"] - 1)
    assert (loaded.class_called(1), loaded.class_called("A"), loaded.class_called(0)) == ("A", "A", None)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (archive()[:-200], "sent a damaged archive"),
        (archive(x_test=zipped(arrays(seed=9)["x_test"])), "sent wrong bytes"),
        (archive(y_train=b"damage"), "sent damaged files"),
        (b"<html>moved</html>", "sent a damaged archive"),
    ],
    ids=["cut", "other images", "damaged file", "html"],
)
def test_an_archive_that_is_not_nists_is_refused_and_leaves_nothing(nist, content, reason):
    nist.files["/new/gzip.zip"] = content
    with pytest.raises(DataError, match=f"/new/: {reason}"):
        datasets.load("emnist_letters")
    assert not [path for path in cache_dir().rglob("*") if path.is_file() and path.suffix != ".lock"]


def test_a_broken_download_of_the_archive_is_resumed(nist):
    nist.break_after["/new/gzip.zip"] = 4096
    assert datasets.load("emnist_digits").genuine
    assert ("/new/gzip.zip", "bytes=4096-") in nist.requests


def test_fetch_puts_all_sets_of_the_archive_into_one_folder(nist, tmp_path):
    datasets.fetch("emnist_digits", tmp_path / "data")
    assert (tmp_path / "data" / "emnist" / names("letters")[0]).is_file()
    asked = len(nist.requests)
    assert datasets.fetch("emnist_letters", tmp_path / "data").genuine
    assert len(nist.requests) == asked


@pytest.mark.parametrize("below", ["", "emnist", "gzip"])
def test_the_unpacked_archive_has_each_set_by_its_name(nist, tmp_path, below):
    for split in SPLITS:
        write_idx(tmp_path / below, stored(split), names(split))
    for split in SPLITS:
        loaded = datasets.load(f"emnist_{split}", tmp_path, download=False)
        assert loaded.genuine
        np.testing.assert_array_equal(loaded.x_test, stored(split)["x_test"].swapaxes(1, 2))
    with pytest.raises(DataError, match="which of these is meant"):
        datasets.load(str(tmp_path / below))


def test_unpacked_files_are_used_but_not_called_verified(nist, tmp_path):
    plain = [name.removesuffix(".gz") for name in names("digits")]
    write_idx(tmp_path, stored("digits"), plain)
    loaded = datasets.load("emnist_digits", tmp_path, download=False)
    assert not loaded.genuine
    assert "cannot be verified" in loaded.check
    np.testing.assert_array_equal(loaded.x_train, stored("digits")["x_train"].swapaxes(1, 2))


def test_a_users_own_folder_is_recognized_by_its_bytes(nist, tmp_path):
    loaded = datasets.load(str(write_idx(tmp_path / "letters", stored("letters"), names("letters"))))
    assert (loaded.name, loaded.genuine, loaded.classes) == ("emnist_letters", True, tuple("ABCDEFGHIJ"))


def test_the_mapping_names_the_classes_of_a_set_that_has_no_name(tmp_path):
    folder = write_idx(tmp_path, arrays(), names("byclass"))
    mapping = folder / "emnist-byclass-mapping.txt"
    mapping.write_text("".join(f"{label} {97 + label}\n" for label in range(10)))
    assert datasets.load(str(folder)).classes == tuple("abcdefghij")
    mapping.write_text("a b\n")
    with pytest.raises(DataError, match=r"emnist-byclass-mapping\.txt: expected a label and the ASCII codes"):
        datasets.load(str(folder))


def test_every_published_set_says_how_it_is_recognized_and_where_it_is():
    for known in KNOWN.values():
        hashes = known.array_sha256 or known.gzip_sha256
        assert hashes
        assert len(hashes) == len(ROLES)
        assert all(len(sha) == 64 and int(sha, 16) for sha in hashes)
        assert len(set(known.classes)) == len(known.classes)
        assert known.bundled or all(mirror.base.startswith("http") for mirror in known.mirrors)
    assert len(KNOWN["emnist_balanced"].classes) == 47
