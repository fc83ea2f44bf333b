"""Many tiny runs in one sweep, and what they cost the coordinating process: memory, file handles, processes.

    python -m benchmarks.many --runs 200

Each run is one epoch on 500 rows of the bundled digits. Prints one line of JSON. Linux only: reads /proc.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

import mnist_lab
from mnist_lab.sweeps import Observer, Outcome, PlannedRun


class Meter(Observer):
    """Records memory and handles of this process after each run."""

    def __init__(self) -> None:
        self.megabytes: list[float] = []
        self.handles: list[int] = []

    def ended(self, run: PlannedRun, outcome: Outcome, seconds: float) -> None:
        """Record memory and handles after a run."""
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        self.megabytes.append(round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1))
        self.handles.append(len(list(Path("/proc/self/fd").iterdir())))


def children() -> int:
    """Count the child processes of this one, without zombies."""
    found = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        found += int(fields[1]) == os.getpid() and fields[0] != "Z"
    return found


def command(runs: int, backend: str, device: str) -> list[object]:
    """Return the command line of this module."""
    return [sys.executable, "-m", "benchmarks.many", "--runs", runs, "--backend", backend, "--device", device]


def main() -> None:
    """Sweep and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--backend", default="tensorflow")
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    meter = Meter()
    tiny = {"data.dataset": "digits", "data.subset": 500, "train.epochs": 1}
    where = {"runtime.backend": options.backend, "runtime.device": options.device}
    with tempfile.TemporaryDirectory() as folder:
        runs = mnist_lab.sweep(
            "mlp_512", seeds=range(options.runs), results=folder, observer=meter,
            set=tiny | where,
        )  # fmt: skip
    print(
        json.dumps(
            {
                "runs": len(runs),
                "megabytes": meter.megabytes,
                "handles": meter.handles,
                # the fork server and its resource tracker, which end with this process
                "children": children(),
            }
        )
    )


if __name__ == "__main__":
    main()
