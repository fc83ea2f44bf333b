"""The shipped configurations are the published experiments: same networks, same recipes, same published numbers."""

import json
import math
import re
from functools import cache
from typing import Any, NamedTuple

import pytest

import mnist_lab
from mnist_lab.config.schema import Train
from tests.lab import ROOT, here

CONFIGS = ROOT / "configs"
FILES = [path.relative_to(CONFIGS) for path in CONFIGS.rglob("*.yaml")]
CONFIGURATIONS = sorted(path.with_suffix("").as_posix() for path in FILES if path.parts[0] != "sweeps")
SHIPPED = [name for name in CONFIGURATIONS if not name.startswith("records/")]
"""Without the recipes of our own."""


class Network(NamedTuple):
    trainable: int
    total: int
    shapes: str
    """Output shapes, without the batch axis, of the convolutions, dense layers, Flatten and global pools."""


MLP_512 = Network(669_706, 669_706, "784 512 512 10")
NARROW = "28x28x8 26x26x16 11x11x16 9x9x16 9x9x14 7x7x12 12 10"
DEEP = "28x28x8 26x26x16 11x11x16 9x9x16 11x11x14 11x11x12 9x9x12 7x7x10 10 10"
AUGMENTED = Network(3_231_114, 3_231_114, "28x28x32 14x14x64 3136 1024 10")

# Batch norm's moving statistics, two for each of its channels, are all that is not trained.
NETWORKS = {
    "mlp_512": MLP_512,
    "quickstart": Network(22_666, 22_666, "26x26x24 11x11x48 1200 10"),
    "ablation/nodes_1024": Network(1_863_690, 1_863_690, "784 1024 1024 10"),
    "ablation/nodes_256": Network(269_322, 269_322, "784 256 256 10"),
    "ablation/extra_layer_256": Network(798_474, 798_474, "784 512 512 256 10"),
    "ablation/single_layer_512": Network(407_050, 407_050, "784 512 10"),
    "ablation/no_dropout": MLP_512,
    "ablation/dropout_04_03": MLP_512,
    "ablation/no_relu": MLP_512,
    "ablation/no_rescale": MLP_512,
    "ablation/optimizer_sgd": MLP_512,
    "ablation/optimizer_rmsprop": MLP_512,
    "ablation/batch_256": MLP_512,
    "ablation/batch_64": MLP_512,
    "dense/small_28": Network(9_474, 9_474, "28x28 28x28 784 10"),
    "dense/small_28_flat": Network(23_082, 23_082, "784 28 28 10"),
    "dense/wide_512_dropout": MLP_512,
    "dense/wide_512_no_dropout": MLP_512,
    "seven_steps/step1_setup": Network(
        6_379_786, 6_379_786, "28x28x32 28x28x64 14x14x128 14x14x256 5x5x512 3x3x1024 1x1x10 10"
    ),
    "seven_steps/step2_reduce_parameters": Network(7_688, 7_688, NARROW),
    "seven_steps/step3_batch_norm": Network(7_852, 7_852 + 2 * 82, NARROW),
    "seven_steps/step4_dropout": Network(7_852, 7_852 + 2 * 82, NARROW),
    "seven_steps/step5_add_layers": Network(10_252, 10_252 + 2 * 104, DEEP),
    "seven_steps/step6_learning_rate": Network(10_252, 10_252 + 2 * 104, DEEP),
    "seven_steps/step7_augmentation": Network(10_252, 10_252 + 2 * 104, DEEP),
    "augmented_cnn/rotate20_10_epochs": AUGMENTED,
    "augmented_cnn/rotate20_100_epochs": AUGMENTED,
    "two_models/mlp_5x30": Network(27_580, 27_580, "784 30 30 30 30 30 10"),
    "two_models/cnn_20_40_60": Network(42_530, 42_530, "24x24x20 10x10x40 4x4x60 240 100 10"),
}


class Recipe(NamedTuple):
    optimizer: str
    learning_rate: float
    batch_size: int
    epochs: int
    split: str
    training_rows: int
    validation_rows: int


ABLATION = Recipe("adam", 0.001, 128, 10, "tail", 48_000, 12_000)
STEPS = Recipe("sgd", 0.01, 128, 15, "test", 60_000, 10_000)
TWO_MODELS = Recipe("adam", 0.001, 32, 20, "random", 51_000, 9_000)
WIDE = Recipe("rmsprop", 0.001, 128, 20, "tail", 50_000, 10_000)

