"""The file in which a sweep in progress keeps its queue."""

import json
import signal
import sys

import pytest

from mnist_lab import load_config
from mnist_lab.config import Override
from mnist_lab.experiment import Identity
from mnist_lab.runs import RunFolder
from mnist_lab.sweeps import Observer, Outcome, Plan, PlannedRun, Schedule
from mnist_lab.sweeps.appraisal import Appraisal
from mnist_lab.sweeps.queue import Entry, Queue, queues, recorded
from tests.lab import ROOT, files, finish


def planned(results, *seeds, seconds=60.0, parallel=1):
    """The schedule of some new runs."""
    runs = []
    for seed in seeds:
        config = load_config("mlp_512", [Override(("seed",), seed, "--seed")])
        runs.append(
            PlannedRun(Identity(config, "f" * 16, RunFolder.of(results, "mlp_512", seed, "f" * 16), results), "new")
        )
    costs = {run: Appraisal(1, seconds, 1) for run in runs}
    return Schedule(Plan(tuple(runs), tuple(runs)), (), parallel, costs)


def test_a_sweep_in_progress_says_which_of_its_runs_wait_run_are_done_and_have_failed(tmp_path):
    schedule = planned(tmp_path, 1, 2, 3, 4)
    first, second, third, _ = schedule.plan.todo
    with recorded(tmp_path, "ablation", Observer()) as observer:
        observer.planned(schedule)
        observer.started(first)
        observer.ended(first, Outcome("done"), 70.0)
        observer.started(second)
        observer.ended(second, Outcome("failed", "It broke."), 1.0)
        observer.started(third)
        [queue] = queues(tmp_path)
        assert (queue.name, queue.parallel, queue.ended) == ("ablation", 1, 2)
        assert [run.state for run in queue.runs] == ["done", "failed", "running", "waiting"]
        assert queue.runs[1].reason == "It broke."
        assert queue.runs[3].label == "mlp_512 seed 4"
        assert queue.runs[3].folder == "mlp_512/seed4-ffffffff"


def test_nothing_of_the_queue_is_left_when_the_sweep_ends_whatever_ends_it(tmp_path):
    def interrupted():
        with recorded(tmp_path, "ablation", Observer()) as observer:
            observer.planned(planned(tmp_path, 1))
            assert len(queues(tmp_path)) == 1
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_a_sweep_with_nothing_to_train_has_no_queue(tmp_path):
    with recorded(tmp_path, "ablation", Observer()) as observer:
        observer.planned(planned(tmp_path))
        assert list(tmp_path.iterdir()) == []


KILLED = """\
import os, signal, sys
from pathlib import Path
from mnist_lab.sweeps import Observer
from mnist_lab.sweeps.queue import queues, recorded
from tests.sweeps.test_queue import planned

results = Path(sys.argv[1])
with recorded(results, "killed", Observer()) as observer:
    observer.planned(planned(results, 1))
    assert len(queues(results)) == 1
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_sweep_that_was_killed_is_not_in_progress_and_the_next_one_removes_its_queue(tmp_path):
    done = finish([sys.executable, "-c", KILLED, str(tmp_path)], ROOT)
    assert done.code == -signal.SIGKILL, done.err
    assert any(name.endswith("queue.json") for name in files(tmp_path))
    assert queues(tmp_path) == []
    with recorded(tmp_path, "next", Observer()):
        assert files(tmp_path) == set()


def test_two_sweeps_in_one_folder_have_a_queue_each(tmp_path):
    with recorded(tmp_path, "first", Observer()) as first, recorded(tmp_path, "second", Observer()) as second:
        first.planned(planned(tmp_path, 1))
        second.planned(planned(tmp_path, 2))
        assert [queue.name for queue in queues(tmp_path)] == ["first", "second"]


def test_a_queue_that_cannot_be_written_stops_nothing(tmp_path):
    (tmp_path / ".sweeps").write_text("a file where the folder belongs")
    schedule = planned(tmp_path, 1)
    with recorded(tmp_path, "ablation", Observer()) as observer:
        observer.planned(schedule)
        observer.started(schedule.plan.todo[0])
    assert queues(tmp_path) == []


def test_a_damaged_queue_is_left_out(tmp_path):
    with recorded(tmp_path, "ablation", Observer()) as observer:
        observer.planned(planned(tmp_path, 1))
        [file] = tmp_path.glob(".sweeps/*/queue.json")
        for text in ("{", "[]", json.dumps({"name": 3})):
            file.write_text(text)
            assert queues(tmp_path) == []


EVENTS = ("appraising", "planned", "started", "tick", "note", "ended")


def test_all_events_reach_the_other_observer(tmp_path):
    names = []
    other = Observer()
    for name in EVENTS:
        setattr(other, name, lambda *_, name=name: names.append(name))
    schedule = planned(tmp_path, 1)
    run = schedule.plan.todo[0]
    with recorded(tmp_path, "ablation", other) as observer:
        observer.appraising()
        observer.planned(schedule)
        observer.started(run)
        observer.tick([])
        observer.note("A remark.")
        observer.ended(run, Outcome("done"), 1.0)
    assert tuple(names) == EVENTS


def queue(*runs, parallel=1):
    return Queue(name="ablation", started=0, parallel=parallel, runs=runs)


def entry(state, estimate=60.0, **facts):
    return Entry(folder="f", label="l", state=state, estimate=estimate, **facts)


def test_the_time_left_is_that_of_the_waiting_and_the_rest_of_the_running_runs_divided_by_their_number_at_a_time():
    runs = [entry("waiting"), entry("waiting"), entry("running", started=100.0), entry("running", started=130.0)]
    assert queue(*runs, parallel=2).left(140.0) == pytest.approx((60 + 60 + 20 + 50) / 2)


def test_the_time_left_is_at_least_that_of_the_longest_running():
    runs = [entry("running", started=100.0), entry("running", started=140.0)]
    assert queue(*runs, parallel=2).left(140.0) == 60.0


def test_estimates_are_corrected_by_how_long_the_finished_runs_took():
    assert queue(entry("done", took=120.0), entry("waiting")).left(0.0) == 120.0


def test_a_run_that_takes_longer_than_expected_never_counts_as_less_than_zero():
    assert queue(entry("running", started=0.0)).left(1_000.0) == 0.0


def test_without_estimates_the_time_left_is_not_known():
    assert queue(entry("waiting", estimate=0.0)).left(0.0) is None
