"""The known data sets: what they contain, the hashes that verify them, and where they can be downloaded."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from mnist_lab.datasets.dataset import ROLES, combined_digest
from mnist_lab.datasets.files import opened

GZIPPED_IDX = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
"""The names of the files in which MNIST was published, in the order of `ROLES`; Fashion-MNIST has the same."""


@dataclass(frozen=True)
class Mirror:
    """A place on the network that has all files of a data set."""

    base: str
    """The address to which the files' names are appended."""
    files: tuple[str, ...] = GZIPPED_IDX
    """One npz archive, or the four gzipped IDX files."""
    archive: str | None = None
    """The zip archive with the files, if they are not available separately."""
    archive_bytes: int = 0
    """Size of the archive."""


@dataclass(frozen=True)
class KnownSet:
    """A published data set."""

    name: str
    """Name in configurations."""
    title: str
    """Name for display."""
    description: str
    """What it shows, in a few words."""
    licence: str
    """Licence under which it may be used."""
    rows: tuple[int, int]
    """The numbers of training and test images."""
    classes: tuple[str, ...]
    """One name per class."""
    image_shape: tuple[int, int, int] = (28, 28, 1)
    """Height, width, channels."""
    array_sha256: tuple[str, ...] | None = None
    """The SHA-256 of the four arrays' bytes, in the order of `ROLES`, if they are known."""
    gzip_sha256: tuple[str, ...] | None = None
    """The SHA-256 of the four gzipped IDX files as published, if they are known."""
    mirrors: tuple[Mirror, ...] = ()
    """Where to download it, in this order; none if it comes with the package."""
    keras_cache: str | None = None
    """Name of its archive or folder in Keras' own cache."""
    like_mnist: bool = False
    """Whether drawings are prepared for it as for MNIST: light on dark, fitted into a box and centred."""
    drawn: bool = True
    """Whether its images show drawing or handwriting."""
    first_label: int = 0
    """The label of the first class in its files; the others follow."""
    folder: str = ""
    """The folder of its files below a data folder; default: its name."""
    prefix: str = ""
    """How the names of its files begin, if `folder` has those of several sets."""

    def __post_init__(self) -> None:
        if not self.folder:
            object.__setattr__(self, "folder", self.name)

    @property
    def class_names(self) -> dict[int, str]:
        """The names of the classes by their labels."""
        return dict(enumerate(self.classes, self.first_label))

    @property
    def sha256(self) -> str | None:
        """One hash over the arrays, as in `Dataset`, if they are known."""
        return combined_digest(self.array_sha256) if self.array_sha256 else None

    @property
    def most_bytes(self) -> int:
        """Upper bound on the size of its files, in bytes: uncompressed, with 64-bit labels."""
        return sum(self.rows) * (math.prod(self.image_shape) + 8) + 2**20

    @property
    def bundled(self) -> bool:
        """Whether it comes with the package."""
        return not self.mirrors


_DIGITS = tuple("0123456789")
_LETTERS = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_CLOTHES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip


def _emnist(split: str, **facts: Any) -> KnownSet:
    """One of EMNIST's sets, whose files are in one archive with those of the others.

    TensorFlow Datasets only lists the SHA-256 of the archive; for the files in it, two public lists of hashes agree.
    """
    prefix = f"emnist-{split}-"
    files = tuple(prefix + name.replace("t10k", "test") for name in GZIPPED_IDX)
    homes = "https://biometrics.nist.gov/cs_links/EMNIST/", "https://www.itl.nist.gov/iaui/vip/cs_links/EMNIST/"
    return KnownSet(
        name=f"emnist_{split}",
        title=f"EMNIST {split}",
        licence="not stated",
        mirrors=tuple(Mirror(home, files, "gzip.zip", 561_753_746) for home in homes),
        like_mnist=True,
        folder="emnist",
        prefix=prefix,
        **facts,
    )