RECIPES = {
    "mlp_512": ABLATION,
    "ablation/nodes_1024": ABLATION,
    "ablation/nodes_256": ABLATION,
    "ablation/extra_layer_256": ABLATION,
    "ablation/single_layer_512": ABLATION,
    "ablation/no_dropout": ABLATION,
    "ablation/dropout_04_03": ABLATION,
    "ablation/no_relu": ABLATION,
    "ablation/no_rescale": ABLATION,
    "ablation/optimizer_sgd": ABLATION._replace(optimizer="sgd", learning_rate=0.01),
    "ablation/optimizer_rmsprop": ABLATION._replace(optimizer="rmsprop"),
    "ablation/batch_256": ABLATION._replace(batch_size=256),
    "ablation/batch_64": ABLATION._replace(batch_size=64),
    "dense/small_28": Recipe("sgd", 0.01, 64, 120, "tail", 50_040, 9_960),
    "dense/small_28_flat": Recipe("sgd", 0.01, 64, 60, "tail", 50_000, 10_000),
    "dense/wide_512_dropout": WIDE,
    "dense/wide_512_no_dropout": WIDE,
    "seven_steps/step1_setup": STEPS,
    "seven_steps/step2_reduce_parameters": STEPS,
    "seven_steps/step3_batch_norm": STEPS,
    "seven_steps/step4_dropout": STEPS,
    "seven_steps/step5_add_layers": STEPS,
    "seven_steps/step6_learning_rate": STEPS._replace(epochs=20),
    "seven_steps/step7_augmentation": STEPS._replace(epochs=20),
    "augmented_cnn/rotate20_10_epochs": Recipe("adam", 0.0005, 64, 10, "test", 55_000, 10_000),
    "augmented_cnn/rotate20_100_epochs": Recipe("adam", 0.0005, 64, 100, "test", 55_000, 10_000),
    "two_models/mlp_5x30": TWO_MODELS,
    "two_models/cnn_20_40_60": TWO_MODELS,
}

NO_DROPOUT = (0.0,)
DROPOUT: dict[str, tuple[float, ...]] = {
    **{name: (0.2,) for name in RECIPES if name == "mlp_512" or name.startswith("ablation/")},
    "ablation/no_dropout": NO_DROPOUT,
    "ablation/dropout_04_03": (0.4, 0.3),
    "dense/small_28_flat": NO_DROPOUT,
    "dense/wide_512_dropout": (0.2,),
    "dense/wide_512_no_dropout": NO_DROPOUT,
    "seven_steps/step4_dropout": 6 * (0.07,),
    "seven_steps/step5_add_layers": 8 * (0.07,),
    "seven_steps/step6_learning_rate": 8 * (0.07,),
    "seven_steps/step7_augmentation": 8 * (0.07,),
    "augmented_cnn/rotate20_10_epochs": (0.7, 0.3),
    "augmented_cnn/rotate20_100_epochs": (0.7, 0.3),
    "two_models/mlp_5x30": NO_DROPOUT,
    "two_models/cnn_20_40_60": (0.2, 0.2, 0.2),
}

