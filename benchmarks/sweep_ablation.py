"""The ablation, 13 trainings: `mnist-lab sweep` against plain Keras scripts run one after the other.

    python benchmarks/sweep_ablation.py --data ../shared/mnist

Both in one run on one machine, TensorFlow scripts first, then the sweep on each installed backend of those asked for.
Prints the seconds, the ratio and the test accuracies; `--out FILE` keeps them as JSON.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
CONFIGS = HERE.parent / "configs" / "ablation"
EXPERIMENTS = ["mlp_512", *sorted(path.stem for path in CONFIGS.glob("*.yaml"))]


def plain(data: Path, out: Path, epochs: int) -> dict[str, Any]:
    """Every training in a process of its own, one after the other."""
    accuracies = {}
    begun = time.perf_counter()
    for experiment in EXPERIMENTS:
        done = subprocess.run(
            [sys.executable, HERE / "plain_ablation.py", experiment, "--data", data, "--out", out,
             "--epochs", str(epochs)],
            env=os.environ | {"KERAS_BACKEND": "tensorflow"}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        accuracies[experiment] = json.loads(done.stdout.splitlines()[-1])["test_accuracy"]
    return {"seconds": time.perf_counter() - begun, "test_accuracy": accuracies}


def swept(backend: str, data: Path, out: Path, epochs: int) -> dict[str, Any]:
    """The same trainings as a sweep on `backend`."""
    begun = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "mnist_lab", "sweep", CONFIGS, "--data-dir", data, "--results", out,
         "--backend", backend, "--epochs", str(epochs), "--quiet"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    seconds = time.perf_counter() - begun
    facts = [json.loads(path.read_text()) for path in out.rglob("metrics.json")]
    return {"seconds": seconds, "test_accuracy": {run["run"]["name"]: run["test"]["accuracy"] for run in facts}}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder with MNIST's four gzipped IDX files")
    parser.add_argument("--backends", nargs="+", default=["tensorflow", "jax"])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measured = {"plain Keras scripts": plain(options.data, Path(folder) / "plain", options.epochs)}
        for backend in options.backends:
            measured[f"sweep, {backend}"] = swept(backend, options.data, Path(folder) / backend, options.epochs)
    reference = measured["plain Keras scripts"]["seconds"]
    for name, result in measured.items():
        accuracy = sum(result["test_accuracy"].values()) / len(result["test_accuracy"])
        print(f"{name:<22} {result['seconds']:7.1f} s  {reference / result['seconds']:5.2f} times as fast  "
              f"mean test accuracy {accuracy:.4f} of {len(result['test_accuracy'])}")  # fmt: skip
    if options.out:
        options.out.write_text(json.dumps(measured, indent=2) + "\n")


if __name__ == "__main__":
    main()
