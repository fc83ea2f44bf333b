"""What folders, files and several references stand for, and which configuration is whose base."""

from pathlib import Path
from typing import Any

import pytest

from mnist_lab.config import Override, fingerprint, load_config, shipped, to_yaml
from mnist_lab.config.searches import check_files
from mnist_lab.config.sweeps import load_sweep
from mnist_lab.config.sweeps.declaration import files_in
from mnist_lab.errors import ConfigError, InputError
from tests.config.sweeps.cases import BASE, OTHER, experiments, refusal
from tests.lab import write

pytestmark = pytest.mark.usefixtures("folder")

# What a configuration changes


def test_a_base_is_the_experiment_of_the_file_that_a_configuration_extends_directly() -> None:
    write("configs/base.yaml", BASE)
    write("configs/deep/other.yaml", "extends: ../base.yaml\ntrain: {epochs: 5}\n")
    write("configs/third.yaml", "extends: deep/other.yaml\n")
    write("named.yaml", "name: my_name\nextends: configs/third.yaml\n")
    write("last.yaml", "extends: named.yaml\n")
    bases = [load_config(path).base for path in ("configs/base.yaml", "configs/deep/other.yaml", "configs/third.yaml")]
    assert bases == [None, "base", "deep/other"]
    assert [load_config(path).base for path in ("named.yaml", "last.yaml")] == ["third", "my_name"]
    assert load_config({"extends": "mlp_512"}).base == "mlp_512"


def test_a_base_that_a_file_names_itself_is_kept_and_never_inherited() -> None:
    write("resolved.yaml", BASE + "experiment: some/run\nbase: some/base\n")
    assert load_config("resolved.yaml").base == "some/base"
    assert load_config(write("x.yaml", "extends: resolved.yaml\n")).base == "some/run"
    assert load_config(write("x.yaml", "extends: resolved.yaml\nbase: mine\n")).base == "mine"


def test_settings_that_are_only_shared_are_not_a_base() -> None:
    write("shared.yaml", "train: {epochs: 5}\n")
    assert load_config(write("x.yaml", "extends: shared.yaml\n" + BASE)).base is None


def test_a_base_goes_into_the_resolved_configuration_and_not_into_the_fingerprint() -> None:
    write("base.yaml", BASE)
    config = load_config(write("other.yaml", OTHER))
    assert load_config(write("config.yaml", to_yaml(config))) == config
    assert config.base == "base"
    marks = {
        fingerprint(each, dataset_sha256="", backend="jax")
        for each in (config, config.model_copy(update={"base": "x"}))
    }
    assert len(marks) == 1


# Folders and files


def test_a_folder_stands_for_its_configurations_in_order_after_the_base_rows_outside_it() -> None:
    write("configs/base.yaml", BASE)
    for name in ("b", "a/z", "a/y", "c"):
        depth = "../" * (name.count("/") + 1)
        write(f"configs/dropouts/{name}.yaml", f"extends: {depth}base.yaml\nmodel: {{dropout: 0.{ord(name[-1])}}}\n")
    sweep = load_sweep(["configs/dropouts/"])
    assert sweep.name == "dropouts"
    assert experiments(sweep) == ["base", "dropouts/a/y", "dropouts/a/z", "dropouts/b", "dropouts/c"]
    assert [config.base for config in sweep.configs] == [None, *["base"] * 4]


def test_the_ablation_that_ships_is_its_twelve_configurations_and_their_base() -> None:
    sweep = load_sweep(["ablation"])
    assert sweep.name == "ablation"
    assert experiments(sweep) == ["mlp_512", *(name for name in shipped.names() if name.startswith("ablation/"))]
    assert len(sweep.configs) == 13


def test_a_base_inside_the_folder_stays_in_its_place() -> None:
    sweep = load_sweep(["seven_steps"])
    assert experiments(sweep) == [name for name in shipped.names() if name.startswith("seven_steps/")]


