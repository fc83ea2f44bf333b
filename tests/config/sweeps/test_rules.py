"""Rules that hold for all sweep files."""

import itertools
import json
import math
import tempfile
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mnist_lab.config import Config, load_config, shipped, to_yaml
from mnist_lab.config.sweeps import Sweep, load_sweep, sweep_json_schema
from tests.config.sweeps.cases import BASE, experiments

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
def test_what_is_not_a_sweep_file_is_invalid_by_the_json_schema(content: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(content)


def test_the_sweep_files_that_ship_are_valid_by_the_json_schema_and_load() -> None:
    files = sorted((shipped.folder() / "sweeps").glob("*.yaml"))
    assert files
    for file in files:
        VALIDATOR.validate(yaml.safe_load(file.read_text()))
        assert load_sweep([file]).configs
        assert file.read_text().startswith(f"# mnist-lab sweep configs/sweeps/{file.name}   ")
