"""The benchmark: its scripts train what the configurations say, it resumes, it reports numbers."""

import json
import time
from collections import Counter
from dataclasses import replace
from importlib import import_module
from math import prod

import pytest
from click.testing import CliRunner

from benchmarks import ablation, growth, readme, report
from benchmarks.__main__ import HERE, main
from benchmarks.contenders import CONTENDERS, REFERENCE, Setting
from benchmarks.data import Data, write
from benchmarks.nets import NETS
from benchmarks.plain import ablation as plain
from benchmarks.plan import jobs
from benchmarks.process import ROOT, Finished
from benchmarks.store import Job, Store
from benchmarks.summary import line, spread, tables
from benchmarks.training import command, of_run
from mnist_lab.cli import main as mnist_lab
from mnist_lab.config import load_config
from mnist_lab.errors import InputError

MACHINE = {
    "processor": "a processor", "cpus": 2, "memory_gb": 8.0, "gpu": None, "system": "Linux", "python": "3.12",
    "versions": {"keras": "3"},
}  # fmt: skip


def ours(config: str):
    """The configuration, and its network built with its optimizer."""
    from mnist_lab import models

    resolved = load_config(config)
    network = models.from_config(resolved, image_shape=(28, 28, 1), classes=10)
    return network, models.construct(resolved.train.optimizer)


def optimizer_settings(optimizer) -> dict:
    """The arguments of the optimizer, without its name."""
    plain = {key: value for key, value in optimizer.get_config().items() if key != "name"}
    return {"class": type(optimizer).__name__} | {
        key: pytest.approx(value) if isinstance(value, float) else value for key, value in plain.items()
    }


def counts(model) -> tuple[int, int]:
    """The number of trained parameters and of their arrays."""
    return sum(prod(weight.shape) for weight in model.trainable_weights), len(model.trainable_weights)


def learned(model) -> list[tuple]:
    """The layers in order with their settings, from after the preparation of the pixels to the probabilities."""
    prepare = {"InputLayer", "Reshape", "Rescaling", "Normalization", "RandomRotation", "RotatedByChance"}
    told = []
    for layer in model.layers:
        settings = {key: value for key, value in layer.get_config().items() if key not in {"name", "dtype", "seed"}}
        for key, value in settings.items():
            if isinstance(value, dict) and "class_name" in value:  # an initializer, which has a seed
                scale = {"scale": round(value["config"]["scale"], 9)} if "scale" in value["config"] else {}
                settings[key] = value["class_name"], {**value["config"], **scale, "seed": None}
        if type(layer).__name__ not in prepare:
            told.append((type(layer).__name__, settings))
    return told


SCRIPTS = {net.name: (f"benchmarks.plain.{net.name}", (), net.config) for net in NETS.values()} | {
    f"ablation {name}": ("benchmarks.plain.ablation", (name,), name if name == "mlp_512" else f"ablation/{name}")
    for name in ablation.EXPERIMENTS
}


@pytest.mark.parametrize(("module", "arguments", "config"), SCRIPTS.values(), ids=SCRIPTS)
def test_a_plain_script_trains_the_network_and_the_optimizer_of_its_configuration(module, arguments, config):
    script = import_module(module).build(*arguments)
    network, optimizer = ours(config)
    assert learned(script) == learned(network)
    assert optimizer_settings(script.optimizer) == optimizer_settings(optimizer)


class Fitted(Exception):  # noqa: N818 - it is no error but the end of a script that is only watched
    """Images, labels and settings that a script called `fit` with."""


@pytest.fixture(scope="module")
def images(tmp_path_factory) -> Data:
    return write(tmp_path_factory.mktemp("images"), rows=6000)


@pytest.mark.parametrize(("module", "arguments", "config"), SCRIPTS.values(), ids=SCRIPTS)
def test_a_plain_script_has_the_recipe_of_its_configuration(module, arguments, config, images, tmp_path, monkeypatch):
    import keras

    def fit(_, x, y, **settings):
        raise Fitted(x, y, settings)

    monkeypatch.setattr(keras.Model, "fit", fit)
    monkeypatch.setattr("sys.argv", ["script", *arguments, "--data", str(images.file), "--out", str(tmp_path)])
    with pytest.raises(Fitted) as caught:
        import_module(module).main()
    x, y, settings = caught.value.args
    data, train = load_config(config).data, load_config(config).train
    assert (settings["batch_size"], settings["epochs"]) == (train.batch_size, train.epochs)
    if data.validation.split == "test":
        assert len(settings["validation_data"][0]) == 10_000 or images.name != "MNIST"
        assert "validation_split" not in settings
    else:
        assert settings["validation_split"] == data.validation.fraction
    first = data.rows[0] if data.rows else 0
    assert len(x) == len(y) == 6000 - first
    assert x.max() == (255 if data.preprocess.key == "none" else 1)


