"""What one configuration changes compared with another, in words that fit a column of a table."""

from functools import reduce
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mnist_lab.config import Change, Config, describe, differences, load_config, shipped
from mnist_lab.config.schema import AFFECT_RESULTS
from mnist_lab.errors import ConfigError
from tests.config.specifications import CONFIGURATIONS

CHANGES_OF_SHIPPED = {
    "ablation/batch_256": "batch_size 128 -> 256",
    "ablation/batch_64": "batch_size 128 -> 64",
    "ablation/dropout_04_03": "dropout 0.2 -> 0.4, 0.3",
    "ablation/extra_layer_256": "nodes 512, 512 -> 512, 512, 256",
    "ablation/no_dropout": "dropout 0.2 -> 0",
    "ablation/no_relu": "activation relu -> linear",
    "ablation/no_rescale": "preprocess rescale -> none",
    "ablation/nodes_1024": "nodes 512, 512 -> 1024, 1024",
    "ablation/nodes_256": "nodes 512, 512 -> 256, 256",
    "ablation/optimizer_rmsprop": "optimizer adam -> rmsprop",
    "ablation/optimizer_sgd": "optimizer adam -> sgd, learning_rate 0.001 -> 0.01",
    "ablation/single_layer_512": "nodes 512, 512 -> 512",
    "augmented_cnn/rotate20_100_epochs": "epochs 10 -> 100",
    "dense/wide_512_no_dropout": "dropout 0.2 -> 0",
    "seven_steps/step2_reduce_parameters": "cnn 32, 64, 128, 256, 512, 1024, 10 -> 8, 16, 16, 16, 14, 12",
    "seven_steps/step3_batch_norm": "+ batch_norm x6",
    "seven_steps/step4_dropout": "+ dropout 0.07 x6",
    "seven_steps/step5_add_layers": "+ zero_pad, batch_norm x2, dropout 0.07 x2, conv 12, conv 10",
    "seven_steps/step6_learning_rate": "epochs 15 -> 20, + schedule step every 10",
    "seven_steps/step7_augmentation": "+ rotation 7 degrees",
}

CONV = {"conv": 8}
NORM = "batch_norm"
END = {"dense": {"units": "classes", "activation": "softmax"}}


def config(**sections: Any) -> Config:
    mapping = {"data": {"dataset": "mnist"}, "model": {"kind": "mlp", "nodes": [512, 512]}}
    return load_config({**mapping, **sections})


def cnn(*layers: Any) -> Config:
    return config(model={"kind": "cnn", "layers": [*layers, "flatten", END]})


def told(before: Config, after: Config) -> str:
    return describe(differences(before, after))


