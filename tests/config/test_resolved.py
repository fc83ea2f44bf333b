"""A configuration written out loads equal; its fingerprint changes with what can change the numbers, and only then."""

import contextlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings

from mnist_lab.config import Config, fingerprint, load_config, shipped, to_yaml
from mnist_lab.config.document import parse
from mnist_lab.config.layers import Mlp
from mnist_lab.config.problems import validated
from mnist_lab.config.schema import Data, Train, class_key
from mnist_lab.errors import ConfigError
from tests.config.specifications import CONFIGURATIONS, choices

BASE: dict[str, Any] = {
    "data": {"dataset": "mnist"},
    "model": {"kind": "mlp", "nodes": [8, 8]},
    "train": {"optimizer": {"name": "sgd"}},
}


def loaded(text: str) -> Config:
    return validated(Config, parse(text, "config.yaml"))


def mark(config: Config, *, dataset_sha256: str = "0" * 64, backend: str = "tensorflow") -> str:
    return fingerprint(config, dataset_sha256=dataset_sha256, backend=backend)


def changed(**sections: Any) -> Config:
    """The base with values changed in its sections, or sections replaced."""
    merged = {
        name: {**BASE.get(name, {}), **value} if isinstance(value, dict) else value for name, value in sections.items()
    }
    return load_config({**BASE, **merged})


@pytest.mark.parametrize("name", shipped.names())
def test_a_shipped_configuration_written_out_loads_equal(name: str, tmp_path: Path) -> None:
    config = load_config(name)
    path = tmp_path / "config.yaml"
    path.write_text(to_yaml(config))
    assert load_config(path) == config
    assert mark(load_config(path)) == mark(config)


@settings(max_examples=2 * settings.default.max_examples)
@given(CONFIGURATIONS)
def test_any_configuration_written_out_loads_equal(given_settings: dict[str, Any]) -> None:
    with contextlib.suppress(ConfigError):  # its fields contradict each other
        config = load_config(given_settings)
        assert loaded(to_yaml(config)) == config
        assert mark(loaded(to_yaml(config))) == mark(config)


def test_what_is_written_out_says_every_default() -> None:
    written = yaml.safe_load(to_yaml(load_config(BASE)))
    assert written["train"]["batch_size"] == 128
    assert written["train"]["optimizer"]["momentum"] == 0
    assert written["data"]["validation"] == {"split": "tail", "fraction": 0.2}
    assert written["seed"] == 1


def test_what_is_written_out_has_a_line_for_each_key_of_a_section_and_each_layer() -> None:
    layers = ["flatten", {"dense": {"units": "classes", "activation": "softmax"}}]
    config = load_config({**BASE, "augment": [{"noise": 0.1}], "model": {"kind": "cnn", "layers": layers}})
    text = to_yaml(config)
    assert "\ndata:\n  dataset: mnist\n  validation: {split: tail, fraction: 0.2}\n" in text
    assert "\naugment:\n- {noise: {probability: 1.0, std: 0.1}}\n" in text
    assert "\n  layers:\n  - flatten\n  - {dense: {units: classes, activation: softmax, bias: true, " in text


@pytest.mark.parametrize(
    "text",
    [
        "1e-3", "1e5", ".5", "5.", "+7", "0o17", "0x1f", "9" * 200, ".inf", "on", "~", "true", "", " a ", "ü: [",
        "a\nb", "-\n- b", "'", "#", "*x", "&x", "!x", "\x1b[2J", "😀", "\x85", "a\u2028b", "a\u2029b", "\ufeffz",
    ],
)  # fmt: skip
def test_text_that_yaml_would_change_or_take_for_something_else_survives(text: str) -> None:
    assert loaded(to_yaml(load_config({**BASE, "description": text}))).description == text


@pytest.mark.parametrize("rate", [1e-7, 1e-30, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, 1e22, 1e16, 123456789.123])
def test_a_number_survives_to_the_last_bit(rate: float) -> None:
    config = changed(train={"optimizer": {"name": "sgd", "learning_rate": rate}})
    assert loaded(to_yaml(config)).train.optimizer.learning_rate == rate


