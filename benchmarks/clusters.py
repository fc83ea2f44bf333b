"""Sweeps with and without a Dask cluster on this machine, compared; writes CLUSTERS.md and clusters.json.

    python -m benchmarks.clusters                 about 20 minutes on two idle processors
    python -m benchmarks.clusters --only overhead

Linux only: workers are pinned to processors with taskset, and memory is read from /proc.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import click

from benchmarks.process import ROOT, Finished, data_variable, run
from mnist_lab.executors import CallExecutor, ProcessExecutor, Slot, dask_worker
from mnist_lab.executors.dask import DaskCluster, DaskExecutor
from mnist_lab.runs import read_runs
from mnist_lab.system import atomic
from mnist_lab.system.hardware import processors
from tools.markdown import render

HERE = Path(__file__).resolve().parent
PARTS = ("ablation", "workers", "overhead", "many")
ABLATION = ("sweep", "configs/ablation", "--subset", "4000", "--epochs", "3", "--device", "cpu")
RUNS = 24
CALLS = 5000
PRELOAD = ("benchmarks.clusters",)
"""The main module of child processes, imported in advance, as is done for runs."""
SECONDS = 1.0
"""Duration of the calls that measure the overhead."""


@click.command(help=__doc__)
@click.option("--only", multiple=True, type=click.Choice(PARTS), help="A part; repeatable.")
@click.option("--repeats", default=2, show_default=True, type=click.IntRange(1), help="Repeats of sweeps.")
@click.option("--out", type=click.Path(path_type=Path), default=HERE, help="Folder for the results.")
@click.option("--report", is_flag=True, help="Write the report without measuring.")
def main(only: tuple[str, ...], repeats: int, out: Path, *, report: bool) -> None:
    """Measure, keep the results, and write."""
    file = out / "clusters.json"
    kept = json.loads(file.read_text()) if file.exists() else {}
    for part in () if report else only or PARTS:
        click.echo(f"{part} ...", err=True)
        measured = {"ablation": lambda: ablation(repeats), "workers": lambda: workers(repeats),
                    "overhead": overhead, "many": many}[part]()  # fmt: skip
        kept[part] = measured | {"when": f"{datetime.now(UTC):%Y-%m-%d}", "cpus": len(processors())}
        click.echo(json.dumps(measured), err=True)
        atomic.write_text(file, json.dumps(kept, indent=1) + "\n")
    atomic.write_text(out / "CLUSTERS.md", render(HERE / "templates" / "CLUSTERS.md.jinja", found=kept, median=median))


def ablation(repeats: int) -> dict[str, Any]:
    """Time the same ablation with two processes and on two workers, in turns."""
    found: dict[str, list[dict[str, float | None]]] = {"jobs": [], "cluster": []}
    same = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            for name, how in (("jobs", ("--jobs", "2")), ("cluster", ("--cluster", "local:2"))):
                found[name].append(_swept(*ABLATION, *how, results=Path(folder) / name).facts)
            same.append(_numbers(Path(folder) / "jobs") == _numbers(Path(folder) / "cluster"))
    return {"runs": found, "identical": all(same)}


def workers(repeats: int) -> dict[str, Any]:
    """Time the same runs on one worker and on two, each pinned to a processor, in turns."""
    found: dict[str, list[dict[str, float | None]]] = {"one": [], "two": []}
    for _ in range(repeats):
        for name, number in (("one", 1), ("two", 2)):
            found[name].append(_on_workers(number))
    return {"runs": RUNS, **found}


def _on_workers(number: int) -> dict[str, float | None]:
    """Seconds from the first file of a run to the last one, and the processors that others used."""
    with tempfile.TemporaryDirectory() as folder, _cluster(Path(folder), number) as (address, processes):
        results = Path(folder) / "results"
        facts = _swept(
            "sweep", "mlp_512", "--seeds", f"1..{RUNS}", "--dataset", "digits", "--epochs", "3", "--threads", "1",
            "--device", "cpu", "--cluster", address, "--wait", results=results, helpers=processes,
        ).facts  # fmt: skip
        folders = [run.folder.path for run in read_runs([results]).runs]
        written = [file.stat().st_mtime for folder in folders for file in folder.iterdir()]
        return {"seconds": max(written) - min(written), "others": facts["others"]}


def overhead() -> dict[str, Any]:
    """Measure how much longer than a second a call of one second takes, with two at a time."""
    found = {}
    cpus = list(processors())[:2]
    with ProcessExecutor([Slot((cpu,)) for cpu in cpus], preload=PRELOAD) as here:
        found["processes"] = _per_call(here)
    with (
        contextlib.closing(DaskCluster("local:2")) as cluster,
        DaskExecutor(cluster, lambda _: {}, preload=PRELOAD) as there,
    ):
        found["dask"] = _per_call(there)
    return found


def many() -> dict[str, Any]:
    """Measure what scheduling costs the client: thousands of tasks that do nothing, not even start a process."""
    starts_a_process = dask_worker.call
    dask_worker.call = nothing
    try:
        with contextlib.closing(DaskCluster("local:2")) as cluster, DaskExecutor(cluster, lambda _: {}) as executor:
            _all(executor, 100, 0)
            memory = [_megabytes()]
            began = time.perf_counter()
            for _ in range(10):
                _all(executor, CALLS // 10, 0)
                memory.append(_megabytes())
            seconds = time.perf_counter() - began
    finally:
        dask_worker.call = starts_a_process
    return {"calls": CALLS, "seconds": seconds, "megabytes": memory}


def nothing(number: int, purpose: object, pickled: bytes) -> None:
    """Do nothing; this is what the tasks of `many` call."""


def _all(executor: CallExecutor, calls: int, seconds: float) -> None:
    running: set[Future[Any]] = set()
    while calls or running:
        while calls and len(running) < executor.capacity:
            running.add(executor.submit(time.sleep, seconds))
            calls -= 1
        _, running = wait(running, return_when=FIRST_COMPLETED)


def _per_call(executor: CallExecutor) -> float:
    _all(executor, 2, 0)
    began = time.perf_counter()
    _all(executor, 20, SECONDS)
    return (time.perf_counter() - began) / 10 - SECONDS


def _swept(*arguments: str, results: Path, helpers: Sequence[int] = ()) -> Finished:
    command = [sys.executable, "-m", "mnist_lab", *arguments, "--results", results, "--quiet"]
    return run(command, data_variable(), helpers=helpers)


def _numbers(results: Path) -> dict[str, Any]:
    """Everything that has to be the same, by run: metrics without times, and predictions."""
    found = {}
    for file in results.rglob("metrics.json"):
        facts = json.loads(file.read_text())
        del facts["seconds"], facts["environment"], facts["run"]["started"], facts["run"]["finished"]
        found[str(file.parent.relative_to(results))] = facts, (file.parent / "predictions.npz").read_bytes()
    return found


@contextlib.contextmanager
def _cluster(folder: Path, workers: int) -> Iterator[tuple[str, list[int]]]:
    """Run a scheduler and pinned workers in processes of their own; yield the address and the process ids."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    commands: list[Sequence[str]] = [("scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")]
    pinned = [("worker", address, "--nthreads", "1", "--no-dashboard", "--local-directory", str(folder))] * workers
    started = [_started(("taskset", "-c", str(cpu)), words) for cpu, words in zip(processors(), pinned, strict=False)]
    started.append(_started((), commands[0]))
    try:
        yield address, [process.pid for process in started]
    finally:
        for process in started:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def _started(before: Sequence[str], words: Sequence[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [*before, sys.executable, "-m", "dask", *words], cwd=ROOT, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def _megabytes() -> float:
    """Resident memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
