"""Reads the IDX format, MNIST's own: a magic number, the sizes, then bytes; plain or gzipped.

The magic number is two zero bytes, one for the type of the values (8 is an unsigned byte, the only one
read here) and one for the number of dimensions: 1 for labels, 3 for greyscale images, 4 for images with
channels. Each size follows as a big-endian 32-bit integer. Described by Y. LeCun, C. Cortes and
C. J. C. Burges, "The MNIST database of handwritten digits".
"""

import gzip
import math
import re
import struct
import zlib
from io import BufferedIOBase
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_lab.datasets import emnist, roles
from mnist_lab.datasets.dataset import ROLES, Raw
from mnist_lab.datasets.files import MOST_BYTES, entries, kind, opened, read_at_most, unzipped
from mnist_lab.datasets.known import GZIPPED_IDX
from mnist_lab.errors import DataError

_FILE_NAME = re.compile(
    r"(?!\.)(?:.*[-_.])?(?:train|t10k|test)[-_.](?:image|label)s?(?:[-_.](?:idx\d?|ubyte|gz))+", re.IGNORECASE
)
_DIMENSIONS = {"x": (3, 4), "y": (1,)}
_UNSIGNED_BYTE = 8
_AGAIN = "Delete the file and fetch it again."


def read_folder(folder: Path, prefix: str = "") -> Raw | None:
    """Read the four IDX files of a folder; None if it has none.

    Names are those of MNIST or pair up like them: `train` and `t10k` or `test`, `images` and `labels`; `prefix` is how
    they begin if a folder has several data sets. EMNIST's images, which are stored transposed, are returned upright.

    Raises:
        DataError: a file is missing, damaged or not IDX, or there are two candidates for one array.
    """
    files = find_files(folder, prefix)
    if not files:
        return None
    if missing := [name for role, name in zip(ROLES, GZIPPED_IDX, strict=True) if role not in files]:
        raise DataError(
            f"{folder}: the data set is not complete.\n"
            f"  found:   {', '.join(path.name for path in files.values())}\n"
            f"  missing: {', '.join(missing)} (with or without .gz)"
        )
    paths = [files[role] for role in ROLES]
    arrays = {role: read_file(path, _DIMENSIONS[role[0]]) for role, path in zip(ROLES, paths, strict=True)}
    kind = "gzipped IDX" if all(path.suffix.lower() == ".gz" for path in paths) else "IDX"
    raw = Raw(arrays, {role: str(path) for role, path in files.items()}, tuple(paths), f"{folder} ({kind})")
    return emnist.upright(raw)


def find_files(folder: Path, prefix: str = "") -> dict[str, Path]:
    """Return the IDX files of a folder by the array they hold; gzip is preferred, as it has a checksum.

    Raises:
        DataError: two files of different names for the same array, or an unreadable folder.
    """
    names = {
        path.name: path
        for path in entries(folder)
        if path.name.startswith(prefix) and _FILE_NAME.fullmatch(path.name) and kind(path) == "file"
    }
    gzipped = {name[:-3] for name in names if name.lower().endswith(".gz")}
    found = roles.by_role((name for name in names if name not in gzipped), str(folder))
    return {role: names[name] for role, name in found.items()}


def read_file(path: Path, dimensions: tuple[int, ...]) -> NDArray[np.uint8]:
    """Read one IDX file of unsigned bytes, with one of these numbers of dimensions.

    A gzipped file is recognized by its first bytes.

    Raises:
        DataError: unreadable, damaged, too large, another magic number, or a length other than the header's.
    """
    with opened(path) as file:
        try:
            return _parse(path, unzipped(file), dimensions)
        except EOFError as error:
            raise DataError(
                f"{path}: the gzip file is truncated after {path.stat().st_size:,} bytes.",
                f"The download or copy was probably interrupted. {_AGAIN}",
            ) from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise DataError(f"{path}: the gzip file is corrupt ({error}).", _AGAIN) from error


def _parse(path: Path, file: BufferedIOBase, dimensions: tuple[int, ...]) -> NDArray[np.uint8]:
    """Read the header, then the bytes that it declares and at most one more."""
    magic = file.read(4)
    wanted = " or ".join(f"0x{_UNSIGNED_BYTE << 8 | n:08x}" for n in dimensions)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        raise DataError(
            f"{path}: not an IDX file: expected the magic number {wanted}, received"
            f" {f'0x{magic.hex()}' if magic else 'an empty file'}."
        )
    kind, count = magic[2], magic[3]
    if kind != _UNSIGNED_BYTE or count not in dimensions:
        meaning = {(8, 1): ", a file of labels", (8, 3): ", a file of images"}.get((kind, count), "")
        raise DataError(f"{path}: expected the IDX magic number {wanted}, received 0x{magic.hex()}{meaning}.")
    sizes = file.read(4 * count)
    if len(sizes) < 4 * count:
        raise DataError(f"{path}: truncated within its header, after {len(magic) + len(sizes)} bytes.")
    shape = struct.unpack(f">{count}I", sizes)
    declared = math.prod(shape)
    says = f"its header says {' x '.join(f'{n:,}' for n in shape)} = {declared:,} bytes"
    if declared > MOST_BYTES:
        raise DataError(f"{path}: {says}; at most {MOST_BYTES:,} are read.")
    content = read_at_most(file, declared)
    if len(content) < declared:
        raise DataError(f"{path}: truncated: {says}, but it contains only {len(content):,}.", _AGAIN)
    if file.read(1):  # reading on also verifies the checksum of gzip
        raise DataError(f"{path}: too long: {says}, but it contains more.", _AGAIN)
    # From a bytearray, so that the array is writable, as PyTorch requires.
    return np.frombuffer(content, np.uint8).reshape(shape)