def test_the_change_of_every_shipped_configuration_is_what_a_table_should_say() -> None:
    configs = {name: load_config(name) for name in shipped.names()}
    extending = {name: load_config(str(loaded.base)) for name, loaded in configs.items() if loaded.base}
    assert {name: told(base, configs[name]) for name, base in extending.items()} == CHANGES_OF_SHIPPED
    assert max(map(len, CHANGES_OF_SHIPPED.values())) <= 60


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ({"optimizer": "sgd"}, {"optimizer": {"name": "adam", "clipnorm": 1.0}},
         "optimizer sgd -> adam, learning_rate 0.01 -> 0.001, + clipnorm 1"),
        ({"optimizer": "adam"}, {"optimizer": {"name": "sgd", "learning_rate": 0.001, "momentum": 0.9}},
         "optimizer adam -> sgd, momentum 0.9"),
        ({"optimizer": "adam"}, {"optimizer": {"name": "adamw"}}, "optimizer adam -> adamw"),
        ({"optimizer": "adam"}, {"optimizer": {"name": "adam", "beta_1": 0.8}}, "beta_1 0.9 -> 0.8"),
        ({"optimizer": "adam"}, {"optimizer": {"name": "adam", "amsgrad": True}}, "+ amsgrad"),
        ({}, {"early_stopping": {"patience": 3}}, "+ early_stopping patience 3"),
        ({"early_stopping": {}}, {"early_stopping": {"patience": 3}}, "early_stopping patience 5 -> 3"),
        ({"restore_best": "val_loss"}, {}, "- restore_best"),
        ({"schedule": {"cosine": 0}}, {"schedule": {"cosine": 0.1}}, "schedule cosine 0 -> 0.1"),
        ({"schedule": "cosine"}, {"schedule": "plateau"}, "- schedule cosine, + schedule plateau"),
        ({}, {"class_weight": {0: 2.0, 9: 0.5}}, "+ class_weight 0: 2, 9: 0.5"),
        ({"epochs": 5, "batch_size": 64}, {}, "batch_size 64 -> 128, epochs 5 -> 10"),
    ],
)  # fmt: skip
def test_a_change_of_training_reads_like_this(before: dict[str, Any], after: dict[str, Any], text: str) -> None:
    assert told(config(train=before), config(train=after)) == text


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ({}, {"subset": 500}, "subset all -> 500"),
        ({"rows": [0, 10_000]}, {}, "rows 0:10000 -> all"),
        ({}, {"dataset": "my/own_digits"}, "dataset mnist -> own_digits"),
        ({"dataset": "a/digits"}, {"dataset": "b/digits"}, "dataset a/digits -> b/digits"),
        ({}, {"validation": {"split": "test"}}, "validation tail 0.2 -> test"),
        ({}, {"validation": {"split": "provided"}}, "validation tail 0.2 -> provided"),
        ({}, {"resize": 14, "grey": True}, "+ resize 14, + grey"),
        ({"resize": 14}, {"resize": [14, 20]}, "resize 14 -> 14x20"),
        ({}, {"validation": {"fraction": 0.1}}, "validation fraction 0.2 -> 0.1"),
        ({}, {"preprocess": {"standardize": {"mean": 0.5, "std": 0.3}}},
         "preprocess rescale -> standardize mean 0.5 std 0.3"),
    ],
)  # fmt: skip
def test_a_change_of_the_data_reads_like_this(before: dict[str, Any], after: dict[str, Any], text: str) -> None:
    assert told(config(data={"dataset": "mnist", **before}), config(data={"dataset": "mnist", **after})) == text


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ([], ["flatten", {"dropout": 0.5}, {"dropout": 0.5}], "+ flatten, dropout 0.5 x2"),
        ([CONV, NORM, CONV, NORM], [CONV, CONV], "- batch_norm x2"),
        ([{"dropout": 0.1}, CONV, {"dropout": 0.1}], [{"dropout": 0.2}, CONV, {"dropout": 0.2}],
         "dropout 0.1 -> 0.2 x2"),
        ([CONV], [{"conv": {"filters": 8, "padding": "same"}}], "conv padding valid -> same"),
        ([CONV], [{"conv": {"filters": 16, "kernel": [5, 3]}}], "conv 8 -> 16, conv kernel 3 -> 5x3"),
        ([NORM, CONV, "zero_pad"], [CONV, "zero_pad", NORM], "batch_norm moved"),
        ([{"max_pool": 2}], [{"average_pool": 3}], "- max_pool, + average_pool 3"),
        ([{"residual": [CONV]}], [{"residual": [CONV, NORM]}], "residual (+ batch_norm)"),
        ([], [{"residual": [CONV, NORM]}], "+ residual of 2 layers"),
    ],
)  # fmt: skip
def test_a_change_of_layers_reads_like_this(before: list[Any], after: list[Any], text: str) -> None:
    assert told(cnn(*before), cnn(*after)) == text


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ({"nodes": [512, 512]}, {"nodes": [30] * 5}, "nodes 512, 512 -> 30 x5"),
        ({"nodes": [512]}, {"nodes": []}, "nodes 512 -> none"),
        ({"nodes": [9]}, {"nodes": [9], "batch_norm": True, "regularizer": {"l2": 0.1}},
         "+ batch_norm, + regularizer l2 0.1"),
        ({"nodes": [9], "initializer": "he_normal"}, {"nodes": [9], "initializer": {"orthogonal": 2.0}},
         "initializer he_normal -> orthogonal 2"),
        ({"nodes": [9, 9]}, {"nodes": [8, 8], "dropout": 0.1}, "nodes 9, 9 -> 8, 8; dropout 0 -> 0.1"),
    ],
)  # fmt: skip
def test_a_change_of_an_mlp_reads_like_this(before: dict[str, Any], after: dict[str, Any], text: str) -> None:
    assert told(config(model={"kind": "mlp", **before}), config(model={"kind": "mlp", **after})) == text