PUBLISHED: dict[str, dict[str, float]] = {
    "mlp_512": {"train_accuracy": 0.9918, "test_accuracy": 0.9799},
    "ablation/nodes_1024": {"train_accuracy": 0.9923, "test_accuracy": 0.9798},
    "ablation/nodes_256": {"train_accuracy": 0.9894, "test_accuracy": 0.9823},
    "ablation/extra_layer_256": {"train_accuracy": 0.9890, "test_accuracy": 0.9766},
    "ablation/single_layer_512": {"train_accuracy": 0.9937, "test_accuracy": 0.9817},
    "ablation/no_dropout": {"train_accuracy": 0.9947, "test_accuracy": 0.9751},
    "ablation/dropout_04_03": {"train_accuracy": 0.9850, "test_accuracy": 0.9829},
    "ablation/no_relu": {"train_accuracy": 0.9114, "test_accuracy": 0.9198},
    "ablation/no_rescale": {"train_accuracy": 0.1904, "test_accuracy": 0.3039},
    "ablation/optimizer_sgd": {"train_accuracy": 0.9125, "test_accuracy": 0.9350},
    "ablation/optimizer_rmsprop": {"train_accuracy": 0.9923, "test_accuracy": 0.9819},
    "ablation/batch_256": {"train_accuracy": 0.9915, "test_accuracy": 0.9817},
    "ablation/batch_64": {"train_accuracy": 0.9909, "test_accuracy": 0.9801},
    "dense/small_28": {"train_accuracy": 0.9743, "test_accuracy": 0.965, "test_loss": 0.1165},
    "dense/small_28_flat": {"train_accuracy": 0.9766, "test_accuracy": 0.9622},
    "dense/wide_512_dropout": {"test_accuracy": 0.9836},
    "dense/wide_512_no_dropout": {"test_accuracy": 0.9804},
    "seven_steps/step1_setup": {
        "test_accuracy": 0.9899,
        "best_train_accuracy": 0.9992,
        "best_test_accuracy": 0.9924,
    },
    "seven_steps/step2_reduce_parameters": {"best_train_accuracy": 0.9826, "best_test_accuracy": 0.9825},
    "seven_steps/step3_batch_norm": {"best_train_accuracy": 0.995, "best_test_accuracy": 0.9921},
    "seven_steps/step4_dropout": {"best_train_accuracy": 0.9908, "best_test_accuracy": 0.9911},
    "seven_steps/step5_add_layers": {"best_train_accuracy": 0.9915, "best_test_accuracy": 0.9935},
    "seven_steps/step6_learning_rate": {"best_train_accuracy": 0.9934, "best_test_accuracy": 0.9943},
    "seven_steps/step7_augmentation": {"best_train_accuracy": 0.9922, "best_test_accuracy": 0.9945},
    "augmented_cnn/rotate20_10_epochs": {"test_accuracy": 0.99},
    "augmented_cnn/rotate20_100_epochs": {
        "test_accuracy": 0.9953,
        "best_test_accuracy": 0.9958,
        "wrong": 47,
    },
    "two_models/mlp_5x30": {"train_accuracy": 0.9883, "test_accuracy": 0.96},
    "two_models/cnn_20_40_60": {"train_accuracy": 0.9921, "test_accuracy": 0.99},
}

STEP_NAMES = [name for name in SHIPPED if name.startswith("seven_steps/")]


@cache
def load(name: str) -> Any:
    return mnist_lab.load_config(CONFIGS / f"{name}.yaml")


def items(config: Any, key: str) -> list[Any]:
    """The entries of a `cnn` with this name."""
    return [layer for layer in config.model.layers if layer.key == key]


@pytest.fixture(scope="module")
def summaries() -> dict[str, dict[str, Any]]:
    """What `mnist-lab summary --json` says of every shipped network; on TensorFlow, which compiles nothing."""
    networks = {name: load(name).model.model_dump_json() for name in SHIPPED}
    one_of_each = {network: f"configs/{name}.yaml" for name, network in networks.items()}
    told = json.loads(here("summary", "--json", *one_of_each.values(), cwd=ROOT).out)
    found = dict(zip(one_of_each, told, strict=True))
    return {name: found[network] for name, network in networks.items()}


def test_every_shipped_configuration_is_in_these_tables() -> None:
    assert sorted(NETWORKS) == SHIPPED
    assert sorted(RECIPES) == sorted(PUBLISHED) == [name for name in SHIPPED if name != "quickstart"]


@pytest.mark.parametrize("name", SHIPPED)
def test_the_network_has_the_published_parameter_count(name: str, summaries: dict[str, Any]) -> None:
    parameters = summaries[name]["parameters"]
    assert (parameters["trainable"], parameters["total"]) == NETWORKS[name][:2]
    assert parameters["non_trainable"] == parameters["total"] - parameters["trainable"]


@pytest.mark.parametrize("name", SHIPPED)
def test_the_network_has_the_published_shapes(name: str, summaries: dict[str, Any]) -> None:
    shown = ("Conv2D", "Dense", "Flatten", "GlobalAveragePooling2D")
    shapes = [layer["output_shape"] for layer in summaries[name]["layers"] if layer["type"] in shown]
    assert all(shape[0] is None for shape in shapes)
    assert " ".join("x".join(map(str, shape[1:])) for shape in shapes) == NETWORKS[name].shapes


