"""`mnist-lab predict`: a real trained network on real digits, drawn in many ways; and what cannot be predicted."""

import io
import json
import re
import shutil
import zipfile

import h5py
import numpy as np
import pytest
from PIL import Image

from mnist_lab.analysis import wilson
from mnist_lab.datasets import load
from mnist_lab.errors import SetupError
from mnist_lab.prediction.network import DOUBTFUL
from tests.lab import Case, here, in_one_process, invoked, read_json, write
from tests.run_folders import finished_run

DIGITS = load("digits")
TRIED = range(0, 360, 18)


def drawn(image, how):
    """A digit as someone's picture file might have it."""
    ink = np.asarray(Image.fromarray(image[..., 0]).resize((196, 196), Image.Resampling.BICUBIC)) / 255
    match how:
        case "enlarged":
            return Image.fromarray((255 * ink).astype(np.uint8))
        case "inverted":
            return Image.fromarray((255 * (1 - ink)).astype(np.uint8))
        case "padded":
            return Image.fromarray(np.pad(image[..., 0], ((3, 50), (70, 9))))
        case "coloured":
            paper, pen = np.array([250, 245, 200]), np.array([30, 60, 160])
            return Image.fromarray((paper + ink[..., None] * (pen - paper)).astype(np.uint8))
        case "transparent":
            black = np.zeros((196, 196, 4), np.uint8)
            black[..., 3] = 255 * ink
            return Image.fromarray(black)
        case _:
            return Image.fromarray((65535 * (1 - ink)).astype(np.uint16))


HOW = ("enlarged", "inverted", "padded", "coloured", "transparent", "sixteen bits")


