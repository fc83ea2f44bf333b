"""What a long sweep costs the process that steers it: memory, file handles, processes left behind.

    python benchmarks/sweep_many.py --runs 200

Each run is one epoch on 500 rows of the bundled digits. Linux only: it reads /proc.
"""

import argparse
import os
import tempfile
from pathlib import Path

import mnist_lab
from mnist_lab.config import Override
from mnist_lab.sweeps import Observer


class Meter(Observer):
    """Notes memory and handles of this process as runs end."""

    def __init__(self) -> None:
        self.megabytes: list[float] = []
        self.handles: list[int] = []

    def ended(self, *_: object) -> None:
        """A run ended."""
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        self.megabytes.append(pages * os.sysconf("SC_PAGE_SIZE") / 1e6)
        self.handles.append(len(list(Path("/proc/self/fd").iterdir())))


def children() -> int:
    """Processes whose parent is this one and which are no zombies of the moment."""
    found = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        found += int(fields[1]) == os.getpid() and fields[0] != "Z"
    return found


def main() -> None:
    """Sweep and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    options = parser.parse_args()
    meter = Meter()
    small = [Override(("data", "subset"), 500, "--subset 500"), Override(("train", "epochs"), 1, "--epochs 1")]
    with tempfile.TemporaryDirectory() as folder:
        runs = mnist_lab.sweep(
            "mlp_512", seeds=range(options.runs), results=folder, observer=meter,
            overrides=[*small, Override(("data", "dataset"), "digits", "--dataset digits")],
        )  # fmt: skip
    early = min(10, len(runs) - 1)
    print(f"{len(runs)} runs finished")
    print(f"memory of the parent: {meter.megabytes[early]:.1f} MB after {early + 1} runs, {meter.megabytes[-1]:.1f} MB "
          f"after all, at most {max(meter.megabytes):.1f} MB")  # fmt: skip
    print(f"file handles: {meter.handles[early]} after {early + 1} runs, {meter.handles[-1]} after all")
    print(f"child processes left: {children()} (the fork server and its resource tracker end with this process)")


if __name__ == "__main__":
    main()
