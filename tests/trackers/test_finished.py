"""`mnist-lab log`: what TensorBoard and MLflow have of a finished run, read back with their own readers."""

import json
import shutil

import numpy as np
import pytest

import mnist_lab
from mnist_lab.runs import formats
from mnist_lab.trackers import registry
from mnist_lab.trackers.tracker import seconds
from tests.lab import here

SMALL = {
    "name": "small",
    "data": {"dataset": "digits", "subset": 400, "validation": {"split": "stratified"}},
    "model": {"kind": "mlp", "nodes": [16, 8]},
    "train": {"epochs": 3, "optimizer": {"name": "adam", "learning_rate": 0.01}},
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return mnist_lab.run(SMALL, results=tmp_path_factory.mktemp("trackers") / "results", progress=False)


@pytest.fixture(scope="module")
def run(trained, tmp_path_factory):
    """The run after it was logged once to each tracker."""
    return copied(trained, tmp_path_factory.mktemp("logged"))


@pytest.fixture
def own(run, tmp_path):
    """A copy of that run in the test's own folder."""
    return copied(run, tmp_path)


def copied(run, folder):
    return mnist_lab.load_run(shutil.copytree(run.folder.path, folder / "results/small" / run.folder.id))


def logged(run, *options, code=0):
    return here("log", run.folder.path, "--to", *options, cwd=run.folder.path.parents[2], code=code)


@pytest.fixture(scope="module")
def events(run):
    """The run's folder as TensorBoard reads it."""
    pytest.importorskip("tensorboardX")
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    logged(run, "tensorboard")
    return reader.EventAccumulator(str(run.folder.path), size_guidance={"scalars": 0, "images": 0}).Reload()


class TestTensorBoard:
    def test_every_epoch_is_there(self, run, events):
        for name in ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"):
            told = [(event.step, event.value) for event in events.Scalars(f"epoch/{name}")]
            assert told == [(row["epoch"], pytest.approx(row[name])) for row in run.history]

    def test_the_batch_curve_is_over_training_images(self, run, events):
        told = events.Scalars("batch/loss")
        curve = formats.read_arrays(run.folder.path / "batches.npz")
        np.testing.assert_allclose([event.value for event in told], curve["loss"])
        assert told[-1].step == 3 * run.measured.dataset.train

    def test_the_final_numbers_are_there(self, run, events):
        [accuracy] = events.Scalars("test/accuracy")
        assert accuracy.value == pytest.approx(run.measured.test.accuracy)
        [wrong] = events.Scalars("test/wrong")
        assert wrong.value == run.measured.test.wrong

    def test_the_plots_are_there_as_they_are_in_the_folder(self, run, events):
        assert set(events.Tags()["images"]) == {f"plots/{name.removesuffix('.png')}" for name in run.folder.plots}
        [curves] = events.Images("plots/curves")
        assert (curves.width, curves.height) > (500, 300)

    def test_the_hyperparameters_are_a_session_of_its_own_table(self, events):
        from tensorboard.plugins.hparams import plugin_data_pb2

        content = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
        values = plugin_data_pb2.HParamsPluginData.FromString(content).session_start_info.hparams
        assert values["train.optimizer.learning_rate"].number_value == pytest.approx(0.01)
        assert values["model.nodes"].string_value == "16, 8"
        assert values["seed"].number_value == 1

    def test_run_and_fingerprint_and_the_confusion_matrix_are_text(self, run, events):
        tags = events.Tags()["tensors"]
        assert {"run/text_summary", "confusion matrix/text_summary"} <= set(tags)
        [event] = events.Tensors("run/text_summary")
        text = event.tensor_proto.string_val[0].decode()
        assert run.folder.id in text
        assert run.measured.run.fingerprint in text

    def test_logging_twice_adds_nothing(self, run, events):
        before = sorted(run.folder.path.iterdir())
        assert "already logged" in logged(run, "tensorboard").out
        assert sorted(run.folder.path.iterdir()) == before

    def test_a_repetition_of_the_run_replaces_it(self, own, events):
        file = own.folder.path / "metrics.json"
        metrics = json.loads(file.read_text())
        metrics["run"]["started"] = "2026-02-02T02:02:02+00:00"
        file.write_text(json.dumps(metrics))
        [before] = own.folder.path.glob("events*")
        content = before.read_bytes()
        again = mnist_lab.load_run(own.folder.path)
        assert "already logged" not in logged(again, "tensorboard").out
        [after] = own.folder.path.glob("events*")
        assert after.read_bytes() != content


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    for package in ("mlflow", "sqlalchemy", "alembic"):
        pytest.importorskip(package)
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/tracked.db"


@pytest.fixture(scope="module")
def client(run, store):
    import mlflow

    logged(run, "mlflow", "--store", store)
    return mlflow.MlflowClient(store)


@pytest.fixture
def told(client):
    """The only run in the store."""
    [run] = runs_in(client)
    return run


@pytest.mark.thorough
class TestMLflow:
    def test_every_epoch_and_the_batch_curve_are_there(self, run, client, told):
        history = client.get_metric_history(told.info.run_id, "epoch/val_accuracy")
        assert [(one.step, one.value) for one in history] == [
            (row["epoch"], pytest.approx(row["val_accuracy"])) for row in run.history
        ]
        curve = client.get_metric_history(told.info.run_id, "batch/loss")
        assert curve[-1].step == 3 * run.measured.dataset.train

    def test_the_numbers_and_settings_are_there(self, run, told):
        assert told.data.metrics["test/accuracy"] == pytest.approx(run.measured.test.accuracy)
        assert told.data.params["train.optimizer.learning_rate"] == "0.01"
        assert told.data.params["seed"] == "1"
        assert told.info.status == "FINISHED"
        started, finished = run.measured.run.started, run.measured.run.finished
        assert (told.info.start_time, told.info.end_time) == (1000 * seconds(started), 1000 * seconds(finished))

    def test_it_is_found_by_run_and_fingerprint(self, run, told):
        assert told.info.run_name == "small seed 1"
        assert told.data.tags["mnist_lab.run"] == run.folder.id
        assert told.data.tags["mnist_lab.fingerprint"] == run.measured.run.fingerprint

    def test_the_model_the_plots_and_the_confusion_matrix_are_files_of_it(self, run, client, told, tmp_path):
        names = {file.path for file in client.list_artifacts(told.info.run_id)}
        assert names == {"model.keras", "config.yaml", "mistakes.json", "confusion.json", "plots"}
        plots = {file.path for file in client.list_artifacts(told.info.run_id, "plots")}
        assert plots == {f"plots/{name}" for name in run.folder.plots}
        model = client.download_artifacts(told.info.run_id, "model.keras", tmp_path)
        assert open(model, "rb").read() == (run.folder.path / "model.keras").read_bytes()  # noqa: PTH123, SIM115
        matrix = json.loads(open(client.download_artifacts(told.info.run_id, "confusion.json", tmp_path)).read())  # noqa: PTH123, SIM115
        assert sum(map(sum, matrix["confusion"])) == run.measured.test.total

    def test_logging_twice_adds_nothing(self, run, client, store):
        assert "already logged" in logged(run, "mlflow", "--store", store).out
        assert len(runs_in(client)) == 1

    def test_what_was_logged_in_part_is_replaced(self, run, client, told, store):
        client.delete_tag(told.info.run_id, "mnist_lab.started")
        assert "already logged" not in logged(run, "mlflow", "--store", store).out
        [again] = runs_in(client)
        assert again.info.run_id != told.info.run_id

    def test_a_store_that_cannot_be_opened_is_named(self, run, store, tmp_path):
        (tmp_path / "file").touch()
        answer = logged(run, "mlflow", "--store", f"sqlite:///{tmp_path}/file/tracked.db", code=2)
        assert f"MLflow: sqlite:///{tmp_path}/file/tracked.db cannot be opened: " in answer.err

    def test_a_server_that_is_down_is_an_error_with_the_run(self, run, store, monkeypatch):
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        answer = logged(run, "mlflow", "--store", "http://127.0.0.1:9", code=2)
        assert f"MLflow: {run.folder.path} could not be logged: " in answer.err


def runs_in(client):
    return client.search_runs([experiment.experiment_id for experiment in client.search_experiments()])


def test_the_extra_that_a_tracker_needs_is_named(run, monkeypatch):
    monkeypatch.setattr(registry, "find_spec", lambda name: None)
    answer = logged(run, "mlflow", code=2)
    assert "MLflow needs the package mlflow, which is not installed." in answer.err
    assert "EXTRAS=mlflow" in answer.err
