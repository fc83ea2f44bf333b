"""Bad input ends with exit code 2, says what is wrong, where, and what to do, and leaves nothing behind."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnist_lab import datasets, load_config
from mnist_lab.config import Override
from mnist_lab.datasets.known import GZIPPED_IDX
from mnist_lab.experiment.identity import identify
from tests.datasets.dataset_files import arrays, write_idx, write_npz, write_pictures
from tests.lab import Answer, Case, files, here, in_one_process, lab, write

CNN = """\
data: {{dataset: digits}}
model:
  kind: cnn
  layers:
    - {layer}
    - flatten
    - dense: {{units: classes, activation: softmax}}
"""
SMALL = "data: {dataset: digits}\nmodel: {kind: mlp, nodes: [4]}\ntrain: {epochs: 2}\n"
LINE_4 = "data: {{dataset: digits}}\nmodel: {{kind: mlp, nodes: [4]}}\ntrain:\n  {line}\n"

# The content of the file, and what the message has to contain; each file is called bad.yaml.
CONFIGS = {
    "unknown key": (LINE_4.format(line="epoch: 3"), ["bad.yaml:4:3", "train.epoch", "unknown key", "'epochs'"]),
    "unknown layer": (CNN.format(layer="max_pol: 2"), ["bad.yaml:5", "'max_pol'", "did you mean 'max_pool'"]),
    "empty file": ("", ["bad.yaml", "empty"]),
    "not YAML": ("data: {dataset: [\n", ["bad.yaml:2:1", "not valid YAML"]),
    "not text": ("\x00\x01\x02", ["bad.yaml"]),
    "a YAML bomb": ("a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n", ["bad.yaml:1", "anchors", "extends"]),
    "extends a missing file": ("extends: nowhere.yaml\n", ["bad.yaml:1", "extends", "nowhere.yaml", "no such file"]),
    "extends itself": ("extends: bad.yaml\n", ["bad.yaml:1", "circle", "bad.yaml -> bad.yaml"]),
    "a kernel larger than its map": (
        CNN.format(layer="conv: {filters: 2, kernel: 30}"),
        ["model.layers[0].conv: the kernel, 30 x 30, is larger than its input, 28 x 28.", "Use a smaller kernel, `pad"],
    ),
    "a pool that leaves nothing": (
        CNN.format(layer="max_pool: 40"),
        ["model.layers[0].max_pool: the window, 40 x 40, is larger than its input, 28 x 28."],
    ),
    "a layer for images after Flatten": (
        CNN.format(layer="flatten\n    - conv: {filters: 2, kernel: 3}"),
        ["model.layers[1].conv: expected an input of height, width and channels, received shape (784,).", "`flatten`"],
    ),
    "too few outputs": (
        "data: {dataset: digits}\nmodel: {kind: cnn, layers: [flatten, {dense: {units: 7, activation: softmax}}]}\n",
        ["model.layers: expected one probability per class", "(7,)", "(10,)", "Use `units: classes`"],
    ),
    "a file with an unknown data set": (
        "data: {dataset: minst}\nmodel: {kind: mlp, nodes: [8]}\n",
        ["bad.yaml: unknown data set 'minst' (did you mean 'mnist'?)"],
    ),
    "outputs that are no probabilities": (
        "data: {dataset: digits}\nmodel: {kind: cnn, layers: [flatten, {dense: {units: classes}}]}\n",
        ["bad.yaml:2", "model.layers", "softmax"],
    ),
    "a batch larger than the training set": (
        LINE_4.format(line="batch_size: 2000"),
        ["train.batch_size", "1,149", "2,000"],
    ),
    "a range of rows beyond the data": (
        "data: {dataset: digits, rows: [0, 5000]}\nmodel: {kind: mlp, nodes: [4]}\n",
        ["data.rows", "1,437", "5,000"],
    ),
    "a class weight for no class": (LINE_4.format(line="class_weight: {10: 2.0}"), ["train.class_weight", "10"]),
}  # fmt: skip

# Arguments after `run good.yaml`, the environment, and what the message has to contain.
OPTIONS = {
    "a subset larger than the data": (["--subset", "5000"], {}, ["data.subset", "1,437", "5,000"]),
    "a test subset larger than the data": (["--test-subset", "5000"], {}, ["data.test_subset", "360", "5,000"]),
    "a subset without all classes": (["--subset", "5"], {}, ["data.subset: expected at least 10, one row per class"]),
    "--set without a value": (["--set", "train.epochs"], {}, ["--set train.epochs", "KEY.PATH=VALUE"]),
    "--set with an unknown key": (["--set", "train.epoch=3"], {}, ["--set train.epoch=3", "'epochs'"]),
    "--epochs 0": (["--epochs", "0"], {}, ["Error: --epochs 0: train.epochs: expected at least 1"]),
    "an unknown backend": (["--backend", "theano"], {}, ["--backend theano", "tensorflow, jax, torch"]),
    "an unknown KERAS_BACKEND": ([], {"KERAS_BACKEND": "theano"}, ["KERAS_BACKEND", "theano", "tensorflow"]),
    "a GPU where there is none": (["--device", "gpu"], {}, ["device: gpu, but", "no GPU", "--device auto or cpu"]),
    "KERAS_MAX_EPOCHS": ([], {"KERAS_MAX_EPOCHS": "1"}, ["KERAS_MAX_EPOCHS", "(unset KERAS_MAX_EPOCHS)"]),
    "an unknown data set": (["--dataset", "mnits"], {}, ["mnits", "mnist, fashion_mnist, kmnist, ", "folder"]),
    "a data folder without data": (["--dataset", "folder"], {}, ["folder", "no data set", "train/<class>"]),
    "a file as data folder": (
        ["--dataset", "mnist", "--data-dir", "good.yaml"], {}, ["good.yaml", "expected a folder", "--data-dir"],
    ),
    "a file that holds no data": (["--dataset", "good.yaml"], {}, ["good.yaml", ".npz"]),
    "a truncated gzip": (["--dataset", "truncated"], {}, ["truncated/train-images", "truncated"]),
    "pickled objects": (["--dataset", "pickled.npz"], {}, ["pickled.npz", "pickle"]),
    "a picture that is none": (["--dataset", "pictures"], {}, ["pictures", "broken.png"]),
    "a file as results folder": (["--results", "good.yaml"], {}, ["good.yaml", "cannot be written", "--results"]),
    "a results folder nowhere": (["--results", "/dev/null/x"], {}, ["/dev/null/x", "cannot be written", "--results"]),
}  # fmt: skip

# No file can grow beyond this many bytes, so that writing fails as on a full disk, in training or at its end.
FULL_DISK = {"a full disk at the checkpoint": (2, 20_000), "a full disk at the end": (1, 3_000)}

BUSY = "a run that another process is writing"

DIFFERENT_RESULTS = ("a file as results folder", "a results folder nowhere")


def damaged_data(cwd: Path) -> None:
    """Folders and files of images, each with one thing wrong."""
    images = write_idx(cwd / "truncated", arrays()) / GZIPPED_IDX[0]
    images.write_bytes(images.read_bytes()[:-200])
    write_npz(cwd / "pickled.npz", arrays(), y_train=np.array([{} for _ in range(30)], dtype=object))
    write_pictures(cwd / "pictures", dict.fromkeys("ab", (Image.new("L", (8, 8)),)))
    write(cwd / "pictures" / "train" / "a" / "broken.png", "no picture")
    (cwd / "folder").mkdir()


@pytest.fixture(scope="module")
def answers(tmp_path_factory) -> dict[str, tuple[Answer, Path]]:
    """The answer of `mnist-lab run` to each, and its results folder."""
    cwd = tmp_path_factory.mktemp("bad_input")
    write(cwd / "good.yaml", SMALL)
    damaged_data(cwd)
    cases = {}
    for i, (name, (text, _)) in enumerate(CONFIGS.items()):
        write(cwd / str(i) / "bad.yaml", text)
        cases[name] = Case(["run", f"{i}/bad.yaml"])
    for name, (arguments, variables, _) in OPTIONS.items():
        cases[name] = Case(["run", "good.yaml", *arguments], variables)
    for name, (epochs, limit) in FULL_DISK.items():
        cases[name] = Case(["run", "good.yaml", "--epochs", str(epochs)], largest_file=limit)
    cases[BUSY] = Case(["run", "good.yaml"])
    for name, case in cases.items():
        if name not in DIFFERENT_RESULTS:
            cases[name] = Case([*case.arguments, "--results", f"results {name}"], case.environment, case.largest_file)
    config = load_config(cwd / "good.yaml", [Override(("runtime", "backend"), "jax", "--backend jax")])
    with identify(config, datasets.load("digits"), cwd / f"results {BUSY}").folder.locked():
        found = in_one_process(list(cases.values()), cwd)
    return {name: (answer, cwd / f"results {name}") for name, answer in zip(cases, found, strict=True)}


def expect(answer: Answer, *words: str) -> None:
    assert answer.code == 2, answer
    assert answer.out == ""
    assert "Traceback" not in answer.err
    assert "Internal error" not in answer.err
    assert [word for word in words if word not in answer.err] == [], answer.err


@pytest.mark.parametrize("name", CONFIGS)
def test_a_bad_configuration_is_refused_and_leaves_nothing(name, answers):
    answer, results = answers[name]
    expect(answer, "bad.yaml", *CONFIGS[name][1])
    assert files(results) == set()


@pytest.mark.parametrize("name", OPTIONS)
def test_a_bad_option_environment_or_data_set_is_refused_and_leaves_nothing(name, answers):
    answer, results = answers[name]
    expect(answer, *OPTIONS[name][2])
    assert files(results) == set()


@pytest.mark.parametrize("name", FULL_DISK)
def test_a_full_disk_is_reported_and_leaves_nothing_half_written(name, answers):
    answer, results = answers[name]
    expect(answer, "cannot be written", "File too large", "Make room", "--results")
    assert files(results) == set()


@pytest.mark.parametrize("arguments", [["sweep", "mine", "--dry-run"], ["summary", "mine/good.yaml", "mine/bad.yaml"]])
def test_a_network_that_does_not_fit_names_its_file_among_several(arguments, tmp_path):
    write(tmp_path / "mine" / "good.yaml", SMALL)
    write(tmp_path / "mine" / "bad.yaml", CNN.format(layer="conv: {filters: 2, kernel: 30}"))
    expect(lab(*arguments, cwd=tmp_path), "mine/bad.yaml: model.layers[0].conv: the kernel, 30 x 30, is larger")
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("seconds", ["nan", "0", "-1", "soon"])
def test_a_time_limit_is_a_number_above_0(seconds, tmp_path):
    answer = here("sweep", "quickstart", "--timeout", seconds, cwd=tmp_path, code=2)
    expect(answer, f"'--timeout': expected a number of seconds above 0, received {seconds!r}.")


def test_errors_of_several_files_are_reported_at_once(tmp_path):
    write(tmp_path / "one.yaml", "data: 3\n")
    write(tmp_path / "two.yaml", "")
    expect(here("validate", "one.yaml", "two.yaml", cwd=tmp_path, code=2), "one.yaml:1", "two.yaml: the file is empty")


def test_errors_of_configurations_and_sweep_files_are_reported_at_once(tmp_path):
    write(tmp_path / "all" / "config.yaml", "data: 3\n")
    write(tmp_path / "all" / "rates.yaml", "base: mlp_512\ngird: {train.epochs: [1]}\n")
    write(tmp_path / "sizes.yaml", "base: mlp_512\ngrid: {model.dropout: [7]}\n")
    answer = here("validate", "all", "sizes.yaml", cwd=tmp_path, code=2)
    expect(answer, "config.yaml:1:7", "rates.yaml:2:1", "sizes.yaml:2:24")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "folder"], ["folder", "expected a YAML file", "this is a folder"]),
        (["run", "mlp_521"], ["mlp_521", "did you mean 'mlp_512'", "mnist-lab configs"]),
        (["validate", "folder"], ["folder", "no .yaml file"]),
        (["list", "small.yaml"], ["small.yaml", "expected a folder", "this is a file"]),
        (["show", "folder"], ["folder: not a run; expected a run folder", "`mnist-lab list results`"]),
        (["show", "mlp_512"], ["mlp_512", "no finished run", "below results"]),
        (["configs", "copy", "small.yaml"], ["small.yaml", "cannot be written"]),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else None,
)
def test_a_path_of_the_wrong_kind_or_to_nothing_is_refused(arguments, words, tmp_path):
    (tmp_path / "folder").mkdir()
    write(tmp_path / "small.yaml", SMALL)
    expect(here(*arguments, cwd=tmp_path, code=2), *words)


@pytest.mark.skipif(find_spec("torch") is not None, reason="Torch is installed here")
@pytest.mark.parametrize(("arguments", "variables"), [(["--backend", "torch"], {}), ([], {"KERAS_BACKEND": "torch"})])
def test_a_backend_that_is_not_installed_names_the_extra_to_install(arguments, variables, tmp_path):
    write(tmp_path / "small.yaml", SMALL)
    answer = lab("run", "small.yaml", *arguments, cwd=tmp_path, **variables)
    expect(answer, "'torch' is not installed", "Install it: ", "torch")
    assert files(tmp_path) == {"small.yaml"}


def test_several_configurations_are_all_checked_before_the_first_is_trained(tmp_path):
    write(tmp_path / "good.yaml", SMALL)
    write(tmp_path / "bad.yaml", LINE_4.format(line="epochs: 0"))
    expect(here("run", "good.yaml", "bad.yaml", cwd=tmp_path, code=2), "bad.yaml", "train.epochs")
    assert not (tmp_path / "results").exists()


def test_a_run_that_another_process_is_writing_is_left_alone(answers):
    answer, results = answers[BUSY]
    expect(answer, "another process is writing this run", "Wait for it to end")
    assert {path.rpartition("/")[2] for path in files(results)} <= {".lock"}


@pytest.mark.parametrize("arguments", [["validate", "nowhere.yaml"], ["run", "mlp_512", "--set", "train.epochs=0"]])
def test_debug_adds_the_traceback(arguments, tmp_path):
    plain, debug = lab(*arguments, cwd=tmp_path), lab(*arguments, "--debug", cwd=tmp_path)
    assert (plain.code, debug.code) == (2, 2)
    assert "Traceback" not in plain.err
    assert debug.err.startswith("Traceback")
    assert debug.err.endswith(plain.err)
