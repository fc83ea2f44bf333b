"""What sweep files stand for: arms, their names, random draws, seeds."""

import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lab.config import Override, describe, differences, load_config
from mnist_lab.config.sweeps import load_sweep
from mnist_lab.config.sweeps.seeds import parse_seeds
from mnist_lab.errors import InputError
from tests.config.sweeps.cases import BASE, OTHER, arm_names, experiments, sweep_of
from tests.lab import write

pytestmark = pytest.mark.usefixtures("folder")

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


def test_key_paths_with_the_same_end_are_told_apart_by_longer_ends() -> None:
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


def test_names_that_a_folder_cannot_tell_apart_get_a_hash() -> None:
    names = [str(name) for name in arm_names(sweep_of('grid: {data.dataset: ["a/b", "a b", "A_b", "c"]}'))]
    assert [name.split("-")[0] for name in names] == ["dataset=a_b", "dataset=a_b", "dataset=A_b", "dataset=c"]
    assert len({name.casefold() for name in names}) == 4
    assert names[3] == "dataset=c"


def test_an_arm_that_equals_the_base_or_an_earlier_arm_is_left_out_with_a_note() -> None:
    sweep = sweep_of("list: [{model.dropout: 0.2}, {model.dropout: 0.3}, {model.dropout: [0.3, 0.3]}]")
    assert experiments(sweep) == ["base", "rates/dropout=0.3"]
    assert sweep.notes == (
        "rates.yaml: dropout=0.2 is skipped: it is the same run as base.",
        "rates.yaml: dropout=0.3-0.3 is skipped: it is the same run as rates/dropout=0.3.",
    )


@pytest.mark.parametrize("default", ["tensorflow", "jax"])
def test_an_arm_on_the_backend_that_the_base_has_without_naming_it_is_left_out(
    default: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", default)
    sweep = sweep_of("grid: {runtime.backend: [tensorflow, jax]}")
    [other] = {"tensorflow", "jax"} - {default}
    assert experiments(sweep) == ["base", f"rates/backend={other}"]
    assert sweep.notes == (f"rates.yaml: backend={default} is skipped: it is the same run as base.",)


def test_an_arm_gives_way_to_an_equal_configuration_file_wherever_that_is_listed() -> None:
    write("base.yaml", BASE)
    write("x.yaml", "base: base.yaml\ngrid: {train.epochs: [5]}\n")
    sweep = load_sweep(["x.yaml", write("other.yaml", OTHER)])
    assert experiments(sweep) == ["base", "other"]
    assert "x.yaml: epochs=5 is skipped: it is the same run as other" in sweep.notes[0]


def test_the_base_of_a_sweep_file_can_be_a_shipped_configuration_and_the_shipped_sweep_file_loads() -> None:
    sweep = load_sweep(["learning_rate"])
    assert sweep == load_sweep(["sweeps/learning_rate"])
    assert sweep.name == "learning_rate"
    assert experiments(sweep)[0] == "mlp_512"
    assert len(sweep.configs) == 8 * (1 + 2 + 3)
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


def test_draws_are_within_their_ranges_and_cover_them() -> None:
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
        ("a", "received 'a'"), ("", "received ''"), ("5..1", "5..1 is descending"), ("-1", "received '-1'"),
        ("1,2,1", "seed 1 is listed twice"), ("1..3,2", "seed 2 is listed twice"), ("1.5", "received '1.5'"),
        ("4294967296", "from 0 to 4294967295"), ("1...3", "received '1...3'"), ("²", "received '²'"),
        ("0..9999999999", "at most 10,000"), ("1..", "received '1..'"), ("1,", "received '1,'"),
    ],
)  # fmt: skip
def test_anything_else_is_not_a_seed(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        parse_seeds(text)


@given(st.text(alphabet="0123456789.,- a²\n"))
def test_any_text_is_distinct_seeds_or_refused_with_a_reason(text: str) -> None:
    try:
        seeds = parse_seeds(text)
    except ValueError:
        return
    assert len(set(seeds)) == len(seeds) > 0
    assert parse_seeds(",".join(map(str, seeds))) == seeds


def test_seeds_vary_fastest() -> None:
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
def test_seeds_of_the_call_beat_the_command_line_which_beats_the_sweep_file_which_beats_the_configuration(
    text: str, options: list[str], asked: Any, seeds: set[int]
) -> None:
    sweep = sweep_of(f"grid: {{train.epochs: [7]}}\n{text}", *options, seeds=asked)
    assert {config.seed for config in sweep.configs} == seeds
    assert len(sweep.configs) == 2 * len(seeds)


@pytest.mark.parametrize("seeds", ["x", [], [1, 1], [-1], [1.5], [True], ["1"]])
def test_invalid_seeds_are_refused_before_anything_is_read(seeds: Any) -> None:
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


# Folds


def folds_of(sweep) -> list[tuple[str | None, int, int | None]]:
    return [(config.name, config.seed, config.data.validation.fold) for config in sweep.configs]


def test_every_seed_is_repeated_with_each_fold() -> None:
    sweep = sweep_of("folds: 3\ngrid: {model.dropout: [0.1]}", seeds="1..2")
    repeats = [(seed, fold) for seed in (1, 2) for fold in (1, 2, 3)]
    assert folds_of(sweep) == [(name, *repeat) for name in ("base", "dropout=0.1") for repeat in repeats]
    assert {config.data.validation.split for config in sweep.configs} == {"folds"}
    assert {config.data.validation.folds for config in sweep.configs} == {3}


def test_folds_of_the_command_line_replace_those_of_the_file_and_name_the_sweep() -> None:
    sweep = sweep_of("folds: 3\ngrid: {model.dropout: [0.1]}", folds=2)
    assert folds_of(sweep) == [(name, 1, fold) for name in ("base", "dropout=0.1") for fold in (1, 2)]
    assert sweep.name == "rates,folds=2"


def test_a_configuration_of_one_fold_is_one_run() -> None:
    validation = "{split: folds, folds: 4, fold: 2}"
    file = write("one.yaml", f"data: {{dataset: mnist, validation: {validation}}}\nmodel: {{kind: mlp, nodes: [8]}}\n")
    assert folds_of(load_sweep([file])) == [("one", 1, 2)]
    assert folds_of(load_sweep([file], folds=2)) == [("one", 1, 1), ("one", 1, 2)]


def test_published_numbers_do_not_apply_to_folds() -> None:
    sweep = load_sweep(["mlp_512"], folds=2)
    assert [config.reference.departures for config in sweep.configs if config.reference] == [("data.validation",)] * 2
