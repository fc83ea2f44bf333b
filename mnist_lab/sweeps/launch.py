"""Trains the runs of a plan in parallel; a failure affects only its own run."""

import signal
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from pebble import ProcessExpired

from mnist_lab.errors import BusyError, DamagedError, MachineError, MnistLabError, NoRoomError, UnreadableError
from mnist_lab.executors import DiedError, LostError
from mnist_lab.experiment import record_failure
from mnist_lab.runs import load_run
from mnist_lab.sweeps.machine import Machine
from mnist_lab.sweeps.observer import Observer, Running
from mnist_lab.sweeps.plan import PlannedRun, by_server
from mnist_lab.sweeps.worker import TIMED_OUT, Outcome, Task, terminated, work
from mnist_lab.system import signals

TICK = 0.2
"""Seconds between checks of the running processes."""
WAIT_FOR_OTHERS = 1.0
"""Seconds until a run that was locked by another process is retried."""
GRACE = 5.0
"""Seconds that the current epochs get after SIGTERM or SIGHUP, as the sender may send SIGKILL soon after."""
TRIES = 2
"""Attempts for a run whose process terminates unexpectedly (killed, out of memory)."""


def launch(
    todo: Sequence[PlannedRun],
    machine: Machine,
    *,
    data_dir: Path | None = None,
    force: bool = False,
    timeout: float | None = None,
    fail_fast: bool = False,
    observer: Observer | None = None,
) -> list[tuple[PlannedRun, str]]:
    """Train all runs in `todo` and return those that failed, each with the reason.

    Backends are run one after the other. On the first Ctrl-C no new runs start and the current ones stop after their
    epoch, with a checkpoint; on the second they stop immediately. SIGTERM and SIGHUP, if a handler raises an exception
    for them, do the same, but the runs stop immediately after `GRACE` seconds.

    Args:
        todo: the runs, in the order in which to start them.
        machine: where to train them.
        data_dir, force, timeout, fail_fast: as for `mnist_lab.sweep`.
        observer: is notified of events.

    Raises:
        Interruption: a KeyboardInterrupt; finished runs and checkpoints are kept.
        NoRoomError: the disk is full.
    """
    observer = observer or Observer()
    failures: list[tuple[PlannedRun, str]] = []
    for runs in by_server(todo):
        tasks = {run: task_for(run, data_dir, force=force) for run in runs}
        launcher = _Launcher(machine, runs, observer, tasks, timeout=timeout, fail_fast=fail_fast)
        failures += launcher.run()
        if failures and fail_fast:
            break
    return failures


class Supply:
    """Supplies runs one at a time, each chosen by the outcomes so far; this base class supplies none."""

    @property
    def over(self) -> str:
        """Why the runs in progress should stop after their epoch; empty while they may continue."""
        return ""

    def next(self) -> tuple[PlannedRun, Task] | None:
        """Return what to train next; None if there is nothing, at least until another run ends."""
        return None

    def ended(self, run: PlannedRun, outcome: Outcome) -> None:
        """React to the end of a run."""


def launch_from(supply: Supply, machine: Machine, like: PlannedRun, *, observer: Observer) -> None:
    """Train what `supply` returns until there is nothing more; signals and errors are as for `launch`.

    All its runs have the data set, backend and device of `like`.
    """
    _Launcher(machine, [like], observer, {}, supply=supply).run()


def task_for(run: PlannedRun, data_dir: Path | None, *, force: bool) -> Task:
    """Return what a process needs to train a run."""
    identity = run.identity
    return Task(
        identity.config, identity.results, data_dir, force or run.repeats, run.folder.path,
        dataset_sha256=identity.dataset_sha256,
    )  # fmt: skip


def set_aside(run: PlannedRun, note: Callable[[str], object]) -> None:
    """Move a damaged run aside, unless another sweep has already done so since the plan was made.

    Raises:
        BusyError: another process is writing the run.
        MachineError: the run cannot be moved.
    """
    with run.folder.locked():
        if not run.folder.finished:
            return
        try:
            load_run(run.folder.path)
        except DamagedError:
            try:
                aside = run.folder.set_aside()
            except OSError as error:
                raise MachineError.of(error, "It was left unchanged.") from error
            note(f"{run.label}: damaged; moved to {aside}.")


