"""Many trainings: `mnist-lab sweep configs/ablation` against plain Keras scripts run one after the other."""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.contenders import Contender, Setting
from benchmarks.process import ROOT, run

CONFIGS = ROOT / "configs" / "ablation"
EXPERIMENTS = ["mlp_512", *sorted(path.stem for path in CONFIGS.glob("*.yaml"))]
EPOCHS, RECIPE_EPOCHS = 3, 10


def measure(contender: Contender, epochs: int, seed: int, setting: Setting) -> dict[str, Any]:
    """Measure all trainings, from start-up to the last file.

    Raises:
        ProcessError: one ended with an error.
    """
    with tempfile.TemporaryDirectory() as folder:
        family = {"script": _scripts, "family": _one_script, "lab": _sweep}[contender.kind]
        return family(contender, ["--epochs", epochs, "--seed", seed], setting, Path(folder))


def _scripts(contender: Contender, recipe: list[object], setting: Setting, out: Path) -> dict[str, Any]:
    begun = time.perf_counter()
    files = ["--data", setting.data.file, "--out", out, *recipe]
    environment = setting.environment(contender, out)
    done = {
        name: run([sys.executable, "-m", "benchmarks.plain.ablation", name, *files], environment)
        for name in EXPERIMENTS
    }
    seconds = round(time.perf_counter() - begun, 3)
    results = {name: json.loads(finished.output.splitlines()[-1]) for name, finished in done.items()}
    return {
        "seconds": seconds,
        "device": results[EXPERIMENTS[0]]["device"],
        "test_accuracies": {name: result["test_accuracy"] for name, result in results.items()},
    }


def _one_script(contender: Contender, recipe: list[object], setting: Setting, out: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.plain.ablation", "all", "--data", setting.data.file, "--out", out]
    finished = run([*command, *recipe], setting.environment(contender, out))
    results = [json.loads(line) for line in finished.output.splitlines() if line.startswith('{"script"')]
    return {
        "seconds": finished.seconds,
        "device": results[0]["device"],
        "test_accuracies": {result["script"]: result["test_accuracy"] for result in results},
    }


def _sweep(contender: Contender, recipe: list[object], setting: Setting, out: Path) -> dict[str, Any]:
    options = ["--backend", str(contender.backend), *recipe, "--device", setting.device, "--quiet"]
    finished = run(
        [sys.executable, "-m", "mnist_lab", "sweep", CONFIGS, "--data-dir", setting.data.folder, "--results", out,
         *options],
        setting.environment(contender, out),
    )  # fmt: skip
    runs = [json.loads(path.read_text(encoding="utf-8")) for path in out.rglob("metrics.json")]
    return {
        "seconds": finished.seconds,  # only the time is known for processes that a fork server started
        "device": runs[0]["environment"]["device"],
        "test_accuracies": {run["run"]["name"]: round(run["test"]["accuracy"], 4) for run in runs},
    }
