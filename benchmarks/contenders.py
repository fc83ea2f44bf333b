"""The contenders, that is, ways to train a network, and the settings they share."""

import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from benchmarks.data import Data
from benchmarks.nets import Net
from mnist_lab import backends


@dataclass(frozen=True)
class Contender:
    """A way to train a network.

    Attributes:
        name: name in results.json and on the command line.
        title: name in reports.
        kind: `script` (plain Keras), `family` (the same in one process for all experiments), `loop` (PyTorch by
            hand) or `lab` (mnist-lab).
        backend: Keras' backend; None without Keras.
        precision: Keras' dtype policy; others than float32 are measured only on CNNs.
    """

    name: str
    title: str
    kind: str
    backend: str | None
    precision: str = "float32"

    def takes(self, net: Net, *, gpu: bool) -> bool:
        """Whether it is measured on this network."""
        if self.kind == "family":
            return False
        if self.precision != "float32":
            return net.convolves
        # Keras' RandomRotation makes a whole model eager on JAX, and JAX is slow at convolutions on a CPU: a script
        # that no one would write.
        return not (self.kind == "script" and self.backend == "jax" and net.convolves and not gpu)


REFERENCE = "keras-tensorflow"
"""The contender that all others are compared with."""

CONTENDERS = {
    contender.name: contender
    for contender in (
        Contender(REFERENCE, "Keras script, TensorFlow", "script", "tensorflow"),
        Contender("keras-jax", "Keras script, JAX", "script", "jax"),
        Contender("family-tensorflow", "one Keras script for all, TensorFlow", "family", "tensorflow"),
        Contender("family-jax", "one Keras script for all, JAX", "family", "jax"),
        Contender("torch", "PyTorch loop", "loop", None),
        Contender("lab-tensorflow", "mnist-lab, TensorFlow", "lab", "tensorflow"),
        Contender("lab-jax", "mnist-lab, JAX", "lab", "jax"),
        Contender("lab-bfloat16", "mnist-lab, TensorFlow, mixed_bfloat16", "lab", "tensorflow", "mixed_bfloat16"),
    )
}


@dataclass(frozen=True)
class Setting:
    """What all measurements share: the data, the device (`cpu` or `gpu`), and the interpreter with PyTorch."""

    data: Data
    device: str
    torch_python: str = sys.executable

    def missing(self, contender: Contender) -> str | None:
        """Return the package that the contender needs and that is not installed, if there is one."""
        if contender.kind != "loop":
            return None if contender.backend in backends.installed() else contender.backend
        there = self.torch_python != sys.executable or find_spec("torch")
        return None if there else "torch"

    def environment(self, contender: Contender, folder: Path) -> dict[str, str]:
        """Environment variables of a process of the contender, whose files go into `folder`."""
        variables = backends.environment(contender.backend or "torch", self.device)
        # A script keeps no compiled programs, and mnist-lab must not use those of an earlier measurement.
        variables = {name: value for name, value in variables.items() if "_CACHE_" not in name}
        return variables | ({"JAX_COMPILATION_CACHE_DIR": str(folder / "cache")} if contender.kind == "lab" else {})
