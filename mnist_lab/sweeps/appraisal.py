"""Estimates the cost of the runs of a plan: parameters, time, disk space.

The networks are built in a process forked from the same server as the runs, so that one that cannot be built is
reported before any training. Times are those of finished runs with the same configuration, or else extrapolated by
FLOPs from a short timing of the most expensive run.
"""

import math
from collections.abc import Sequence
from concurrent.futures import Executor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path

from pebble import ProcessExpired

from mnist_lab import backends, datasets
from mnist_lab.config import Config
from mnist_lab.config.problems import located
from mnist_lab.errors import TooLargeError
from mnist_lab.executors import Slot
from mnist_lab.experiment import Splits, build_trainer, prepare_data
from mnist_lab.sweeps.plan import PlannedRun
from mnist_lab.sweeps.worker import executor_for

OVERHEAD = 2.5
"""Seconds of a run besides training: building, compiling, testing, plotting."""
FILES = 700_000
"""Bytes of a run folder besides the model: plots, predictions, mistakes."""
TIMED_STEPS = 20


@dataclass(frozen=True)
class Appraisal:
    """The estimated cost of a run."""

    parameters: int
    seconds: float
    bytes: int
    problem: str = ""
    """Why it cannot be trained, if its network is too large for this machine."""


@dataclass(frozen=True)
class _Work:
    """The size of one run's training."""

    parameters: int
    flops_per_step: int
    steps: int
    """Steps of all epochs."""


def appraise(todo: Sequence[PlannedRun], slot: Slot, *, data_dir: Path | None = None) -> dict[PlannedRun, Appraisal]:
    """Estimate the cost of the runs in `todo`, each of which will get a slot like `slot`.

    A network that is too large for this machine only affects its own runs.

    Raises:
        InputError: a network's layers do not fit each other or the images.
    """
    runtime = todo[0].identity.config.runtime
    different = {run.identity.fingerprint: run for run in todo}
    executor = executor_for(todo[0], [slot])
    try:
        sources = [
            (run.source, run.identity.config.model_copy(update={"runtime": runtime})) for run in different.values()
        ]
        untimed = [run.seconds is None for run in different.values()]
        works, seconds_per_flop = _measured(executor, sources, untimed, data_dir)
    finally:
        executor.shutdown(cancel_futures=True)
    size = dict(zip(different, works, strict=True))
    return {run: _appraisal(run, size[run.identity.fingerprint], seconds_per_flop) for run in todo}


def _measured(
    executor: Executor, sources: Sequence[tuple[str, Config]], untimed: Sequence[bool], data_dir: Path | None
) -> "tuple[list[_Work | str], float]":
    """As `measure`; if its process terminates unexpectedly, one process per network, to find out which one it is."""
    try:
        return executor.submit(measure, sources, untimed, data_dir).result()
    except (ProcessExpired, BrokenProcessPool):
        if len(sources) == 1:
            problem = "the process that builds the network ended unexpectedly: out of memory, or killed."
            return [f"{sources[0][0]}: {problem}"], 0.0
    alone = [_measured(executor, [one], [timed], data_dir) for one, timed in zip(sources, untimed, strict=True)]
    return [work for works, _ in alone for work in works], max(seconds for _, seconds in alone)


def _appraisal(run: PlannedRun, work: _Work | str, seconds_per_flop: float) -> Appraisal:
    if isinstance(work, str):
        return Appraisal(0, 0.0, 0, work)
    trained = work.steps * work.flops_per_step * seconds_per_flop
    return Appraisal(work.parameters, run.seconds or OVERHEAD + trained, 4 * work.parameters + FILES)


def measure(
    sources: Sequence[tuple[str, Config]], untimed: Sequence[bool], data_dir: Path | None
) -> tuple[list[_Work | str], float]:
    """Build every network and time a few steps of the most expensive `untimed` one; returns its seconds per FLOP too.

    Runs in a process with Keras. Errors name the source of the configuration; the message about a network that is too
    large is returned in its place.
    """
    from mnist_lab import models

    configs = [config for _, config in sources]
    runtime = configs[0].runtime
    backends.start(str(runtime.backend), device=runtime.device)
    needed = {datasets.images_of(config.data): config.data for config in configs}
    loaded = {images: datasets.load(data, data_dir) for images, data in needed.items()}
    works = [_built(source, config, loaded[datasets.images_of(config.data)]) for source, config in sources]
    timed = {i: work for i, work in enumerate(works) if untimed[i] and isinstance(work, _Work)}
    while timed:
        costliest = max(timed, key=lambda i: timed[i].flops_per_step * timed[i].steps)
        source, config = sources[costliest]
        try:
            with located(source), models.memory_errors():
                seconds = _seconds_per_step(config, prepare_data(config, loaded[datasets.images_of(config.data)]))
        except TooLargeError as error:
            works[costliest] = str(error)
            del timed[costliest]
            continue
        return works, seconds / max(1, timed[costliest].flops_per_step)
    return works, 0.0


def _built(source: str, config: Config, dataset: datasets.Dataset) -> _Work | str:
    from mnist_lab import models

    try:
        with located(source), models.memory_errors():
            splits = prepare_data(config, dataset)  # not kept: it is a copy of the images
            summary = models.summarize(build_trainer(config, splits).model)
    except TooLargeError as error:
        return str(error)
    batch = config.train.batch_size
    steps = config.train.epochs * math.ceil(len(splits.train) / batch)
    return _Work(summary.parameters.total, 6 * (summary.multiply_adds or 0) * batch, steps)


def _seconds_per_step(config: Config, splits: Splits) -> float:
    """The second of two short epochs; the first also compiles."""
    rows = slice(0, TIMED_STEPS * config.train.batch_size)
    few = replace(splits, train=splits.train.take(rows), validation=None)
    plain = {"epochs": 2, "restore_best": None, "early_stopping": None, "schedule": ()}
    config = config.model_copy(update={"train": config.train.model_copy(update=plain)})
    *_, last = build_trainer(config, few).epochs()
    return last["seconds"] / math.ceil(len(few.train) / config.train.batch_size)
