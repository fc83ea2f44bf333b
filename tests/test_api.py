"""The package from Python: names, paths and mappings as people have them, and clear errors for anything else."""

import inspect
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import mnist_lab
from mnist_lab import errors
from mnist_lab.config import Config, Override
from mnist_lab.runs import load_run
from mnist_lab.sweeps import Plan, Schedule, Swept
from tests.lab import environment, finish
from tests.run_folders import finished_run

SMALL = {"data": {"dataset": "digits"}, "model": {"kind": "mlp", "nodes": [8]}}


def swept(given):
    """A sweep that trains nothing and records its arguments in `given`."""

    def nothing(declared, results, **more):
        given.update(more, declared=declared, results=results)
        return Swept(Schedule(Plan((), ()), (), (), {}))

    return nothing


def ignored(*_, **__):
    raise AssertionError("nothing may be trained")


@pytest.fixture
def trained(tmp_path, monkeypatch):
    """The configurations that would have been trained."""
    configs, folder = [], finished_run(tmp_path, SMALL | {"experiment": "small"})
    run = load_run(folder.path)
    monkeypatch.setattr("mnist_lab.experiment.run", lambda config, **_: configs.append(config) or run)
    return configs


def test_the_package_lists_its_names_and_has_them_all():
    functions = {
        "run",
        "sweep",
        "tune",
        "report",
        "compare",
        "predict",
        "evaluate",
        "export",
        "load_config",
        "load_run",
    }
    assert functions | {"list_runs", "Config", "Found", "Run", "Study", "Prediction"} <= set(dir(mnist_lab))
    assert set(dir(mnist_lab)) == set(mnist_lab.__all__)
    assert all(getattr(mnist_lab, name) is not None for name in dir(mnist_lab))
    with pytest.raises(AttributeError, match="no attribute 'runs_of'"):
        mnist_lab.runs_of  # noqa: B018


def test_every_error_class_is_exported():
    classes = {name for name, value in vars(errors).items() if inspect.isclass(value)}
    assert classes <= set(dir(mnist_lab))


def test_looking_at_the_package_imports_no_library():
    script = "import sys, mnist_lab; dir(mnist_lab); print({'numpy', 'keras', 'pydantic'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment(), capture_output=True, text=True, check=True
    )  # fmt: skip
    assert done.stdout == "set()\n"


class TestOverrides:
    @pytest.mark.parametrize(
        ("changes", "option"),
        [
            ({"train.epochs": 3}, "train.epochs=3"),
            ({"train": {"epochs": 3}}, "train.epochs=3"),
            ({"model.nodes": (64, 32)}, "model.nodes=[64, 32]"),
            ({"model": {"nodes": np.array([64, 32])}}, "model.nodes=[64, 32]"),
            ({"model.nodes.1": np.int64(16)}, "model.nodes.1=16"),
            ({"data.dataset": Path("some/images")}, "data.dataset=some/images"),
            ({"train.optimizer": {"learning_rate": 0.01}}, "train.optimizer.learning_rate=0.01"),
            ({"train.restore_best": None}, "train.restore_best="),
            ({"data": {"preprocess": {"standardize": {"mean": 0.1, "std": 0.3}}}},
             "data.preprocess={standardize: {mean: 0.1, std: 0.3}}"),
            ({"train": {"early_stopping": {"patience": 2}}}, "train.early_stopping.patience=2"),
            ({"train.class_weight": {3: 2.0}}, "train.class_weight.3=2.0"),
        ],
    )  # fmt: skip
    def test_a_mapping_sets_what_the_command_line_would(self, changes, option):
        assert mnist_lab.load_config("mlp_512", changes).model_dump(exclude={"reference"}) == mnist_lab.load_config(
            "mlp_512", [Override.parse(option)]
        ).model_dump(exclude={"reference"})

    def test_mappings_merge_and_everything_else_replaces(self):
        config = mnist_lab.load_config(
            "mlp_512",
            {"data": {"preprocess": {"standardize": {"mean": 0, "std": 1}}}, "train.optimizer": {"name": "sgd"}},
        )
        changed = mnist_lab.load_config(config, {"data.preprocess": {"standardize": {"std": 2}}})
        assert changed.train.optimizer.name == "sgd"
        assert changed.model_dump(mode="json")["data"]["preprocess"] == {"standardize": {"mean": [0.0], "std": [2.0]}}

    def test_changed_values_are_reported_as_departures_from_the_published_recipe(self):
        config = mnist_lab.load_config("mlp_512", {"train": {"epochs": 3}, "data": {"subset": 500}})
        assert config.reference is not None
        assert config.reference.departures == ("train.epochs", "data.subset")

    def test_a_configuration_is_a_source_like_any_other(self):
        config = mnist_lab.load_config("ablation/nodes_1024")
        assert mnist_lab.load_config(config) == config
        longer = mnist_lab.load_config(config, {"train.epochs": 20})
        assert (longer.train.epochs, longer.model, longer.experiment) == (20, config.model, config.experiment)

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"train.epochs": "three"}, r"train\.epochs='three': train\.epochs: expected a whole number"),
            ({"train": {"epoch": 3}}, r"train\.epoch: unknown key \(did you mean 'epochs'\?\)"),
            ({"model.nodes.7": 3}, r"cannot set model\.nodes\[7\]"),
            ({"train..epochs": 3}, "expected a key path"),
            ({None: 3}, "expected a key path"),
            ({"extends": "x"}, "is only allowed in a file"),
        ],
    )
    def test_a_wrong_value_is_reported_with_its_key(self, changes, message):
        with pytest.raises(mnist_lab.InputError, match=message):
            mnist_lab.load_config("mlp_512", changes)


