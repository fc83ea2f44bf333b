"""What folders and sweep files stand for, what their arms are called, and every way to get them wrong."""

import itertools
import json
import math
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mnist_lab.config import (
    Config,
    Override,
    Sweep,
    describe,
    differences,
    fingerprint,
    load_config,
    load_sweep,
    parse_seeds,
    shipped,
    sweep_json_schema,
    to_yaml,
)
from mnist_lab.errors import ConfigError, InputError

BASE = "data: {dataset: mnist}\nmodel: {kind: mlp, nodes: [8, 4], dropout: 0.2}\ntrain: {epochs: 4}\n"
OTHER = "extends: base.yaml\ntrain: {epochs: 5}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: str, text: str) -> str:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text)
    return path


def sweep_of(text: str, *options: str, **arguments: Any) -> Sweep:
    """The sweep of a sweep file beside `base.yaml`."""
    write("base.yaml", BASE)
    overrides = [Override.parse(option) for option in options]
    return load_sweep([write("rates.yaml", f"base: base.yaml\n{text}")], overrides, **arguments)


def refusal(references: Sequence[str], *options: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_sweep(references, [Override.parse(option) for option in options])
    return str(caught.value)


def refused(text: str, *options: str) -> str:
    """What is said of a sweep file beside `base.yaml`; its text begins in line 2."""
    write("base.yaml", BASE)
    return refusal([write("rates.yaml", f"base: base.yaml\n{text}")], *options)


def experiments(sweep: Sweep) -> list[str | None]:
    return list(dict.fromkeys(config.experiment for config in sweep.configs))


def arm_names(sweep: Sweep) -> list[str | None]:
    return [config.name for config in sweep.configs if config.name != "base"]


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


def test_a_base_that_a_file_names_itself_stands_and_is_never_inherited() -> None:
    write("resolved.yaml", BASE + "experiment: some/run\nbase: some/base\n")
    assert load_config("resolved.yaml").base == "some/base"
    assert load_config(write("x.yaml", "extends: resolved.yaml\n")).base == "some/run"
    assert load_config(write("x.yaml", "extends: resolved.yaml\nbase: mine\n")).base == "mine"


def test_settings_that_are_only_shared_are_no_base() -> None:
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


def test_settings_that_are_only_shared_are_no_row_inside_or_outside_the_folder() -> None:
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


def test_hidden_files_are_no_configurations() -> None:
    write("mine/base.yaml", BASE)
    write("mine/.checkpoints/base.yaml", BASE)
    assert len(load_sweep(["mine"]).configs) == 1


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
def test_a_sweep_is_called_what_it_is_of(references: list[str], name: str) -> None:
    write("mine/base.yaml", BASE)
    write("mine/other.yaml", OTHER)
    write("configs/deep/er/a.yaml", BASE.replace("0.2", "0.3"))
    write("x.yaml", "base: mine/base.yaml\ngrid: {model.dropout: [0.1]}\n")
    write("named.yaml", "name: my_sweep\nbase: mine/base.yaml\ngrid: {model.dropout: [0.15]}\n")
    assert load_sweep(references).name == name
    assert load_sweep(references, name="chosen/name").name == "chosen/name"


def test_a_name_that_is_no_folder_is_refused() -> None:
    with pytest.raises(InputError, match="expected a sweep's name"):
        load_sweep(["mlp_512"], name="../up")


def test_values_of_the_command_line_hold_for_everything() -> None:
    sweep = load_sweep(["ablation"], [Override.parse("train.epochs=1"), Override.parse("data.subset=500")])
    assert {(config.train.epochs, config.data.subset) for config in sweep.configs} == {(1, 500)}


# Sweep files


def test_a_grid_is_every_combination_the_first_key_varying_slowest() -> None:
    sweep = sweep_of("grid: {model.dropout: [0.1, 0.3], train.batch_size: [8, 16, 32]}")
    assert experiments(sweep) == ["base"] + [
        f"rates/dropout={rate},batch_size={size}" for rate in (0.1, 0.3) for size in (8, 16, 32)
    ]
    values = [(config.model.dropout, config.train.batch_size) for config in sweep.configs[1:]]
    assert values == [((rate,), size) for rate in (0.1, 0.3) for size in (8, 16, 32)]


def test_zip_takes_the_values_together() -> None:
    sweep = sweep_of("zip: {model.nodes: [[6, 6], [9, 9, 9]], train.epochs: [1, 2]}")
    assert arm_names(sweep) == ["nodes=6-6,epochs=1", "nodes=9-9-9,epochs=2"]


def test_a_list_holds_arms_and_blocks_of_arms() -> None:
    sweep = sweep_of(
        "list:\n"
        "  - {model.dropout: 0, train.epochs: 9}\n"
        "  - set: {train.optimizer: {name: sgd}}\n"
        "    grid: {train.optimizer.momentum: [0, 0.9]}\n"
        "    list: [{model.nodes: [3]}, {model.nodes: []}]\n"
    )
    assert arm_names(sweep) == [
        "dropout=0,epochs=9",
        "optimizer=sgd,momentum=0,nodes=3",
        "optimizer=sgd,momentum=0,nodes=none",
        "optimizer=sgd,momentum=0.9,nodes=3",
        "optimizer=sgd,momentum=0.9,nodes=none",
    ]
    assert [config.train.optimizer.name for config in sweep.configs[2:]] == ["sgd"] * 4


def test_several_ways_to_vary_multiply() -> None:
    sweep = sweep_of(
        "grid: {model.dropout: [0.1, 0.3]}\nzip: {train.batch_size: [8, 16], train.epochs: [1, 2]}\n"
        "list: [{augment: []}, {augment: [{rotation: 7}]}]\nrandom: {n: 3, values: {train.optimizer.epsilon: "
        "{log_uniform: [1e-8, 1e-4]}}}"
    )
    assert len(sweep.configs) == 1 + 2 * 2 * 2 * 3


def test_set_holds_for_the_base_and_every_arm_and_makes_the_published_numbers_incomparable() -> None:
    write("base.yaml", BASE + "reference: {test_accuracy: 0.98}\n")
    sweep = load_sweep([write("rates.yaml", "base: base.yaml\nset: {train.epochs: 1}\ngrid: {model.dropout: [0.3]}\n")])
    base, arm = sweep.configs
    assert (base.train.epochs, arm.train.epochs) == (1, 1)
    assert base.reference is not None
    assert base.reference.departures == ("train.epochs",)
    assert arm.reference is None
    assert arm.name == "dropout=0.3"


def test_an_arm_is_described_by_what_it_changes_against_its_base() -> None:
    base, arm = sweep_of("description: Two at once.\ngrid: {model.dropout: [0.3], train.epochs: [9]}").configs
    assert describe(differences(base, arm)) == "dropout 0.2 -> 0.3, epochs 4 -> 9"
    assert (arm.base, arm.description) == (base.experiment, None)


def test_a_number_in_a_key_path_is_an_index() -> None:
    write("cnn.yaml", "data: {dataset: mnist}\nmodel:\n  kind: cnn\n  layers:\n    - flatten\n    - dropout: 0.2\n"
          "    - dense: {units: classes, activation: softmax}\n")  # fmt: skip
    sweep = load_sweep([write("x.yaml", "base: cnn.yaml\ngrid: {model.layers.1.dropout: [0.4]}\n")])
    assert sweep.configs[1].model.layers[1].rate == 0.4
    assert experiments(sweep) == ["cnn", "x/dropout=0.4"]


def test_key_paths_with_one_end_are_told_apart_by_more_of_them() -> None:
    sweep = sweep_of("grid: {train.optimizer.epsilon: [1e-8], data.validation.fraction: [0.1], data.subset: [50]}")
    assert arm_names(sweep) == ["epsilon=1e-08,fraction=0.1,subset=50"]
    write("cnn.yaml", "data: {dataset: mnist}\nmodel:\n  kind: cnn\n  layers: [{dropout: 0.1}, flatten, {dropout: 0.1},"
          " {dense: {units: classes, activation: softmax}}]\n")  # fmt: skip
    text = "base: cnn.yaml\ngrid: {model.layers.0.dropout: [0.2], model.layers.2.dropout: [0.3]}\n"
    assert load_sweep([write("x.yaml", text)]).configs[1].name == "layers.0.dropout=0.2,layers.2.dropout=0.3"


def test_a_long_name_ends_in_a_hash_of_what_the_arm_sets() -> None:
    nodes = [[9] * 50, [9] * 51]
    sweep = sweep_of(f"grid: {{model.nodes: {nodes}}}")
    names = [str(config.name) for config in sweep.configs[1:]]
    assert all(len(name) <= 80 and name.startswith("nodes=9-9-9") for name in names)
    assert len(set(names)) == 2
    assert arm_names(sweep_of(f"grid: {{model.nodes: {nodes[::-1]}}}")) == names[::-1]


def test_names_that_differ_in_nothing_a_folder_can_tell_get_a_hash() -> None:
    names = [str(name) for name in arm_names(sweep_of('grid: {data.dataset: ["a/b", "a b", "A_b", "c"]}'))]
    assert [name.split("-")[0] for name in names] == ["dataset=a_b", "dataset=a_b", "dataset=A_b", "dataset=c"]
    assert len({name.casefold() for name in names}) == 4
    assert names[3] == "dataset=c"


def test_an_arm_that_equals_the_base_or_an_earlier_arm_is_left_out_with_a_note() -> None:
    sweep = sweep_of("list: [{model.dropout: 0.2}, {model.dropout: 0.3}, {model.dropout: [0.3, 0.3]}]")
    assert experiments(sweep) == ["base", "rates/dropout=0.3"]
    assert sweep.notes == (
        "rates.yaml: dropout=0.2 is the same run as base; it is trained once, as that.",
        "rates.yaml: dropout=0.3-0.3 is the same run as rates/dropout=0.3; it is trained once, as that.",
    )


def test_an_arm_gives_way_to_a_configuration_that_is_written_down_wherever_that_stands() -> None:
    write("base.yaml", BASE)
    write("x.yaml", "base: base.yaml\ngrid: {train.epochs: [5]}\n")
    sweep = load_sweep(["x.yaml", write("other.yaml", OTHER)])
    assert experiments(sweep) == ["base", "other"]
    assert "x.yaml: epochs=5 is the same run as other" in sweep.notes[0]


def test_the_base_of_a_sweep_file_can_be_a_shipped_configuration_and_that_of_the_package_runs() -> None:
    sweep = load_sweep(["learning_rate"])
    assert sweep == load_sweep(["sweeps/learning_rate"])
    assert sweep.name == "learning_rate"
    assert experiments(sweep)[0] == "mlp_512"
    assert len(sweep.configs) == 3 * (1 + 2 + 3)
    assert len(sweep.notes) == 1


# Random draws

DRAWS = """
random:
  n: 40
  seed: 3
  values:
    train.optimizer.learning_rate: {log_uniform: [0.0001, 0.1]}
    model.dropout: {uniform: [0.1, 0.5]}
    train.batch_size: {int: [2, 4]}
    model.activation: {choice: [relu, gelu, tanh]}
"""


def test_draws_lie_in_their_ranges_and_reach_all_of_them() -> None:
    drawn = sweep_of(DRAWS).configs[1:]
    rates = [config.train.optimizer.learning_rate for config in drawn]
    assert all(0.0001 <= rate <= 0.1 for rate in rates)
    assert sum(rate < math.sqrt(0.0001 * 0.1) for rate in rates) in range(10, 31)
    dropouts = [config.model.dropout[0] for config in drawn]
    assert all(0.1 <= dropout <= 0.5 for dropout in dropouts)
    assert max(dropouts) - min(dropouts) > 0.3
    assert {config.train.batch_size for config in drawn} == {2, 3, 4}
    assert {config.model.activation for config in drawn} == {"relu", "gelu", "tanh"}


def test_draws_depend_on_their_seed_alone() -> None:
    first = sweep_of(DRAWS)
    assert sweep_of(DRAWS) == first
    assert set(experiments(sweep_of(DRAWS.replace("seed: 3", "seed: 4")))) & set(experiments(first)) == {"base"}


def test_more_draws_and_another_key_leave_the_values_drawn_so_far() -> None:
    def rates(text: str) -> list[float]:
        return [config.train.optimizer.learning_rate for config in sweep_of(text).configs[1:]]

    more = rates(DRAWS.replace("n: 40", "n: 60") + "    train.epochs: {int: [1, 9]}\n")
    assert more[:40] == rates(DRAWS)
    assert len(set(more)) > 50


# Seeds


@pytest.mark.parametrize(
    ("text", "seeds"),
    [("4", (4,)), ("1..5", (1, 2, 3, 4, 5)), ("1,3,7", (1, 3, 7)), ("3..3", (3,)), ("0, 5..6", (0, 5, 6))],
)
def test_seeds_are_numbers_and_ranges(text: str, seeds: tuple[int, ...]) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a", "received 'a'"), ("", "received ''"), ("5..1", "5..1 counts down"), ("-1", "received '-1'"),
        ("1,2,1", "1 is given twice"), ("1..3,2", "2 is given twice"), ("1.5", "received '1.5'"),
        ("4294967296", "from 0 to 4294967295"), ("1...3", "received '1...3'"), ("²", "received '²'"),
        ("0..9999999999", "at most 10,000"), ("1..", "received '1..'"), ("1,", "received '1,'"),
    ],
)  # fmt: skip
def test_anything_else_is_no_seed(text: str, reason: str) -> None:
    with pytest.raises(InputError, match=r"seeds: ") as caught:
        parse_seeds(text)
    assert reason in str(caught.value)


