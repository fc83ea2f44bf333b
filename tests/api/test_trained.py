"""What Python users get from a finished run."""

import keras
import numpy as np
import pytest
from matplotlib.figure import Figure

import mnist_lab
from mnist_lab.errors import DamagedError, InputError, MissingError
from mnist_lab.runs import formats
from tests.run_folders import finished_run

SMALL = {
    "data": {"dataset": "digits", "subset": 200, "validation": {"split": "stratified"}},
    "model": {"kind": "mlp", "nodes": [8]},
    "train": {"epochs": 2},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return mnist_lab.run(SMALL, results=tmp_path_factory.mktemp("trained"), progress=False)


def test_its_predictions_are_those_that_were_tested(run):
    found = run.predictions
    assert found.rows.tolist() == list(range(360))
    assert (found.labels != found.predicted).sum() == run.measured.test.wrong
    np.testing.assert_allclose(found.probabilities.astype(float).sum(axis=1), 1, atol=5e-3)
    wrong = {(mistake.index, mistake.label, mistake.predicted) for mistake in run.mistakes}
    assert wrong == {
        (row, label, predicted)
        for row, label, predicted in zip(
            found.rows.tolist(), found.labels.tolist(), found.predicted.tolist(), strict=True
        )
        if label != predicted
    }


def test_its_model_predicts_the_same(run):
    from mnist_lab import datasets

    images = datasets.load(run.config.data).x_test
    probabilities = keras.ops.convert_to_numpy(run.model()(images[:20]))
    assert probabilities.argmax(axis=1).tolist() == run.predictions.predicted[:20].tolist()
    [prediction] = mnist_lab.predict(run, images[0])
    assert prediction.label == str(probabilities[0].argmax())
    assert list(prediction.probabilities.values()) == sorted(prediction.probabilities.values(), reverse=True)


@pytest.mark.parametrize("kind", ["curves", "accuracy", "loss", "confusion"])
def test_a_plot_is_a_figure_that_a_notebook_shows(run, kind):
    figure = run.plot(kind)
    assert isinstance(figure, Figure)
    picture, size = figure._repr_png_()
    assert picture.startswith(b"\x89PNG")
    assert 300 < size["width"] < 700


def test_another_plot_is_refused(run):
    with pytest.raises(InputError, match="expected one of curves, accuracy, loss, confusion, received 'roc'"):
        run.plot("roc")


def test_predictions_without_labels_are_those_of_an_older_version(tmp_path):
    folder = finished_run(tmp_path)
    formats.write_arrays(folder.path / "predictions.npz", {"probabilities": np.zeros((3, 10))})
    with pytest.raises(MissingError, match="an older mnist-lab"):
        mnist_lab.load_run(folder.path).predictions  # noqa: B018


def test_predictions_for_other_images_are_damaged(tmp_path):
    folder = finished_run(tmp_path)
    few = {name: np.zeros(3, int) for name in ("rows", "labels", "predicted")}
    formats.write_arrays(folder.path / "predictions.npz", {**few, "probabilities": np.zeros((3, 10))})
    with pytest.raises(DamagedError, match=r"metrics\.json counts 10,000 test images"):
        mnist_lab.load_run(folder.path).predictions  # noqa: B018


def test_it_is_evaluated_on_a_data_set_as_it_was_tested(run):
    score, test = mnist_lab.evaluate(run, "digits"), run.measured.test
    assert (score.correct, score.wrong, score.total, score.ci95) == (test.correct, test.wrong, test.total, test.ci95)
    assert score.accuracy == test.accuracy
    assert score.loss == pytest.approx(test.loss, abs=1e-4)
    assert (score.same_dataset, score.confusion.sum(), score.classes[7]) == (True, 360, "7")
    assert repr(score) == f"Score({score.dataset}: accuracy {test.accuracy:.4f}, {test.wrong:,} of 360 wrong)"


def test_a_data_set_of_another_form_is_refused_before_the_network_is_loaded(run, tmp_path):
    images, labels = np.zeros((20, 8, 8), np.uint8) + np.arange(20, dtype=np.uint8)[:, None, None], np.arange(20) % 10
    np.savez(tmp_path / "small.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    with pytest.raises(InputError, match="does not fit this network: expected 28 x 28 grey images of 10 classes"):
        mnist_lab.evaluate(run, tmp_path / "small.npz")
