"""`runtime.report_to`: a run reports to trackers while it is trained, and is the same without them."""

import threading

import pytest

import mnist_lab
from mnist_lab import experiment
from mnist_lab.config import fingerprint, load_config
from mnist_lab.trackers import background, registry
from mnist_lab.trackers.tracker import Tracker

SMALL = {
    "name": "small",
    "data": {"dataset": "digits", "subset": 200, "validation": {"split": "stratified"}},
    "model": {"kind": "mlp", "nodes": [8]},
    "train": {"epochs": 3},
    "runtime": {"report_to": "tensorboard"},
}


class Told(Tracker):
    """A tracker that keeps what is reported to it."""

    title = "told"

    def __init__(self) -> None:
        self.events: list[object] = []

    def has(self, run):
        return False

    def begin(self, subject):
        self.events.append(subject.title)

    def epoch(self, record, at):
        self.events.append(record["epoch"])

    def finish(self, run):
        self.events.append(run.measured.test.total)

    def abandon(self):
        self.events.append("abandoned")

    def where(self):
        return ""


class Notes(experiment.Observer):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text):
        self.notes.append(text)


@pytest.fixture
def use(monkeypatch):
    """A function that puts a tracker in place of all others."""
    monkeypatch.setattr(registry, "find_spec", lambda name: name)

    def put(tracker):
        monkeypatch.setattr(background, "tracker", lambda name: tracker)
        return tracker

    return put


def trained(results, observer=None, **changes):
    return mnist_lab.run(SMALL, results=results, observer=observer or Notes(), set=changes)


def test_it_is_informed_of_the_beginning_each_epoch_and_the_end(use, tmp_path):
    tracker = use(Told())
    trained(tmp_path)
    assert tracker.events == ["small seed 1", 1, 2, 3, 360]


def test_it_is_not_part_of_the_fingerprint():
    reported, plain = (load_config(SMALL, load_changes) for load_changes in ((), _without()))
    marks = {fingerprint(config, dataset_sha256="", backend="jax") for config in (reported, plain)}
    assert len(marks) == 1


def _without():
    from mnist_lab.config import Override

    return [Override(("runtime", "report_to"), [], "report_to")]


def test_a_tracker_that_fails_costs_the_run_one_warning(use, tmp_path):
    class Down(Told):
        def begin(self, subject):
            raise ConnectionError("nobody answers")

    use(Down())
    seen = Notes()
    assert trained(tmp_path, seen).measured.epochs == 3
    [note] = [note for note in seen.notes if note.startswith("tensorboard")]
    assert note.startswith("tensorboard: nobody answers. Once the run is finished, `mnist-lab log RUN")


def test_a_failed_run_is_not_said_to_continue(use):
    answer, notes = threading.Event(), []

    class Slow(Told):
        def begin(self, subject):
            answer.wait()

    use(Slow())
    run = background.Background("tensorboard", notes.append)
    run.begin(None, [])
    run.end()
    answer.set()
    assert notes == [
        "tensorboard: no answer within 1 s. Once the run is finished, `mnist-lab log RUN --to tensorboard` logs it."
    ]


def test_a_tracker_that_does_not_answer_is_left_alone(use, tmp_path, monkeypatch):
    answer = threading.Event()

    class Slow(Told):
        def begin(self, subject):
            answer.wait()

    monkeypatch.setattr(background, "PATIENCE", 0.01)
    use(Slow())
    seen = Notes()
    assert trained(tmp_path, seen).measured.epochs == 3
    answer.set()
    assert any("tensorboard: no answer within 0.01 s." in note for note in seen.notes)


def test_a_run_that_resumes_reports_its_earlier_epochs_again(use, tmp_path):
    class Stop(Notes):
        def stops(self):
            return True

    tracker = use(Told())
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path, Stop())
    assert tracker.events == ["small seed 1", 1, "abandoned"]
    tracker.events.clear()
    trained(tmp_path)
    assert tracker.events == ["small seed 1", 1, 2, 3, 360]


def test_a_tracker_that_is_not_installed_is_named_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "find_spec", lambda name: None)
    with pytest.raises(mnist_lab.InputError, match="TensorBoard needs the package tensorboardX"):
        trained(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_was_reported_in_training_is_not_logged_again(tmp_path):
    pytest.importorskip("tensorboardX")
    from mnist_lab.trackers.finished import report

    run = trained(tmp_path)
    assert len(list(run.folder.path.glob("events.out.tfevents.*"))) == 1
    assert not report(run, registry.tracker("tensorboard"))


def test_a_tracker_that_was_not_informed_of_a_beginning_is_not_informed_of_an_end(use):
    tracker, notes = use(Told()), []
    background.Background("tensorboard", notes.append).end()
    assert (tracker.events, notes) == ([], [])