@given(st.text(alphabet="0123456789.,- a²\n"))
def test_any_text_is_distinct_seeds_or_a_reason(text: str) -> None:
    try:
        seeds = parse_seeds(text)
    except InputError:
        return
    assert len(set(seeds)) == len(seeds) > 0
    assert parse_seeds(",".join(map(str, seeds))) == seeds


def test_seeds_are_innermost() -> None:
    sweep = sweep_of("grid: {train.epochs: [7]}\nseeds: [3, 1]")
    runs = [(config.experiment, config.seed) for config in sweep.configs]
    assert runs == [("base", 3), ("base", 1), ("rates/epochs=7", 3), ("rates/epochs=7", 1)]


@pytest.mark.parametrize(
    ("text", "options", "asked", "seeds"),
    [
        ("", [], None, {1}),
        ("seeds: 1..2", [], None, {1, 2}),
        ("seeds: 8", [], None, {8}),
        ("seeds: 1..2", [], "4..5", {4, 5}),
        ("seeds: 1..2", [], [4, 5], {4, 5}),
        ("seeds: 1..2", ["seed=9"], None, {9}),
        ("seeds: 1..2", ["seed=9"], "4", {4}),
    ],
)
def test_seeds_of_the_call_beat_the_command_line_and_these_the_sweep_file_and_that_the_configuration(
    text: str, options: list[str], asked: Any, seeds: set[int]
) -> None:
    sweep = sweep_of(f"grid: {{train.epochs: [7]}}\n{text}", *options, seeds=asked)
    assert {config.seed for config in sweep.configs} == seeds
    assert len(sweep.configs) == 2 * len(seeds)