def test_settings_that_are_only_shared_are_not_a_row_inside_or_outside_the_folder() -> None:
    write("shared.yaml", "train: {epochs: 2}\n")
    write("mine/_shared.yaml", "extends: ../shared.yaml\ntrain: {batch_size: 8}\n")
    write("mine/a.yaml", "extends: _shared.yaml\n" + BASE.splitlines()[0] + "\nmodel: {kind: mlp, nodes: [3]}\n")
    sweep = load_sweep(["mine"])
    assert experiments(sweep) == ["a"]
    assert sweep.configs[0].base is None
    assert (sweep.configs[0].train.epochs, sweep.configs[0].train.batch_size) == (2, 8)


def test_a_settings_file_that_nothing_extends_is_an_incomplete_configuration() -> None:
    write("mine/a.yaml", "train: {epochs: 2}\n")
    assert "data: this key is required" in refusal(["mine"])


def test_a_sweep_file_in_a_folder_stands_for_its_base_and_arms() -> None:
    write("mine/base.yaml", BASE)
    write("mine/x.yaml", "base: base.yaml\ngrid: {train.epochs: [7]}\n")
    sweep = load_sweep(["mine"])
    assert (sweep.name, experiments(sweep)) == ("mine", ["base", "x/epochs=7"])


def test_a_base_outside_the_folder_is_checked_with_it_but_is_not_one_of_its_files() -> None:
    write("base.yaml", BASE)
    write("mine/a.yaml", "extends: ../base.yaml\ntrain: {epochs: 5}\n")
    assert check_files(["mine"]) == {"mine/a.yaml": ""}
    write("base.yaml", BASE.replace("epochs: 4", "epochs: 0"))
    with pytest.raises(ConfigError, match=r"base.yaml:3:17: train.epochs: expected at least 1"):
        check_files(["mine"])


@pytest.mark.parametrize(
    "change",
    [
        "dataset: digits",
        "subset: 500",
        "test_subset: 50",
        "dataset: ./mnist",
        "resize: 14",
        "grey: true",
    ],
)
def test_a_base_outside_the_folder_is_not_a_row_if_different_data_prevent_any_comparison(
    change: str,
) -> None:
    write("base.yaml", BASE)
    write("mine/a.yaml", f"extends: ../base.yaml\ndata: {{{change}}}\n")
    write("mine/b.yaml", f"extends: ../base.yaml\ndata: {{{change}}}\ntrain: {{epochs: 5}}\n")
    sweep = load_sweep(["mine"])
    assert experiments(sweep) == ["a", "b"]
    [note] = sweep.notes
    assert note.startswith("mine/../base.yaml is skipped: the configurations that extend it use other data")
    assert experiments(load_sweep(["base.yaml", "mine"])) == ["base", "a", "b"]
    assert not load_sweep(["base.yaml", "mine"]).notes


def test_a_file_that_equals_the_base_outside_its_folder_is_skipped_since_the_base_is_a_row() -> None:
    write("base.yaml", BASE)
    write("mine/a.yaml", "extends: ../base.yaml\n")
    write("mine/b.yaml", "extends: ../base.yaml\ntrain: {epochs: 5}\n")
    sweep = load_sweep(["mine"])
    assert experiments(sweep) == ["base", "b"]
    assert sweep.notes == ("mine/a.yaml is skipped: it is the same run as base.",)


@pytest.mark.parametrize("change", ["rows: [0, 50000]", "validation: {split: random}", "preprocess: none"])
def test_a_base_whose_data_differ_in_a_comparable_way_is_a_row(change: str) -> None:
    write("base.yaml", BASE)
    write("mine/a.yaml", f"extends: ../base.yaml\ndata: {{{change}}}\n")
    assert experiments(load_sweep(["mine"])) == ["base", "a"]


def test_a_base_that_some_can_be_compared_with_is_a_row_and_so_is_one_on_the_data_of_the_command_line() -> None:
    write("base.yaml", BASE)
    write("mine/a.yaml", "extends: ../base.yaml\ndata: {dataset: digits}\ntrain: {epochs: 6}\n")
    assert experiments(load_sweep(["mine"], [Override.parse("data.dataset=digits")])) == ["base", "a"]
    write("mine/b.yaml", "extends: ../base.yaml\ntrain: {epochs: 5}\n")
    assert experiments(load_sweep(["mine"])) == ["base", "a", "b"]


