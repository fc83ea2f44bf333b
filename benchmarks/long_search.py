"""A long search, run once without interruption and once killed at random times: memory, and whether trials are equal.

    python -m benchmarks.long_search              200 trials, twice

Adds its results to search.json and SEARCH.md.
"""

import json
import random
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import psutil
import yaml

from benchmarks.process import ROOT, ProcessError
from benchmarks.search import HERE, Measured, write
from mnist_lab.system import atomic

SEARCH = ROOT / "searches" / "quick.yaml"
TIMES = ("clock", "seconds")
"""Facts that differ between machines and between repeats."""


@click.command(help=__doc__)
@click.option("--trials", default=200, show_default=True, type=click.IntRange(1))
@click.option("--kills", default=10, show_default=True, type=click.IntRange(0))
@click.option("--seed", default=1, show_default=True, help="Seed for the kill times.")
@click.option("--out", type=click.Path(path_type=Path), default=HERE, help="Folder for the results.")
def main(trials: int, kills: int, seed: int, out: Path) -> None:
    """Measure, then write."""
    file = out / "search.json"
    kept: Measured = json.loads(file.read_text()) if file.exists() else {"searches": []}
    kept["long"] = {"when": f"{datetime.now(UTC):%Y-%m-%d}", **measure(trials, kills, random.Random(seed))}
    atomic.write_text(file, json.dumps(kept, indent=1) + "\n")
    click.echo(json.dumps(kept["long"]))
    if kept["searches"]:
        write(kept, out)


def measure(trials: int, kills: int, chance: random.Random) -> dict[str, Any]:
    """Search twice at the same time, one trial at a time; one of the searches is killed repeatedly.

    Raises:
        ProcessError: a search ended with an error.
    """
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as pool:
        through = pool.submit(_through, Path(folder) / "through", trials)
        killed = pool.submit(_killed, Path(folder) / "killed", trials, kills, chance)
        found, megabytes = through.result()
        again, seconds = killed.result()
    return {"trials": len(found), "megabytes": megabytes, "killed_after": seconds, "identical": found == again}


def _through(folder: Path, trials: int) -> tuple[list[Measured], list[float]]:
    """Run the trials; return them and the memory of the search process in MB at each tenth of them."""
    megabytes: list[float] = []
    process = _started(folder, trials)
    while process.poll() is None:
        begun = len(list(folder.glob("search/trial-*")))
        with suppress(psutil.Error):
            if begun and begun >= trials * len(megabytes) / 10:
                megabytes.append(round(psutil.Process(process.pid).memory_info().rss / 1e6, 1))
        time.sleep(0.5)
    return _trials(folder, process), megabytes


def _killed(folder: Path, trials: int, kills: int, chance: random.Random) -> tuple[list[Measured], list[float]]:
    """Run the trials; return them and the seconds after which each process except the last was killed."""
    seconds: list[float] = []
    process = _started(folder, trials)
    while len(seconds) < kills and process.poll() is None:
        wait = round(chance.uniform(5, 60), 1)
        with suppress(subprocess.TimeoutExpired):
            process.wait(wait)
        if process.poll() is None:
            process.kill()
            process.wait()
            seconds.append(wait)
            process = _started(folder, trials)
    process.wait()
    return _trials(folder, process), seconds


def _started(folder: Path, trials: int) -> "subprocess.Popen[bytes]":
    folder.mkdir(exist_ok=True)
    file = folder / "search.yaml"
    search = yaml.safe_load(SEARCH.read_text())
    search["budget"]["trials"] = trials
    search["confirm"] = "off"
    file.write_text(yaml.safe_dump(search))
    command = [sys.executable, "-m", "mnist_lab", "tune", file, "--results", folder, "--jobs", "1", "--quiet"]
    with (folder / "output.txt").open("ab") as output:
        return subprocess.Popen([*command, "--device", "cpu"], cwd=ROOT, stdout=output, stderr=output)


def _trials(folder: Path, process: "subprocess.Popen[bytes]") -> list[Measured]:
    """Return the records of the trials, except times."""
    if process.returncode:
        raise ProcessError(f"{process.args} ended with {process.returncode}:\n{(folder / 'output.txt').read_text()}")
    return [_without_times(trial) for trial in json.loads((folder / "search" / "search.json").read_text())["trials"]]


def _without_times(facts: Measured) -> Measured:
    known = {name: value for name, value in facts.items() if name not in TIMES}
    return known | {"reached": [_without_times(at) for at in facts["reached"]]} if "reached" in facts else known


if __name__ == "__main__":
    main()