@pytest.mark.parametrize("seeds", ["x", [], [1, 1], [-1], [1.5], [True], ["1"]])
def test_seeds_that_are_none_are_refused_before_anything_is_read(seeds: Any) -> None:
    with pytest.raises(InputError, match="seeds: "):
        load_sweep(["nowhere"], seeds=seeds)


# Optimizers


@pytest.mark.parametrize("optimizer", ["", ", optimizer: sgd", ", optimizer: {name: sgd}"])
def test_an_optimizers_argument_can_be_varied_however_the_base_names_it(optimizer: str) -> None:
    write("base.yaml", BASE.replace("epochs: 4", f"epochs: 4{optimizer}"))
    text = "base: base.yaml\ngrid: {train.optimizer.clipnorm: [1.5]}\n"
    base, arm = load_sweep([write("x.yaml", text)]).configs
    assert arm.train.optimizer == base.train.optimizer.model_copy(update={"clipnorm": 1.5})
    overridden = load_config("base.yaml", [Override.parse("train.optimizer.clipnorm=1.5")])
    assert overridden.train == arm.train


# What can be wrong


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("gird: {train.epochs: [1]}", ["rates.yaml:2:1: gird: unknown key (did you mean 'grid'?)"]),
        ("seed: 3", ["rates.yaml:2:1: seed: unknown key (did you mean 'seeds'?)"]),
        ("train: {epochs: 3}", ["2:1: train: unknown key", "`set: {train.epochs: 5}`"]),
        ("grid: {}", ["2:7: grid: expected at least one entry, received an empty mapping"]),
        ("grid:", ["2:6: grid: expected a mapping, received an empty value"]),
        ("list: []", ["2:7: list: expected at least one entry, received an empty list"]),
        ("list: [3]", ["2:8: list[0]: expected a mapping, received 3"]),
        ("list: [{gird: {a: [1]}}]", ["2:9: gird: unknown key"]),
        ("list: [{grid: {train.epochs: [1]}, x: 1}]", ["2:36: list[0].x: unknown key; expected one of set, grid"]),
        ("grid: {train.epochs: 3}", ["2:22: grid.train.epochs: expected a list, received 3"]),
        ("grid: {train.epochs: []}", ["2:22: grid.train.epochs: expected at least one entry, received an empty list"]),
        (
            "zip: {train.epochs: [1, 2], model.dropout: [0.1, 0.2, 0.3]}",
            ["2:44: zip.model.dropout: expected 2 values, as many as train.epochs has, received 3"],
        ),
        ("seeds: a", ["2:8: seeds: expected seeds such as 4, 1..5 or 1,3,7, received 'a' (text)"]),
        ("seeds: [1, x]", ["2:8: seeds: expected seeds such as 4, 1..5 or 1,3,7, received 'x' (text)"]),
        ("seeds: 5..1", ["2:8: seeds: 5..1 counts down"]),
        ("name: a b", ["2:7: name: expected letters, digits"]),
        ("random: {n: 0, values: {train.epochs: {int: [1, 2]}}}", ["2:13: random.n: expected more than 0, received 0"]),
        ("random: {values: {train.epochs: {int: [1, 2]}}}", ["random.n: this key is required"]),
        ("random: {n: 2, values: {train.epochs: 3}}", ["2:39: random.values.train.epochs: expected a known name"]),
        (
            "random: {n: 2, values: {model.dropout: {unifrom: [0, 1]}}}",
            ["unknown name 'unifrom' (did you mean 'uniform'?); expected one of uniform, log_uniform, int, choice"],
        ),
        (
            "random: {n: 2, values: {model.dropout: {uniform: [0.5, 0.1]}}}",
            ["2:50: random.values.model.dropout.uniform: expected two numbers, the lower one first, received [0.5,"],
        ),
        ("random: {n: 2, values: {train.epochs: {int: [5, 1]}}}", ["expected two numbers, the lower one first"]),
        ("random: {n: 2, values: {train.epochs: {int: [1.5, 3]}}}", ["int[0]: expected a whole number, received 1.5"]),
        ("random: {n: 2, values: {train.epochs: {int: [1]}}}", ["expected at least 2 values, received a list of 1"]),
        (
            "random: {n: 2, values: {model.dropout: {log_uniform: [0, 0.5]}}}",
            ["log_uniform[0]: expected more than 0, received 0"],
        ),
        ("random: {n: 2, values: {model.dropout: {choice: []}}}", ["choice: expected at least one entry"]),
        ("grid: {trian.epochs: [1]}", ["2:8: trian.epochs: unknown key (did you mean 'train'?); expected one of data"]),
        ("grid: {train.epoch: [1]}", ["2:8: train.epoch: unknown key (did you mean 'epochs'?)"]),
        ("set: {train.epoch: 1}", ["2:7: train.epoch: unknown key (did you mean 'epochs'?)"]),
        ("grid: {name: [a, b]}", ["2:8: name: unknown key", "expected one of data, augment, model, train, runtime"]),
        ("grid: {seed: [1, 2]}", ["2:8: seed: a sweep file gives seeds by the key 'seeds'"]),
        ("grid: {train..epochs: [1]}", ["2:8: ", "expected a key path such as train.optimizer.learning_rate"]),
        ("grid: {model.nodes.9: [1]}", ["2:8: cannot set model.nodes[9]: model.nodes is a list of 2"]),
        ("grid: {train.epochs.x: [1]}", ["2:8: cannot set train.epochs.x: train.epochs is 4"]),
        (
            "list: [{train.optimizer: {name: sgd, momentum: 2}}]",
            ["2:48: train.optimizer.momentum: expected less than 1, received 2 (in the arm optimizer=sgd-momentum-2)"],
        ),
        ("grid: {train.epochs: [1]}\nlist: [{train.epochs: 2}]",
         ["3:9: train.epochs: one arm sets this twice, here and in line 2"]),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_sweep_file_is_said_at_its_place(text: str, problems: Iterable[str]) -> None:
    message = refused(text)
    for problem in problems:
        assert problem in message