@pytest.mark.parametrize("name", STEP_NAMES[1:])
def test_the_map_before_the_global_pool_is_7x7_in_steps_2_to_7(name: str, summaries: dict[str, Any]) -> None:
    layers = summaries[name]["layers"]
    pool = [layer["type"] for layer in layers].index("GlobalAveragePooling2D")
    assert layers[pool - 1]["output_shape"][1:3] == [7, 7]


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("dense/small_28", [812, 812, 7_850]),
        ("seven_steps/step2_reduce_parameters", [72, 1_152, 2_304, 2_304, 224, 1_512, 120]),
    ],
)
def test_the_layers_have_the_published_counts_one_by_one(
    name: str, counts: list[int], summaries: dict[str, Any]
) -> None:
    parameters = [layer["parameters"] for layer in summaries[name]["layers"]]
    assert [count for count in parameters if count] == counts


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_the_recipe_is_the_published_one(name: str) -> None:
    config = load(name)
    first, end = config.data.rows or (0, 60_000)
    rows, validation = end - first, config.data.validation
    training = rows if validation.split == "test" else math.floor(rows * (1 - validation.fraction))
    optimizer, train = config.train.optimizer, config.train
    assert config.data.dataset == "mnist"
    assert RECIPES[name] == Recipe(
        optimizer.name,
        optimizer.learning_rate,
        train.batch_size,
        train.epochs,
        validation.split,
        training,
        10_000 if validation.split == "test" else rows - training,
    )


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_the_recipe_has_nothing_else(name: str) -> None:
    train, recipe = load(name).train, RECIPES[name]
    more: dict[str, float] = {}
    if name in STEP_NAMES:
        more = {"momentum": 0.9}
    elif name.startswith("augmented_cnn/"):
        more = {"epsilon": 1e-8, "global_clipnorm": 5.0}
    optimizer = type(train.optimizer)(name=recipe.optimizer, learning_rate=recipe.learning_rate, **more)
    # The schedule and the epoch that is restored have tests of their own.
    own = {"schedule": train.schedule, "restore_best": train.restore_best}
    assert train == Train(optimizer=optimizer, batch_size=recipe.batch_size, epochs=recipe.epochs, **own)
    assert bool(train.schedule) == (name in STEP_NAMES[-2:])


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_pixels_are_divided_by_255_in_all_except_the_seven_steps_and_the_ablation_of_it(name: str) -> None:
    expected = "none" if name == "ablation/no_rescale" else "standardize" if name in STEP_NAMES else "rescale"
    assert load(name).data.preprocess.key == expected


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_the_dropout_is_the_published_one(name: str) -> None:
    config = load(name)
    rates = config.model.dropout if config.model.kind == "mlp" else tuple(i.rate for i in items(config, "dropout"))
    assert rates == DROPOUT.get(name, ())


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_hidden_layers_are_relu_in_all_except_the_ablation_of_it(name: str) -> None:
    config = load(name)
    if config.model.kind == "mlp":
        hidden = {config.model.activation}
    else:
        *layers, _ = [layer for layer in config.model.layers if layer.key in ("conv", "dense")]
        hidden = {layer.activation for layer in layers}
    assert hidden == {"linear" if name == "ablation/no_relu" else "relu"}


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_the_reference_carries_the_published_numbers(name: str) -> None:
    reference = load(name).reference
    keys = ("train_accuracy", "test_accuracy", "best_train_accuracy", "best_test_accuracy", "test_loss", "wrong")
    numbers = {key: getattr(reference, key) for key in keys}
    assert {key: value for key, value in numbers.items() if value is not None} == PUBLISHED[name]


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_only_the_ablation_tests_the_best_epoch_instead_of_the_last(name: str) -> None:
    in_ablation = name == "mlp_512" or name.startswith("ablation/")
    assert load(name).train.restore_best == ("val_loss" if in_ablation else None)


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("dropout_04_03", {"dropout": (0.4, 0.3)}),
        ("no_dropout", {"dropout": (0.0,)}),
        ("no_relu", {"activation": "linear"}),
        ("no_rescale", {}),
    ],
)
def test_an_ablation_changes_its_one_setting_and_no_other(name: str, changed: dict[str, Any]) -> None:
    base, config = load("mlp_512"), load(f"ablation/{name}")
    assert config.model == base.model.model_copy(update=changed)
    assert config.train == base.train
    assert config.data.validation == base.data.validation


