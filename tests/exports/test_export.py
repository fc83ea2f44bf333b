"""`mnist-lab export`: what is written predicts what the run predicts; nothing else is written."""

import errno
import json
import os
import shutil
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

import mnist_lab
from mnist_lab.exports import formats
from mnist_lab.exports.agreement import ACCURACY_DROP, TOLERANCE
from mnist_lab.exports.page import writer as page
from mnist_lab.exports.trained import Trained
from tests.exports.untrained import DIGITS, untrained
from tests.lab import files, here, read_json
from tests.run_folders import finished_run

SMALL = {
    "data": {"dataset": "digits"},
    "name": "small",
    "experiment": "small",
    "model": {
        "kind": "cnn",
        "layers": [
            {"conv": {"filters": 4, "strides": 2, "activation": "relu"}}, "batch_norm", {"dropout": 0.2},
            "flatten", {"dense": {"units": "classes", "activation": "softmax"}},
        ],
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return untrained(tmp_path_factory.mktemp("exports") / "results", SMALL)


@pytest.fixture
def copy(run, tmp_path):
    """The run's folder, to be changed."""
    return shutil.copytree(run.folder.path, tmp_path / "run" / run.folder.id)


def exported(run, form: str, cwd: Path, *options: object, code: int = 0):
    folder = run if isinstance(run, Path) else run.folder.path
    return here("export", folder, "--format", form, *options, cwd=cwd, code=code)


@pytest.fixture(scope="module")
def in_litert(run, tmp_path_factory):
    """The folder of the exported file, and the output."""
    cwd = tmp_path_factory.mktemp("litert")
    return cwd, exported(run, "litert", cwd).out


class TestLiteRT:
    def test_the_file_is_named_after_the_run_and_is_all_that_was_written(self, in_litert):
        assert files(in_litert[0]) == {"small-seed1.tflite"}

    def test_what_was_checked_is_reported(self, in_litert, run):
        accuracy = run.measured.test.accuracy
        assert "small-seed1.tflite: LiteRT, " in in_litert[1]
        assert "small, seed 1  agrees with predictions.npz on 360 test images" in in_litert[1]
        assert (
            f"(tolerance {TOLERANCE:g}), predicted class differs for none of them, accuracy {accuracy:.4f}"
            in in_litert[1]
        )

    def test_it_takes_raw_pixels_in_batches_of_any_size_and_answers_with_probabilities(self, in_litert, run):
        import tensorflow as tf

        answer = tf.lite.Interpreter(str(in_litert[0] / "small-seed1.tflite")).get_signature_runner()
        for size in (1, 7):
            [found] = answer(pixels=DIGITS.x_test[:size].astype(np.float32)).values()
            np.testing.assert_allclose(np.asarray(found), run.predictions.probabilities[:size], atol=TOLERANCE)

    def test_the_classes_and_the_preprocessing_are_in_the_file(self, in_litert):
        with zipfile.ZipFile(in_litert[0] / "small-seed1.tflite") as archive:
            facts = json.loads(archive.read("metadata.json"))
            labels = archive.read("labels.txt").decode().splitlines()
        assert facts["classes"] == labels == list(DIGITS.classes)
        assert facts["preprocessing"] == {"in_the_network": "rescale", "of_pictures": "mnist"}

    @pytest.mark.thorough
    def test_in_integers_it_takes_bytes_and_the_accuracy_before_and_after_is_reported(self, run, tmp_path):
        import tensorflow as tf

        said = exported(run, "litert", tmp_path, "--quantize", "int8", "--output", "small.tflite").out
        after, before = (float(said.partition(word)[2][:6]) for word in ("accuracy ", "images ("))
        assert before == pytest.approx(run.measured.test.accuracy, abs=1e-4)
        assert before - after <= ACCURACY_DROP
        interpreter = tf.lite.Interpreter(str(tmp_path / "small.tflite"))
        assert interpreter.get_signature_runner().get_input_details()["pixels"]["dtype"] is np.uint8
        kinds = {np.dtype(tensor["dtype"]) for tensor in interpreter.get_tensor_details()}
        assert np.dtype(np.float32) in kinds  # the probabilities
        assert sum(tensor["dtype"] is np.float32 for tensor in interpreter.get_tensor_details()) == 1


@pytest.mark.thorough
def test_a_saved_model_has_an_endpoint_and_its_facts(run, tmp_path):
    import tensorflow as tf

    exported(run, "saved_model", tmp_path, "--output", "served")
    network = tf.saved_model.load(str(tmp_path / "served"))
    answer = network.serve(DIGITS.x_test[:5].astype(np.float32))
    np.testing.assert_allclose(answer, run.predictions.probabilities[:5], atol=TOLERANCE)
    assert read_json(tmp_path / "served" / "assets.extra" / "metadata.json")["classes"] == list(DIGITS.classes)


@pytest.fixture(scope="module")
def in_onnx(run, tmp_path_factory):
    """The exported file."""
    for package in formats.FORMATS["onnx"].packages:
        pytest.importorskip(package)
    cwd = tmp_path_factory.mktemp("onnx")
    exported(run, "onnx", cwd, "--output", "small.onnx")
    return cwd / "small.onnx"


class TestONNX:
    @pytest.mark.thorough
    def test_in_integers_most_predicted_classes_are_the_same(self, in_onnx, run, tmp_path):
        import onnx

        said = exported(run, "onnx", tmp_path, "--quantize", "int8", "--output", "small.onnx").out
        assert f"({run.measured.test.accuracy:.4f} before)" in " ".join(said.split())
        weights = onnx.load(tmp_path / "small.onnx").graph.initializer
        assert onnx.TensorProto.INT8 in {weight.data_type for weight in weights}

    def test_it_takes_raw_pixels_in_batches_of_any_size_and_answers_with_probabilities(self, in_onnx, run):
        import onnxruntime

        session = onnxruntime.InferenceSession(in_onnx)
        for size in (1, 7):
            [found] = session.run(["probabilities"], {"pixels": DIGITS.x_test[:size].astype(np.float32)})
            np.testing.assert_allclose(np.asarray(found), run.predictions.probabilities[:size], atol=TOLERANCE)

    def test_the_classes_and_the_preprocessing_are_in_the_file(self, in_onnx):
        import onnxruntime

        facts = onnxruntime.InferenceSession(in_onnx).get_modelmeta().custom_metadata_map
        assert json.loads(facts["classes"]) == list(DIGITS.classes)
        assert json.loads(facts["preprocessing"])["in_the_network"] == "rescale"


def test_a_network_that_does_not_predict_what_the_run_predicts_is_not_written(copy, tmp_path):
    with np.load(copy / "predictions.npz") as stored:
        arrays = dict(stored)
    arrays["probabilities"] = arrays["probabilities"][:, ::-1]
    np.savez(copy / "predictions.npz", **arrays)
    (tmp_path / "out").mkdir()
    answer = exported(copy, "litert", tmp_path / "out", code=1)
    assert "the exported network does not predict what the run predicts: a probability differs by" in answer.err
    assert files(tmp_path / "out") == set()


@pytest.mark.thorough
def test_a_file_that_exists_stays_as_it_is_without_force(run, tmp_path):
    (tmp_path / "small.tflite").write_text("mine")
    answer = exported(run, "litert", tmp_path, "--output", "small.tflite", code=2)
    assert "small.tflite: already exists.\n--force replaces it" in answer.err
    assert (tmp_path / "small.tflite").read_text() == "mine"
    exported(run, "litert", tmp_path, "--output", "small.tflite", "--force")
    assert (tmp_path / "small.tflite").read_bytes()[4:8] == b"TFL3"


def test_a_folder_that_is_not_a_saved_model_is_never_replaced(run, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    answer = exported(run, "saved_model", tmp_path, "--output", "mine", "--force", code=2)
    assert "mine: expected a SavedModel, a folder with saved_model.pb; this is another folder." in answer.err
    assert files(tmp_path) == {"mine/thesis.txt"}


@pytest.mark.thorough
@pytest.mark.parametrize("form", ["litert", "onnx"])
def test_a_layer_that_a_format_does_not_support_is_named(form, tmp_path):
    def resizing(shape, classes):
        layers = [keras.layers.Resizing(14, 14, interpolation="lanczos3"), keras.layers.Flatten()]
        return keras.Sequential([keras.Input(shape), *layers, keras.layers.Dense(classes, activation="softmax")])

    config = {"data": {"dataset": "digits", "subset": 200, "validation": {"split": "none"}}, "train": {"epochs": 1}}
    run = mnist_lab.run(config, network=resizing, results=tmp_path / "results", progress=False)
    (tmp_path / "out").mkdir()
    answer = exported(run, form, tmp_path / "out", code=2)
    assert f"does not support all layers of this network: {run.folder.path}: resizing" in answer.err
    assert "(Resizing)." in answer.err
    assert files(tmp_path / "out") == set()


def test_a_run_without_its_network_is_refused(tmp_path):
    folder = finished_run(tmp_path / "results", "mlp_512").path
    answer = exported(folder, "litert", tmp_path, code=2)
    assert "there is no model.keras" in answer.err


def test_a_damaged_network_is_refused(copy, tmp_path):
    (copy / "model.keras").write_bytes(b"no zip at all")
    (tmp_path / "out").mkdir()
    answer = exported(copy, "litert", tmp_path / "out", code=2)
    assert "expected a saved Keras model; this is not one, or it is damaged" in answer.err
    assert files(tmp_path / "out") == set()


def test_the_extra_that_a_format_needs_is_named(run, tmp_path, monkeypatch):
    monkeypatch.setattr(formats, "find_spec", lambda name: None if name == "onnxruntime" else name)
    answer = exported(run, "onnx", tmp_path, code=2)
    assert "Exporting to ONNX needs onnxruntime, which is not installed.\nInstall it: " in answer.err
    assert "EXTRAS=export" in answer.err


def test_a_format_without_integers_names_those_that_have_them(run, tmp_path):
    answer = exported(run, "saved_model", tmp_path, "--quantize", "int8", code=2)
    assert "--quantize int8: saved_model does not support it; onnx and litert do." in answer.err


def test_two_runs_with_the_same_name_are_refused(run, copy, tmp_path):
    answer = here("export", run.folder.path, copy, "--format", "litert", cwd=tmp_path, code=2)
    assert "Two of these runs would be exported to small-seed1.tflite." in answer.err


def test_a_run_that_is_named_twice_is_refused(run, tmp_path):
    answer = here("export", run.folder.path, run.folder.path, "--format", "html", cwd=tmp_path, code=2)
    assert f"{run.folder.path}: named twice." in answer.err


@pytest.mark.parametrize("name", ["small.onnx", "small", "small/"])
def test_a_file_whose_name_is_not_one_of_its_format_is_refused(run, tmp_path, name):
    answer = exported(run, "litert", tmp_path, "--output", name, code=2)
    assert f"{name.rstrip('/')}: expected the name of a file that ends in .tflite, or an existing folder." in answer.err
    assert files(tmp_path) == set()


def test_several_networks_need_the_name_of_a_folder(run, copy, tmp_path):
    answer = here("export", run.folder.path, copy, "--format", "onnx", "--output", "all.onnx", cwd=tmp_path, code=2)
    assert "all.onnx: expected a folder, because 2 files are to be written." in answer.err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_what_is_not_a_file_is_never_replaced(run, tmp_path):
    os.mkfifo(tmp_path / "pipe.html")
    answer = exported(run, "html", tmp_path, "--output", "pipe.html", "--force", code=2)
    assert "pipe.html: expected a file; this is a device, a pipe or a socket." in answer.err
    assert (tmp_path / "pipe.html").is_fifo()


@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, "No space left on device"), RuntimeError("{{}} x; No space left on device [Op:SaveV2]")],
)
def test_a_full_disk_is_reported_with_the_file_and_leaves_nothing(run, tmp_path, monkeypatch, error):
    def full(*_):
        raise error

    monkeypatch.setattr(page, "write", full)
    answer = exported(run, "html", tmp_path, code=2)
    assert "small-seed1.html: cannot be written (No space left on device).\nMake room" in answer.err
    assert files(tmp_path) == set()