def test_a_problem_of_many_arms_is_told_once_with_how_many_have_it() -> None:
    message = refused("grid: {train.epochs: [1, 0], model.dropout: [0.1, 0.2, 7], train.batch_size: [8, 16, 32]}")
    assert message.splitlines()[0] == "rates.yaml: 2 problems"
    assert "2:26: train.epochs: expected more than 0, received 0 (in 9 arms, first in epochs=0,dropout=0.1" in message
    assert "2:56: model.dropout: expected less than 1, received 7 (in 6 arms, first in epochs=1,dropout=7" in message


def test_a_problem_that_only_arises_together_with_the_base_stands_at_the_value_of_the_sweep_file() -> None:
    write("base.yaml", BASE.replace("dropout: 0.2", "dropout: [0.1, 0.2]"))
    message = refusal(
        [write("x.yaml", "base: base.yaml\ngrid:\n  train.epochs: [1, 2]\n  model.nodes: [[5, 5], [5]]\n")]
    )
    assert "x.yaml:4:25: model.dropout: expected one dropout rate" in message
    assert "(in 2 arms, first in epochs=1,nodes=5)" in message
    assert "base.yaml" not in message


def test_every_problem_of_every_arm_is_told_at_once_in_the_order_of_the_file() -> None:
    message = refused("set: {train.epoch: 1}\ngrid:\n  trian.x: [1]\n  model.dropout: [5]\n  seed: [1]\n")
    places = [
        line.split(": ")[0]
        for line in message.splitlines()
        if line.startswith("rates.yaml:") and "problems" not in line
    ]
    assert places == ["rates.yaml:2:7", "rates.yaml:4:3", "rates.yaml:5:19", "rates.yaml:6:3"]


