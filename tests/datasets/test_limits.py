"""Reading takes a bounded amount of memory and time, whatever a file claims to hold.

No test writes what it declares: headers lie, zeros compress to a thousandth, and files have holes.
"""

import gzip
import io
import os
import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnist_lab import datasets
from mnist_lab.datasets import files, folders, pictures
from mnist_lab.datasets.known import GZIPPED_IDX
from mnist_lab.errors import DataError
from tests.datasets.dataset_files import arrays, idx_bytes, write_idx, write_npz, write_pictures

IMAGES = GZIPPED_IDX[0]


@pytest.fixture
def refused_in_little_memory():
    """A check that reading a path is refused with a message, and takes less than `most` bytes of memory on the way."""

    def check(path, message, most=30_000_000):
        tracemalloc.start()
        try:
            with pytest.raises(DataError, match=message):
                datasets.load(str(path))
            assert tracemalloc.get_traced_memory()[1] < most
        finally:
            tracemalloc.stop()

    return check


def _npy_header(shape, descr="|u1"):
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": shape})
    return file.getvalue()


def _npz_with(path, data, **members):
    """An archive whose `members` are these bytes, and the others those of `data`."""
    write_npz(path, {role: array for role, array in data.items() if role not in members})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        for role, content in members.items():
            archive.writestr(f"{role}.npy", content)
    return path


def _zeros_zipped(header, millions):
    """A gzip of a header and this many million zeros, made without holding them in memory."""
    packer = zlib.compressobj(9, wbits=31)
    block = bytes(1_000_000)
    return b"".join([packer.compress(header), *(packer.compress(block) for _ in range(millions)), packer.flush()])


def test_a_gzip_is_unpacked_no_further_than_its_header_declares(tmp_path, data, refused_in_little_memory):
    header = idx_bytes(data["x_train"])[:16]
    (write_idx(tmp_path, data) / IMAGES).write_bytes(_zeros_zipped(header, 100))
    refused_in_little_memory(tmp_path, "too long: its header says 30 x 6 x 5 = 900 bytes, but it contains more")


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("shape", [(100_000_000, 28, 28), (2**32 - 1, 2**32 - 1, 2**32 - 1), (2_739_200, 28, 29)])
def test_an_idx_header_that_declares_more_than_the_limit_is_refused(
    tmp_path, data, shape, zipped, refused_in_little_memory
):
    content = struct.pack(">BBBB3I", 0, 0, 8, 3, *shape) + bytes(1000)
    (write_idx(tmp_path, data) / IMAGES).write_bytes(gzip.compress(content) if zipped else content)
    refused_in_little_memory(tmp_path, r"its header says [\d, x]+ = [\d,]+ bytes; at most 2,147,483,648 are read")


def test_a_header_that_declares_more_than_is_there_takes_no_memory_for_it(tmp_path, data, refused_in_little_memory):
    content = struct.pack(">BBBB3I", 0, 0, 8, 3, 2_000_000, 28, 28) + bytes(1000)
    (write_idx(tmp_path, data) / IMAGES).write_bytes(gzip.compress(content))
    refused_in_little_memory(tmp_path, "truncated: its header says .* but it contains only 1,000")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
@pytest.mark.parametrize("name", [IMAGES, "mine.npz", "train", "train/a/x.png"])
def test_a_named_pipe_is_refused_and_not_waited_for(tmp_path, data, name):
    if name == IMAGES:
        (write_idx(tmp_path, data) / IMAGES).unlink()
    elif name == "train/a/x.png":
        write_pictures(tmp_path, dict.fromkeys("ab", (Image.new("L", (3, 3), 200),)))
    os.mkfifo(tmp_path / name)
    with pytest.raises(DataError, match="expected a regular file, but this is a named pipe"):
        datasets.load(str(tmp_path))


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no such device here")
@pytest.mark.parametrize("name", [IMAGES, "mine.npz"])
def test_a_link_to_a_device_is_refused(tmp_path, data, name):
    if name == IMAGES:
        (write_idx(tmp_path, data) / IMAGES).unlink()
    (tmp_path / name).symlink_to("/dev/zero")
    with pytest.raises(DataError, match="expected a regular file, but this is a device"):
        datasets.load(str(tmp_path))