def test_an_error_in_what_was_given_has_a_short_traceback():
    with pytest.raises(mnist_lab.ConfigError) as caught:
        mnist_lab.load_config("mlp_512", {"train.epochs": "three"})
    assert len(caught.traceback) == 2
    assert caught.value.__suppress_context__


class TestShortForms:
    def test_set_what_the_options_of_the_command_line_do(self, trained):
        mnist_lab.run(
            "mlp_512", set={"train.epochs": 9, "model.dropout": 0.3}, dataset=Path("~/images"), subset=np.int64(500),
            test_subset=50, epochs=3, seed=7, backend="jax", device="cpu", threads=1,
        )  # fmt: skip
        config = trained[0]
        assert (config.data.dataset, config.data.subset, config.data.test_subset) == ("~/images", 500, 50)
        assert (config.train.epochs, config.model.dropout, config.seed) == (3, (0.3,), 7)
        assert (config.runtime.backend, config.runtime.device, config.runtime.threads) == ("jax", "cpu", 1)

    def test_are_named_in_errors(self):
        with pytest.raises(mnist_lab.ConfigError, match=r"subset=-3: data\.subset: expected at least 1"):
            mnist_lab.run("mlp_512", subset=-3)

    def test_the_backend_is_that_of_keras_if_it_is_already_imported(self, trained, monkeypatch):
        imported = SimpleNamespace(backend=SimpleNamespace(backend=lambda: "torch"))
        monkeypatch.setitem(sys.modules, "keras", imported)
        mnist_lab.run("mlp_512")
        mnist_lab.run("mlp_512", backend="jax")
        assert [config.runtime.backend for config in trained] == ["torch", "jax"]


class TestCustomNetwork:
    @pytest.mark.parametrize(
        ("config", "changes", "names"),
        [
            ("mlp_512", {}, ("mlp_512,network=wide", "mlp_512,network=wide", "mlp_512")),
            (
                "ablation/nodes_256",
                {},
                ("ablation/nodes_256,network=wide", "nodes_256,network=wide", "ablation/nodes_256"),
            ),
            ("mlp_512", {"name": "mine", "experiment": "mine"}, ("mine", "mine", None)),
            ({"data": {"dataset": "digits"}}, {}, ("wide", "wide", None)),
            ({"name": "mine", "data": {"dataset": "digits"}}, {}, ("mine", "mine", None)),
            (SMALL | {"name": "mine", "model": {"kind": "custom"}}, {}, ("mine", "mine", None)),
        ],
        ids=str,
    )
    def test_names_the_experiment_after_both(self, config, changes, names, trained):
        def wide(input_shape, classes):
            raise NotImplementedError

        mnist_lab.run(config, set=changes, network=wide)
        found = trained[0]
        assert (found.experiment, found.name, found.base) == names
        assert found.model.kind == "custom"

    def test_a_published_recipe_is_departed_from(self, trained):
        mnist_lab.run("mlp_512", network=lambda shape, classes: None)
        assert trained[0].reference.departures == ("model",)
        assert trained[0].experiment == "mlp_512,network=lambda"


