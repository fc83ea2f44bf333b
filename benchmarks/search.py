"""The same search with `mnist-lab tune` and with KerasTuner; writes SEARCH.md, search.json and search.png.

    python -m pip install keras-tuner==1.4.8
    python -m benchmarks.search                       about 90 minutes on two idle processors
    python -m benchmarks.search --minutes 1 --repeats 1 --seeds 1 --out /tmp/search

Each contender searches learning rate, dropout and nodes of `mlp_512` for the same time, with another seed in each
repeat; the contenders take turns. The best configuration of each search is then trained again, by the same code, with
seeds that no search has used, and tested. Measurements are kept, so that the same command continues.
"""

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from statistics import fmean, median
from typing import Any

import click
import numpy as np

from benchmarks.process import data_variable, run
from mnist_lab import datasets, load_config
from mnist_lab.experiment import prepare_data
from mnist_lab.system import atomic
from mnist_lab.system.hardware import processor_model, processors
from tools.markdown import render

HERE = Path(__file__).resolve().parent
CONTENDERS = {
    "tune": "mnist-lab tune",
    "hyperband": "KerasTuner, Hyperband",
    "random": "KerasTuner, random search",
}
SEARCH = """\
base: mlp_512
set: {{data.subset: {rows}, train.restore_best: val_accuracy}}
space:
  train.optimizer.learning_rate: {{log_uniform: [1.0e-4, 1.0e-2]}}
  model.dropout: {{uniform: [0, 0.5]}}
  model.nodes: {{choice: [[256, 256], [512, 512], [1024], [512, 512, 512]]}}
objective: {{maximize: val_accuracy}}
budget: {{minutes: {minutes}, epochs: {epochs}}}
promote: {{first: 1, factor: 3}}
confirm: off
seed: {seed}
"""
FRESH = 1_000
"""The first seed that no search uses."""
NAMES = {"train.optimizer.learning_rate": "learning_rate", "model.dropout": "dropout", "model.nodes": "nodes"}
Measured = dict[str, Any]


@click.command(help=__doc__)
@click.option("--repeats", default=5, show_default=True, type=click.IntRange(1))
@click.option(
    "--minutes", default=5.0, show_default=True, type=click.FloatRange(0, min_open=True), help="Minutes per search."
)
@click.option("--epochs", default=10, show_default=True, type=click.IntRange(1), help="Epochs of a full trial.")
@click.option("--rows", default=12_000, show_default=True, type=click.IntRange(100), help="Training rows.")
@click.option("--seeds", default=5, show_default=True, type=click.IntRange(1), help="New seeds for each result.")
@click.option("--out", type=click.Path(path_type=Path), default=HERE, help="Folder for the results.")
@click.option("--report", is_flag=True, help="Write the figure and the text without measuring.")
def main(repeats: int, minutes: float, epochs: int, rows: int, seeds: int, out: Path, *, report: bool) -> None:
    """Measure what is missing, then write."""
    setting = {"minutes": minutes, "epochs": epochs, "rows": rows, "seeds": seeds}
    file = out / "search.json"
    kept: Measured = json.loads(file.read_text()) if file.exists() else {"setting": setting, "searches": []}
    if report:
        write(kept, out)
        return
    if kept["setting"] != setting:
        raise click.UsageError(f"{file} was measured with {kept['setting']}; give another --out, or remove it.")
    if not find_spec("keras_tuner"):
        raise click.ClickException("KerasTuner is not installed: python -m pip install keras-tuner==1.4.8")
    out.mkdir(parents=True, exist_ok=True)
    kept["machine"] = {
        "processor": processor_model(), "cpus": len(processors()),
        "versions": {name: version(name) for name in ("keras", "tensorflow", "keras-tuner", "optuna")},
    }  # fmt: skip
    done = {(one["contender"], one["repeat"]) for one in kept["searches"]}
    for repeat in range(1, repeats + 1):
        for contender in CONTENDERS:
            if (contender, repeat) not in done:
                click.echo(f"{CONTENDERS[contender]}, repeat {repeat} of {repeats} ...", err=True)
                kept["searches"].append(measure(contender, repeat, setting))
                atomic.write_text(file, json.dumps(kept, indent=1) + "\n")
    write(kept, out)


def measure(contender: str, repeat: int, setting: Mapping[str, Any]) -> Measured:
    """Search once, and measure the accuracy of the best configuration.

    Raises:
        ProcessError: a process ended with an error.
    """
    with tempfile.TemporaryDirectory() as folder:
        found = (_tuned if contender == "tune" else _keras_tuned)(contender, repeat, setting, Path(folder))
    again = [_trained(found["best"], setting, FRESH + i) for i in range(setting["seeds"])] if found["best"] else []
    return {
        "contender": contender,
        "repeat": repeat,
        "when": f"{datetime.now(UTC):%Y-%m-%d}",
        **found,
        "validation": [each["validation"]["accuracy"] for each in again],
        "test": [each["test"]["accuracy"] for each in again],
    }


