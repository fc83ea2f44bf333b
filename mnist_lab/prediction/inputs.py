"""What a trained network expects, and image files prepared for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from numpy.typing import NDArray

from mnist_lab import datasets
from mnist_lab.datasets import pictures, scale
from mnist_lab.datasets.form import size_of
from mnist_lab.datasets.pictures import Pixels
from mnist_lab.errors import DataError
from mnist_lab.runs import Run

if TYPE_CHECKING:
    from mnist_lab.datasets.centring import Prepared  # imports SciPy

Preparation = Literal["mnist", "resize", "none"]


@dataclass(frozen=True)
class Signature:
    """What a trained network takes and returns."""

    shape: tuple[int, int, int]
    """Height, width and channels of its images."""
    classes: tuple[str, ...]
    """The class of each output, in order."""
    title: str
    """The data set it was trained on."""
    preparation: Preparation
    """How a picture becomes an input: prepared like MNIST's digits, or only resized."""
    assumed: bool = False
    """Whether `preparation` is a guess, because it is not known how the images of this data set were prepared."""
    white: float = 255
    """The value of white pixels in the files of that data set."""
    drawn: bool = True
    """Whether its images show what someone has drawn or written, as far as that is known."""


@dataclass(frozen=True)
class Picture:
    """A picture from a file or an array, as it is and as prepared for the network."""

    path: Path
    """The path of the file, or the name of the array."""
    given: Pixels
    prepared: "Prepared"


def signature_of(run: Run, data_dir: Path | None = None) -> Signature:
    """Return the inputs and classes of the network of `run`; read the data set only if the run does not record them.

    Raises:
        DataError: the data set has to be read and cannot be.
    """
    facts = run.measured.dataset
    by_bytes = (known for known in datasets.KNOWN.values() if known.sha256 == facts.sha256)
    known = datasets.KNOWN.get(run.config.data.dataset) or next(by_bytes, None)
    shape, classes = facts.image_shape, facts.class_names
    if shape is None or classes is None:
        dataset = known or datasets.load(run.config.data, data_dir)
        shape, classes = dataset.image_shape, dataset.classes
    alike = known is not None and known.like_mnist and shape == known.image_shape
    return Signature(
        shape,
        classes,
        facts.label,
        preparation="mnist" if alike else "resize",
        assumed=known is None,
        white=facts.white,
        drawn=known is None or known.drawn,
    )


def read_pictures(
    images: Sequence[Path | NDArray[Any]], signature: Signature, preparation: Preparation | None = None
) -> tuple[list[Picture], list[DataError]]:
    """Read images and prepare them for a network; return the pictures, and an error for each unusable image.

    Args:
        images: paths of image files and .npy files, or arrays as `pictures.of_array` takes them.
        signature: what the network expects.
        preparation: replaces that of `signature`; `none` requires pictures of the right size.

    Raises:
        DataError: no image can be used; lists the problem of each.
    """
    found, problems = [], []
    for i, image in enumerate(images):
        path = image if isinstance(image, Path) else Path(f"image {i}")
        try:
            found.append(_picture(image, path, signature, preparation or signature.preparation))
        except DataError as error:
            named = error.message.startswith(str(path))
            problems.append(error if named else DataError(f"{path}: {error.message}", error.hint))
    if found or not problems:
        return found, problems
    if len(problems) == 1:
        raise problems[0]
    raise DataError("\n".join(str(problem) for problem in problems))


def _picture(image: Path | NDArray[Any], path: Path, signature: Signature, preparation: Preparation) -> Picture:
    of_file = isinstance(image, Path)
    given = pictures.read(path) if of_file else pictures.of_array(image, str(path))
    # Arrays, unlike image files, do not say which value is white.
    white = scale.white_of(given, signature.white, guess=not of_file or path.suffix.lower() == ".npy")
    given = scale.spread(given, white)
    prepared = _prepared(given, signature, preparation)
    if white != scale.FULL:
        prepared = replace(prepared, done=f"scaled from 0..{white:g} to 0..255, then {prepared.done}")
    return Picture(path, given, prepared)


def _prepared(given: Pixels, signature: Signature, preparation: Preparation) -> "Prepared":
    from mnist_lab.datasets import centring

    if preparation == "none" and given.shape[:2] != signature.shape[:2]:
        raise DataError(
            f"with --prepare none, expected {size_of(signature.shape)}, received {size_of(given.shape)}.",
            "Omit --prepare, or resize the image.",
        )
    if preparation != "mnist":
        return centring.resized(given, signature.shape)
    if signature.shape != (centring.SIDE, centring.SIDE, 1):
        raise DataError(
            f"--prepare mnist produces 28 x 28 grey images; this network expects {size_of(signature.shape)} ones.",
            "Use --prepare resize.",
        )
    return centring.like_mnist(given)
