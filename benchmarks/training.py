"""One training of one network by one contender, as a measurement."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.contenders import Contender, Setting
from benchmarks.data import TRAIN
from benchmarks.nets import Net
from benchmarks.process import Finished, run


def measure(contender: Contender, net: Net, epochs: int, seed: int, setting: Setting) -> dict[str, Any]:
    """Train in a separate process.

    Raises:
        ProcessError: it ended with an error.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        finished = run(command(contender, net, epochs, seed, setting, out), setting.environment(contender, out))
        facts = of_run(out, finished) if contender.kind == "lab" else of_script(finished)
    return finished.facts | facts


def lab_run(net: Net, setting: Setting, out: Path, *options: object) -> list[object]:
    """Return the command line of `mnist-lab run`."""
    fewer = net.skips and setting.data.rows != TRAIN
    rows = ["--set", f"data.rows=[{net.skips},{setting.data.rows}]"] if fewer else []
    data = ["--data-dir", setting.data.folder, "--results", out, "--device", setting.device]
    return [sys.executable, "-m", "mnist_lab", "run", net.config, "--quiet", *data, *rows, *options]


def command(contender: Contender, net: Net, epochs: int, seed: int, setting: Setting, out: Path) -> list[object]:
    """Return the command line of one training that leaves its files in `out`."""
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
    """Return the facts that a script or the loop printed."""
    result = json.loads(finished.output.splitlines()[-1])
    return {
        "startup": round(result["fit_began"] - finished.began, 3),
        "epoch_seconds": result["epoch_seconds"],
        "test_accuracy": result["test_accuracy"],
        "device": result["device"],
    }


def of_run(results: Path, finished: Finished) -> dict[str, Any]:
    """Return the facts in the only run folder below `results`."""
    [path] = results.rglob("metrics.json")
    metrics = json.loads(path.read_text(encoding="utf-8"))
    history = (path.parent / "history.jsonl").read_text(encoding="utf-8").splitlines()
    # the last file that is written before the first epoch
    begun = (path.parent / "environment.json").stat().st_mtime
    return {
        "startup": round(begun - finished.began, 3),
        "epoch_seconds": [json.loads(line)["seconds"] for line in history],
        "test_accuracy": round(metrics["test"]["accuracy"], 4),
        "device": metrics["environment"]["device"],
        "flops_per_epoch": metrics["flops"] // metrics["epochs"],
        "train_seconds": metrics["seconds"]["train"],
    }
