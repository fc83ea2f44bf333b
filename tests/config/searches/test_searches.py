"""Search files: what they stand for, and what is refused, with its place."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lab.config import Config, Override
from mnist_lab.config.document import frozen, parse
from mnist_lab.config.loading import SEARCH_KEYS, kind_of_file
from mnist_lab.config.searches import (
    Search,
    SearchFile,
    Space,
    check_files,
    describe,
    load_search,
    search_json_schema,
)
from mnist_lab.config.sweeps import load_sweep
from mnist_lab.config.sweeps.file import SweepFile
from mnist_lab.errors import ConfigError, InputError
from tests.lab import write

pytestmark = pytest.mark.usefixtures("folder")
BASE = "data: {dataset: mnist}\nmodel: {kind: mlp, nodes: [8, 4], dropout: 0.2}\ntrain: {epochs: 4}\n"
BUDGET = "budget: {trials: 5}\n"
NETWORKS = """\
space:
  model:
    choice:
      - {kind: mlp, nodes: {choice: [[4], [8]]}, dropout: {uniform: [0, 0.5]}}
      - kind: cnn
        layers:
          - conv: {filters: {int: [2, 6]}, kernel: 3}
          - flatten
          - dropout: {uniform: [0.1, 0.9]}
          - dense: {units: classes, activation: softmax}
  train.optimizer.learning_rate: {log_uniform: [1e-4, 1e-2]}
"""


def search_of(text: str, *options: str, base: str = BASE) -> Search:
    write("base.yaml", base)
    return load_search(write("s.yaml", f"base: base.yaml\n{text}"), [Override.parse(option) for option in options])


def refused(text: str, *options: str, base: str = BASE) -> str:
    """The message about a search file whose text begins in line 2."""
    with pytest.raises(ConfigError) as caught:
        search_of(text, *options, base=base)
    return str(caught.value)


def test_the_base_and_all_trials_have_the_epochs_and_the_seed_of_the_search() -> None:
    search = search_of("space: {model.dropout: {uniform: [0, 0.5]}}\nbudget: {trials: 5, epochs: 9}\nseed: 7\n")
    trial = search.configure({"model.dropout": 0.3}, 12)
    assert (trial.train.epochs, trial.seed, trial.model.dropout) == (9, 7, (0.3,))
    assert (search.base.train.epochs, search.base.seed, search.epochs) == (9, 7, 9)
    assert (trial.name, trial.experiment, trial.base) == ("trial-012", "s/trial-012", "base")


def test_set_holds_for_the_base_and_every_trial() -> None:
    search = search_of("space: {model.dropout: {uniform: [0, 0.5]}}\nset: {data.subset: 100}\n" + BUDGET)
    assert (search.base.data.subset, search.configure({"model.dropout": 0.1}, 1).data.subset) == (100, 100)


def test_options_on_the_command_line_change_the_name_as_those_of_a_sweep_do() -> None:
    search = search_of("space: {model.dropout: {uniform: [0, 0.5]}}\n" + BUDGET, "data.subset=100")
    assert (search.name, search.base.data.subset) == ("s,subset=100", 100)


def test_an_option_may_have_distributions_of_its_own_which_exist_only_with_it() -> None:
    space = search_of(NETWORKS + BUDGET).space
    assert [(each.name, each.kind, each.within) for each in space.dimensions] == [
        ("model", "choice", None),
        ("model.nodes", "choice", ("model", "mlp")),
        ("model.dropout", "uniform", ("model", "mlp")),
        ("model.layers[0].conv.filters", "int", ("model", "cnn")),
        ("model.layers[2].dropout", "uniform", ("model", "cnn")),
        ("train.optimizer.learning_rate", "log_uniform", None),
    ]
    assert space.first({"model": "cnn"}).keys() == {
        "model", "model.layers[0].conv.filters", "model.layers[2].dropout", "train.optimizer.learning_rate",
    }  # fmt: skip


def test_one_key_in_two_options_is_two_dimensions_named_after_them() -> None:
    options = (
        "[{kind: mlp, nodes: [4], dropout: {uniform: [0, 0.5]}}, {kind: mlp, nodes: [8], dropout: {uniform: [0, 0.9]}}]"
    )
    space = search_of(f"space: {{model: {{choice: {options}}}}}\n{BUDGET}").space
    names = [each.name for each in space.dimensions]
    assert names == ["model", "model.dropout (option 1)", "model.dropout (option 2)"]
    assert {each.key for each in space.dimensions[1:]} == {"model.dropout"}


def test_a_finite_space_has_every_point_once_and_no_other():
    text = """\
