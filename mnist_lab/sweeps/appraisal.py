"""Estimates the cost of the runs of a plan: parameters, time, disk space.

The networks are built in a process forked from the same server as the runs, so that a network that cannot be built is
reported before training. Times are those of finished runs on this machine with the same configuration or similar work
per image, or are extrapolated from a short benchmark of the largest remaining network.
"""

import time
from collections.abc import Sequence
from concurrent.futures import Executor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple

from pebble import ProcessExpired

from mnist_lab import backends, datasets
from mnist_lab.config import Config
from mnist_lab.config.problems import located
from mnist_lab.errors import TooLargeError
from mnist_lab.executors import Slot
from mnist_lab.experiment import build_trainer, prepare_data
from mnist_lab.sweeps.experience import Experience
from mnist_lab.sweeps.plan import Plan, PlannedRun
from mnist_lab.sweeps.worker import executor_for

AFTERWARDS = 2.5
"""Processor seconds of a run after its last epoch: testing, saving, plotting. Measured with TensorFlow and JAX."""
FILES = 700_000
"""Bytes of a run folder besides the model: plots, predictions, mistakes."""
TIMED_STEPS = 20


@dataclass(frozen=True)
class Appraisal:
    """The estimated cost of a run."""

    parameters: int = 0
    seconds: float = 0.0
    bytes: int = 0
    problem: str = ""
    """Why the run cannot be trained, if its network is too large for this machine."""
    overhead: float = 0.0
    """The part of the seconds that does not depend on the number of epochs."""
    basis: Literal["runs", "timing", ""] = ""
    """The basis of the seconds: finished runs on this machine, or a short benchmark."""


@dataclass(frozen=True)
class _Work:
    """The size of one run's training."""

    parameters: int
    flops: int
    images: int
    """Training images of all epochs."""

    def cost(self, seconds: float, overhead: float, basis: Literal["runs", "timing"]) -> Appraisal:
        """Return its cost if it takes this many seconds."""
        return Appraisal(self.parameters, seconds, 4 * self.parameters + FILES, overhead=overhead, basis=basis)


class Timing(NamedTuple):
    """The timing of a few steps of one network."""

    seconds_per_flop: float
    overhead: float
    """Seconds besides the epochs, on a machine as busy as now."""


def appraise(plan: Plan, slot: Slot, *, data_dir: Path | None = None) -> dict[PlannedRun, Appraisal]:
    """Estimate the cost of the runs to train, each of which will get a slot like `slot`.

    A network that is too large for this machine only affects its own runs.

    Raises:
        InputError: a network's layers do not fit each other or the images.
    """
    first = plan.todo[0].identity.config
    experience = Experience.of(
        plan.finished, backend=str(first.runtime.backend), device="gpu" if slot.gpu else "cpu", threads=len(slot.cpus)
    )
    different = {run.identity.fingerprint: run for run in plan.todo}
    sources = {
        mark: (run.source, run.identity.config.model_copy(update={"runtime": first.runtime}))
        for mark, run in different.items()
    }
    costs: dict[str, Appraisal] = {}
    untimed: dict[str, _Work] = {}
    executor = executor_for(plan.todo[0].server, [slot])
    try:
        for mark, work in zip(sources, _built(executor, list(sources.values()), data_dir), strict=True):
            same = experience.of_same(mark, different[mark].identity.group)
            if isinstance(work, str):
                costs[mark] = Appraisal(problem=work)
            elif seconds := same or experience.of_similar(work.flops, work.images):
                costs[mark] = work.cost(seconds, experience.overhead or 0.0, "runs")
            else:
                untimed[mark] = work
        costs |= _timed(executor, sources, untimed, data_dir)
    finally:
        executor.shutdown(cancel_futures=True)
    return {run: costs[run.identity.fingerprint] for run in plan.todo}


def _built(executor: Executor, sources: Sequence[tuple[str, Config]], data_dir: Path | None) -> "list[_Work | str]":
    """Call `build`; if its process terminates unexpectedly, in one process per network, to find out which does it."""
    try:
        return executor.submit(build, sources, data_dir).result()
    except (ProcessExpired, BrokenProcessPool):
        if len(sources) == 1:
            return [_ended(sources[0][0])]
    return [work for source in sources for work in _built(executor, [source], data_dir)]


def _timed(
    executor: Executor, sources: dict[str, tuple[str, Config]], untimed: dict[str, _Work], data_dir: Path | None
) -> dict[str, Appraisal]:
    """Return the costs of the `untimed` networks, from a timing of the largest one that can be trained."""
    costs: dict[str, Appraisal] = {}
    for mark in sorted(untimed, key=lambda mark: -untimed[mark].flops):
        try:
            timing = executor.submit(time_steps, *sources[mark], data_dir).result()
        except TooLargeError as error:
            costs[mark] = Appraisal(problem=str(error))
        except (ProcessExpired, BrokenProcessPool):
            costs[mark] = Appraisal(problem=_ended(sources[mark][0]))
        else:
            for each in untimed.keys() - costs.keys():
                work = untimed[each]
                seconds = timing.overhead + work.flops * timing.seconds_per_flop
                costs[each] = work.cost(seconds, timing.overhead, "timing")
            break
    return costs


def _ended(source: str) -> str:
    return f"{source}: the process that builds the network ended unexpectedly: out of memory, or killed."


def build(sources: Sequence[tuple[str, Config]], data_dir: Path | None) -> "list[_Work | str]":
    """Build every network, in a process with Keras; for a network that is too large, return a message in its place.

    Errors name the source of the configuration.
    """
    from mnist_lab import models

    runtime = sources[0][1].runtime
    backends.start(str(runtime.backend), device=runtime.device)
    needed = {datasets.images_of(config.data): config.data for _, config in sources}
    loaded = {images: datasets.load(data, data_dir) for images, data in needed.items()}
    works: list[_Work | str] = []
    for source, config in sources:
        try:
            with located(source), models.memory_errors():
                splits = prepare_data(config, loaded[datasets.images_of(config.data)])  # not kept: it is a copy
                summary = models.summarize(build_trainer(config, splits).model)
        except TooLargeError as error:
            works.append(str(error))
        else:
            images = config.train.epochs * len(splits.train)
            works.append(_Work(summary.parameters.total, summary.training_flops(images) or 0, images))
    return works


def time_steps(source: str, config: Config, data_dir: Path | None) -> Timing:
    """Time a few steps, in a process with Keras: the second of two short epochs; the first also compiles.

    Raises:
        TooLargeError: the network does not fit into memory.
    """
    from mnist_lab import models

    begun, worked = time.perf_counter(), time.process_time()
    backends.start(str(config.runtime.backend), device=config.runtime.device)
    splits = prepare_data(config, datasets.load(config.data, data_dir))
    rows = slice(0, TIMED_STEPS * config.train.batch_size)
    validation = splits.validation and splits.validation.take(rows)
    few = replace(splits, train=splits.train.take(rows), validation=validation)
    plain = {"epochs": 2, "restore_best": None, "early_stopping": None, "schedule": ()}
    config = config.model_copy(update={"train": config.train.model_copy(update=plain)})
    with located(source), models.memory_errors():
        trainer = build_trainer(config, few)
        flops = models.summarize(trainer.model).training_flops(len(few.train)) or len(few.train)
        _, second = trainer.epochs()
    elapsed = time.perf_counter() - begun
    busy = max(1.0, elapsed / (time.process_time() - worked))  # others use the processors, too
    overhead = elapsed - 2 * second["seconds"] + AFTERWARDS * busy
    return Timing(second["seconds"] / flops, overhead)