KNOWN: dict[str, KnownSet] = {
    known.name: known
    for known in (
        KnownSet(
            name="mnist",
            title="MNIST",
            description="handwritten digits",
            licence="CC BY-SA 3.0",
            rows=(60_000, 10_000),
            classes=_DIGITS,
            array_sha256=(
                "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
                "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
                "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
                "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
            ),
            mirrors=(
                Mirror("https://storage.googleapis.com/tensorflow/tf-keras-datasets/", ("mnist.npz",)),
                Mirror("https://ossci-datasets.s3.amazonaws.com/mnist/"),
                Mirror("https://storage.googleapis.com/cvdf-datasets/mnist/"),
            ),
            keras_cache="mnist.npz",
            like_mnist=True,
        ),
        KnownSet(
            name="fashion_mnist",
            title="Fashion-MNIST",
            description="clothing items",
            licence="MIT",
            rows=(60_000, 10_000),
            classes=_CLOTHES,
            # As listed in TensorFlow Datasets' url_checksums/fashion_mnist.txt. The arrays' own hashes are
            # not published, so an unpacked or converted copy cannot be verified.
            gzip_sha256=(
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            ),
            mirrors=(
                Mirror("https://storage.googleapis.com/tensorflow/tf-keras-datasets/"),
                Mirror("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"),
            ),
            keras_cache="fashion-mnist",
            drawn=False,
        ),
        KnownSet(
            name="kmnist",
            title="KMNIST",
            description="cursive Japanese characters",
            licence="CC BY-SA 4.0",
            rows=(60_000, 10_000),
            classes=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
            # As listed in TensorFlow Datasets' url_checksums/kmnist.txt.
            gzip_sha256=(
                "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
                "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
                "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
                "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
            ),
            mirrors=(
                Mirror("https://codh.rois.ac.jp/kmnist/dataset/kmnist/"),
                Mirror("http://codh.rois.ac.jp/kmnist/dataset/kmnist/"),
            ),
        ),
        _emnist(
            "letters",
            description="handwritten letters",
            rows=(124_800, 20_800),
            classes=_LETTERS,
            first_label=1,
            gzip_sha256=(
                "6288f418a917e007bf5fddb823a2dc7a5c6a35031401b93292a539cb12bd881f",
                "9759af91ea6bccdf07a6040fd085861f2ec88e37f7c3f5760f6feb57106fbe5c",
                "50f0e93d75b99b463e9760b8345866f22587fa2c2fba472730a5ba09c693412d",
                "924955c31fe7fd809b7303b5c0141282955f4b8390c74cdfd5d80435e0f4b4cb",
            ),
        ),
        _emnist(
            "balanced",
            description="digits and letters",
            rows=(112_800, 18_800),
            classes=(*_DIGITS, *_LETTERS, *"abdefghnqrt"),
            gzip_sha256=(
                "74295e75e4e9fa2c102147460ee7eb763653d5132d883a84fb88932bfb8d2db4",
                "b46d41e5156a0a8aaaa4d18979fdd1588850fa8571018acffd5d93b325a7d6ed",
                "117fc12b015e37ea98bfb2cbba3f77c3782c056cdbd219b87abfc8661d7135db",
                "a67cac948379b67270b9a4d0a01c8ec661598accf2f2b1964340b7c83cb175cd",
            ),
        ),
        _emnist(
            "digits",
            description="handwritten digits",
            rows=(240_000, 40_000),
            classes=_DIGITS,
            gzip_sha256=(
                "f7c95004d14d81af89522e67d8f0c781dfb3bd544181c81bfe1eb6b41c35b726",
                "6638a6ff5fe2eefd9cca2471995b46c82986b8e4b2a70d2f5ce8e05d7edb319e",
                "20ebe43509264f7639d37c835a3f0b009e90b29e00a099a03101abe1644a3f63",
                "bad1834c45d5988e270b99d43b13edc3fd898f658ffbc2caf2846ef27f7b05b0",
            ),
        ),
        KnownSet(
            name="digits",
            title="UCI digits (not MNIST)",
            description="UCI digits (not MNIST)",
            licence="CC BY 4.0",
            rows=(1_437, 360),
            classes=_DIGITS,
            array_sha256=(
                "e508d0b8efa3593b34dcff104bdf63eeb9563ddad3707c056d4f1ab2e719ae8a",
                "970cadb89f4956ed733d1a7ac5d4b2a4d50b094c268f69917fccec48910cfeaf",
                "03376cba12e2ef2971ce252dbfba03fbcc6f21e7a24a73a4e38078b78920c9f9",
                "28beeed8f5e51f11d7ddbd7a14a006d30684c0abbb11aaeba722dfe30c55514b",
            ),
            like_mnist=True,
        ),
    )
}


def judge(known: KnownSet, files: Sequence[Path], digests: Mapping[str, str]) -> tuple[bool, str]:
    """Whether data are a published set, by the SHA-256 of arrays or gzipped files, and how that was decided."""
    if known.array_sha256 is not None:
        expected, found, what = known.array_sha256, {role: digests[role] for role in ROLES}, "arrays"
    elif known.gzip_sha256 and len(files) == len(ROLES) and {path.suffix.lower() for path in files} == {".gz"}:
        expected, what = known.gzip_sha256, "gzipped files"
        found = {path.name: _file_digest(path) for path in files}
    else:
        return False, (
            f"cannot be verified: {known.title} is recognized by its four gzipped IDX files as published,"
            " and these data are in another format"
        )
    differ = [name for (name, sha), right in zip(found.items(), expected, strict=True) if sha != right]
    if not differ:
        return True, f"the SHA-256 hashes of all four {what} match those of {known.title}"
    hashes, do = ("hash", "does") if len(differ) == 1 else ("hashes", "do")
    return False, f"the SHA-256 {hashes} of {', '.join(differ)} {do} not match {known.title}"


def recognize(
    files: Sequence[Path], arrays: Mapping[str, NDArray[Any]], digests: Mapping[str, str]
) -> tuple[KnownSet, str] | None:
    """Return the published set that data are, whatever their folder is called, and how that was decided."""
    if digests.keys() != set(ROLES):
        return None
    rows = (len(arrays["x_train"]), len(arrays["x_test"]))
    for known in KNOWN.values():
        if rows == known.rows and arrays["x_train"].shape[1:] == known.image_shape:
            genuine, check = judge(known, files, digests)
            if genuine:
                return known, check
    return None


def _file_digest(path: Path) -> str:
    with opened(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