@pytest.fixture(scope="module")
def predicted(finished, tmp_path_factory):
    """Every command of this module that needs Keras, in one process: the answers by name, and the folder."""
    cwd = tmp_path_factory.mktemp("predict")
    shutil.copytree(finished.cwd / "results", cwd / "results")
    files = []
    for n in TRIED:
        np.save(cwd / f"{n}.npy", DIGITS.x_test[n])
        for how in HOW:
            drawn(DIGITS.x_test[n], how).save(cwd / f"{how} {n}.png")
    for how in HOW:
        files += [f"{how} {n}.png" for n in TRIED]
    for n in (0, 7):
        Image.fromarray(DIGITS.x_test[n, ..., 0]).save(cwd / f"{n}.png")
    cases = {
        "pictures": ["predict", "small", *(f"{n}.npy" for n in TRIED), *files, "7.png", "--json"],
        "table": ["predict", "small", "7.png", "inverted 0.png", "--prepare", "mnist", "--plot", "plot.png"],
    }
    cases["dataset"] = ["predict", "small", "--dataset", "digits", "--json"]
    cases["dataset in words"] = ["predict", "small", "--dataset", "digits", "--plot", "confusion.png"]
    for name, damage in (("no zip", _no_zip), ("no weights", _no_weights), ("cut", _cut), ("other network", _other)):
        folder = shutil.copytree(finished.folder, cwd / name / finished.folder.name)
        damage(folder)
        cases[name] = ["predict", str(folder), "7.png"]
    hidden = shutil.copytree(finished.folder, cwd / "code" / finished.folder.name)
    _code_in_the_description(hidden, cwd / "executed")
    cases["code"] = ["predict", str(hidden), "7.png"]
    own = shutil.copytree(finished.folder, cwd / "own" / finished.folder.name)
    _on_own_data(own)
    cases["own data"] = ["predict", str(own), "7.png", "inverted 0.png"]
    cases["own data, prepared"] = ["predict", str(own), "inverted 0.png", "--prepare", "mnist"]
    two = Image.new("L", (500, 300), 240)
    for n, x in ((0, 20), (7, 260)):
        two.paste(Image.fromarray(255 - DIGITS.x_test[n, ..., 0] // 2).resize((220, 220)), (x, 40))
    two.save(cwd / "two.png")
    write(cwd / "text.png", "hello")
    cases["doubtful"] = ["predict", "small", "two.png", "7.png", "--json", "--plot", "doubtful.png"]
    cases["some unreadable"] = ["predict", "small", "text.png", "7.png", "nothing.png", "--json"]
    for name, value in NOT_FINITE.items():
        folder = shutil.copytree(finished.folder, cwd / name / finished.folder.name)
        _with_a_weight_of(folder, value)
        cases[name] = ["predict", str(folder), "7.png"]
        cases[f"{name}, data set"] = ["predict", str(folder), "--dataset", "digits"]
    answers = in_one_process([Case(words) for words in cases.values()], cwd)
    return cwd, dict(zip(cases, answers, strict=True))


NOT_FINITE = {"NaN": np.nan, "infinite": np.inf}


def _with_a_weight_of(folder, value):
    with zipfile.ZipFile(folder / "model.keras") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with h5py.File(io.BytesIO(parts["model.weights.h5"]), "r+") as file:
        found = []
        file.visititems(lambda _, item: found.append(item) if isinstance(item, h5py.Dataset) and item.ndim else None)
        found[-1][..., 0] = value
        file.flush()
        parts["model.weights.h5"] = file.id.get_file_image()
    with zipfile.ZipFile(folder / "model.keras", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def _no_zip(folder):
    (folder / "model.keras").write_bytes(b"no zip at all")


def _no_weights(folder):
    with zipfile.ZipFile(folder / "model.keras", "w") as archive:
        archive.writestr("config.json", "{}")


def _cut(folder):
    with zipfile.ZipFile(folder / "model.keras") as archive:
        weights = archive.read("model.weights.h5")
    with zipfile.ZipFile(folder / "model.keras", "w") as archive:
        archive.writestr("model.weights.h5", weights[: len(weights) // 3])


def _other(folder):
    config = (folder / "config.yaml").read_text()
    write(folder / "config.yaml", config.replace("nodes: [24]", "nodes: [25]"))


def _code_in_the_description(folder, witness):
    """Replace the description of the network by code that `keras.models.load_model` would run in its unsafe mode."""
    with zipfile.ZipFile(folder / "model.keras") as archive:
        weights = archive.read("model.weights.h5")
    layer = {"class_name": "Lambda", "config": {"function": f"lambda x: open({str(witness)!r}, 'w')"}}
    with zipfile.ZipFile(folder / "model.keras", "w") as archive:
        archive.writestr("model.weights.h5", weights)
        archive.writestr("config.json", json.dumps({"class_name": "Functional", "config": {"layers": [layer]}}))


def _on_own_data(folder):
    """Pretend that the run was trained on a user's file that is not one of the published sets."""
    config = (folder / "config.yaml").read_text()
    write(folder / "config.yaml", config.replace("dataset: digits", "dataset: /home/me/mine.npz"))
    metrics = read_json(folder / "metrics.json")
    metrics["dataset"] |= {"name": "mine", "title": "mine", "sha256": "0" * 64, "genuine": False}
    write(folder / "metrics.json", json.dumps(metrics))


def pictures(predicted, how):
    """The answers for the pictures drawn in this way, in the order of `TRIED`."""
    _, answers = predicted
    assert answers["pictures"].code == 0, answers["pictures"].text
    said = {picture["image"]: picture for picture in json.loads(answers["pictures"].out)}
    return [said[f"{n}.npy" if how == "as it is" else f"{how} {n}.png"] for n in TRIED]


def test_an_image_of_the_test_set_is_predicted_as_in_the_run(predicted, finished):
    with np.load(finished.folder / "predictions.npz") as arrays:
        expected = arrays["probabilities"][list(TRIED)]
    said = pictures(predicted, "as it is")
    assert [int(picture["label"]) for picture in said] == expected.argmax(axis=1).tolist()
    assert [picture["probability"] for picture in said] == pytest.approx(expected.max(axis=1), abs=1e-3)
    assert all("nothing" in picture["preparation"] for picture in said)


@pytest.mark.parametrize("how", HOW)
def test_a_digit_is_predicted_the_same_however_it_is_drawn(how, predicted):
    plain, other = ([picture["label"] for picture in pictures(predicted, each)] for each in ("as it is", how))
    assert np.mean([a == b for a, b in zip(plain, other, strict=True)]) >= 0.9


def test_the_three_most_probable_come_in_order(predicted):
    for picture in pictures(predicted, "coloured"):
        top = [other["probability"] for other in picture["top"]]
        assert len(top) == 3
        assert top == sorted(top, reverse=True)
        assert picture["probability"] == top[0]
        assert picture["label"] == picture["top"][0]["label"]


def test_the_table_says_what_was_done_and_the_plot_is_there(predicted):
    cwd, answers = predicted
    answer = answers["table"]
    assert answer.code == 0, answer.text
    heading, _, seven, zero, *_ = answer.out.splitlines()
    assert heading.split() == ["Image", "Label", "Probability", "Runners-up", "Prepared"]
    assert seven.split()[1] == json.loads(answers["pictures"].out)[-1]["label"]
    assert "nothing: it is 28 x 28" in seven
    assert "dark on light; cropped to" in zero
    assert "Plot: plot.png" in answer.out
    with Image.open(cwd / "plot.png") as plot:
        inches = [side / 200 for side in plot.size]
    assert 5.3 < inches[0] < 5.6  # two pictures, the bars, and a digit beside them
    assert 2 * 1.98 + 0.7 < inches[1] < 2 * 1.98 + 1.5  # two rows and a title; there may be a warning below a row


def test_pictures_for_a_network_trained_on_a_users_own_data_are_only_resized_with_a_note(predicted):
    answer, prepared = (predicted[1][name] for name in ("own data", "own data, prepared"))
    assert (answer.code, prepared.code) == (0, 0), answer.text + prepared.text
    assert "resized from 196 x 196 to 28 x 28" in answer.out
    assert "It is not known how mine was prepared" in answer.out
    assert "--prepare mnist" in answer.out
    assert "cropped to" in prepared.out
    assert "not known" not in prepared.out


def test_a_data_set_is_scored_as_in_the_run(predicted, finished):
    cwd, answers = predicted
    answer = json.loads(answers["dataset"].out)
    test = read_json(finished.folder / "metrics.json")["test"]
    assert answer["same_dataset"] is True
    assert {key: answer["test"][key] for key in ("correct", "wrong", "total")} == {
        key: test[key] for key in ("correct", "wrong", "total")
    }
    assert answer["test"]["loss"] == pytest.approx(test["loss"], abs=1e-5)
    assert answer["test"]["ci95"] == list(wilson(test["correct"], test["total"]))
    words = answers["dataset in words"].out
    assert f"{test['wrong']} of 360 wrong" in words
    assert (cwd / "confusion.png").is_file()


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("no zip", "expected a saved Keras model"),
        ("no weights", "expected a saved Keras model"),
        ("cut", "expected a saved Keras model"),
        ("other network", "its weights do not fit the network"),
    ],
)
def test_a_model_file_that_is_invalid_or_of_another_network_is_refused(what, message, predicted):
    answer = predicted[1][what]
    assert (answer.code, answer.out) == (2, "")
    assert message in answer.err


@pytest.mark.parametrize("what", NOT_FINITE)
def test_a_network_with_weights_that_are_not_finite_is_refused(what, predicted):
    for name in (what, f"{what}, data set"):
        answer = predicted[1][name]
        assert (answer.code, answer.out) == (2, "")
        assert "NaN or infinite" in answer.err
        assert "Train again with a lower learning rate" in answer.err


def test_only_a_doubtful_picture_has_a_warning_in_the_json_and_on_stderr(predicted):
    cwd, answers = predicted
    answer = answers["doubtful"]
    two, seven = json.loads(answer.out)
    assert answer.code == 0
    assert "2 separate drawings" in two["warning"] or "side by side" in two["warning"]
    assert seven["warning"] is None or "probability" in seven["warning"]
    assert f"Warning: two.png: {two['warning']}." in answer.err
    assert (cwd / "doubtful.png").is_file()


def test_a_plain_picture_has_a_warning_exactly_if_its_probability_is_low(predicted):
    for picture in pictures(predicted, "as it is"):
        assert (picture["warning"] is not None) == (picture["probability"] < DOUBTFUL)
        if picture["warning"]:
            assert picture["warning"] == f"the highest probability is only {100 * picture['probability']:.1f} %"


def test_pictures_that_cannot_be_read_are_named_and_the_others_predicted(predicted):
    answer = predicted[1]["some unreadable"]
    assert answer.code == 1
    assert [picture["image"] for picture in json.loads(answer.out)] == ["7.png"]
    assert "text.png: not an image in a supported format" in answer.err
    assert "nothing.png: no such file" in answer.err


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "Expected image files, or --dataset"),
        (("7.png", "--dataset", "digits"), "Image files and --dataset cannot be combined."),
    ],
)
def test_it_takes_either_files_or_a_data_set(arguments, problem, tmp_path):
    assert problem in here("predict", "small", *arguments, cwd=tmp_path, code=2).err