def test_a_device_is_not_a_picture_either(tmp_path):
    (tmp_path / "x.png").symlink_to(os.devnull)
    with pytest.raises(DataError, match="this is a device"):
        pictures.read(tmp_path / "x.png")


@pytest.mark.parametrize("shape", [(10**12, 28, 28), (10**30,), (3_000_000, 28, 28)])
@pytest.mark.parametrize("role", ["x_train", "y_test"])
def test_an_npz_header_that_declares_more_than_the_limit_is_refused(
    tmp_path, data, role, shape, refused_in_little_memory
):
    path = _npz_with(tmp_path / "a.npz", data, **{role: _npy_header(shape) + bytes(1000)})
    refused_in_little_memory(path, rf"a\.npz, {role}: its header says .* at most 2,147,483,648 are read")


@pytest.mark.parametrize("shape", [(1_000_000, 28, 28), (-1, 6, 5), (29, 6, 5)])
def test_an_npz_header_that_declares_another_size_than_is_there_is_refused(
    tmp_path, data, shape, refused_in_little_memory
):
    path = _npz_with(tmp_path / "a.npz", data, x_train=_npy_header(shape) + bytes(900))
    refused_in_little_memory(path, "its header says .*, but it contains (only )?900")


def test_a_zip_bomb_is_refused_by_the_size_that_it_declares(tmp_path, data, monkeypatch, refused_in_little_memory):
    monkeypatch.setattr("mnist_lab.datasets.npz.MOST_BYTES", 50_000_000)
    path = tmp_path / "a.npz"
    write_npz(path, {role: array for role, array in data.items() if role != "x_train"})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("x_train.npy", "w") as member:
        member.write(_npy_header((100_000, 1000)))
        for _ in range(100):
            member.write(bytes(1_000_000))
    assert path.stat().st_size < 200_000
    refused_in_little_memory(path, "100,000 x 1,000 of uint8 = 100,000,000 bytes; at most 50,000,000 are read")


@pytest.mark.parametrize(
    "header",
    [b"{'descr': '|u1', 'shape': (30,", b"\xff\xfe", b"{" * 5000, b"[1]", b"{'descr': 'u1" + b" " * 40],
    ids=["cut", "bytes", "nested", "a list", "an open quote"],
)
def test_an_npz_header_that_numpy_cannot_read_is_the_files_fault(tmp_path, data, header):
    content = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header
    path = _npz_with(tmp_path / "a.npz", data, x_train=content)
    with pytest.raises(DataError, match=r"a\.npz: the npz archive is truncated or corrupt"):
        datasets.load(str(path))


def test_a_single_array_is_refused_before_it_is_read(tmp_path, refused_in_little_memory):
    path = tmp_path / "a.npz"
    path.write_bytes(_npy_header((10**12,)))
    refused_in_little_memory(path, "a single array")


def _png(width, height):
    """A PNG that declares this size and has next to nothing in it."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(13_000, 13_000), (40_001, 1000), (1, 2**31 - 1)])
def test_a_picture_of_too_many_pixels_is_refused_in_a_class_folder_as_it_is_for_a_prediction(
    tmp_path, size, refused_in_little_memory
):
    for part in ("train", "test"):
        for name in "ab":
            (tmp_path / part / name).mkdir(parents=True)
            (tmp_path / part / name / "x.png").write_bytes(_png(*size))
    refused_in_little_memory(tmp_path, "at most 40 million are read")
    with pytest.raises(DataError, match="at most 40 million are read"):
        pictures.read(tmp_path / "train" / "a" / "x.png")


def test_too_many_pictures_for_their_size_are_refused_after_the_first(tmp_path, monkeypatch):
    write_pictures(tmp_path, dict.fromkeys("ab", (Image.new("RGB", (100, 50)),) * 3))
    monkeypatch.setattr(folders, "MOST_BYTES", 12 * 15_000 - 1)
    with pytest.raises(DataError, match="12 images of 50 x 100 pixels and 3 channels are 180,000 bytes; at most"):
        datasets.load(str(tmp_path))


def test_what_is_within_the_limits_is_read(tmp_path):
    data = arrays()
    assert files.MOST_BYTES > 697_932 * 28 * 28, "EMNIST by class, the largest of MNIST's family, in bytes"
    assert len(datasets.load(str(write_npz(tmp_path / "a.npz", data))).x_train) == 30
