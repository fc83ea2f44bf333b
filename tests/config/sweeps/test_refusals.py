"""Every way to get folders and sweep files wrong."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from mnist_lab.config import load_config
from mnist_lab.config.loading import BLOCK_KEYS, kind_of_file
from mnist_lab.config.sweeps import load_sweep
from mnist_lab.config.sweeps.file import Block
from mnist_lab.errors import ConfigError, InputError
from tests.config.sweeps.cases import BASE, OTHER, refusal, refused, sweep_of
from tests.lab import write

pytestmark = pytest.mark.usefixtures("folder")

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
        ("seeds: 5..1", ["2:8: seeds: 5..1 is descending"]),
        ("name: a b", ["2:7: name: expected letters, digits"]),
        ("random: {n: 0, values: {train.epochs: {int: [1, 2]}}}", ["2:13: random.n: expected at least 1, received 0"]),
        ("random: {values: {train.epochs: {int: [1, 2]}}}", ["random.n: this key is required"]),
        (
            "random: {n: 2, values: {train.epochs: 3}}",
            [
                "2:39: random.values.train.epochs: expected one of uniform, log_uniform, int, choice "
                "(for example {choice: ...}), received 3"
            ],
        ),
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
        ("random: {n: 2, values: {train.epochs: {int: [1]}}}", ["at least 2 values, received a list of 1 value"]),
        (
            "random: {n: 2, values: {model.dropout: {log_uniform: [0, 0.5]}}}",
            ["log_uniform[0]: expected more than 0, received 0"],
        ),
        ("random: {n: 2, values: {model.dropout: {choice: []}}}", ["choice: expected at least one entry"]),
        ("grid: {trian.epochs: [1]}", ["2:8: trian.epochs: unknown key (did you mean 'train'?); expected one of data"]),
        ("grid: {train.epoch: [1]}", ["2:8: train.epoch: unknown key (did you mean 'epochs'?)"]),
        ("set: {train.epoch: 1}", ["2:7: train.epoch: unknown key (did you mean 'epochs'?)"]),
        ("grid: {name: [a, b]}", ["2:8: name: unknown key", "expected one of data, augment, model, train, runtime"]),
        ("grid: {seed: [1, 2]}", ["2:8: seed: seeds belong under the top-level key 'seeds'"]),
        ("grid: {train..epochs: [1]}", ["2:8: ", "expected a key path such as train.optimizer.learning_rate"]),
        ("grid: {model.nodes.9: [1]}", ["2:8: cannot set model.nodes[9]: model.nodes is a list of 2 values"]),
        ("grid: {train.epochs.x: [1]}", ["2:8: cannot set train.epochs.x: train.epochs is 4"]),
        (
            "list: [{train.optimizer: {name: sgd, momentum: 2}}]",
            ["2:48: train.optimizer.momentum: expected less than 1, received 2 (in the arm optimizer=sgd-momentum-2)"],
        ),
        ("grid: {train.epochs: [1]}\nlist: [{train.epochs: 2}]",
         ["3:9: train.epochs: set twice in one arm, here and on line 2"]),
    ],
)  # fmt: skip
def test_a_mistake_in_a_sweep_file_is_reported_at_its_place(text: str, problems: Iterable[str]) -> None:
    message = refused(text)
    for problem in problems:
        assert problem in message


def test_a_problem_of_many_arms_is_reported_once_with_their_number() -> None:
    message = refused("grid: {train.epochs: [1, 0], model.dropout: [0.1, 0.2, 7], train.batch_size: [8, 16, 32]}")
    assert message.splitlines()[0] == "rates.yaml: 2 problems"
    assert "2:26: train.epochs: expected at least 1, received 0 (in 9 arms, first in epochs=0,dropout=0.1" in message
    assert "2:56: model.dropout: expected less than 1, received 7 (in 6 arms, first in epochs=1,dropout=7" in message


def test_a_problem_that_only_arises_together_with_the_base_is_reported_at_the_value_in_the_sweep_file() -> None:
    write("base.yaml", BASE.replace("dropout: 0.2", "dropout: [0.1, 0.2]"))
    message = refusal(
        [write("x.yaml", "base: base.yaml\ngrid:\n  train.epochs: [1, 2]\n  model.nodes: [[5, 5], [5]]\n")]
    )
    assert "x.yaml:4:25: model.dropout: expected one dropout rate" in message
    assert "(in 2 arms, first in epochs=1,nodes=5)" in message
    assert "base.yaml" not in message


def test_every_problem_of_every_arm_is_reported_at_once_in_the_order_of_the_file() -> None:
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
        assert f"2:8: train.optimizer.learning_rate: varied here, but also set by --set {option}" in refused(
            text, option
        )
    assert {config.train.epochs for config in sweep_of(text, "train.epochs=1").configs} == {1}


def test_too_many_arms_are_refused_before_they_are_created() -> None:
    lists = ", ".join(f"train.optimizer.x{i}: {list(range(10))}" for i in range(30))
    assert "expected at most 10,000 arms, received 1," in refused(f"grid: {{{lists}}}")


def test_problems_of_the_base_are_reported_for_the_base() -> None:
    write("base.yaml", BASE.replace("epochs: 4", "epochs: 0"))
    message = refusal([write("x.yaml", "base: base.yaml\ngrid: {model.dropout: [7, 8]}\n")])
    assert "base.yaml:3:17: train.epochs: expected at least 1" in message
    assert "x.yaml" not in message


@pytest.mark.parametrize(
    ("base", "problem"),
    [
        ("", "base: expected text that is not empty"),
        ("nowhere.yaml", "x.yaml:1:7: base: nowhere.yaml: no such file, and mnist-lab ships no configuration"),
        ("mlp_51", "(did you mean 'mlp_512'?)"),
        ("x.yaml", "x.yaml:1:7: base: expected a configuration, but this is the same file"),
        ("y.yaml", "x.yaml:1:7: base: expected a configuration, but y.yaml is a sweep file"),
        (".", "x.yaml:1:7: base: expected a configuration, but . is a folder"),
    ],
)
def test_a_base_that_is_not_a_configuration_is_refused(base: str, problem: str) -> None:
    write("y.yaml", "base: x.yaml\n")
    assert problem in refusal([write("x.yaml", f"base: '{base}'\ngrid: {{train.epochs: [1]}}\n")])


def test_a_sweep_file_needs_a_base() -> None:
    assert "x.yaml:1:1: base: this key is required" in refusal([write("x.yaml", "grid: {train.epochs: [1]}\n")])


def test_a_configuration_with_keys_of_a_sweep_file_is_refused_with_the_difference() -> None:
    message = refusal([write("x.yaml", BASE + "seeds: 1..3\ngrid: {train.epochs: [1]}\n")])
    assert "x.yaml:4:1: seeds: unknown key (did you mean 'seed'?)" in message
    assert message.endswith("A sweep file has `base` instead of `data`, `model` and `extends`.")


def test_a_sweep_file_where_one_configuration_is_expected_is_refused_with_the_command_for_it() -> None:
    path = write("x.yaml", "base: mlp_512\ngrid: {train.epochs: [1]}\n")
    for source in (path, write("y.yaml", f"extends: {path}\n")):
        with pytest.raises(ConfigError, match="expected a configuration, but this is a sweep file") as caught:
            load_config(source)
        assert caught.value.hint == "Run it with `mnist-lab sweep x.yaml`."


def test_a_folder_without_configurations_is_refused(folder: Path) -> None:
    (folder / "empty").mkdir()
    write("empty/notes.txt", "none")
    assert refusal(["empty"]) == "empty: there is no .yaml file in this folder."


def test_an_unknown_name_is_refused_with_the_nearest_one() -> None:
    assert "(did you mean 'ablation'?)" in refusal(["ablations"])
    assert "(did you mean 'sweeps/learning_rate'?)" in refusal(["sweeps/learning_rates"])


def test_a_sweep_file_is_recognized_by_the_keys_that_vary_something() -> None:
    assert set(Block.model_fields) == BLOCK_KEYS
    assert all(kind_of_file({key: 1}) == "sweep" for key in {*BLOCK_KEYS, "base", "seeds"})
    for other in ("data", "model", "extends"):
        assert all(kind_of_file({key: 1, other: 1}) == "configuration" for key in BLOCK_KEYS)


def test_an_arm_whose_name_is_too_long_with_that_of_the_sweep_is_refused() -> None:
    message = refused(f"name: {'n' * 195}\ngrid: {{train.batch_size: [16, 32]}}")
    assert "rates.yaml:2:7: name: too long with the name of an arm appended: expected at most 200 characters" in message


def test_a_sweep_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="at least one"):
        load_sweep([])


def test_problems_of_all_files_are_reported_at_once_and_those_of_a_shared_base_once() -> None:
    write("mine/base.yaml", BASE.replace("epochs: 4", "epochs: 0"))
    for i in range(5):
        write(f"mine/{i}.yaml", f"extends: base.yaml\nmodel: {{dropout: 0.{i}}}\n")
    write("mine/z.yaml", "extends: base.yaml\nmodel: {nodez: 3}\n")
    message = refusal(["mine", "nowhere"])
    assert message.startswith("2 paths: 3 problems\n")
    assert message.count("mine/base.yaml:3:17: train.epochs: expected at least 1, received 0") == 1
    assert "mine/z.yaml:2:9: model.nodez: unknown key (did you mean 'nodes'?)" in message
    assert "nowhere: no such file or folder" in message


def test_two_configurations_that_differ_in_nothing_that_counts_are_refused_by_name() -> None:
    write("mine/a.yaml", BASE)
    write("mine/b.yaml", BASE + "description: The same.\nruntime: {threads: 1}\n")
    message = refusal(["mine"])
    assert "mine/a.yaml and mine/b.yaml are the same run: all settings that affect the results are equal." in message
    assert message.endswith("\nRemove one of them.")
    write("mine/b.yaml", BASE + "seed: 2\n")
    assert len(load_sweep(["mine"]).configs) == 2
    assert "mine/a.yaml and mine/b.yaml" in (clash := str(raised(["mine"], seeds="1..3")))
    assert clash.count("are the same run") == 1


def test_two_configurations_of_one_experiment_and_seed_are_refused_by_name() -> None:
    write("mine/x/a.yaml", BASE)
    write("mine/y/a.yaml", BASE.replace("0.2", "0.4"))
    message = refusal(["mine"])
    assert "mine/x/a.yaml and mine/y/a.yaml are different configurations of one experiment, a." in message
    assert message.endswith("or set another `experiment` if the configurations differ.")


def test_configurations_that_the_command_line_makes_equal_are_refused_with_the_option() -> None:
    write("base.yaml", BASE)
    write("other.yaml", OTHER)
    assert "are equal, with --set train.epochs=1." in refusal(["base.yaml", "other.yaml"], "train.epochs=1")


def raised(references: Sequence[str], **arguments: Any) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_sweep(references, **arguments)
    return caught.value


def test_a_base_row_that_a_sweep_file_changes_clashes_with_the_unchanged_one() -> None:
    write("base.yaml", BASE)
    write("x.yaml", "base: base.yaml\nset: {train.epochs: 1}\ngrid: {model.dropout: [0.3]}\n")
    message = str(raised(["base.yaml", "x.yaml"]))
    assert (
        "base.yaml and base.yaml (the base of x.yaml) are different configurations of one experiment, base." in message
    )


@pytest.mark.parametrize("folds", ["1", "many", "[1, 2]"])
def test_folds_are_a_number_of_two_or_more(folds: str) -> None:
    assert "rates.yaml:2:8: folds: expected" in refused(f"folds: {folds}\ngrid: {{model.dropout: [0.1]}}")


def test_folds_are_not_combined_with_another_way_to_split() -> None:
    text = "folds: 3\ngrid: {data.validation.fraction: [0.1, 0.3]}"
    assert "data.validation.fraction: varied here, but also set by folds: 3" in refused(text)