def test_only_the_numbers_are_read_from_the_model_file(predicted):
    cwd, answers = predicted
    assert answers["code"].code == 0, answers["code"].text
    assert not (cwd / "executed").exists()


class TestWithoutKeras:
    """Errors are reported before Keras is imported."""

    @pytest.fixture
    def run(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        folder = finished_run(tmp_path / "results").path
        (folder / "model.keras").touch()
        return folder

    def predict(self, *arguments):
        answer = invoked("predict", *arguments)
        assert (answer.code, answer.out) == (2, ""), answer.text
        return answer.err

    def test_every_picture_that_cannot_be_used_is_named(self, run, tmp_path):
        (tmp_path / "empty.png").touch()
        write(tmp_path / "text.png", "hello")
        Image.new("L", (50, 40), 255).save(tmp_path / "blank.png")
        message = self.predict("mlp_512", "empty.png", "text.png", "blank.png", ".", "nothing.png")
        for expected in (
            "empty.png: expected an image, but this file is empty", "text.png: not an image in a supported format",
            "blank.png: no drawing found", ".: expected an image, but this is a folder",
            "nothing.png: no such file",
        ):  # fmt: skip
            assert expected in message

    def test_a_run_without_a_model_says_how_to_get_one(self, run):
        (run / "model.keras").unlink()
        assert f"mnist-lab run {run.relative_to(run.parents[2])}/config.yaml" in self.predict("mlp_512", "seven.png")

    def test_a_folder_in_the_model_s_place_is_named(self, run):
        (run / "model.keras").unlink()
        (run / "model.keras").mkdir()
        message = self.predict("mlp_512", "seven.png")
        assert "model.keras: expected the saved model, a file; this is a folder." in message
        assert "Train it again" in message

    def test_a_picture_of_another_size_is_refused_unprepared(self, run, tmp_path):
        Image.new("L", (50, 40), 255).save(tmp_path / "large.png")
        message = self.predict("mlp_512", "large.png", "--prepare", "none")
        assert "40 x 50 grey" in message
        assert "28 x 28 grey" in message

    def test_a_data_set_of_another_size_does_not_fit(self, run, tmp_path):
        images, labels = np.zeros((4, 8, 8), np.uint8), np.array([0, 1, 0, 1])
        np.savez(tmp_path / "tiny.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
        message = self.predict("mlp_512", "--dataset", "tiny.npz")
        assert "expected 28 x 28 grey images of 10 classes, received 8 x 8 grey images of 2" in message

    @pytest.mark.parametrize(
        "arguments",
        [
            ["mlp_512"],
            ["mlp_512", "a.png", "--dataset", "digits"],
            ["mlp_512", "--dataset", "digits", "--prepare", "none"],
        ],
    )
    def test_pictures_and_a_data_set_exclude_each_other(self, arguments, run):
        assert "Usage: mnist-lab predict" in invoked("predict", *arguments).err

    @pytest.mark.parametrize("config", ["mlp_512", "two_models/cnn_20_40_60"])
    def test_auto_is_the_fastest_backend_for_the_network_on_the_device(self, config, run, monkeypatch):
        asked = {}

        def choose(requested, **how):
            asked.update(how, requested=requested)
            raise SetupError("That is enough.")

        monkeypatch.setattr("mnist_lab.backends.choose", choose)
        if config != "mlp_512":
            (finished_run(run.parents[1], config).path / "model.keras").touch()
        drawn(DIGITS.x_test[0], "inverted").save("zero.png")
        for command in (["predict", config, "zero.png"], ["summary", config]):
            asked.clear()
            invoked(*command, "--backend", "auto", "--device", "gpu")
            assert asked == {"requested": "auto", "convolves": "cnn" in config, "device": "gpu"}

    def test_pictures_are_drawings_for_mnist_and_digits_and_only_resized_for_other_data(self, run):
        from mnist_lab.datasets import KNOWN
        from mnist_lab.prediction import signature_of
        from mnist_lab.runs import load_run

        def prepared(dataset, sha256="0" * 64):
            config = (run / "config.yaml").read_text()
            write(run / "config.yaml", re.sub(r"dataset: \S+", f"dataset: {dataset}", config))
            metrics = read_json(run / "metrics.json")
            write(run / "metrics.json", json.dumps(metrics | {"dataset": metrics["dataset"] | {"sha256": sha256}}))
            signature = signature_of(load_run(run))
            return signature.preparation, signature.assumed

        assert prepared("mnist") == prepared("digits") == ("mnist", False)
        assert prepared("fashion_mnist") == ("resize", False)
        assert prepared("/home/me/mine.npz") == ("resize", True)
        assert prepared("/home/me/mine.npz", KNOWN["mnist"].sha256) == ("mnist", False)

    def test_colour_and_other_sizes_are_brought_to_the_size_of_the_network_only(self, run):
        from mnist_lab.prediction import Signature, read_pictures, signature_of
        from mnist_lab.runs import load_run

        assert signature_of(load_run(run)).preparation == "mnist"
        picture = Image.effect_noise((60, 40), 90)
        picture.save("noise.png")
        [prepared], _ = read_pictures(
            [run.parents[2] / "noise.png"], Signature((32, 48, 3), ("a", "b"), "mine", "resize")
        )
        assert prepared.prepared.pixels.shape == (32, 48, 3)
        assert prepared.prepared.done == "greyscale in three channels, resized from 40 x 60 to 32 x 48"