class TestSweep:
    def test_takes_mappings_and_configurations(self, monkeypatch):
        given = {}
        monkeypatch.setattr("mnist_lab.sweeps.sweep", swept(given))
        one = mnist_lab.load_config("mlp_512", {"data.dataset": "digits"})
        mnist_lab.sweep([SMALL | {"name": "small"}, one, "quickstart"], seeds="1..2", epochs=1)
        configs = given["declared"].configs
        assert [(config.experiment, config.seed) for config in configs] == [
            ("small", 1), ("small", 2), ("mlp_512", 1), ("mlp_512", 2), ("quickstart", 1), ("quickstart", 2),
        ]  # fmt: skip
        assert {config.train.epochs for config in configs} == {1}
        mnist_lab.sweep(SMALL | {"name": "small"})
        assert given["declared"].name == "small"

    def test_refuses_two_with_the_same_name(self):
        with pytest.raises(mnist_lab.ConfigError, match="different configurations of one experiment, experiment"):
            mnist_lab.sweep([SMALL, SMALL | {"model": {"kind": "mlp", "nodes": [9]}}])


class TestPaths:
    @pytest.fixture(autouse=True)
    def home(self, tmp_path, monkeypatch):
        monkeypatch.setenv("HOME", str(tmp_path))
        (tmp_path / "mine.yaml").write_text("data: {dataset: digits}\nmodel: {kind: mlp, nodes: [8]}\n")

    @pytest.mark.parametrize("path", ["~/mine.yaml", Path("~/mine.yaml")])
    def test_a_configuration_may_be_in_the_home_folder(self, path):
        assert mnist_lab.load_config(path).experiment == "mine"

    @pytest.mark.parametrize("kind", [str, Path])
    def test_a_run_is_read_by_path_id_or_name(self, kind, tmp_path):
        folder = finished_run(tmp_path / "lab", SMALL | {"experiment": "small"})
        for reference in (folder.path, f"~/lab/small/{folder.id}", "small", folder.id):
            assert mnist_lab.load_run(kind(reference), results=kind("~/lab")).folder == folder

    @pytest.mark.parametrize("kind", [str, Path])
    def test_run_and_sweep_take_text_and_paths(self, kind, tmp_path, monkeypatch):
        given = {}
        finished = mnist_lab.load_run(finished_run(tmp_path / "lab", SMALL | {"experiment": "small"}).path)

        def trained(config, **more):
            given.update(more, config=config)
            return finished

        monkeypatch.setattr("mnist_lab.experiment.run", trained)
        assert mnist_lab.run("quickstart", results=kind("~/lab"), data_dir=kind("~/data")) == finished
        assert (given["results"], given["data_dir"]) == (tmp_path / "lab", tmp_path / "data")
        assert isinstance(given["config"], Config)
        monkeypatch.setattr("mnist_lab.sweeps.sweep", swept(given))
        study = mnist_lab.sweep([kind("~/mine.yaml"), "quickstart"], results=kind("~/lab"), data_dir=kind("~/data"))
        assert list(study) == []
        assert [config.experiment for config in given["declared"].configs] == ["mine", "quickstart"]
        assert (given["results"], given["data_dir"]) == (tmp_path / "lab", tmp_path / "data")

    def test_a_home_folder_that_does_not_exist_is_refused(self):
        with pytest.raises(mnist_lab.InputError, match="there is no such home folder"):
            mnist_lab.load_config("~nobody_of_this_name/x.yaml")


