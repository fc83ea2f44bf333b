"""Progress: where it is shown, and what is shown of a run and a sweep."""

import pytest

from mnist_lab import experiment, search, sweeps
from mnist_lab.config import load_config
from mnist_lab.experiment import Identity
from mnist_lab.notebook.progress import (
    _RunProgress,
    _SearchProgress,
    _SweepProgress,
    in_notebook,
    run_progress,
    search_progress,
    sweep_progress,
)
from mnist_lab.runs import RunFolder
from mnist_lab.search import Forecast, RunningTrial
from mnist_lab.sweeps import PlannedRun, Running
from mnist_lab.training import Progress
from tests.search.records import of_accuracy


def remembering(progress):
    """A progress display that remembers its HTML instead of showing it."""

    class Remembering(progress):
        html = ""

        def show(self, html, *, soon=False):
            self.html = html

    return Remembering()


def record(epoch):
    return {"epoch": epoch, "loss": 0.5, "accuracy": 0.9, "val_loss": 0.6, "val_accuracy": 0.8, "seconds": 1.2}


def test_a_script_is_not_a_notebook():
    assert not in_notebook()


@pytest.mark.parametrize(
    ("watched", "silent"),
    [(run_progress, experiment.Observer), (sweep_progress, sweeps.Observer), (search_progress, search.Observer)],
)
def test_a_given_observer_is_used_and_nothing_is_shown_on_request(watched, silent):
    own = silent()
    with watched(own, shown=True) as told:
        assert told is own
    with watched(None, shown=False) as told:
        assert type(told) is silent


class TestRun:
    @pytest.fixture
    def shown(self):
        return remembering(_RunProgress)

    def test_shows_what_is_in_progress_and_the_epochs_that_are_done(self, shown):
        shown.preparing("Reading <the> data")
        assert "Reading &lt;the&gt; data" in shown.html
        shown.epoch(record(1), 3)
        shown.batch(Progress(epoch=2, done=5, total=10, loss=0.25, accuracy=0.5))
        assert 'value="5" max="10"' in shown.html
        for text in ("loss 0.2500, accuracy 0.5000", "<td", "0.9000", "val_accuracy"):
            assert text in shown.html

    def test_shows_only_the_last_epochs(self, shown):
        for epoch in range(1, 31):
            shown.epoch(record(epoch), 30)
        assert shown.html.count("<tr>") == 1 + 8
        assert ">30</td>" in shown.html

    def test_shows_no_progress_at_the_end(self, shown):
        with shown:
            shown.preparing("Reading the data")
        assert shown.html == "<div>Already finished; loaded from its folder.</div>"
        shown.epoch(record(1), 3)
        shown.__exit__(KeyboardInterrupt, None, None)
        assert "<table" in shown.html
        assert "<progress" not in shown.html

    def test_keeps_notes(self, shown):
        shown.note("Using fewer threads.")
        shown.preparing("Building the network")
        assert "Using fewer threads." in shown.html


def running(tmp_path, epoch):
    config = load_config("mlp_512")
    identity = Identity(config, "0" * 64, RunFolder.of(tmp_path, "mlp_512", 1, "0" * 64), tmp_path)
    return Running(PlannedRun(identity, "new"), 12.0, epoch=epoch, accuracy=0.5, epoch_seconds=2.0)


def test_a_sweep_shows_what_is_running(tmp_path):
    shown = remembering(_SweepProgress)
    shown.note("a <note>")
    shown.tick([running(tmp_path, 3)])
    for text in ("a &lt;note&gt;", "mlp_512 seed 1", "3/10", "0.5000"):
        assert text in shown.html


def test_a_search_shows_what_is_running_what_was_reached_and_how_far_it_is(tmp_path):
    record, shown = of_accuracy(confirmed=False), remembering(_SearchProgress)
    shown.begun(record, Forecast(0, 600.0, 24, 900.0, 2, "a short benchmark", ()))
    assert "Search mlp: finished, 27 trials." in shown.html
    shown.reported(record.trials[2], record, 90.0)
    shown.running([RunningTrial(record.trials[3], 6, running(tmp_path, 3))])
    for text in ("Trial 3: learning_rate", "epoch 6/20", "3/6", "27 of 27 trials, best 0.98", "<progress value="):
        assert text in shown.html
    shown.ended_search(record)
    assert "<progress" not in shown.html
