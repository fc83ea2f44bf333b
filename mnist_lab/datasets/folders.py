"""Reads a data set from pictures in folders: `train/<class>/*.png`, `test/...` and `val/...`, or just `<class>/*.png`.

Skipped files are reported in the notes of the `Raw`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ImageOps

from mnist_lab.datasets.dataset import Raw
from mnist_lab.datasets.files import MOST_BYTES, entries, is_folder, kind, printable
from mnist_lab.datasets.form import AS_IT_IS, Form
from mnist_lab.datasets.pictures import FORMAT_NAMES, Pixels, decoded, pixels_of
from mnist_lab.errors import DataError
from mnist_lab.text.quantities import count, such_as

_SUFFIXES = frozenset((
    ".bmp", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff", ".webp",
))  # fmt: skip
"""The usual suffixes of `pictures.FORMATS`; the content decides the format."""
_RESIZE = "data.resize: 28, or [height, width] (--set data.resize=28; with mnist-lab data, --resize 28)"
_PARTS = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
"""The parts by the names of their folders."""
NAMED = 20
"""At most this many unreadable pictures are named."""
_DEEPEST = 50
"""Levels of folders below a class."""


def read_folder(folder: Path, form: Form = AS_IT_IS) -> Raw | None:
    """Read the pictures below `train` and `test`, or below folders of classes; None if there is neither.

    The classes are the names of the folders, in numerical order if all are numbers. A class may have subfolders, whose
    pictures belong to it. There is one channel if all pictures are greyscale, otherwise three. They may differ in size
    only if `form` sets one.

    Raises:
        DataError: a missing part or class, an empty class, a picture that cannot be read or has another size, or
            more pixels than `MOST_BYTES` allows.
    """
    parts = _parts(folder)
    if not parts:
        return None
    classes = _class_names(parts["train"])
    for path in parts.values():
        if strangers := set(_class_names(path)) ^ set(classes):
            name = min(strangers)
            has, lacks = ("train", path.name) if name in classes else (path.name, "train")
            raise DataError(f"{folder}: class {name!r} has a folder in {has}, but none in {lacks}.")
    skipped: list[Path] = []
    found = {part: _scan(path, classes, skipped) for part, path in parts.items()}
    files = [file for pictures in found.values() for _, file in pictures]
    notes = _skipped(folder, parts, skipped)
    pixels = _one_number_of_channels(folder, files, _read_all(folder, files, form, notes), notes)
    arrays: dict[str, NDArray[Any]] = {}
    for part, pictures in found.items():
        arrays[f"x_{part}"] = np.stack([next(pixels) for _ in pictures])
        arrays[f"y_{part}"] = np.array([label for label, _ in pictures], np.int64)
    places = {f"{kind}_{part}": str(path) for kind in "xy" for part, path in parts.items()}
    return Raw(arrays, places, (folder,), f"{folder} (pictures)", dict(enumerate(classes)), tuple(notes))


def _parts(folder: Path) -> dict[str, Path]:
    """Return the folders of the parts; the folder itself, for training, if it only has classes with pictures."""
    parts = {part: folder / name for name, part in _PARTS.items() if kind(folder / name) == "folder"}
    if "train" in parts:
        return parts
    if "test" in parts:
        raise DataError(f"{folder}: has no folder 'train'; expected train/<class>/*.png and test/<class>/*.png.")
    return {"train": folder} if len(below := _folders(folder)) == len(_classes(below)) > 1 else {}


def check_classes(folder: Path) -> None:
    """Raise a DataError if the folder has the images of one class only."""
    if len(found := _classes(_folders(folder))) == 1:
        raise DataError(
            f"{folder}: only one folder of images, {found[0].name}; a data set needs one for each of at least two"
            " classes."
        )


def _classes(folders: Iterable[Path]) -> list[Path]:
    """Those of the folders that have images."""
    return [path for path in folders if any(file.suffix.lower() in _SUFFIXES for file in entries(path))]


def _read_all(folder: Path, files: Sequence[Path], form: Form, notes: list[str]) -> list[Pixels]:
    """Read the pixels of all files, converted to a form in which they have one size and fit into memory."""
    pictures: list[Pixels] = []
    framed: list[Path] = []
    before: Counter[tuple[int, ...]] = Counter()
    problems: list[DataError] = []
    for path in files:
        try:
            pixels, frames = _read_picture(path)
        except DataError as error:
            problems.append(error)
            continue
        if problems:  # the rest are only read to report all problems at once
            continue
        framed += [path] if frames else []
        before[pixels.shape[:2]] += 1
        pixels = form.applied(pixels)
        if pictures and pixels.shape[:2] != pictures[0].shape[:2]:
            raise DataError(
                f"{path}: is {_size(pixels.shape)}, but {files[0]} is {_size(pictures[0].shape)}"
                " (height x width); all images must have the same size.",
                f"Resize them: {_RESIZE}.",
            )
        if pixels.size * len(files) > MOST_BYTES:
            raise DataError(
                f"{folder}: {len(files):,} images of {_size(pixels.shape)} pixels and {pixels.shape[2]} channels are"
                f" {pixels.size * len(files):,} bytes; at most {MOST_BYTES:,} are read.",
                f"Resize them: {_RESIZE}; MNIST's are 28 x 28.",
            )
        pictures.append(pixels)
    if problems:
        raise _all_of(folder, problems, len(files))
    if form.size and set(before) != {form.size}:
        sizes = f"{_size(max(before, key=before.__getitem__))} (height x width)"
        others = f" and {count(len(before) - 1, 'other size')}" if len(before) > 1 else ""
        notes.append(f"The images, {sizes}{others}, were resized to {_size(form.size)}.")
    if framed:
        notes.append(
            f"Read only the first frame or page of {count(len(framed), 'file')} with several"
            f"{such_as(len(framed), printable(framed[0].relative_to(folder)))}."
        )
    return pictures


def _all_of(folder: Path, problems: Sequence[DataError], files: int) -> DataError:
    """One error for all pictures that cannot be read."""
    if len(problems) == 1:
        return problems[0]
    lines = [f"  {problem.message}" for problem in problems[:NAMED]]
    if len(problems) > NAMED:
        lines.append(f"  and {len(problems) - NAMED:,} more")
    text = f"{folder}: {len(problems):,} of {files:,} images cannot be read:"
    return DataError("\n".join([text, *lines]), "Replace or remove these files.")


def _one_number_of_channels(
    folder: Path, files: Sequence[Path], pictures: list[Pixels], notes: list[str]
) -> Iterator[Pixels]:
    """Give all pictures the same number of channels: if they differ, one if no pixel has colour, else three."""
    if len({picture.shape[2] for picture in pictures}) == 1:
        return iter(pictures)
    colour = [path for path, picture in zip(files, pictures, strict=True) if (picture != picture[..., :1]).any()]
    if not colour:
        return (picture[..., :1] for picture in pictures)
    notes.append(
        f"All images are read in colour, with three channels, because {len(colour):,} of {len(files):,}"
        f" {'is' if len(colour) == 1 else 'are'}{such_as(len(colour), printable(colour[0].relative_to(folder)))};"
        " for greyscale: data.grey: true."
    )
    return (np.broadcast_to(picture, (*picture.shape[:2], 3)) for picture in pictures)


def _read_picture(path: Path) -> tuple[Pixels, bool]:
    """Return the pixels of a file, and whether these are only the first of several frames or pages.

    They are (height, width, channels) with one channel if stored in greyscale, else three, and rotated as the camera
    recorded, as `pictures` does for predictions.

    Raises:
        DataError: not a picture, damaged, too large, with more than 8 bits per channel, or with transparent pixels
            (whose colour depends on the background).
    """
    with decoded(path) as opened:
        frames = opened.format in ("GIF", "PNG", "TIFF", "WEBP") and getattr(opened, "is_animated", False)
        image = ImageOps.exif_transpose(opened)
        if image.mode in ("I", "F") or image.mode.startswith("I;16"):
            raise DataError(f"{path}: has more than 8 bits per channel ({image.mode}); save it with 8.")
        if image.has_transparency_data and np.asarray(image.convert("RGBA").getchannel("A")).min() < 255:
            raise DataError(f"{path}: has transparent pixels; save it on a background.")
        return pixels_of(image), frames


def _class_names(folder: Path) -> tuple[str, ...]:
    names = [path.name for path in _folders(folder)]
    if not names:
        raise DataError(f"{folder}: has no folders; expected one for each class, with its images.")
    if strange := [name for name in names if printable(name) != name]:
        raise DataError(
            f"{printable(folder / strange[0])}: expected the name of a class, in UTF-8; this name is not.",
            "Rename the folder, in both train and test.",
        )
    return tuple(sorted(names, key=int) if all(name.isdecimal() for name in names) else sorted(names))


def _folders(folder: Path) -> list[Path]:
    """Return the folders in a folder, except hidden ones."""
    return [path for path in entries(folder) if is_folder(path) and not path.name.startswith(".")]


def _scan(folder: Path, classes: Sequence[str], skipped: list[Path]) -> list[tuple[int, Path]]:
    """Return the class and the file of each picture of a part, in this order; other files are added to `skipped`."""
    skipped += [path for path in entries(folder) if not is_folder(path) and not path.name.startswith(".")]
    found: list[tuple[int, Path]] = []
    for label, name in enumerate(classes):
        files = _files(folder / name, [])
        pictures = [path for path in files if path.suffix.lower() in _SUFFIXES]
        if not pictures:
            raise DataError(
                f"{folder / name}: this class is empty; expected images in a format that can be read:"
                f" {FORMAT_NAMES}, with its usual suffix."
            )
        found += [(label, path) for path in pictures]
        skipped += [path for path in files if path.suffix.lower() not in _SUFFIXES]
    return found


def _files(folder: Path, above: list[tuple[int, int]]) -> list[Path]:
    """All files below a folder in the order of their paths, except hidden ones; links to folders above are errors."""
    status = folder.stat()
    here = (status.st_dev, status.st_ino)
    if here in above:
        raise DataError(f"{folder}: a link to a folder that contains it.", "Remove the link.")
    if len(above) > _DEEPEST:
        raise DataError(f"{folder}: nested more than {_DEEPEST} folders deep.")
    found: list[Path] = []
    for path in entries(folder):
        if not path.name.startswith("."):
            found += _files(path, [*above, here]) if is_folder(path) else [path]
    return found


def _skipped(folder: Path, parts: Mapping[str, Path], paths: Iterable[Path]) -> list[str]:
    """Return notes about files and folders that were not read, by suffix and reason."""
    depth = 1 if folder in parts.values() else 2
    reasons: dict[str, list[Path]] = {}
    for path in paths:
        in_class = len(path.relative_to(folder).parts) > depth
        known = path.suffix.lower() in _SUFFIXES
        suffix = f"a file ending in {path.suffix}" if path.suffix else "a file without a suffix"
        reason = "it is in no class's folder" if known and not in_class else f"{suffix} is not read as an image"
        reasons.setdefault(reason, []).append(path)
    notes = [
        f"Skipped {count(len(files), 'file')}{such_as(len(files), printable(files[0].relative_to(folder)))}: {reason}."
        for reason, files in reasons.items()
    ]
    if depth == 2 and (names := {path.name for path in _folders(folder)} - {path.name for path in parts.values()}):
        shown = ", ".join(printable(name) for name in sorted(names))
        notes.append(
            f"Skipped everything outside the folders {' and '.join(path.name for path in parts.values())}: {shown}."
        )
    return notes


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[0]} x {shape[1]}"
