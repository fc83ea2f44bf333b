"""`mnist-lab show --weights` and `--activations`, `mnist-lab data show --augmented`: figures, and what has none."""

import shutil

import numpy as np
import pytest
from PIL import Image

from mnist_lab.datasets import load
from tests.lab import Case, in_one_process, invoked, write
from tests.run_folders import finished_run

CNN = """\
data: {dataset: digits, subset: 100}
augment: [{rotation: 20}]
model:
  kind: cnn
  layers: [{conv: {filters: 3, kernel: 3, strides: 2}}, flatten, {dense: {units: classes, activation: softmax}}]
train: {epochs: 1, batch_size: 32}
"""


@pytest.fixture(scope="module")
def shown(finished, tmp_path_factory):
    """Every command of this module that needs Keras, in one process: the answers by name, and the folder."""
    cwd = tmp_path_factory.mktemp("show")
    shutil.copytree(finished.cwd / "results", cwd / "results")
    write(cwd / "cnn.yaml", CNN)
    Image.fromarray(load("digits").x_test[5, ..., 0]).save(cwd / "five.png")
    cases = {
        "train": ["run", "cnn.yaml", "--quiet"],
        "weights": ["show", "small", "--weights"],
        "filters": ["show", "cnn", "--weights", "--output", "filters.png"],
        "index": ["show", "cnn", "--activations", "5", "--output", "five_maps.png"],
        "file": ["show", "cnn", "--activations", "five.png", "--output", "below/file_maps.png"],
        "no convolutions": ["show", "small", "--activations", "5"],
        "augmented": ["data", "show", "cnn.yaml", "--augmented"],
        "more": ["data", "show", "cnn.yaml", "--augmented", "--set", "augment=[{noise: 0.3}]", "--output", "more.png"],
    }
    answers = in_one_process([Case(words) for words in cases.values()], cwd)
    return cwd, dict(zip(cases, answers, strict=True))


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("weights", "small-seed1-*-weights.png"),
        ("filters", "filters.png"),
        ("index", "five_maps.png"),
        ("file", "below/file_maps.png"),
        ("augmented", "cnn-augmented.png"),
        ("more", "more.png"),
    ],
)
def test_a_figure_is_written_and_its_path_printed(shown, name, pattern):
    cwd, answers = shown
    assert answers[name].code == 0, answers[name].text
    [file] = cwd.glob(pattern)
    assert answers[name].out == f"{file.relative_to(cwd)}\n"
    with Image.open(file) as image:
        assert image.width >= 1000


def test_a_network_without_convolutions_has_no_activations(shown):
    _, answers = shown
    assert answers["no convolutions"].code == 2
    assert "no convolutions" in answers["no convolutions"].err


def test_augmented_images_are_those_of_the_settings(shown):
    cwd, _ = shown
    with Image.open(cwd / "cnn-augmented.png") as rotated, Image.open(cwd / "more.png") as noisy:
        assert rotated.size == noisy.size
        assert not np.array_equal(np.asarray(rotated.convert("L")), np.asarray(noisy.convert("L")))


@pytest.fixture
def cwd(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    finished_run(tmp_path / "results")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("show", "mlp_512", "--weights"), "there is no model.keras"),
        (("show", "mlp_512", "--weights", "--activations", "3"), "cannot be combined"),
        (("show", "mlp_512", "--weights", "--json"), "cannot be combined"),
        (("show", "mlp_512", "--output", "x.png"), "requires --weights or --activations"),
        (("data", "show", "mlp_512", "--augmented"), "there is no augmentation"),
        (("data", "show", "digits", "--augmented", "--index", "3"), "cannot be combined"),
        (("data", "show", "digits", "--set", "seed=2"), "requires --augmented"),
        (("data", "show", "digits", "--augmented"), "digits"),
        (("show", "mlp_512", "--weights", "--output", "x.pdf"), "expected a file ending in .png, received 'x.pdf'"),
        (("data", "show", "digits", "--output", "x.jpg"), "expected a file ending in .png, received 'x.jpg'"),
        (("predict", "mlp_512", "7.png", "--plot", "x"), "expected a file ending in .png, received 'x'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_makes_no_sense_is_refused_and_nothing_written(cwd, arguments, expected):
    if "mlp_512" in arguments and "--augmented" in arguments:
        arguments = (*arguments, "--set", "data.dataset=digits")
    done = invoked(*arguments)
    assert done.code == 2
    assert expected in done.text
    assert sorted(path.name for path in cwd.iterdir()) == ["results"]