def test_what_is_varied_cannot_be_set_on_the_command_line() -> None:
    text = "grid: {train.optimizer.learning_rate: [0.1]}\nset: {train.epochs: 3}"
    for option in ("train.optimizer.learning_rate=1", "train.optimizer=sgd"):
        assert f"2:8: train.optimizer.learning_rate: this is varied here, so that --set {option}" in refused(
            text, option
        )
    assert {config.train.epochs for config in sweep_of(text, "train.epochs=1").configs} == {1}


def test_too_many_arms_are_refused_before_they_are_made() -> None:
    lists = ", ".join(f"train.optimizer.x{i}: {list(range(10))}" for i in range(30))
    assert "expected at most 10,000 arms, received 1," in refused(f"grid: {{{lists}}}")


def test_problems_of_the_base_are_told_of_the_base() -> None:
    write("base.yaml", BASE.replace("epochs: 4", "epochs: 0"))
    message = refusal([write("x.yaml", "base: base.yaml\ngrid: {model.dropout: [7, 8]}\n")])
    assert "base.yaml:3:17: train.epochs: expected more than 0" in message
    assert "x.yaml" not in message


@pytest.mark.parametrize(
    ("base", "problem"),
    [
        ("", "base: expected text that is not empty"),
        ("nowhere.yaml", "x.yaml:1:7: base: nowhere.yaml: no such file, and no configuration of that name ships"),
        ("mlp_51", "(did you mean 'mlp_512'?)"),
        ("x.yaml", "x.yaml:1:7: base: expected a configuration, but this is the sweep file itself"),
        ("y.yaml", "x.yaml:1:7: base: expected a configuration, but y.yaml is a sweep file"),
        (".", "x.yaml:1:7: base: expected a configuration, but . is a folder"),
    ],
)
def test_a_base_that_is_no_configuration_is_refused(base: str, problem: str) -> None:
    write("y.yaml", "base: x.yaml\n")
    assert problem in refusal([write("x.yaml", f"base: '{base}'\ngrid: {{train.epochs: [1]}}\n")])