def test_a_failure_that_no_layer_causes_is_reported_unchanged(run, tmp_path, monkeypatch):
    def broken(networks, *_):
        if type(networks[0]) is Trained:  # not each layer
            raise RuntimeError("It broke.")

    monkeypatch.setattr(page, "write", broken)
    monkeypatch.setattr(page, "predicted", lambda *_: None)
    assert "HTML export failed: It broke.\nTry another format." in exported(run, "html", tmp_path, code=2).err


@pytest.mark.thorough
def test_a_run_without_stored_predictions_is_checked_against_keras(copy, tmp_path):
    (copy / "predictions.npz").unlink()
    assert "agrees with Keras in float32 on 360 test images" in exported(copy, "litert", tmp_path).out


@pytest.mark.thorough
def test_a_network_in_16_bits_is_exported_in_32_and_checked_against_keras(tmp_path):
    run = untrained(tmp_path / "results", SMALL, train__precision="mixed_bfloat16")
    assert "agrees with Keras in float32 on 360 test images" in exported(run, "litert", tmp_path).out


@pytest.mark.thorough
def test_python_gets_what_was_written(run, tmp_path):
    [done] = mnist_lab.export(run, tmp_path / "small.tflite", format="litert")
    assert done.path.stat().st_size == done.size
    assert done.agreements[0].other_labels == 0


def test_an_unknown_format_is_refused_with_those_there_are(run, tmp_path):
    with pytest.raises(mnist_lab.InputError, match=r"format: expected onnx or .* received 'tflite'"):
        mnist_lab.export(run, tmp_path / "small.tflite", format="tflite")