def test_the_script_for_all_trains_each_experiment_as_its_own_script_does(monkeypatch):
    trained = []
    monkeypatch.setattr(plain.Script, "data", lambda _: None)
    monkeypatch.setattr(plain, "train", lambda script, _, steps=1: trained.append((script.name, script.epochs, steps)))
    for name in ("all", *ablation.EXPERIMENTS):
        monkeypatch.setattr("sys.argv", ["script", name, "--data", "mnist.npz", "--out", "plots"])
        plain.main()
    together, apart = trained[:13], trained[13:]
    assert sorted(together) == sorted((name, epochs, plain.TOGETHER) for name, epochs, _ in apart)


@pytest.mark.parametrize("net", NETS.values(), ids=lambda net: net.name)
def test_the_first_layers_share_of_the_arithmetic_is_as_stated(net):
    network, _ = ours(net.config)
    kernels = [(layer.kernel, prod(layer.output.shape[1:-1])) for layer in network.layers if hasattr(layer, "kernel")]
    arithmetic = [places * prod(kernel.shape) for kernel, places in kernels]
    assert net.first_layer == pytest.approx(arithmetic[0] / sum(arithmetic), abs=5e-5)


@pytest.mark.parametrize("net", NETS.values(), ids=lambda net: net.name)
def test_the_loop_in_pytorch_trains_a_network_of_as_many_parameters(net):
    pytest.importorskip("torch")
    from benchmarks.torch_loop import RECIPES

    recipe = RECIPES[net.name]
    count = sum(parameter.numel() for parameter in recipe.network().parameters())
    assert count == counts(ours(net.config)[0])[0]
    assert recipe.batch_size == load_config(net.config).train.batch_size


@pytest.mark.parametrize("net", NETS.values(), ids=lambda net: net.name)
def test_the_recipes_epochs_are_those_of_the_configuration(net):
    assert net.recipe_epochs == load_config(net.config).train.epochs


