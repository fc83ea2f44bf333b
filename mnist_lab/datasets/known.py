"""The data sets that have a name: what they are, how their bytes are recognised and where they can be had.

A new one is one more entry in `KNOWN`.
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mnist_lab.datasets.dataset import ROLES, Raw, combined_digest
from mnist_lab.datasets.files import opened

GZIPPED_IDX = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
"""The files' names as MNIST was published, in the order of `ROLES`; Fashion-MNIST has the same."""


@dataclass(frozen=True)
class Mirror:
    """A place on the network that has all files of a data set.

    Attributes:
        base: the address that the files' names are appended to.
        files: one npz archive, or the four gzipped IDX files.
    """

    base: str
    files: tuple[str, ...] = GZIPPED_IDX


@dataclass(frozen=True)
class KnownSet:
    """A published data set.

    Attributes:
        name: as in a configuration.
        title: for people.
        description: what it shows, in a few words.
        licence: under which it may be used.
        rows: the numbers of training and test images.
        image_shape: height, width, channels.
        classes: one name per class.
        array_sha256: the SHA-256 of the four arrays' bytes, in the order of `ROLES`, if they are known.
        gzip_sha256: the SHA-256 of the four gzipped IDX files as published, if those are what is known.
        mirrors: where to download it, in this order; none if it comes with the package.
        keras_cache: what Keras calls it in its own cache, an archive or a folder.
        like_mnist: whether its images were prepared as MNIST's were: fitted into a box and centred by their mass.
    """

    name: str
    title: str
    description: str
    licence: str
    rows: tuple[int, int]
    classes: tuple[str, ...]
    image_shape: tuple[int, int, int] = (28, 28, 1)
    array_sha256: tuple[str, ...] | None = None
    gzip_sha256: tuple[str, ...] | None = None
    mirrors: tuple[Mirror, ...] = ()
    keras_cache: str | None = None
    like_mnist: bool = False

    @property
    def sha256(self) -> str | None:
        """One hash over the arrays, as `Dataset` has it, if they are known."""
        return combined_digest(self.array_sha256) if self.array_sha256 else None

    @property
    def most_bytes(self) -> int:
        """What no file of it exceeds, even without compression and with labels of 64 bits."""
        return sum(self.rows) * (math.prod(self.image_shape) + 8) + 2**20

    @property
    def bundled(self) -> bool:
        """Whether it comes with the package."""
        return not self.mirrors


_DIGITS = tuple("0123456789")

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
            description="pictures of clothes",
            licence="MIT",
            rows=(60_000, 10_000),
            classes=(
                "T-shirt/top",
                "Trouser",
                "Pullover",
                "Dress",
                "Coat",
                "Sandal",
                "Shirt",
                "Sneaker",
                "Bag",
                "Ankle boot",
            ),
            # As listed in TensorFlow Datasets' url_checksums/fashion_mnist.txt. The arrays' own hashes are
            # not published, so an unpacked or converted copy cannot be told genuine.
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


def judge(known: KnownSet, raw: Raw, digests: Mapping[str, str]) -> tuple[bool, str]:
    """Whether data are a published set, by its arrays' SHA-256 or else by its gzipped files', and how that was told."""
    if known.array_sha256 is not None:
        expected, found, what = known.array_sha256, {role: digests[role] for role in ROLES}, "arrays"
    elif known.gzip_sha256 is not None and len(raw.files) == len(ROLES) and all(map(_is_gzip, raw.files)):
        expected, what = known.gzip_sha256, "gzipped files"
        found = {path.name: _file_digest(path) for path in raw.files}
    else:
        return False, (
            f"cannot be told: {known.title} is recognised by its four gzipped IDX files as published,"
            " and these data came in another form"
        )
    differ = [name for (name, sha), right in zip(found.items(), expected, strict=True) if sha != right]
    if not differ:
        return True, f"the SHA-256 of all four {what} are those of {known.title}"
    return False, f"the SHA-256 of {', '.join(differ)} {'is' if len(differ) == 1 else 'are'} not that of {known.title}"


def recognise(raw: Raw, digests: Mapping[str, str]) -> tuple[KnownSet, str] | None:
    """The published set that data are, whatever their folder is called, and how that was told."""
    rows = (len(raw.arrays["x_train"]), len(raw.arrays["x_test"]))
    for known in KNOWN.values():
        if rows == known.rows and raw.arrays["x_train"].shape[1:] == known.image_shape:
            genuine, check = judge(known, raw, digests)
            if genuine:
                return known, check
    return None


def _is_gzip(path: Path) -> bool:
    return path.suffix.lower() == ".gz"


def _file_digest(path: Path) -> str:
    with opened(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
