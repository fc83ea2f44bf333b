"""`python -m benchmarks`: measure what is missing, then write the results."""

import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from benchmarks import ablation, growth, machine, training
from benchmarks.contenders import CONTENDERS, Setting
from benchmarks.data import TRAIN, write
from benchmarks.nets import NETS
from benchmarks.plan import NAMES, jobs
from benchmarks.process import ROOT, ProcessError
from benchmarks.store import Job, Store
from mnist_lab.errors import MnistLabError
from mnist_lab.experiment.provenance import git_state
from mnist_lab.system.hardware import gpus

HERE = Path(__file__).resolve().parent


@click.command(help=__doc__)
@click.option("--only", multiple=True, type=click.Choice(NAMES), help="A part, a network or a contender; repeatable.")
@click.option(
    "--repeats",
    default=3,
    show_default=True,
    type=click.IntRange(1),
    help="Repeats of dense networks; CNNs a third fewer.",
)
@click.option("--epochs", type=click.IntRange(1), help="Epochs of every training.")
@click.option("--full", is_flag=True, help="As many epochs as the recipes.")
@click.option("--device", type=click.Choice(["auto", "cpu", "gpu"]), default="auto", show_default=True)
@click.option(
    "--data-dir", type=click.Path(path_type=Path), envvar="MNIST_LAB_DATA", help="Folder to search for MNIST first."
)
@click.option(
    "--rows",
    default=TRAIN,
    type=click.IntRange(6000, TRAIN),
    help="Training rows; fewer only to try the benchmark.",
)
@click.option("--torch-python", default=sys.executable, help="Python with PyTorch, if not this one.")
@click.option("--out", type=click.Path(path_type=Path), default=HERE, help="Folder for the results.")
@click.option("--fresh", is_flag=True, help="Discard previous measurements.")
@click.option("--report", "report_only", is_flag=True, help="Write the report without measuring.")
def main(
    only: tuple[str, ...],
    repeats: int,
    epochs: int | None,
    device: str,
    data_dir: Path | None,
    rows: int,
    torch_python: str,
    out: Path,
    *,
    full: bool,
    fresh: bool,
    report_only: bool,
) -> None:
    """Measure, then write."""
    out.mkdir(parents=True, exist_ok=True)
    if fresh:
        (out / "results.json").unlink(missing_ok=True)
    try:
        if report_only:
            store = Store(out / "results.json")
            if not store.measurements:
                raise click.ClickException(f"{store.path}: nothing has been measured yet.")
            _write(store, out)
            return
        store = Store(out / "results.json", machine.describe(torch_python))
        with tempfile.TemporaryDirectory() as folder:
            data = write(Path(folder), data_dir=data_dir, rows=rows)
            chosen = device if device != "auto" else ("gpu" if gpus() else "cpu")
            setting = Setting(data, chosen, torch_python)
            _say_what_is_missing(setting)
            todo = store.missing(jobs(setting, only=only, repeats=repeats, epochs=epochs, full=full))
            try:
                failures = _measure(todo, setting, store)
            finally:
                _write(store, out)
    except MnistLabError as error:
        raise click.ClickException(str(error)) from None
    if failures:
        raise click.ClickException(f"{failures} of {len(todo)} measurements failed; the same command retries them.")


def _say_what_is_missing(setting: Setting) -> None:
    click.echo(f"Training on {setting.data.name}, on the {setting.device}.", err=True)
    for contender in CONTENDERS.values():
        if package := setting.missing(contender):
            click.echo(f"Without '{contender.title}': {package} is not installed.", err=True)


def _measure(todo: list[Job], setting: Setting, store: Store) -> int:
    """Measure one job after the other, and the machine's peak before each round; return the number of failures."""
    commit = git_state()
    failures, round_of = 0, None
    for number, job in enumerate(todo, 1):
        if (job.part, job.repeat) != round_of:
            round_of = (job.part, job.repeat)
            store.add_peak(machine.matmul_peak())
        before = {"when": datetime.now(UTC).isoformat(timespec="seconds"), **commit}
        clock = time.perf_counter()
        try:
            measured = _one(job, setting)
        except ProcessError as error:
            failures += 1
            click.echo(f"[{number}/{len(todo)}] {_described(job)} FAILED: {error}", err=True)
            continue
        if measured["device"] != job.device:
            failures += 1
            click.echo(f"[{number}/{len(todo)}] {_described(job)} ran on the {measured['device']}; not kept.", err=True)
            continue
        store.add(job, measured | before)
        click.echo(f"[{number}/{len(todo)}] {_described(job)}: {time.perf_counter() - clock:.1f} s", err=True)
    return failures


def _one(job: Job, setting: Setting) -> dict[str, Any]:
    contender = CONTENDERS[job.contender]
    match job.part:
        case "nets":
            return training.measure(contender, NETS[job.subject], job.size, job.repeat, setting)
        case "ablation":
            return ablation.measure(contender, job.size, job.repeat, setting)
        case _:
            return growth.measure(job.subject, job.size, contender, setting)


def _described(job: Job) -> str:
    size = f"{job.size} {job.subject}" if job.part == "growth" else f"{job.subject}, {job.size} epochs"
    return f"{size}, {CONTENDERS[job.contender].title}, repeat {job.repeat}"


def _write(store: Store, out: Path) -> None:
    """Write RESULTS.md, the plots and, with the default --out, the block of the project's README."""
    from benchmarks import pictures, readme, report

    pictures.draw(store, out)
    (out / "RESULTS.md").write_text(report.text(store), encoding="utf-8")
    if out.resolve() == HERE:
        project = ROOT / "README.md"
        shown = readme.in_project_readme(project.read_text(encoding="utf-8"), store)
        project.write_text(shown, encoding="utf-8")
    click.echo(f"Written: {os.path.relpath(out / 'RESULTS.md')}", err=True)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