def test_a_sweep_file_needs_a_base() -> None:
    assert "x.yaml:1:1: base: this key is required" in refusal([write("x.yaml", "grid: {train.epochs: [1]}\n")])


def test_a_configuration_with_keys_of_a_sweep_file_is_told_the_difference() -> None:
    message = refusal([write("x.yaml", BASE + "seeds: 1..3\ngrid: {train.epochs: [1]}\n")])
    assert "x.yaml:4:1: seeds: unknown key (did you mean 'seed'?)" in message
    assert message.endswith("A sweep file has `base` instead of `data`, `model` and `extends`.")


def test_a_sweep_file_where_one_configuration_is_expected_is_refused_with_the_command_for_it() -> None:
    path = write("x.yaml", "base: mlp_512\ngrid: {train.epochs: [1]}\n")
    for source in (path, write("y.yaml", f"extends: {path}\n")):
        with pytest.raises(ConfigError, match="expected one configuration, but this is a sweep file") as caught:
            load_config(source)
        assert caught.value.hint == "`mnist-lab sweep x.yaml` runs them."


def test_a_folder_without_configurations_is_refused(folder: Path) -> None:
    (folder / "empty").mkdir()
    write("empty/notes.txt", "none")
    assert refusal(["empty"]) == "empty: there is no .yaml file in this folder."