def _tuned(_: str, repeat: int, setting: Mapping[str, Any], folder: Path) -> Measured:
    """Search with mnist-lab."""
    file = folder / "search.yaml"
    file.write_text(SEARCH.format(**setting, seed=repeat))
    command = [sys.executable, "-m", "mnist_lab", "tune", file, "--results", folder, "--device", "cpu", "--quiet"]
    finished = run(command, data_variable())
    record = json.loads((folder / "search" / "search.json").read_text())
    trials = record.get("trials", [])
    points = [(at["clock"], at["epoch"], at["val_accuracy"]) for trial in trials for at in trial.get("reached", [])]
    best = next((trial for trial in trials if trial["number"] == record.get("best")), None)
    return finished.facts | {
        "points": sorted(points),
        "trials": sum(bool(trial.get("reached")) for trial in trials),
        "in_search": best and best["reached"][-1]["val_accuracy"],
        "best": best and {NAMES[name]: value for name, value in best["values"].items()},
    }


def _keras_tuned(contender: str, repeat: int, setting: Mapping[str, Any], folder: Path) -> Measured:
    """Search with KerasTuner on the same images."""
    config = load_config("mlp_512", {"data.subset": setting["rows"], "seed": repeat})
    splits = prepare_data(config, datasets.load(config.data))
    assert splits.validation
    parts = {"train": splits.train, "val": splits.validation}
    arrays: dict[str, Any] = {f"x_{name}": part.images[..., 0] for name, part in parts.items()}
    arrays |= {f"y_{name}": part.labels for name, part in parts.items()}
    np.savez(folder / "rows.npz", **arrays)
    options = {
        "algorithm": contender, "data": folder / "rows.npz", "out": folder, "seconds": 60 * setting["minutes"],
        "epochs": setting["epochs"], "seed": repeat,
    }  # fmt: skip
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    finished = run([sys.executable, "-m", "benchmarks.plain.search", *words], {"CUDA_VISIBLE_DEVICES": ""})
    return finished.facts | json.loads(finished.output.splitlines()[-1])


def _trained(best: Mapping[str, Any], setting: Mapping[str, Any], seed: int) -> Measured:
    """Train a configuration that was found with a new seed, and return the metrics."""
    values = {
        "train.optimizer.learning_rate": best["learning_rate"],
        "model.dropout": best["dropout"],
        "model.nodes": [int(units) for units in best["nodes"].split("-")],
        "data.subset": setting["rows"],
        "train.restore_best": "val_accuracy",
    }
    words = [word for key, value in values.items() for word in ("--set", f"{key}={json.dumps(value)}")]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "mnist_lab", "run", "mlp_512", "--epochs", setting["epochs"], "--seed", seed]
        run([*command, *words, "--results", folder, "--device", "cpu", "--quiet"], data_variable())
        [file] = Path(folder).rglob("metrics.json")
        return json.loads(file.read_text())


def best_so_far(points: Sequence[Sequence[float]], at: Sequence[float]) -> list[float]:
    """Return the best validation accuracy of all points (seconds, epoch, accuracy) up to each time; NaN before any."""
    found = []
    for time in at:
        known = [accuracy for seconds, _, accuracy in points if seconds <= time]
        found.append(max(known) if known else float("nan"))
    return found


def reached(points: Sequence[Sequence[float]], accuracy: float) -> float | None:
    """Return the seconds after which a search reached this validation accuracy, or None if it never did."""
    return min((seconds for seconds, _, value in points if value >= accuracy), default=None)


def summary(kept: Measured) -> Iterator[Measured]:
    """Yield the numbers of each contender: medians over the repeats."""
    by_name = {name: [one for one in kept["searches"] if one["contender"] == name] for name in CONTENDERS}
    ends = {name: [max(point[2] for point in one["points"]) for one in some] for name, some in by_name.items() if some}
    for name, values in ends.items():
        others = [median(theirs) for other, theirs in ends.items() if other != name]
        goal = max(others) if others else None
        times = [] if goal is None else [reached(one["points"], goal) for one in by_name[name]]
        known = [time for time in times if time is not None]
        yield {
            "name": CONTENDERS[name],
            "repeats": len(values),
            "trials": median(one["trials"] for one in by_name[name]),
            "best": median(values),
            "test": median(fmean(one["test"]) for one in by_name[name] if one["test"]),
            "again": median(fmean(one["validation"]) for one in by_name[name] if one["validation"]),
            "goal": goal,
            # The median is known only if more than half of the repeats reached the goal.
            "seconds": median(time if time is not None else float("inf") for time in times) if known else float("inf"),
            "process": median(one["seconds"] for one in by_name[name]),
            "others": median(one["others"] or 0.0 for one in by_name[name]),
        }


def write(kept: Measured, out: Path) -> None:
    """Write the figure and SEARCH.md."""
    from benchmarks.search_figure import draw

    draw(kept, out / "search.png")
    text = render(HERE / "templates" / "SEARCH.md.jinja", kept=kept, rows=list(summary(kept)))
    atomic.write_text(out / "SEARCH.md", text)


if __name__ == "__main__":
    main()