@pytest.mark.parametrize("name", STEP_NAMES)
def test_the_seven_steps_share_standardizing_and_pytorchs_initialization(name: str) -> None:
    config = load(name)
    assert (config.data.preprocess.mean, config.data.preprocess.std) == ((0.1307,), (0.3081,))
    assert {norm.momentum for norm in items(config, "batch_norm")} <= {0.9}
    assert {norm.epsilon for norm in items(config, "batch_norm")} <= {1e-5}
    for layer in items(config, "conv") + items(config, "dense"):
        assert layer.bias == (name == "seven_steps/step1_setup")
        start = layer.initializer
        assert (start.key, start.mode, start.distribution) == ("variance_scaling", "fan_in", "uniform")
        assert start.scale == pytest.approx(1 / 3)


@pytest.mark.parametrize("name", STEP_NAMES)
def test_each_block_of_the_seven_steps_is_conv_relu_norm_dropout(name: str) -> None:
    layers = load(name).model.layers
    blocks = [
        [item.key for item in layers[i + 1 : i + 3] if item.key in ("batch_norm", "dropout")]
        for i, layer in enumerate(layers)
        if layer.key == "conv" and layer.activation == "relu"
    ]
    step = int(name.removeprefix("seven_steps/step")[0])
    expected = ["batch_norm", "dropout"][: max(0, min(2, step - 2))]
    assert len(blocks) == (8 if step >= 5 else 6)
    assert all(block == expected for block in blocks)


@pytest.mark.parametrize("name", STEP_NAMES[-2:])
def test_steps_6_and_7_divide_the_rate_by_ten_every_ten_epochs(name: str) -> None:
    (step,) = load(name).train.schedule
    assert (step.key, step.every, step.factor) == ("step", 10, 0.1)


def test_step_7_rotates_every_training_image_by_up_to_7_degrees() -> None:
    (rotation,) = load(STEP_NAMES[-1]).augment
    assert (rotation.key, rotation.degrees, rotation.probability) == ("rotation", 7, 1)
    assert (rotation.interpolation, rotation.fill) == ("nearest", 0)


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_nothing_else_is_augmented(name: str) -> None:
    assert bool(load(name).augment) == (name == STEP_NAMES[-1] or name.startswith("augmented_cnn/"))


@pytest.mark.parametrize("epochs", [10, 100])
def test_the_augmented_cnn_rotates_half_of_the_images_and_skips_the_first_rows(epochs: int) -> None:
    config = load(f"augmented_cnn/rotate20_{epochs}_epochs")
    (rotation,) = config.augment
    assert (rotation.key, rotation.degrees, rotation.probability, rotation.fill) == ("rotation", 20, 0.5, 0)
    assert config.data.rows == (5_000, 60_000)
    assert {conv.initializer.key for conv in items(config, "conv")} == {"lecun_uniform"}
    assert {dense.initializer.stddev for dense in items(config, "dense")} == {0.02}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_the_first_line_gives_the_command_the_time_and_the_expected_accuracy(name: str) -> None:
    first = (CONFIGS / f"{name}.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert re.fullmatch(
        rf"# mnist-lab run configs/{re.escape(name)}\.yaml {{4,}}about [\d.]+ (s|min|h) on two cores.*, "
        r"(published )?test accuracy (about )?0\.\d{3}",
        first,
    )


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_an_accuracy_of_ours_in_the_first_line_is_one_that_the_kept_runs_had(name: str) -> None:
    first = (CONFIGS / f"{name}.yaml").read_text(encoding="utf-8").splitlines()[0]
    expected = re.search(r", test accuracy about (0\.\d{3})", first)
    kept = (ROOT / "results" / "published" / name).glob("*/metrics.json")
    accuracies = [json.loads(path.read_text(encoding="utf-8"))["test"]["accuracy"] for path in kept]
    if expected and accuracies:
        assert min(accuracies) - 0.0005 <= float(expected[1]) <= max(accuracies) + 0.0005
