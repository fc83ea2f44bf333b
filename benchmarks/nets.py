"""The nets that are measured, the contenders that train them, and one such training as a measurement."""

import json
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.data import TRAIN, Data
from benchmarks.process import Finished, run
from mnist_lab import backends


@dataclass(frozen=True)
class Net:
    """An experiment, and how long the benchmark trains it.

    Attributes:
        name: of the configuration, and of its scripts.
        config: as `mnist-lab run` takes it.
        epochs: unless told otherwise: enough for a median, few enough for a benchmark.
        recipe_epochs: as published.
        convolves: takes ten times as long as a dense net, so it is repeated less often.
        skips: so many rows, the first ones, are used for nothing.
    """

    name: str
    config: str
    epochs: int
    recipe_epochs: int
    convolves: bool = False
    skips: int = 0


NETS = {
    net.name: net
    for net in (
        Net("mlp_512", "mlp_512", 10, 10),
        Net("mlp_5x30", "two_models/mlp_5x30", 10, 20),
        Net("small_28", "dense/small_28", 10, 120),
        Net("cnn_20_40_60", "two_models/cnn_20_40_60", 3, 20, convolves=True),
        Net("step7_augmentation", "seven_steps/step7_augmentation", 2, 20, convolves=True),
        Net("rotate20_10_epochs", "augmented_cnn/rotate20_10_epochs", 2, 10, convolves=True, skips=5000),
    )
}


@dataclass(frozen=True)
class Contender:
    """A way to train a net.

    Attributes:
        name: in results.json and on the command line.
        title: for people.
        kind: `script` (plain Keras), `loop` (PyTorch by hand) or `lab` (mnist-lab).
        backend: Keras' backend; None without Keras.
        precision: other than float32, only for nets that convolve.
    """

    name: str
    title: str
    kind: str
    backend: str | None
    precision: str = "float32"

    def takes(self, net: Net, *, gpu: bool) -> bool:
        """Whether it is measured on this net."""
        if self.precision != "float32":
            return net.convolves
        # Keras' RandomRotation makes a whole model eager on JAX, and JAX is slow at convolutions on a CPU: a script
        # that nobody would write.
        return not (self.kind == "script" and self.backend == "jax" and net.convolves and not gpu)


REFERENCE = "keras-tensorflow"
"""The contender that all others are compared with."""

CONTENDERS = {
    contender.name: contender
    for contender in (
        Contender(REFERENCE, "Keras script, TensorFlow", "script", "tensorflow"),
        Contender("keras-jax", "Keras script, JAX", "script", "jax"),
        Contender("torch", "PyTorch loop", "loop", None),
        Contender("lab-tensorflow", "mnist-lab, TensorFlow", "lab", "tensorflow"),
        Contender("lab-jax", "mnist-lab, JAX", "lab", "jax"),
        Contender("lab-bfloat16", "mnist-lab, TensorFlow, mixed_bfloat16", "lab", "tensorflow", "mixed_bfloat16"),
    )
}


@dataclass(frozen=True)
class Setting:
    """What is the same for all measurements: the data, the device (`cpu` or `gpu`), and PyTorch's interpreter."""

    data: Data
    device: str
    torch_python: str = sys.executable

    def missing(self, contender: Contender) -> str | None:
        """The package that the contender lacks here."""
        if contender.kind != "loop":
            return None if contender.backend in backends.installed() else contender.backend
        there = self.torch_python != sys.executable or find_spec("torch")
        return None if there else "torch"

    def environment(self, contender: Contender, folder: Path) -> dict[str, str]:
        """Variables of a process of the contender, whose files go into `folder`."""
        variables = backends.environment(contender.backend or "torch", self.device)
        # A script keeps no compiled programs, and those that mnist-lab keeps are not to be an earlier measurement's.
        variables = {name: value for name, value in variables.items() if "_CACHE_" not in name}
        return variables | ({"JAX_COMPILATION_CACHE_DIR": str(folder / "cache")} if contender.kind == "lab" else {})


def measure(contender: Contender, net: Net, epochs: int, seed: int, setting: Setting) -> dict[str, Any]:
    """One training in a process of its own.

    Raises:
        ProcessError: it ended with an error.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        finished = run(command(contender, net, epochs, seed, setting, out), setting.environment(contender, out))
        facts = of_run(out, finished) if contender.kind == "lab" else of_script(finished)
    return finished.facts | facts


def lab_run(net: Net, setting: Setting, out: Path, *options: object) -> list[object]:
    """The command line of `mnist-lab run`."""
    fewer = net.skips and setting.data.rows != TRAIN
    rows = ["--set", f"data.rows=[{net.skips},{setting.data.rows}]"] if fewer else []
    data = ["--data-dir", setting.data.folder, "--results", out, "--device", setting.device]
    return [sys.executable, "-m", "mnist_lab", "run", net.config, "--quiet", *data, *rows, *options]


def command(contender: Contender, net: Net, epochs: int, seed: int, setting: Setting, out: Path) -> list[object]:
    """The command line of one training that leaves its files in `out`."""
    recipe = ["--epochs", epochs, "--seed", seed]
    files = ["--data", setting.data.file, "--out", out]
    match contender.kind:
        case "script":
            return [sys.executable, "-m", f"benchmarks.plain.{net.name}", *files, *recipe]
        case "loop":
            return [setting.torch_python, "-m", "benchmarks.torch_loop", net.name, *files, *recipe]
        case _:
            precision = ["--set", f"train.precision={contender.precision}"]
            return lab_run(net, setting, out, "--backend", contender.backend, *recipe, *precision)


def of_script(finished: Finished) -> dict[str, Any]:
    """What a script or the loop says of itself."""
    result = json.loads(finished.output.splitlines()[-1])
    return {
        "startup": round(result["fit_began"] - finished.began, 3),
        "epoch_seconds": result["epoch_seconds"],
        "test_accuracy": result["test_accuracy"],
        "device": result["device"],
    }


def of_run(results: Path, finished: Finished) -> dict[str, Any]:
    """What the one run folder below `results` says."""
    [path] = results.rglob("metrics.json")
    metrics = json.loads(path.read_text(encoding="utf-8"))
    history = (path.parent / "history.jsonl").read_text(encoding="utf-8").splitlines()
    # The last file that is written before the first epoch.
    begun = (path.parent / "environment.json").stat().st_mtime
    return {
        "startup": round(begun - finished.began, 3),
        "epoch_seconds": [json.loads(line)["seconds"] for line in history],
        "test_accuracy": round(metrics["test"]["accuracy"], 4),
        "device": metrics["environment"]["device"],
        "flops_per_epoch": metrics["flops"] // metrics["epochs"],
        "train_seconds": metrics["seconds"]["train"],
    }