base: x
budget: {trials: 1}
space:
  model:
    choice:
      - {kind: mlp, nodes: {choice: [[2], [4]]}}
      - {kind: softmax}
  train.batch_size: {int: [8, 9]}
"""
    space = Space(SearchFile.model_validate(frozen(parse(text, "s.yaml").value)).space)
    points = list(space.points())
    assert space.finite
    assert len(points) == len({tuple(sorted(point.items())) for point in points}) == 6
    assert all(map(space.has, points))
    assert not space.has({**points[0], "train.batch_size": 10})
    assert not space.has({**points[-1], "model.nodes": "2"})


def test_options_are_named_by_their_kind_or_their_values() -> None:
    text = (
        "space:\n  model.nodes: {choice: [[], [64], [32, 32]]}\n  train.batch_size: {choice: [16, 32]}\n"
        "  train.optimizer: {choice: [{name: sgd, momentum: {uniform: [0, 0.9]}}, {name: adam}]}\n"
    )
    labels = [each.labels for each in search_of(text + BUDGET).space.dimensions if each.labels]
    assert labels == [("none", "64", "32-32"), ("16", "32"), ("sgd", "adam")]


@pytest.mark.parametrize(
    ("options", "labels"),
    [
        ("[[{conv: {filters: {int: [2, 6]}}}, flatten, {dense: 10}], [{conv: 3}, {max_pool: 2}, dropout, {dense: 10}]]",
         ("flatten", "max_pool-dropout")),
        ("[[{dense: {int: [2, 6]}}, flatten], [{conv: 4}, {conv: 8}, flatten]]", ("dense", "conv")),
        ("[[{conv: {int: [2, 6]}}, batch_norm, max_pool, batch_norm, {conv: 3}], "
         "[{separable_conv: 4}, batch_norm, max_pool, batch_norm, {separable_conv: 8}]]", ("conv", "separable_conv")),
        ("[[{dropout: {uniform: [0, 0.5]}}, flatten], [flatten]]", ("option 1", "option 2")),
        ("[[{dropout: {uniform: [0, 0.5]}}], [{dropout: 0.1}]]", ("option 1", "option 2")),
        ("[[{int: [1, 3]}, 4], [5]]", ("option 1", "option 2")),
    ],
)  # fmt: skip
def test_lists_of_layers_are_named_by_those_in_which_they_differ(options, labels) -> None:
    spec = SearchFile.model_validate(
        frozen(parse(f"base: x\n{BUDGET}space: {{a: {{choice: {options}}}}}\n", "s.yaml").value)
    )
    assert Space(spec.space).dimensions[0].labels == labels


def test_values_are_named_by_the_ends_of_their_keys_if_these_tell_them_apart() -> None:
    assert (
        describe({"model.dropout": 0.25, "train.optimizer.learning_rate": 1e-3}) == "dropout 0.25, learning_rate 0.001"
    )
    assert describe({"model.nodes": "32-32", "model.dropout": 0.25}) == "nodes [32, 32], dropout 0.25"
    layers = {"model.layers": "conv", "model.layers[0].conv.filters (conv)": 4, "model.layers[2].conv.filters": 6}
    assert describe(layers) == "layers conv, layers[0].conv.filters 4, layers[2].conv.filters 6"


def test_corners_have_every_end_and_every_option() -> None:
    search = search_of(NETWORKS + BUDGET)
    seen: dict[str, set[Any]] = {}
    for _, values in search.space.corners():
        for name, value in values.items():
            seen.setdefault(name, set()).add(value)
    assert seen == {each.name: set(each.ends) for each in search.space.dimensions}
    places = [place for place, _ in search.corners]
    assert any(place.startswith("s.yaml:8:39: model.layers[0].conv.filters 6") for place in places), places


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("space: {}", "s.yaml:2:8: space: expected at least one entry, received an empty mapping"),
        ("space: {model.nods: {choice: [[1], [2]]}}", "model.nods: unknown key (did you mean 'nodes'?)"),
        ("space: {tran.epochs: {int: [1, 2]}}", "s.yaml:2:9: tran.epochs: unknown key (did you mean 'train'?)"),
        ("space: {model.dropout: {uniform: [0.5, 0.1]}}", "2:34: space.model.dropout.uniform: expected two"),
        ("space: {model.dropout: {uniform: [0.5, 0.5]}}", "the lower one first, received [0.5, 0.5]"),
        ("space: {model.dropout: {unifrm: [0, 0.5]}}", "unknown name 'unifrm' (did you mean 'uniform'?)"),
        ("space: {model.dropout: {uniform: [0, 1.5]}}", "2:38: model.dropout: expected less than 1, received 1.5"),
        ("space: {model.dropout: {choice: [0.1]}}", "expected at least two options"),
        ("space: {model.dropout: {choice: [0.1, 0.1]}}", "space.model.dropout.choice: 0.1 is listed twice"),
        ("space: {model.nodes: {choice: [[4], [4]]}}", "space.model.nodes.choice: [4] is listed twice"),
        ("space: {model.nodes: {choice: [[4], [-1]]}}", "2:38: model.nodes[0]: expected at least 1, received -1"),
        ("space: {train.epochs: {int: [1, 3]}}", "train.epochs: set the number of epochs under budget.epochs"),
        ("space: {data.subset: {int: [10, 90]}}", "data.subset: it changes the images, and trials are compared on the"),
        ("space: {seed: {int: [1, 3]}}", "s.yaml:2:9: seed: the seed belongs under the top-level key 'seed'"),
        ("space: {runtime.threads: {int: [1, 3]}}", "runtime.threads: it does not change what a network learns"),
    ],
)  # fmt: skip
def test_a_space_that_cannot_be_searched_is_refused_at_its_place(text, problem) -> None:
    assert problem in refused(f"{text}\n{BUDGET}")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("budget: {}", "budget: expected trials, minutes, or both"),
        ("budget: {trials: 0}", "budget.trials: expected at least 1, received 0"),
        ("budget: {trials: 3, epoch: 3}", "budget.epoch: unknown key (did you mean 'epochs'?)"),
        ("budget: {trials: 3}\nconfirm: {best: 4}", "expected at most 3, the number of trials (budget.trials), r"),
        ("budget: {trials: 3}\nobjective: {maximize: test_accuracy}", "'test_accuracy' is measured on the test images"),
        ("budget: {trials: 3}\nobjective: {minimize: test_loss}", "'test_loss' is measured on the test images"),
        ("budget: {trials: 3}\nobjective: {maximize: accuracy}", "'accuracy' is measured on the training images"),
        ("budget: {trials: 3}\nobjective: {minimize: parameters}", "expected maximize: val_accuracy or"),
        ("budget: {trials: 3}\nwhere: {parameters: many}", 'expected a limit such as "<= 10000", received'),
        ("budget: {trials: 3}\nwhere: {seconds: 60}", 'where.seconds: expected a limit in seconds such as "<= 60"'),
        ('budget: {trials: 3}\nwhere: {seconds: "< 60"}', "expected a limit in seconds such as"),
        ('budget: {trials: 3}\nwhere: {seconds: "<= 1 min"}', "expected a limit in seconds such as"),
        ('budget: {trials: 3}\nwhere: {seconds: "<= 0"}', "where.seconds: expected more than 0, received"),
        ('budget: {trials: 3}\nwhere: {second: "<= 60"}', "where.second: unknown key (did you mean 'seconds'?)"),
        ("budget: {trials: 3}\nobjective: {maximize: val_accuracy, minimize: seconds}", "only be limited: where"),
        ("budget: {trials: 3}\nobjective: {minimize: [val_loss, seconds]}", "'seconds' depend on the machine"),
        ("budget: {trials: 3}\nsampler: bayes", "sampler: expected one of tpe, random, gp"),
        ("budget: {trials: 3}\npromote: {first: 2, facter: 2}", "promote.facter: unknown key (did you mean 'factor'?)"),
        ("budget: {trials: 3}\nbugdet: 1", "bugdet: unknown key (did you mean 'budget'?)"),
    ],
)  # fmt: skip
def test_a_search_that_makes_no_sense_is_refused_at_its_place(text, problem) -> None:
    assert problem in refused(f"space: {{model.dropout: {{uniform: [0, 0.5]}}}}\n{text}")


def test_an_invalid_name_on_the_command_line_is_reported_as_it_was_given() -> None:
    write("base.yaml", BASE)
    write("s.yaml", "base: base.yaml\nspace: {model.dropout: {uniform: [0, 0.5]}}\n" + BUDGET)
    with pytest.raises(InputError, match=r"^name of the search: expected letters, .*, received 'a b'\.$"):
        load_search("s.yaml", name="a b")


def test_all_problems_of_a_file_are_listed_in_its_order() -> None:
    said = refused(
        "space:\n  model.dropout: {uniform: [0, 1.5]}\n  data.rows: {choice: [[0, 9], [0, 8]]}\n"
        "  train.optimizer.beta_1: {uniform: [0.5, 1.2]}\n" + BUDGET
    )
    assert said.startswith("s.yaml: 3 problems\n")
    assert [line.split(": ")[1] for line in said.splitlines() if line.startswith("s.yaml:")][1:] == [
        "model.dropout", "data.rows", "train.optimizer.beta_1",
    ]  # fmt: skip


def test_what_is_searched_cannot_be_set_on_the_command_line() -> None:
    said = refused("space: {model.dropout: {uniform: [0, 0.5]}}\n" + BUDGET, "model.dropout=0.3")
    assert "s.yaml:2:9: model.dropout: searched here, but also set by --set model.dropout=0.3" in said


@pytest.mark.parametrize("split", ["none", "test", "folds"])
def test_a_base_without_validation_images_of_its_own_is_refused(split) -> None:
    said = refused("space: {model.dropout: {uniform: [0, 0.5]}}\n" + BUDGET, f"data.validation.split={split}")
    assert (
        f"s.yaml:1:7: base: data.validation.split is '{split}', but trials are compared on one validation set" in said
    )


@pytest.mark.parametrize(
    ("file", "hint"),
    [
        ("base: base.yaml\nseeds: 1..3\n", "Run it with `mnist-lab sweep x.yaml`."),
        (BASE, "`mnist-lab run x.yaml` trains"),
    ],
)
def test_another_kind_of_file_is_refused_with_its_command(file, hint) -> None:
    with pytest.raises(ConfigError, match="expected a search file") as caught:
        load_search(write("x.yaml", file))
    assert hint in (caught.value.hint or "")


def test_the_keys_that_tell_a_search_file_are_those_that_no_other_file_has() -> None:
    others = SweepFile.model_fields.keys() | Config.model_fields.keys()
    assert SearchFile.model_fields.keys() - others - {"space", "where"} == SEARCH_KEYS
    assert kind_of_file({"data": {}, "budget": 1}) == "configuration"


@pytest.mark.parametrize("key", ["objective: {maximize: val_accuracy}", "promote: off", "confirm: off", "sampler: gp"])
def test_a_search_file_without_a_space_is_told_what_it_lacks(key) -> None:
    with pytest.raises(ConfigError) as caught:
        load_search(write("x.yaml", f"base: base.yaml\n{key}\n{BUDGET}"))
    assert str(caught.value) == "x.yaml: 1 problem\nx.yaml:1:1: space: this key is required"


@pytest.mark.parametrize(("text", "most"), [("<= 60", 60.0), ("<=0.5", 0.5), (" <= 86400.125 ", 86_400.125)])
def test_the_training_time_is_limited_in_seconds(text, most) -> None:
    search = search_of(f"space: {{model.dropout: {{uniform: [0, 0.5]}}}}\nwhere: {{seconds: '{text}'}}\n{BUDGET}")
    assert search.spec.where.seconds == most


def test_fewer_trials_than_are_confirmed_by_default_are_not_an_error() -> None:
    assert search_of("space: {model.dropout: {uniform: [0, 0.5]}}\nbudget: {trials: 1}\n").spec.budget.trials == 1


VALIDATOR = jsonschema.Draft202012Validator(search_json_schema())


def test_the_json_schema_accepts_what_is_valid_and_refuses_an_unknown_key() -> None:
    valid = parse(
        "base: x\n" + NETWORKS + BUDGET + "promote: off\nconfirm: {best: 1}\nwhere: {parameters: '<= 10'}\n", "s.yaml"
    ).value
    assert [error.message for error in VALIDATOR.iter_errors(json.loads(json.dumps(valid)))] == []
    assert list(VALIDATOR.iter_errors({**valid, "bugdet": 1}))


numbers = st.floats(-100, 100, allow_nan=False)
ranges = st.tuples(numbers, numbers).filter(lambda pair: pair[0] < pair[1])


@st.composite
def spaces(draw) -> dict[str, Any]:
    """Spaces with ranges and choices, some of them below options."""
    leaf = st.one_of(
        ranges.map(lambda pair: {"uniform": list(pair)}),
        st.tuples(st.integers(-9, 9), st.integers(10, 99)).map(lambda pair: {"int": list(pair)}),
        st.lists(st.integers(), min_size=2, max_size=4, unique=True).map(lambda options: {"choice": options}),
    )
    below = st.dictionaries(st.sampled_from("abc"), leaf, min_size=2, max_size=3)
    options = st.lists(below, min_size=2, max_size=3, unique_by=str).map(lambda found: {"choice": found})
    keys = st.sampled_from(["model", "train", "augment"])
    return draw(st.dictionaries(keys, st.one_of(leaf, options), min_size=1))


@given(spaces())
def test_every_corner_of_any_space_sets_plain_values_that_are_all_different_points(space) -> None:
    spec = SearchFile.model_validate(frozen({"base": "x", "space": space, "budget": {"trials": 1}}))
    found = Space(spec.space)
    assert len({each.name for each in found.dimensions}) == len(found.dimensions)
    for dimension, values in found.corners():
        assert values.keys() == {each.name for each in found.dimensions if found.exists(each, values)}
        assert dimension.name in values
        arm = found.set_values(values)
        assert [setting.path[0] for setting in arm] == list(space)
        json.dumps([setting.value for setting in arm])  # no distribution is left in it


def test_files_of_all_kinds_are_checked_together(folder) -> None:
    write("base.yaml", BASE)
    write("sweep.yaml", "base: base.yaml\ngrid: {model.dropout: [0.1, 0.3]}\n")
    write("search.yaml", "base: base.yaml\nspace: {model.dropout: {uniform: [0, 0.5]}}\n" + BUDGET)
    found = check_files([str(folder)])
    assert [(Path(file).name, what) for file, what in found.items()] == [
        ("base.yaml", ""), ("search.yaml", "search"), ("sweep.yaml", "3 runs"),
    ]  # fmt: skip
    assert check_files(["search.yaml", "searches/quick"]) == dict.fromkeys(["search.yaml", "searches/quick"], "search")
    write("search.yaml", "base: base.yaml\nspace: {model.dropout: {uniform: [0, 2]}}\n" + BUDGET)
    with pytest.raises(ConfigError, match="expected less than 1, received 2"):
        check_files([str(folder)])


def test_problems_of_several_paths_are_counted_one_by_one() -> None:
    for file in ("mine/a.yaml", "mine/b.yaml", "c.yaml"):
        write(file, BASE.replace("epochs: 4", "epochs: 0"))
    with pytest.raises(ConfigError, match=r"^2 paths: 3 problems\nmine/a.yaml:3:17: train.epochs: ") as caught:
        check_files(["mine", "c.yaml"])
    assert "mine: 2 problems" not in str(caught.value)


def test_a_search_file_is_recognized_however_its_path_is_written(folder) -> None:
    write("base.yaml", BASE)
    write("search.yaml", "base: base.yaml\nspace: {model.dropout: {uniform: [0, 0.5]}}\n" + BUDGET)
    assert check_files(["./search.yaml"]) == {"./search.yaml": "search"}
    with pytest.raises(ConfigError, match="cannot be read"):
        check_files(["x" * 5000])


def test_hidden_files_of_a_folder_are_not_checked(folder) -> None:
    write("base.yaml", BASE)
    write(".copies/search.yaml", "base: base.yaml\nspace: {}\n" + BUDGET)
    assert check_files([str(folder)]) == {str(folder / "base.yaml"): ""}


def test_a_sweep_of_a_folder_leaves_search_files_out(folder) -> None:
    write("base.yaml", BASE)
    write("search.yaml", "base: base.yaml\nspace: {model.dropout: {uniform: [0, 0.5]}}\n" + BUDGET)
    assert [config.experiment for config in load_sweep([str(folder)]).configs] == ["base"]