@pytest.mark.thorough
def test_the_benchmark_measures_a_script_writes_its_report_and_resumes(tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.machine.REPETITIONS", 1)
    tiny = ["--out", str(tmp_path), "--rows", "6000", "--epochs", "1", "--repeats", "1", "--device", "cpu"]
    for _ in range(2):
        answer = CliRunner().invoke(main, [*tiny, "--only", "mlp_512", "--only", REFERENCE])
        assert answer.exit_code == 0, answer.output
    [measured] = json.loads((tmp_path / "results.json").read_text())["measurements"]
    assert len(measured["epoch_seconds"]) == 1
    assert 0 < measured["startup"] < measured["seconds"]
    assert measured["test_accuracy"] > 0.5
    assert measured["peak_mb"] > 100
    assert "| Keras script, TensorFlow |" in (tmp_path / "RESULTS.md").read_text()
    assert (tmp_path / "speed_cpu.png").stat().st_size > 0


def test_the_run_that_is_measured_is_one_that_mnist_lab_understands(tmp_path):
    data = write(tmp_path, rows=6000)
    words = command(CONTENDERS["lab-tensorflow"], NETS["mlp_512"], 1, 1, Setting(data, "cpu"), tmp_path / "out")
    begun = time.time()
    answer = CliRunner().invoke(mnist_lab, [str(word) for word in words[3:]])
    assert answer.exit_code == 0, answer.output
    facts = of_run(tmp_path / "out", Finished(begun, 60.0, 60.0, 500.0, 0.0, answer.stdout))
    assert facts["startup"] > 0
    assert len(facts["epoch_seconds"]) == 1
    assert facts["flops_per_epoch"] == 3 * 2 * (784 * 512 + 512 * 512 + 512 * 10) * 4800


@pytest.fixture
def setting(tmp_path):
    return Setting(Data(tmp_path, tmp_path / "mnist.npz", "MNIST", 60_000), "cpu")


def measured(seconds: float, **more) -> dict:
    return {
        "seconds": seconds, "cpu_seconds": seconds, "peak_mb": 500.0, "others": 0.0, "startup": 1.0, "device": "cpu",
        "epoch_seconds": [9.0, seconds / 10, seconds / 10], "test_accuracy": 0.98, "when": "2026-01-01T00:00:00",
    } | more  # fmt: skip


def test_contenders_take_turns_and_another_begins_in_each_repeat(setting, monkeypatch):
    monkeypatch.setattr(Setting, "missing", lambda *_: None)
    planned = jobs(setting, only=["mlp_512"], repeats=2)
    first, second = ([job.contender for job in planned if job.repeat == repeat] for repeat in (1, 2))
    assert first[0] == REFERENCE != second[0]
    assert sorted(first) == sorted(second)
    assert len(first) == len(set(first))


def test_dense_nets_and_the_ablation_are_measured_three_times_cnns_twice_and_growth_once(setting, monkeypatch):
    monkeypatch.setattr(Setting, "missing", lambda *_: None)
    times = Counter((job.part, job.subject, job.size) for job in jobs(setting) if job.contender == "lab-tensorflow")
    for (part, subject, _), count in times.items():
        assert count == (1 if part == "growth" else 2 if part == "nets" and NETS[subject].convolves else 3), subject


def test_naming_a_net_leaves_the_other_parts_out_and_naming_nothing_leaves_nothing_out(setting, monkeypatch):
    monkeypatch.setattr(Setting, "missing", lambda *_: None)
    assert {(job.part, job.subject) for job in jobs(setting, only=["small_28"])} == {("nets", "small_28")}
    everything = jobs(setting)
    assert {job.subject for job in everything} == {*NETS, "ablation", *growth.SIZES}
    assert {job.contender for job in everything} == set(CONTENDERS)


def test_what_has_been_measured_is_not_measured_again(setting, tmp_path):
    planned = jobs(setting, only=["mlp_512"])
    store = Store(tmp_path / "results.json", MACHINE)
    store.add(planned[0], measured(10.0))
    assert Store(tmp_path / "results.json", MACHINE).missing(planned) == planned[1:]


def test_measurements_of_another_machine_are_not_mixed_in(tmp_path):
    Store(tmp_path / "results.json", MACHINE).add_peak(100.0)
    with pytest.raises(InputError, match="different: cpus"):
        Store(tmp_path / "results.json", MACHINE | {"cpus": 64})


def test_ratios_are_taken_repeat_by_repeat_and_the_floor_at_the_best_peak(tmp_path):
    store = Store(tmp_path / "results.json", MACHINE)
    store.add_peak(50.0)
    store.add_peak(100.0)
    for repeat, (script, run) in enumerate([(20.0, 10.0), (40.0, 10.0), (30.0, 10.0)], start=1):
        store.add(Job("nets", "mlp_512", REFERENCE, 10, repeat, "MNIST", "cpu"), measured(script))
        job = Job("nets", "mlp_512", "lab-jax", 10, repeat, "MNIST", "cpu")
        store.add(job, measured(run, flops_per_epoch=50_000_000_000))
    store.add(Job("nets", "mlp_512", "keras-jax", 10, 2, "MNIST", "cpu"), measured(15.0))
    [table] = tables(store)
    row = table.row("lab-jax")
    assert row.epoch.median == pytest.approx(1.0)  # the first epoch does not count
    assert row.speedup == spread([2.0, 4.0, 3.0])
    assert row.speedup_on_own == spread([1.5])
    assert row.relative_time.median == pytest.approx(1 / 3)
    assert table.row(REFERENCE).speedup is None
    assert table.floor == pytest.approx(0.5 * (1 - NETS["mlp_512"].first_layer / 3))


def test_the_line_through_collinear_points_fits_them_all():
    fit = line([1, 10, 50, 100], [3.5, 8, 28, 53])
    assert (fit.slope, fit.intercept, fit.r2) == pytest.approx((0.5, 3.0, 1.0))
    assert line([1, 2], [1, 2]) is None


def test_the_report_says_what_has_not_been_measured(tmp_path):
    store = Store(tmp_path / "results.json", MACHINE)
    store.add(Job("nets", "mlp_512", REFERENCE, 10, 1, "MNIST", "cpu"), measured(10.0))
    text = report.text(store)
    assert "## On the GPU\n\nNot measured yet. There was no GPU." in text
    assert text.count("Not measured yet.") == 3


def test_the_report_has_the_family_the_lines_and_the_memory(tmp_path):
    store = Store(tmp_path / "results.json", MACHINE)
    accuracies = {"test_accuracies": {"mlp_512": 0.98, "no_rescale": 0.1}}
    for contender, seconds in ((REFERENCE, 400.0), ("family-jax", 240.0), ("lab-jax", 160.0)):
        store.add(Job("ablation", "ablation", contender, 10, 1, "MNIST", "cpu"), measured(seconds, **accuracies))
    for runs in (1, 10, 50, 100):
        memory = {"parent_mb": [120.0] * runs, "handles": [12] * runs, "children": 2}
        store.add(Job("growth", "runs", "lab-tensorflow", runs, 1, "MNIST", "cpu"), measured(3 + runs / 2, **memory))
    text = report.text(store)
    assert "| one Keras script for all, JAX | 240 | 1.67 |  | 0.5400 | 1 |" in text
    assert "| mnist-lab sweep, JAX | 160 | 2.50 | 1.50 | 0.5400 | 1 |" in text
    assert "Everything was measured once" in text
    assert "| 500 ms | 3.00 s | 1.0000 |" in text
    assert "120.0 MB after 10 runs and 120.0 MB after all" in text


def test_an_experiment_that_fails_in_every_repeat_is_named_with_its_accuracy(tmp_path):
    store = Store(tmp_path / "results.json", MACHINE)
    for repeat, accuracies in ((1, {"no_rescale": 0.19, "no_relu": 0.5}), (2, {"no_rescale": 0.29, "no_relu": 0.91})):
        job = Job("ablation", "ablation", REFERENCE, 10, repeat, "MNIST", "cpu")
        store.add(job, measured(400.0, test_accuracies={"no_rescale": 0.96, "no_relu": 0.92}))
        store.add(replace(job, contender="family-jax"), measured(240.0, test_accuracies=accuracies))
    said = "- `no_rescale` fails in *one Keras script for all, JAX*: its test accuracy is 0.24 (0.19 to 0.29)."
    assert said in report.text(store)
    assert "`no_relu` fails" not in report.text(store)
    assert "0.4725 as one script on JAX, where `no_rescale` fails." in readme.block(store)


def test_the_readme_has_the_family_and_the_nets_as_measured_on_mnist_for_the_most_epochs(tmp_path):
    store = Store(tmp_path / "results.json", MACHINE)
    assert readme.block(store) == ""
    store.add(Job("nets", "mlp_512", REFERENCE, 10, 1, "repeated digits", "cpu"), measured(10.0))
    assert readme.block(store) == ""
    accuracies = {"test_accuracies": {"mlp_512": 0.98, "no_relu": 0.92}}
    for epochs in (3, 10):
        for contender, seconds in ((REFERENCE, 400.0), ("family-jax", 240.0), ("lab-jax", 160.0)):
            job = Job("ablation", "ablation", contender, epochs, 1, "MNIST", "cpu")
            store.add(job, measured(seconds + epochs, **accuracies))
    for repeat, script in ((1, 20.0), (2, 30.0)):
        store.add(Job("nets", "mlp_512", REFERENCE, 10, repeat, "MNIST", "cpu"), measured(script))
        store.add(Job("nets", "mlp_512", "lab-jax", 10, repeat, "MNIST", "cpu"), measured(10.0))
        store.add(Job("nets", "mlp_512", "lab-jax", 10, repeat, "MNIST", "gpu"), measured(1.0, device="gpu"))
    machine, _, family, nets = readme.block(store).splitlines()
    assert "2 cores (a processor) with Keras 3" in machine
    assert (
        "10 epochs each: 410 s as scripts, 250 s as one script on JAX, 170 s as a sweep on JAX (speedup 2.41; "
        in family
    )
    assert family.endswith(
        "1.47 over the one script). Mean test accuracy: 0.9500 as scripts, 0.9500 as one script on JAX, 0.9500 as a "
        "sweep on JAX."
    )
    assert nets == "- Speedup per epoch of a dense network: 2.50 on JAX (medians; `mlp_512`)."


def test_the_project_s_readme_has_what_was_measured():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text == readme.in_project_readme(text, Store(HERE / "results.json")), "`python -m benchmarks --report`"


def test_a_report_of_nothing_is_refused(tmp_path):
    answer = CliRunner().invoke(main, ["--report", "--out", str(tmp_path)])
    assert answer.exit_code == 1
    assert "nothing has been measured yet" in answer.output


def test_without_mnist_the_bundled_digits_are_repeated_to_its_size_with_a_note(tmp_path, monkeypatch):
    import numpy as np

    monkeypatch.setattr("mnist_lab.datasets.find", lambda *_: None)
    data = write(tmp_path)
    assert not data.genuine
    assert "digits, repeated" in data.name
    with np.load(data.file) as archive:
        assert [archive[name].shape for name in ("x_train", "y_test")] == [(60_000, 28, 28), (10_000,)]
        assert (archive["x_train"][0] == archive["x_train"][1437]).all()  # the 1,437 digits start over