def test_a_name_that_nothing_has_is_refused_with_the_nearest() -> None:
    assert "(did you mean 'ablation'?)" in refusal(["ablations"])
    assert "(did you mean 'sweeps/learning_rate'?)" in refusal(["sweeps/learning_rates"])


def test_nothing_is_no_sweep() -> None:
    with pytest.raises(InputError, match="at least one"):
        load_sweep([])


def test_problems_of_all_files_are_told_at_once_and_those_of_a_shared_base_once() -> None:
    write("mine/base.yaml", BASE.replace("epochs: 4", "epochs: 0"))
    for i in range(5):
        write(f"mine/{i}.yaml", f"extends: base.yaml\nmodel: {{dropout: 0.{i}}}\n")
    write("mine/z.yaml", "extends: base.yaml\nmodel: {nodez: 3}\n")
    message = refusal(["mine", "nowhere"])
    assert message.startswith("2 paths: 3 problems\n")
    assert message.count("mine/base.yaml:3:17: train.epochs: expected more than 0, received 0") == 1
    assert "mine/z.yaml:2:9: model.nodez: unknown key (did you mean 'nodes'?)" in message
    assert "nowhere: no such file or folder" in message


def test_two_configurations_that_differ_in_nothing_that_counts_are_refused_by_name() -> None:
    write("mine/a.yaml", BASE)
    write("mine/b.yaml", BASE + "description: The same.\nruntime: {threads: 1}\n")
    message = refusal(["mine"])
    assert "mine/a.yaml and mine/b.yaml are the same run: nothing that changes the numbers differs." in message
    write("mine/b.yaml", BASE + "seed: 2\n")
    assert len(load_sweep(["mine"]).configs) == 2
    assert "mine/a.yaml and mine/b.yaml" in (clash := str(raised(["mine"], seeds="1..3")))
    assert clash.count("are the same run") == 1


def test_two_configurations_of_one_experiment_and_seed_are_refused_by_name() -> None:
    write("mine/x/a.yaml", BASE)
    write("mine/y/a.yaml", BASE.replace("0.2", "0.4"))
    assert "mine/x/a.yaml and mine/y/a.yaml are the same run: both are called a." in refusal(["mine"])


def test_configurations_that_the_command_line_makes_equal_are_refused_with_the_option() -> None:
    write("base.yaml", BASE)
    write("other.yaml", OTHER)
    assert "differs, with --set train.epochs=1." in refusal(["base.yaml", "other.yaml"], "train.epochs=1")


def raised(references: Sequence[str], **arguments: Any) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_sweep(references, **arguments)
    return caught.value


def test_a_base_row_that_a_sweep_file_changes_clashes_with_the_unchanged_one() -> None:
    write("base.yaml", BASE)
    write("x.yaml", "base: base.yaml\nset: {train.epochs: 1}\ngrid: {model.dropout: [0.3]}\n")
    message = str(raised(["base.yaml", "x.yaml"]))
    assert "base.yaml and base.yaml (the base of x.yaml) are the same run: both are called base." in message


