"""The formats that networks can be exported to, and what each of them needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from mnist_lab.errors import SetupError
from mnist_lab.system.installation import extra_command, package_command

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mnist_lab.exports.trained import Trained

Quantization = Literal["int8"]
EXTRA = "export"
"""The extra of `pyproject.toml` with the packages that formats need."""


class Writer(Protocol):
    """What the module of a format provides."""

    def write(self, networks: "Sequence[Trained]", path: Path, quantize: Quantization | None) -> None:
        """Write the networks to `path`, a file or folder that does not exist yet and has the suffix of the format.

        There is one network, or several if the format takes several runs `together`. `quantize` is given only to a
        format that `quantizes`.

        Raises:
            InputError: the format does not support the network; names the layer.
        """
        ...

    def predicted(self, path: Path, index: int, images: "NDArray[np.uint8]") -> "NDArray[np.floating[Any]]":
        """Load the file with the runtime of the format, and apply it as its users will.

        Returns the probabilities (n, classes) of network number `index` in the file for images of raw pixels
        (n, height, width, channels) in 0..255.
        """
        ...


@dataclass(frozen=True)
class Format:
    """An export format."""

    name: str
    title: str
    """Name for people."""
    suffix: str
    """Suffix of its files; empty for folders."""
    module: str
    """Module of its `Writer`, below `mnist_lab.exports`."""
    packages: tuple[str, ...] = ()
    """Modules that it imports: TensorFlow, and those of the extra `EXTRA`."""
    quantizes: bool = False
    """Whether networks can be quantized."""
    together: bool = False
    """Whether one file holds several networks."""
    marker: str = ""
    """For a folder: the file by which it is recognized."""

    def check_installed(self) -> None:
        """Check that the packages of the format are installed.

        Raises:
            SetupError: one is not.
        """
        if missing := [package for package in self.packages if not find_spec(package)]:
            which, them = ("which is", "it") if len(missing) == 1 else ("which are", "them")
            raise SetupError(
                f"Exporting to {self.title} needs {', '.join(missing)}, {which} not installed.",
                f"Install {them}: {package_command(*missing) if 'tensorflow' in missing else extra_command(EXTRA)}",
            )

    def writer(self) -> Writer:
        """Import the format's module, which may import heavy packages."""
        return import_module(f"mnist_lab.exports.{self.module}")  # pyright: ignore[reportReturnType]


FORMATS = {
    form.name: form
    for form in (
        Format("onnx", "ONNX", ".onnx", "onnx", ("tensorflow", "tf2onnx", "onnx", "onnxruntime"), quantizes=True),
        Format("litert", "LiteRT", ".tflite", "litert", ("tensorflow",), quantizes=True),
        Format("saved_model", "SavedModel", "", "saved_model", ("tensorflow",), marker="saved_model.pb"),
        Format("html", "HTML", ".html", "page.writer", together=True),
    )
}
"""Formats by name, in the order in which they are listed."""