@pytest.mark.parametrize(
    ("function", "arguments", "options", "message"),
    [
        ("load_config", [5], {}, "config: expected a name, a path, a mapping or a Config, received 5"),
        ("load_config", [["mlp_512"]], {}, "config: expected a name"),
        ("load_config", [b"mlp_512"], {}, "config: expected a name"),
        ("load_config", ["mlp_512", "train.epochs=1"], {}, "set: expected a mapping"),
        ("load_config", ["mlp_512", ["train.epochs=1"]], {}, "set: expected a mapping"),
        ("run", [None], {}, "config: expected a name"),
        ("run", ["quickstart"], {"set": "train.epochs=1"}, "set: expected a mapping"),
        ("run", ["quickstart"], {"network": 3}, "network: expected a function"),
        ("run", ["quickstart"], {"network": lambda shape: None}, "network: .* cannot be called this way: too many"),
        ("run", ["quickstart"], {"results": None}, "results: expected a path"),
        ("run", ["quickstart"], {"data_dir": 1}, "data_dir: expected a path"),
        ("run", ["quickstart"], {"observer": 3}, "observer: expected an Observer, or None"),
        ("sweep", [3], {}, "config: expected a name"),
        ("sweep", ["quickstart"], {"observer": print}, "observer: expected an Observer, or None"),
        ("sweep", [["quickstart", None]], {}, "config: expected a name"),
        ("sweep", ["quickstart"], {"jobs": "2"}, "jobs: expected a whole number of 1 or more"),
        ("sweep", ["quickstart"], {"timeout": 0}, "timeout: expected a positive number of seconds"),
        ("tune", [3], {}, "reference: expected a path"),
        ("tune", ["quick"], {"jobs": 0}, "jobs: expected a whole number of 1 or more"),
        ("tune", ["quick"], {"observer": print}, "observer: expected an Observer, or None"),
        ("sweep", ["quickstart"], {"timeout": float("nan")}, "timeout: expected a positive number of seconds"),
        ("load_run", [None], {}, "run: expected a path"),
        ("list_runs", [], {"where": [3]}, "where: expected text"),
        ("list_runs", [], {"where": 3}, "where: expected text"),
        ("list_runs", [], {"sort": None}, "sort: expected text"),
        ("list_runs", [], {"limit": -1}, "limit: expected a whole number of 1 or more"),
        ("report", [7], {}, "path: expected a path"),
        ("sweep", ["configs"], {"name": 3}, "name: expected text, or None, received 3"),
        ("sweep", ["configs"], {"cluster": 2}, "cluster: expected text, or None, received 2"),
        ("tune", ["quick"], {"name": 3}, "name: expected text, or None, received 3"),
        ("report", [os.fsencode("results")], {}, "path: expected a path"),
        ("compare", ["one", 3], {}, "run: expected a path"),
        ("compare", ["one"], {}, "compare: expected a base and one or more"),
        ("evaluate", ["one", 7], {}, "dataset: expected a path"),
        ("predict", ["one", 7], {}, "images: expected a path"),
    ],
)
def test_a_wrong_type_is_reported_with_the_argument_before_anything_is_trained(
    function, arguments, options, message, monkeypatch
):
    monkeypatch.setattr("mnist_lab.experiment.run", ignored)
    monkeypatch.setattr("mnist_lab.sweeps.sweep", ignored)
    with pytest.raises(TypeError, match=message):
        getattr(mnist_lab, function)(*arguments, **options)


def test_a_run_is_shown_on_one_line(tmp_path):
    run = mnist_lab.load_run(finished_run(tmp_path, SMALL | {"experiment": "small"}, seed=3, test=0.9612).path)
    assert repr(run) == f"Run(small seed 3, test accuracy 0.9612, '{run.folder.path}')"


SCRIPT = """
import mnist_lab

if __name__ == "__main__":
    small = {"train.epochs": 1, "data": {"subset": 200}}
    run = mnist_lab.run(mnist_lab.load_config("small.yaml", small), results="lab", data_dir="data")
    print(run)
    print(*mnist_lab.sweep("small.yaml", seeds=[1, 2], set=small, results="lab", data_dir="data"), sep="\\n")
    try:
        mnist_lab.sweep("small.yaml", dataset="no/such/images")
    except mnist_lab.MnistLabError as error:
        print(type(error).__name__)
"""


@pytest.mark.thorough
def test_a_script_trains_a_run_and_the_rest_of_a_sweep(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "small.yaml").write_text("data: {dataset: digits}\nmodel: {kind: mlp, nodes: [8]}\n")
    done = finish([sys.executable, "script.py"], tmp_path)
    assert done.code == 0, done.err
    first, *swept, refused = done.out.splitlines()
    assert first.startswith("Run(small seed 1, test accuracy 0.")
    assert [line.split(",")[0] for line in swept] == ["Run(small seed 1", "Run(small seed 2"]
    assert (swept[0], refused) == (first, "UnknownDataSetError")
    assert len(list((tmp_path / "lab").rglob("metrics.json"))) == 2
    assert len(list((tmp_path / "lab").rglob("report.md"))) == 1


@pytest.mark.parametrize("function", ["load_run", "list_runs", "report"])
def test_a_path_with_a_null_character_is_an_error_in_what_was_given(function):
    with pytest.raises(mnist_lab.InputError, match="null character"):
        getattr(mnist_lab, function)("a\0b")


def test_a_name_that_no_file_can_have_is_a_run_that_is_not_there(tmp_path):
    with pytest.raises(mnist_lab.InputError, match="no finished run"):
        mnist_lab.load_run("a" * 5000, results=tmp_path)


def test_a_name_means_the_run_even_if_a_folder_is_called_that(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = finished_run(tmp_path / "results", "mlp_512")
    (tmp_path / "mlp_512").mkdir()
    assert mnist_lab.load_run("mlp_512").folder.path.resolve() == made.path


@pytest.mark.parametrize("wrong", [{"device": "tpu"}, {"device": 3}, {"prepare": "crop"}])
def test_predict_refuses_what_it_does_not_know_before_it_looks_for_the_run(wrong):
    [name] = wrong
    with pytest.raises(mnist_lab.InputError, match=f"^{name}: expected .* received"):
        mnist_lab.predict("no such run", "seven.png", **wrong)