class _Launcher:
    """Keeps an executor for runs such as `like` busy until no runs are waiting."""

    def __init__(
        self,
        machine: Machine,
        like: Sequence[PlannedRun],
        observer: Observer,
        tasks: dict[PlannedRun, Task],
        *,
        timeout: float | None = None,
        fail_fast: bool = False,
        supply: Supply | None = None,
    ) -> None:
        self.machine = machine
        self.executor = machine.executor(like, timeout=timeout, note=observer.note)
        self.observer = observer
        self.fail_fast = fail_fast
        self.supply = supply or Supply()
        self.tasks = tasks
        self.forced = any(task.force for task in tasks.values())
        self.waiting = deque(tasks)
        self.running: dict[Future[Outcome], PlannedRun] = {}
        self.begun: dict[PlannedRun, float] = {}
        self.tries: Counter[PlannedRun] = Counter()
        self.not_before: dict[PlannedRun, float] = {}
        self.failures: list[tuple[PlannedRun, str]] = []
        self.signal: int | None = None
        self.announced: int | str = ""
        self.ends = float("inf")
        self.no_room = ""
        self.held: dict[PlannedRun, ExitStack] = {}
        """The locks of detached runs, which no other process here holds."""

    def run(self) -> list[tuple[PlannedRun, str]]:
        """Train all runs and return the failures."""
        now = False
        try:
            with signals.handling(lambda _: self._interrupt):
                while True:
                    self._handle_signal()
                    if self._ending():
                        self._withdraw()
                    self._start_some()
                    if not self.running:
                        if self._ending() or not self.waiting:
                            break
                        time.sleep(TICK)  # all waiting runs are locked by other processes
                    done, _ = wait(self.running, timeout=TICK, return_when=FIRST_COMPLETED)
                    for future in done:
                        self._end(self.running.pop(future), future)
                    self.observer.tick(self._running())
        except KeyboardInterrupt as interrupt:
            now = True
            raise self._interruption(signals.number_of(interrupt)) from interrupt
        except BaseException:
            now = True
            raise
        finally:
            self.executor.shutdown(cancel_futures=now)
            for run in list(self.held):
                self._release(run)
        if self.no_room:
            raise NoRoomError(self.no_room)
        if self.signal is not None:
            raise self._interruption(self.signal)
        return self.failures

    def _running(self) -> list[Running]:
        """Return the runs in training; those that wait at a worker of a cluster do not count."""
        found = []
        for future, run in self.running.items():
            progress = self.executor.progress(future)
            if progress.begun:
                if run not in self.begun:
                    self.begun[run] = time.monotonic()
                    self.observer.started(run)
                found.append(Running(run, time.monotonic() - self.begun[run], progress.worker, **progress.said or {}))
        return found

    def _interrupt(self, number: int, frame: Any) -> None:
        """On the first signal, let the processes stop after their epoch; on the second, raise an exception."""
        if self.signal is not None:
            raise signals.Interruption(number=number)
        self.signal = number

    def _handle_signal(self) -> None:
        if self.signal is not None and time.monotonic() > self.ends:
            raise signals.Interruption(number=self.signal)
        why = self.signal or self.supply.over
        if not why or why == self.announced:
            return
        self.announced = why
        self.executor.stop()
        if self.signal is None:
            self.observer.note(f"{why} Stopping after the current epochs.")
        elif self.signal == signal.SIGINT:
            self.observer.note("Stopping after the current epochs. Press Ctrl-C again to stop immediately.")
        else:
            self.ends = time.monotonic() + GRACE
            self.observer.note(f"Stopping after the current epochs, in at most {GRACE:.0f} s.")

    def _interruption(self, number: int) -> signals.Interruption:
        force = ", without --force," if self.forced else ""
        return signals.Interruption(
            f"Finished runs and checkpoints are kept. Run the same command again{force} to resume.", number
        )

    def _ending(self) -> bool:
        failed = self.fail_fast and bool(self.failures)
        return self.signal is not None or bool(self.no_room) or failed or bool(self.supply.over)

    def _withdraw(self) -> None:
        """Take back the runs that wait at a worker of a cluster."""
        for future, run in list(self.running.items()):
            if not self.executor.progress(future).begun and future.cancel():
                del self.running[future]
                self._release(run)

    def _start_some(self) -> None:
        for _ in range(len(self.waiting)):
            if len(self.running) >= self.executor.capacity or self._ending():
                return
            run = self.waiting.popleft()
            if time.monotonic() < self.not_before.get(run, 0):
                self.waiting.append(run)
            else:
                self._start(run)
        while len(self.running) < self.executor.capacity and not self._ending():
            if (given := self.supply.next()) is None:
                return
            run, task = given
            self.tasks[run] = task
            self._start(run)

    def _start(self, run: PlannedRun) -> None:
        if run.folder.busy:
            self._leave_for_now(run)
            return
        try:
            task = self._prepared(run)
        except BusyError:
            self._leave_for_now(run)
        except (MnistLabError, OSError) as error:
            self._release(run)
            self._conclude(run, Outcome("failed", str(error)))
        else:
            self.tries[run] += 1
            self.running[self.executor.submit(work, task)] = run

    def _prepared(self, run: PlannedRun) -> Task:
        """Return the task of a run, with its folder prepared: a damaged run is set aside, and a detached one locked."""
        task = self.machine.adapted(self.tasks[run])
        if run.state == "damaged" and not self.tries[run]:
            set_aside(run, self.observer.note)
        if self.tries[run] and run.folder.interrupted:
            task = replace(task, force=False)  # resume the forced run
        if not task.detached:
            return task
        lock = ExitStack()
        lock.enter_context(run.folder.locked())
        self.held[run] = lock
        resumed = run.folder.interrupted and not task.force
        return replace(task, before=run.folder.current.packed() if resumed else b"")

    def _release(self, run: PlannedRun) -> None:
        if run in self.held:
            self.held.pop(run).close()
            with suppress(UnreadableError):
                if not run.folder.begun and not run.folder.busy:
                    run.folder.discard(run.identity.results)

    def _leave_for_now(self, run: PlannedRun) -> None:
        if run not in self.not_before:
            self.observer.note(f"{run.label}: locked by another process; retrying.")
        self.not_before[run] = time.monotonic() + WAIT_FOR_OTHERS
        self.waiting.append(run)

    def _end(self, run: PlannedRun, future: Future[Outcome]) -> None:
        outcome = self._outcome(run, future)
        if outcome and outcome.archive:
            try:
                run.folder.take(outcome.archive)
            except OSError as error:
                outcome = Outcome("no_room", str(MachineError.of(error)))
        self._release(run)
        if outcome is None:
            self.waiting.appendleft(run)
        elif outcome.kind == "busy":
            self.tries[run] -= 1
            self._leave_for_now(run)
        elif outcome.kind == "no_room" and self.executor.retire(future, outcome.reason):
            self.tries[run] -= 1
            self.observer.note(f"{run.label}: reassigned to another worker.")
            self.waiting.appendleft(run)
        else:
            self._conclude(run, outcome)

    def _conclude(self, run: PlannedRun, outcome: Outcome) -> None:
        match outcome.kind:
            case "failed":
                self.failures.append((run, outcome.reason))
                with suppress(UnreadableError):
                    if not run.folder.failed:  # it failed before its folder existed
                        record_failure(run.folder, outcome.reason)
            case "no_room":
                self.no_room = outcome.reason
                self.executor.stop()
        self.supply.ended(run, outcome)
        for kept in (self.tasks, self.tries, self.not_before):  # a supply can be endless
            kept.pop(run, None)
        now = time.monotonic()
        self.observer.ended(run, outcome, now - self.begun.pop(run, now))

    def _outcome(self, run: PlannedRun, future: Future[Outcome]) -> Outcome | None:
        """Return how the run ended; None if its process terminated unexpectedly and the run is retried."""
        try:
            return future.result()
        except TimeoutError:
            reason = TIMED_OUT
        except (ProcessExpired, BrokenProcessPool, CancelledError) as error:
            if self.signal is not None:
                return Outcome("stopped")
            reason = terminated(error)
            if self.tries[run] < TRIES and not self._ending():
                self.observer.note(f"{run.label}: {reason} Retrying once.")
                return None
        except LostError:
            raise
        except DiedError as error:
            reason = f"Gave up: {error} (killed or out of memory)."
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
        record_failure(run.folder, reason)
        return Outcome("failed", reason)