def test_networks_of_two_kinds_are_described_by_their_nodes_and_filters() -> None:
    assert told(config(), cnn(CONV, {"conv": 16})) == "mlp 512, 512 -> cnn 8, 16"
    assert told(config(), cnn({"dense": 9})) == "mlp 512, 512 -> cnn of 3 layers"
    assert told(cnn(CONV), config(model={"kind": "mlp", "nodes": []})) == "cnn 8 -> softmax regression"


def test_networks_that_have_little_in_common_are_described_by_their_size_if_filters_do_not_tell_them_apart() -> None:
    kinds = ["flatten", NORM, "layer_norm", "rows", {"dense": 1}, {"dropout": 0.1}, {"activation": "relu"}]
    others = ["global_max_pool", "zero_pad", {"max_pool": 2}, {"average_pool": 2}, {"spatial_dropout": 0.3}]
    assert told(cnn(*kinds), cnn(*others)) == "cnn of 9 layers -> cnn of 7 layers"
    assert told(cnn(*kinds), cnn(*others, *others[:2])) == "cnn of 9 layers -> another cnn of 9 layers"


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ([], [{"rotation": {"degrees": 7, "interpolation": "nearest", "fill": 0}}], "+ rotation 7 degrees"),
        ([], [{"rotation": {"degrees": 20, "probability": 0.5}}], "+ rotation 20 degrees probability 0.5"),
        ([{"rotation": 10}], [{"rotation": 20}, {"shift": 0.1}], "rotation 10 -> 20 degrees, + shift 0.1"),
        ([{"rotation": 10}], [{"rotation": {"degrees": 10, "fill": 3}}], "rotation fill 0 -> 3"),
        ([], [{"elastic": {"alpha": 1.4, "sigma": 4}}], "+ elastic alpha 1.4 sigma 4"),
    ],
)
def test_a_change_of_augmentation_reads_like_this(before: list[Any], after: list[Any], text: str) -> None:
    assert told(config(augment=before), config(augment=after)) == text


def test_a_backend_is_a_difference() -> None:
    assert differences(config(), config(runtime={"backend": "jax"})) == [Change("runtime.backend", None, "jax")]
    assert told(config(), config(runtime={"backend": "jax"})) == "backend default -> jax"


def test_names_seeds_references_and_threads_are_not_differences() -> None:
    other = config(
        name="x", description="y", reference={"test_accuracy": 0.9}, seed=7, runtime={"threads": 1, "device": "cpu"}
    )
    assert differences(config(), other) == []
    assert describe([]) == ""


def test_numbers_that_a_short_form_cannot_tell_apart_are_written_out() -> None:
    before, after = (
        config(train={"optimizer": {"name": "adam", "learning_rate": rate}}) for rate in (1e-3, 1.0000001e-3)
    )
    assert told(before, after) == "learning_rate 0.001 -> 0.0010000001"


@st.composite
def valid_configurations(draw: st.DrawFn) -> Config:
    try:
        return load_config(draw(CONFIGURATIONS))
    except ConfigError:
        assume(False)
        raise


@given(before=valid_configurations(), after=valid_configurations())
def test_any_two_configurations_have_differences_and_a_text_for_them_unless_they_are_equal(
    before: Config, after: Config
) -> None:
    changes = differences(before, after)
    equal = all(getattr(before, section) == getattr(after, section) for section in AFFECT_RESULTS)
    assert (changes == []) == (equal and before.runtime.backend == after.runtime.backend)
    assert (describe(changes) == "") == (changes == [])
    assert differences(before, before) == []


@given(before=valid_configurations(), after=valid_configurations())
def test_a_change_holds_the_values_of_both_configurations_at_its_path(before: Config, after: Config) -> None:
    for change in differences(before, after):
        for loaded, value in ((before, change.before), (after, change.after)):
            assert reduce(getattr, change.path.split("."), loaded) == value
