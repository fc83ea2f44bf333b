"""A small family of experiments, swept by the real command line, and the results that it must have."""

import csv
import hashlib
import io
import json
import os
import resource
import signal
import subprocess
import time
import zipfile
from contextlib import suppress
from pathlib import Path

from tests.lab import Answer, Preloaded, command, environment

EPOCHS = 12
BASE = f"""\
data: {{dataset: digits, subset: 400, test_subset: 100}}
augment: [{{rotation: 10}}]
model: {{kind: mlp, nodes: [24], dropout: 0.2}}
train:
  epochs: {EPOCHS}
  batch_size: 20
  restore_best: val_loss
  schedule: {{plateau: {{patience: 1, min_delta: 0.1}}}}
"""
MEMBERS = {
    "averaged": "train: {optimizer: {name: adam, use_ema: true, ema_momentum: 0.9}}",
    "wide": "model: {nodes: [64]}",
}
RUNS = len(MEMBERS) + 1
PATIENCE = 120.0


def write_family(folder: Path) -> Path:
    """Write a folder of configurations that each change one setting of a base beside it."""
    members = folder / "configs" / "family"
    members.mkdir(parents=True)
    (members.parent / "base.yaml").write_text(BASE)
    for name, change in MEMBERS.items():
        (members / f"{name}.yaml").write_text(f"extends: ../base.yaml\n{change}\n")
    return members


def start(folder: Path, *arguments: object, largest_file: int | None = None) -> subprocess.Popen[str]:
    """Start `mnist-lab sweep` in a session of its own, so that a signal can reach it and all its processes.

    No file can grow beyond `largest_file` bytes: as near to a full disk as a test gets without being root.
    """

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

    return Preloaded(
        command("sweep", "configs/family", *arguments), cwd=folder, env=environment(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        preexec_fn=limit if largest_file else None,
    )  # fmt: skip


def sweep(folder: Path, *arguments: object) -> Answer:
    """Run `mnist-lab sweep` to its end."""
    process = start(folder, *arguments)
    out, err = process.communicate(timeout=300)
    return Answer(process.returncode, out, err)


def until(what, process):
    """Wait for a condition to become true while the sweep is running."""
    begun = time.monotonic()
    while process.poll() is None and time.monotonic() - begun < PATIENCE:
        if found := what():
            return found
        time.sleep(0.02)
    return None


def some_epochs(folder):
    return list((folder / "results").rglob("history.jsonl"))


def kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def kill_all(process: subprocess.Popen[str]) -> None:
    """Kill the sweep and all its processes at once, as a power cut would."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def children(pid: int) -> list[int]:
    """Processes whose parent is `pid`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == pid and fields[0] != "Z":
                found.append(int(entry.name))
    return sorted(found)


def servers(process: subprocess.Popen[str]) -> list[int]:
    """The processes that runs are forked from."""
    return [pid for pid in children(process.pid) if children(pid)]


def runs(process: subprocess.Popen[str]) -> list[int]:
    """The processes that train runs."""
    return [pid for server in servers(process) for pid in children(server)]


def metrics_files(folder: Path) -> list[Path]:
    """The `metrics.json` of finished runs, without those kept aside."""
    found = (folder / "results").rglob("metrics.json")
    return sorted(path for path in found if ".damaged" not in path.parent.name)


def evidence(folder: Path) -> dict[str, object]:
    """Everything that must be the same bit for bit whatever happened on the way."""
    found: dict[str, object] = {}
    for metrics in metrics_files(folder):
        run = metrics.parent
        facts = json.loads(metrics.read_text())
        for key in ("seconds", "environment"):
            del facts[key]
        del facts["run"]["started"], facts["run"]["finished"]
        history = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
        for record in history:
            del record["seconds"]
        with zipfile.ZipFile(run / "model.keras") as archive:
            weights = archive.read("model.weights.h5")
        found[run.relative_to(folder).as_posix()] = {
            "metrics": facts,
            "history": history,
            "weights": _weights_hash(weights),
            "predictions": hashlib.sha256((run / "predictions.npz").read_bytes()).hexdigest(),
            # The lock of a process that was killed before it wrote anything blocks nobody.
            "files": sorted(path.name for path in run.iterdir() if path.name != ".lock"),
        }
    return found


def summary(folder: Path) -> list[dict[str, str]]:
    """`summary.csv` without times."""
    text = (folder / "results" / "family" / "summary.csv").read_text()
    rows = list(csv.DictReader(io.StringIO(text)))
    return [{key: value for key, value in row.items() if not key.startswith("seconds")} for row in rows]


def _weights_hash(content: bytes) -> str:
    import h5py

    digest = hashlib.sha256()

    def add(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            digest.update(name.encode() + item[()].tobytes())

    with h5py.File(io.BytesIO(content)) as file:
        file.visititems(add)
    return digest.hexdigest()
