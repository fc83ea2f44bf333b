"""How time scales with training rows and epochs of `mlp_512`, and with runs of a sweep."""

import json
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import many
from benchmarks.contenders import Contender, Setting
from benchmarks.nets import NETS
from benchmarks.process import run
from benchmarks.training import lab_run

SIZES = {
    "rows": (6_000, 15_000, 30_000, 45_000, 60_000),
    "epochs": (1, 5, 10, 15, 20),
    "runs": (1, 10, 50, 100),
}
EPOCHS = 5
"""Epochs of every training while the rows grow."""
UNITS = {
    "rows": f"training rows (`mlp_512`, {EPOCHS} epochs)",
    "epochs": "epochs (`mlp_512`, all rows)",
    "runs": "runs of a sweep (one epoch on 500 rows each)",
}


def measure(what: str, size: int, contender: Contender, setting: Setting) -> dict[str, Any]:
    """Measure one size of what grows.

    Raises:
        ProcessError: it ended with an error.
    """
    with tempfile.TemporaryDirectory() as folder:
        return _measure(what, size, contender, setting, Path(folder))


def _measure(what: str, size: int, contender: Contender, setting: Setting, out: Path) -> dict[str, Any]:
    environment = setting.environment(contender, out)
    if what == "runs":
        finished = run(many.command(size, str(contender.backend), setting.device), environment)
        found = json.loads(finished.output.splitlines()[-1])
        facts = {"parent_mb": found["megabytes"], "handles": found["handles"], "children": found["children"]}
        # Only the time is known for processes that a fork server started.
        return {"seconds": finished.seconds, "device": setting.device} | facts
    options = {"rows": ("--subset", size, "--epochs", EPOCHS), "epochs": ("--epochs", size)}[what]
    finished = run(lab_run(NETS["mlp_512"], setting, out, "--backend", contender.backend, *options), environment)
    [path] = out.rglob("metrics.json")
    metrics = json.loads(path.read_text(encoding="utf-8"))
    facts = {"train_seconds": metrics["seconds"]["train"], "test_accuracy": round(metrics["test"]["accuracy"], 4)}
    return finished.facts | facts | {"device": metrics["environment"]["device"]}
