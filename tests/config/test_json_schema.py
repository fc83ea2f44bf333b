"""The JSON Schema that editors use accepts the files that load, those that extend others included."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from mnist_lab.config import json_schema, load_config, shipped, to_yaml
from mnist_lab.config.document import parse, read
from mnist_lab.config.optimizers import OPTIMIZERS, Optimizer
from mnist_lab.config.spec import Item
from mnist_lab.errors import ConfigError
from tests.config.specifications import CONFIGURATIONS, ITEMS, choices, minimal

VALIDATOR = Draft202012Validator(json_schema())
BASE: dict[str, Any] = {"data": {"dataset": "mnist"}, "model": {"kind": "mlp", "nodes": [8]}}


def accepts(settings: Any) -> bool:
    return VALIDATOR.is_valid(as_json(settings))


def as_json(settings: Any) -> Any:
    return json.loads(json.dumps(settings))


def test_it_is_a_json_schema() -> None:
    schema = json_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema


@pytest.mark.parametrize("name", shipped.names())
def test_a_shipped_file_is_valid(name: str) -> None:
    VALIDATOR.validate(as_json(read(shipped.find(name)).value))


@pytest.mark.parametrize("name", shipped.names())
def test_a_shipped_configuration_written_out_is_valid(name: str) -> None:
    VALIDATOR.validate(as_json(parse(to_yaml(load_config(name)), "config.yaml").value))


@given(CONFIGURATIONS)
def test_whatever_loads_is_valid(settings: dict[str, Any]) -> None:
    with contextlib.suppress(ConfigError):
        load_config(settings)
        VALIDATOR.validate(as_json(settings))


def section_of(item: type[Item], value: Any) -> dict[str, Any]:
    """A configuration in which an item of this kind may stand, with `value` there."""
    layer = {"dense": {"units": 3}}
    sections = {
        "Layer": {**BASE, "model": {"kind": "cnn", "layers": [value, {"activation": "softmax"}]}},
        "Pool": {**BASE, "model": {"kind": "cnn", "layers": [value, {"activation": "softmax"}]}},
        "Initializer": {
            **BASE,
            "model": {"kind": "cnn", "layers": [{"dense": layer["dense"] | {"initializer": value}}]},
        },
        "Regularizer": {
            **BASE,
            "model": {"kind": "cnn", "layers": [{"dense": layer["dense"] | {"regularizer": value}}]},
        },
        "Augmentation": {**BASE, "augment": [value]},
        "Geometric": {**BASE, "augment": [value]},
        "Schedule": {**BASE, "train": {"schedule": value}},
        "Preprocess": {**BASE, "data": {"dataset": "mnist", "preprocess": value}},
    }
    return next(sections[base.__name__] for base in item.__mro__ if base.__name__ in sections)


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.key)
def test_an_item_is_valid_in_every_form_that_loads(item: type[Item]) -> None:
    given_fields = minimal(item)
    assert accepts(section_of(item, {item.key: given_fields}))
    assert accepts(section_of(item, item.key)) == (not given_fields)
    assert accepts(section_of(item, {item.key: None})) == (not given_fields)
    if item.short is not None:
        assert accepts(section_of(item, {item.key: choices(item, item.short)[0]}))


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.key)
def test_an_item_with_an_unknown_key_is_not_valid(item: type[Item]) -> None:
    assert not accepts(section_of(item, {item.key: {**minimal(item), "unknown": 1}}))


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda kind: kind.__name__)
def test_an_optimizer_is_valid_by_its_name_alone_and_in_full(optimizer: type[Optimizer]) -> None:
    name = choices(optimizer, "name")[0]
    assert accepts({**BASE, "train": {"optimizer": name}})
    assert accepts({**BASE, "train": {"optimizer": {"name": name, "learning_rate": 0.1}}})
    assert not accepts({**BASE, "train": {"optimizer": {"name": name, "unknown": 1}}})


@pytest.mark.parametrize(
    "settings",
    [
        {"unknown": 1},
        {"data": {"dataset": "mnist", "unknown": 1}},
        {"data": {"dataset": "mnist", "validation": {"unknown": 1}}},
        {"data": {"dataset": "mnist", "preprocess": "unknown"}},
        {"model": {"kind": "mlp", "nodes": [8], "unknown": 1}},
        {"model": {"kind": "mlp", "nodes": [8], "activation": "unknown"}},
        {"model": {"kind": "cnn", "layers": ["unknown"]}},
        {"train": {"unknown": 1}},
        {"train": {"optimizer": "unknown"}},
        {"train": {"optimizer": {"name": "sgd", "beta_1": 0.5}}},
        {"train": {"batch_size": 0}},
        {"train": {"batch_size": 0.5}},
        {"train": {"epochs": "10"}},
        {"train": {"label_smoothing": 1}},
        {"augment": [{"rotation": 400}]},
        {"augment": [{"rotation": 5, "shift": 0.1}]},
        {"runtime": {"unknown": 1}},
        {"reference": {"unknown": 1}},
        {"seed": -1},
        {"extends": 5},
    ],
    ids=str,
)
def test_a_mistake_is_not_valid(settings: dict[str, Any]) -> None:
    assert not accepts({**BASE, **settings})


def test_data_and_model_are_required_unless_a_file_is_extended() -> None:
    assert not accepts({"seed": 1})
    assert not accepts({"data": {"dataset": "mnist"}})
    assert accepts({"extends": "base.yaml", "seed": 1})
    assert accepts({"extends": "base.yaml", "model": {"nodes": [3]}, "train": {"optimizer": {"learning_rate": 0.1}}})


def test_keys_and_layers_have_descriptions() -> None:
    schema = json_schema()
    assert "floor(n * (1 - fraction))" in schema["$defs"]["Validation"]["properties"]["fraction"]["description"]
    assert schema["$defs"]["Conv"]["description"] == "Two-dimensional convolution."