# Rules for all sweep files

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "train.optimizer.learning_rate": st.floats(1e-6, 1),
    "train.batch_size": st.integers(1, 512),
    "train.epochs": st.integers(1, 30),
    "model.dropout": st.floats(0, 0.9),
    "model.nodes": st.lists(st.integers(1, 999), min_size=1, max_size=40),
    "model.activation": st.sampled_from(["relu", "tanh", "gelu"]),
    "augment": st.lists(st.sampled_from(["rotation", "shear"]).map(lambda name: {name: 7}), max_size=1),
    "train.optimizer": st.sampled_from([{"name": "adam"}, {"name": "sgd", "momentum": 0.9}]),
    "data.dataset": st.sampled_from(["mnist", "a b", "a/b", "A_b", "x" * 99]),
}


@st.composite
def grids(draw: st.DrawFn) -> dict[str, list[Any]]:
    paths = draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=3, unique=True))
    return {
        path: draw(st.lists(VALUES[path], min_size=1, max_size=3, unique_by=lambda value: json.dumps(value)))
        for path in paths
    }


def in_a_folder(content: dict[str, Any]) -> Sweep:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        (path / "base.yaml").write_text(BASE)
        (path / "any.yaml").write_text(json.dumps({"base": "base.yaml", **content}))  # JSON is YAML
        return load_sweep([path / "any.yaml"])


@given(grid=grids(), seeds=st.integers(1, 3))
def test_a_grid_has_as_many_arms_as_its_lists_multiply_to(grid: dict[str, list[Any]], seeds: int) -> None:
    sweep = in_a_folder({"grid": grid, "seeds": list(range(seeds))})
    arms = len(experiments(sweep)) - 1 + len(sweep.notes)
    assert arms == math.prod(map(len, grid.values()))
    assert len(sweep.configs) == seeds * len(experiments(sweep))


@given(grid=grids())
def test_every_arm_has_a_folder_of_its_own_on_any_file_system(grid: dict[str, list[Any]]) -> None:
    names = [str(config.name) for config in in_a_folder({"grid": grid}).configs]
    assert len({name.casefold() for name in names}) == len(names)
    assert all(len(name) <= 80 and set(name) <= set(SAFE) and not name.endswith(".") for name in names)


SAFE = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-=,"


@given(grid=grids())
def test_every_arm_written_out_and_loaded_again_is_the_same(grid: dict[str, list[Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for config in in_a_folder({"grid": grid}).configs:
            written = Path(folder) / "config.yaml"
            written.write_text(to_yaml(config), encoding="utf-8")
            assert load_config(written) == config


@given(grid=grids(), data=st.data())
def test_the_order_of_values_changes_the_order_of_arms_and_nothing_else(
    grid: dict[str, list[Any]], data: st.DataObject
) -> None:
    def arms(sweep: Sweep) -> dict[str | None, Config]:
        return {config.experiment: config for config in sweep.configs}

    shuffled = {path: data.draw(st.permutations(values)) for path, values in grid.items()}
    assert arms(in_a_folder({"grid": grid})) == arms(in_a_folder({"grid": shuffled}))


@given(grid=grids())
def test_a_grid_is_the_list_of_its_arms(grid: dict[str, list[Any]]) -> None:
    listed = [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
    assert in_a_folder({"list": listed}).configs == in_a_folder({"grid": grid}).configs


VALIDATOR = jsonschema.Draft202012Validator(sweep_json_schema())


@given(grid=grids())
def test_what_loads_is_valid_by_the_json_schema(grid: dict[str, list[Any]]) -> None:
    content = {"grid": grid, "list": [{"set": {"train.restore_best": "loss"}, "zip": {"seed": [1]}}]}
    VALIDATOR.validate({"base": "base.yaml", **content})


@pytest.mark.parametrize(
    "content",
    [{}, {"base": 3}, {"base": "a", "gird": {}}, {"base": "a", "grid": {"b": []}}, {"base": "a", "random": {"n": 0}}],
)
def test_what_is_no_sweep_file_is_invalid_by_the_json_schema(content: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(content)


def test_the_sweep_files_that_ship_are_valid_by_the_json_schema_and_load() -> None:
    files = sorted((shipped.folder().parent / "sweeps").glob("*.yaml"))
    assert files
    for file in files:
        VALIDATOR.validate(yaml.safe_load(file.read_text()))
        assert load_sweep([file]).configs
        assert file.read_text().startswith(f"# mnist-lab sweep sweeps/{file.name}   ")