def test_hidden_files_are_not_configurations() -> None:
    write("mine/base.yaml", BASE)
    write("mine/.checkpoints/base.yaml", BASE)
    assert len(load_sweep(["mine"]).configs) == 1


def test_a_hidden_folder_may_be_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    write("mine/base.yaml", BASE)
    write("mine/.private/base.yaml", BASE)
    is_file = Path.is_file

    def denied(path: Path, **how: Any) -> bool:
        if path.parent.name == ".private":
            raise PermissionError(str(path))
        return is_file(path, **how)

    monkeypatch.setattr(Path, "is_file", denied)
    assert files_in(Path("mine")) == [Path("mine/base.yaml")]


def test_files_stand_for_themselves_alone() -> None:
    write("base.yaml", BASE)
    assert experiments(load_sweep([write("other.yaml", OTHER)])) == ["other"]
    assert experiments(load_sweep(["mlp_512", "other.yaml", "dense/small_28"])) == [
        "mlp_512",
        "other",
        "dense/small_28",
    ]


def test_a_file_that_several_references_stand_for_is_swept_once() -> None:
    write("mine/base.yaml", BASE)
    write("mine/other.yaml", OTHER)
    write("x.yaml", "base: mine/base.yaml\ngrid: {train.epochs: [4, 7]}\nseeds: 1..2\n")
    sweep = load_sweep(["mine", "mine/other.yaml", "x.yaml", "x.yaml"])
    runs = [(config.experiment, config.seed) for config in sweep.configs]
    assert runs == [("base", 1), ("other", 1), ("base", 2), ("x/epochs=7", 1), ("x/epochs=7", 2)]


@pytest.mark.parametrize(
    ("references", "name"),
    [
        (["mine"], "mine"),
        (["configs/deep/er"], "deep/er"),
        (["configs"], "configs"),
        (["configs/deep/er/a.yaml"], "deep/er/a"),
        (["x.yaml"], "x"),
        (["named.yaml"], "my_sweep"),
        (["mine/base.yaml", "mine/other.yaml"], "mine"),
        (["mine/base.yaml", "x.yaml"], "sweep"),
        (["mine", "configs"], "sweep"),
    ],
)
def test_a_sweep_is_named_after_its_folder_or_file(references: list[str], name: str) -> None:
    write("mine/base.yaml", BASE)
    write("mine/other.yaml", OTHER)
    write("configs/deep/er/a.yaml", BASE.replace("0.2", "0.3"))
    write("x.yaml", "base: mine/base.yaml\ngrid: {model.dropout: [0.1]}\n")
    write("named.yaml", "name: my_sweep\nbase: mine/base.yaml\ngrid: {model.dropout: [0.15]}\n")
    assert load_sweep(references).name == name
    assert load_sweep(references, name="chosen/name").name == "chosen/name"


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ([], "mine"),
        (["train.epochs=3"], "mine,epochs=3"),
        (["train.epochs=3", "data.dataset=digits"], "mine,epochs=3,dataset=digits"),
        (["runtime.backend=jax"], "mine,backend=jax"),
        (["runtime.threads=1", "runtime.device=cpu", "seed=2"], "mine"),
    ],
)
def test_options_that_change_numbers_are_in_its_name_so_that_no_summary_is_overwritten(options, name) -> None:
    write("mine/base.yaml", BASE)
    overrides = [Override.parse(option) for option in options]
    assert load_sweep(["mine"], overrides).name == name
    assert load_sweep(["mine"], overrides, name="chosen").name == "chosen"


def test_a_name_that_cannot_be_a_folder_is_refused() -> None:
    with pytest.raises(InputError, match="name of the sweep: expected letters"):
        load_sweep(["mlp_512"], name="../up")


def test_values_of_the_command_line_hold_for_everything() -> None:
    sweep = load_sweep(["ablation"], [Override.parse("train.epochs=1"), Override.parse("data.subset=500")])
    assert {(config.train.epochs, config.data.subset) for config in sweep.configs} == {(1, 500)}