CNN: dict[str, Any] = {
    "kind": "cnn",
    "layers": [
        {"conv": {"filters": 8}},
        "max_pool",
        "flatten",
        {"dense": {"units": "classes", "activation": "softmax"}},
    ],
}


def cnn(*layers: Any) -> Config:
    return load_config({**BASE, "model": {"kind": "cnn", "layers": [*layers, *CNN["layers"]]}})


EQUAL_SPELLINGS = {
    "an explicit default": (changed(), changed(train={"batch_size": 128, "epochs": 10}, data={"rows": None})),
    "an explicit section of defaults": (changed(), changed(data={"validation": {"split": "tail"}}, augment=[])),
    "an optimizer's name alone": (changed(), changed(train={"optimizer": "sgd"})),
    "an optimizer's explicit default": (
        changed(), changed(train={"optimizer": {"name": "sgd", "learning_rate": 0.01, "nesterov": False}}),
    ),
    "a whole number for a decimal one": (
        changed(train={"optimizer": {"name": "sgd", "learning_rate": 1}}),
        changed(train={"optimizer": {"name": "sgd", "learning_rate": 1.0}}),
    ),
    "one schedule and a list of one": (
        changed(train={"schedule": {"step": {"every": 3}}}), changed(train={"schedule": [{"step": {"every": 3}}]}),
    ),
    "an item's name and its empty mapping": (
        changed(train={"schedule": "cosine"}), changed(train={"schedule": {"cosine": {}}}),
    ),
    "an item's value and its mapping": (
        changed(augment=[{"shift": 0.1}]), changed(augment=[{"shift": {"fraction": 0.1}}]),
    ),
    "one dropout rate and the same for each": (changed(model={"dropout": 0.2}), changed(model={"dropout": [0.2, 0.2]})),
    "one width and a list of one": (changed(model={"nodes": 8}), changed(model={"nodes": [8]})),
    "a fraction that splits nothing": (
        changed(data={"validation": {"split": "test"}}),
        changed(data={"validation": {"split": "test", "fraction": 0.5}}),
    ),
    "one kernel size and a pair": (
        cnn({"conv": {"filters": 3, "kernel": 5}}), cnn({"conv": {"filters": 3, "kernel": [5, 5]}}),
    ),
    "the default kernel size": (cnn({"conv": 3}), cnn({"conv": {"filters": 3, "kernel": 3, "bias": True}})),
    "an initializer's name and its mapping": (
        changed(model={"initializer": "he_normal"}), changed(model={"initializer": {"he_normal": {}}}),
    ),
    "one mean for all channels and a list of it": (
        changed(data={"preprocess": {"standardize": {"mean": 0.1, "std": 0.3}}}),
        changed(data={"preprocess": {"standardize": {"mean": [0.1], "std": [0.3]}}}),
    ),
    "class weights in another order": (
        changed(train={"class_weight": {0: 1.0, 1: 2.0}}), changed(train={"class_weight": {1: 2, 0: 1}}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("spelling", EQUAL_SPELLINGS)
def test_two_spellings_of_the_same_settings_have_one_fingerprint(spelling: str) -> None:
    one, other = EQUAL_SPELLINGS[spelling]
    assert one == other
    assert mark(one) == mark(other)


@pytest.mark.parametrize(
    "sections",
    [
        {"name": "other"},
        {"experiment": "some/where"},
        {"description": "Other words."},
        {"reference": {"test_accuracy": 0.98}},
        {"seed": 2},
        {"data": {"dataset": "/another/path/to/the/same"}},
        {"runtime": {"threads": 1}},
        {"runtime": {"device": "cpu"}},
        {"runtime": {"steps_per_execution": 7}},
        {"runtime": {"jit_compile": False}},
    ],
    ids=str,
)
def test_what_cannot_change_the_numbers_is_not_in_the_fingerprint(sections: dict[str, Any]) -> None:
    assert mark(changed(**sections)) == mark(changed())


@pytest.mark.parametrize(
    "sections",
    [
        {"data": {"validation": {"split": "random"}}},
        {"data": {"validation": {"fraction": 0.1}}},
        {"data": {"validation": {"split": "none"}}},
        {"augment": [{"rotation": 5}]},
        {"augment": [{"rotation": {"degrees": 5, "probability": 0.5}}]},
        {"model": {"dropout": [0.1, 0.2]}},
        {"train": {"optimizer": "adam"}},
        {"train": {"optimizer": {"name": "sgd", "momentum": 0.9}}},
        {"train": {"optimizer": {"name": "sgd", "use_ema": True}}},
        {"train": {"early_stopping": {}}},
    ],
    ids=str,
)
def test_a_part_of_a_value_that_can_change_the_numbers_changes_the_fingerprint(sections: dict[str, Any]) -> None:
    assert mark(changed(**sections)) != mark(changed())


FIELDS = [
    (section, field)
    for section, kind in {"data": Data, "model": Mlp, "train": Train}.items()
    for field in kind.model_fields
    if field not in ("dataset", "kind")
]


@pytest.mark.parametrize(("section", "field"), FIELDS)
def test_every_other_value_of_every_field_changes_the_fingerprint(section: str, field: str) -> None:
    kind = type(getattr(changed(), section))
    different: list[Config] = []
    for value in choices(kind, field):
        with contextlib.suppress(ConfigError):
            config = changed(**{section: {field: value}})
            different += [] if config in different else [config]
    assert len(different) > 1
    assert len({mark(config) for config in different}) == len(different)


def test_the_order_of_layers_changes_the_fingerprint() -> None:
    assert mark(cnn("batch_norm", {"dropout": 0.1})) != mark(cnn({"dropout": 0.1}, "batch_norm"))


def test_another_data_set_or_backend_changes_the_fingerprint() -> None:
    marks = {
        mark(changed()),
        mark(changed(), dataset_sha256="1" * 64),
        mark(changed(), backend="jax"),
        mark(changed(), backend="torch"),
    }
    assert len(marks) == 4


def test_class_weights_count_by_the_class_that_they_apply_to() -> None:
    def of(weights: dict[int | str, float], classes: tuple[str, ...]) -> str:
        config = changed(train={"class_weight": weights})
        return fingerprint(config, dataset_sha256="", backend="jax", classes=classes)

    plain = fingerprint(changed(train={"class_weight": {1: 2.0}}), dataset_sha256="", backend="jax")
    assert of({"1": 2.0}, ("0", "1", "2")) == plain, "finished runs stay finished"
    assert of({"1": 2.0}, ("1", "2", "3")) != plain, "there it is about the first class"
    assert of({"1": 2.0}, ("1", "2", "3")) == of({"a": 2.0}, ("a", "b", "c"))
    assert of({"1": 2.0}, ("1", "2", "3")) != of({"2": 2.0}, ("1", "2", "3"))


def test_the_fingerprint_stays_what_it_was() -> None:
    """Finished runs are recognized by it, so it must not change from one version to the next."""
    config = changed(
        data={"rows": [0, 1000], "preprocess": {"standardize": {"mean": 0.1307, "std": 0.3081}}},
        augment=[{"rotation": {"degrees": 7, "probability": 0.5}}],
        model={"dropout": [0.1, 0.2], "initializer": {"random_normal": {"stddev": 0.1}}},
        train={"optimizer": {"name": "adamw", "weight_decay": 0.1}, "schedule": "cosine", "class_weight": {0: 2.0}},
    )
    assert mark(config) == "f35cba6e73f49e5afc9401e3b7b13196bb231bf8bd4e82639a1debcac3aef352"


@pytest.mark.parametrize(
    ("name", "key"),
    [("3", 3), ("-1", -1), ("--3", "--3"), ("03", "03"), ("-0", "-0"), ("\u0663", "\u0663"), ("", "")],
)
def test_a_class_is_a_number_only_if_it_is_written_like_one(name, key):
    assert class_key(name) == key
