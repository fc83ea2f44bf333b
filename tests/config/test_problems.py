"""A wrong configuration is answered with every problem: place, key path, expected, received, nearest name, the line."""

import re
from pathlib import Path
from textwrap import dedent, indent

import pytest

from mnist_lab.config import Override, load_config
from mnist_lab.errors import ConfigError

pytestmark = pytest.mark.usefixtures("folder")
DATA = "data: {dataset: mnist}\n"
MODEL = "model: {kind: mlp, nodes: [8]}\n"
VALID = DATA + MODEL


def complaint(text: str, *options: str) -> str:
    Path("my.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_config("my.yaml", [Override.parse(option) for option in options])
    return str(caught.value)


def problem(text: str) -> str:
    """The only problem of a file, without the line that is shown below it."""
    lines = complaint(text).splitlines()
    assert lines[0] == "my.yaml: 1 problem", lines
    return lines[1]


def cnn(*layers: str) -> str:
    """A valid network except for the first `layers`."""
    below = "".join(
        f"    - {layer}\n" for layer in (*layers, "flatten", "dense: {units: classes, activation: softmax}")
    )
    return f"{DATA}model:\n  kind: cnn\n  layers:\n{below}"


def test_every_problem_of_a_file_is_reported_at_once_in_the_order_of_the_file() -> None:
    message = complaint(
        dedent("""\
            data:
              dataset: mnist
              validation: {fraction: 1.5}
            model:
              kind: mlp
              nodes: [512, 0]
              dropout: [0.2, 1.2]
            train:
              optimizer: {name: adam, learning_rate: .nan}
              batch_size: 0
              epoch: 3
            """)
    )
    assert message.splitlines() == [
        "my.yaml: 6 problems",
        "my.yaml:3:26: data.validation.fraction: expected less than 1, received 1.5",
        "    3 |   validation: {fraction: 1.5}",
        "      |                          ^",
        "my.yaml:6:16: model.nodes[1]: expected at least 1, received 0",
        "    6 |   nodes: [512, 0]",
        "      |                ^",
        "my.yaml:7:18: model.dropout[1]: expected less than 1, received 1.2",
        "    7 |   dropout: [0.2, 1.2]",
        "      |                  ^",
        "my.yaml:9:42: train.optimizer.learning_rate: expected a finite number, received nan",
        "    9 |   optimizer: {name: adam, learning_rate: .nan}",
        "      |                                          ^",
        "my.yaml:10:15: train.batch_size: expected at least 1, received 0",
        "   10 |   batch_size: 0",
        "      |               ^",
        "my.yaml:11:3: train.epoch: unknown key (did you mean 'epochs'?); expected one of optimizer, batch_size, "
        "epochs, schedule, label_smoothing, class_weight, early_stopping, restore_best, precision, initial_weights",
        "   11 |   epoch: 3",
        "      |   ^",
    ]


# What is added to a valid file, and the key path and suggestion of the problem.
UNKNOWN_KEYS = {
    "trian: {}": ("trian", "train"),
    "extend: base.yaml": ("extend", "extends"),
    "train: {batchsize: 3}": ("train.batchsize", "batch_size"),
    "train: {optimizer: {name: sgd, momentun: 0.9}}": ("train.optimizer.momentun", "momentum"),
    "train: {early_stopping: {patients: 3}}": ("train.early_stopping.patients", "patience"),
    "train: {schedule: [{step: {every: 3, factr: 0.1}}]}": ("train.schedule[0].step.factr", "factor"),
    "augment: [{rotation: {degrees: 5, probabilty: 1}}]": ("augment[0].rotation.probabilty", "probability"),
    "runtime: {thread: 3}": ("runtime.thread", "threads"),
    "reference: {accuracy: 0.98}": ("reference.accuracy", "test_accuracy"),
}


@pytest.mark.parametrize("line", UNKNOWN_KEYS)
def test_an_unknown_key_is_reported_with_the_nearest_valid_one(line: str) -> None:
    path, nearest = UNKNOWN_KEYS[line]
    column = line.index(re.split(r"[.\]]", path)[-1]) + 1
    expected = f"my.yaml:3:{column}: {path}: unknown key (did you mean '{nearest}'?); expected one of "
    assert problem(f"{VALID}{line}\n").startswith(expected)


@pytest.mark.parametrize(
    ("layer", "path", "nearest"),
    [
        ("conv: {filters: 3, kernal: 3}", "conv.kernal", "kernel"),
        ("batch_norm: {momentom: 0.9}", "batch_norm.momentom", "momentum"),
        ("dense: {units: 3, initializer: {orthogonal: {gian: 1}}}", "dense.initializer.orthogonal.gian", "gain"),
        ("residual: {layer: [flatten], layers: [flatten]}", "residual.layer", "layers"),
        ("residual: [{dense: {units: 3, actvation: relu}}]", "residual[0].dense.actvation", "activation"),
    ],
)  # fmt: skip
def test_an_unknown_key_of_a_layer_is_reported_at_its_place(layer: str, path: str, nearest: str) -> None:
    column = layer.index(path.rsplit(".", 1)[1]) + 7
    expected = f"my.yaml:5:{column}: model.layers[0].{path}: unknown key (did you mean '{nearest}'?); expected one of "
    assert problem(cnn(layer)).startswith(expected)


def test_a_key_far_from_every_valid_one_gets_no_suggestion() -> None:
    assert ": quux: unknown key; expected one of extends, name, " in problem(f"{VALID}quux: 1\n")


def test_a_merge_key_is_an_unknown_key() -> None:
    assert problem(f"{VALID}<<: {{seed: 3}}\n").startswith("my.yaml:3:1: <<: unknown key; ")


def test_a_number_as_a_key_is_an_unknown_key() -> None:
    assert problem(f"{VALID}5: 6\n").startswith("my.yaml:3:1: [5]: unknown key; ")


# A line with an unknown name, and the place, key path, name and suggestion of its problem.
UNKNOWN_NAMES = [
    ("train: {optimizer: adm}", "3:20: train.optimizer", "adm", "adam"),
    ("train: {optimizer: {name: rmspop}}", "3:27: train.optimizer.name", "rmspop", "rmsprop"),
    ("train: {schedule: cosin}", "3:19: train.schedule", "cosin", "cosine"),
    ("train: {schedule: [warmup, {stepp: {every: 3}}]}", "3:28: train.schedule[1]", "stepp", "step"),
    ("augment: [{rotaton: 5}]", "3:11: augment[0]", "rotaton", "rotation"),
]


@pytest.mark.parametrize(("line", "place", "name", "nearest"), UNKNOWN_NAMES)
def test_an_unknown_name_is_reported_with_the_nearest_one(line: str, place: str, name: str, nearest: str) -> None:
    expected = f"my.yaml:{place}: unknown name '{name}' (did you mean '{nearest}'?); expected one of "
    assert problem(f"{VALID}{line}\n").startswith(expected)


@pytest.mark.parametrize(
    ("layer", "place", "name", "nearest"),
    [
        ("cnv: 3", "5:7: model.layers[0]", "cnv", "conv"),
        ("maxpool", "5:7: model.layers[0]", "maxpool", "max_pool"),
        ("dense: {units: 3, initializer: he_norml}", "5:38: model.layers[0].dense.initializer", "he_norml",
         "he_normal"),
        ("dense: {units: 3, regularizer: {l1l2: {l1: 1}}}", "5:38: model.layers[0].dense.regularizer", "l1l2", "l1_l2"),
        ("residual: [flaten]", "5:18: model.layers[0].residual[0]", "flaten", "flatten"),
    ],
)  # fmt: skip
def test_an_unknown_layer_is_reported_with_the_nearest_one(layer: str, place: str, name: str, nearest: str) -> None:
    expected = f"my.yaml:{place}: unknown name '{name}' (did you mean '{nearest}'?); expected one of "
    assert problem(cnn(layer)).startswith(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{DATA}model: {{kind: mpl, nodes: 3}}\n", "2:15: model.kind: unknown name 'mpl' (did you mean 'mlp'?); "),
        (f"{DATA}model: {{kind: mlp, nodes: 3, activation: rleu}}\n", "2:42: model.activation: expected one of celu, "),
        (cnn("activation: rleu"), "5:19: model.layers[0].activation: expected one of celu, "),
        (f"{VALID}train: {{restore_best: val_los}}\n", "3:23: train.restore_best: expected one of val_loss, "),
        (f"data: {{dataset: d, preprocess: rescal}}\n{MODEL}", "1:32: data.preprocess: unknown name 'rescal' "),
        (f"data: {{dataset: d, validation: {{split: tial}}}}\n{MODEL}",
         "1:40: data.validation.split: expected one of tail, random, "),
        (f"{VALID}runtime: {{backend: tensorflw}}\n", "3:20: runtime.backend: expected one of tensorflow, jax, "),
    ],
)  # fmt: skip
def test_a_misspelt_choice_is_reported_with_all_choices_and_the_nearest(text: str, expected: str) -> None:
    message = problem(text)
    assert message.startswith(f"my.yaml:{expected}")
    assert "(did you mean '" in message


WRONG_TYPES = [
    ("train: {epochs: true}", "3:17: train.epochs: expected a whole number, received true"),
    ("train: {epochs: '3'}", "3:17: train.epochs: expected a whole number, received '3' (text)"),
    ("train: {epochs: 3.0}", "3:17: train.epochs: expected a whole number, received 3.0"),
    ("train: {epochs: 1e1}", "3:17: train.epochs: expected a whole number, received 10.0"),
    ("train: {epochs: [3]}", "3:17: train.epochs: expected a whole number, received a list of 1 value"),
    ("train: {epochs: {a: 3}}", "3:17: train.epochs: expected a whole number, received a mapping with 'a'"),
    ("train: {epochs: }", "3:16: train.epochs: expected a whole number, received an empty value"),
    ("train: {label_smoothing: true}", "3:26: train.label_smoothing: expected a number, received true"),
    ("train: {label_smoothing: '0.1'}", "3:26: train.label_smoothing: expected a number, received '0.1' (text)"),
    ("train: {label_smoothing: 0.1.2}", "3:26: train.label_smoothing: expected a number, received '0.1.2' (text)"),
    ("train: {optimizer: 5}", "3:20: train.optimizer: expected a mapping, received 5"),
    ("train: {optimizer: {name: adam, amsgrad: 1}}",
     "3:42: train.optimizer.amsgrad: expected true or false, received 1"),
    ("train: {optimizer: {name: adam, amsgrad: yes}}",
     "3:42: train.optimizer.amsgrad: expected true or false, received 'yes' (text)"),
    ("train: {initial_weights: {run: x, sha256: abc}}",
     "3:43: train.initial_weights.sha256: expected 64 hexadecimal digits, received 'abc' (text)"),
    ("train: {early_stopping: true}", "3:25: train.early_stopping: expected a mapping, received true"),
    ("train: {class_weight: balance}",
     "3:23: train.class_weight: expected a mapping or 'balanced', received 'balance' "
     "(did you mean 'balanced'?)"),
    ("train: {class_weight: {a: much}}", "3:27: train.class_weight.a: expected a number, received 'much' (text)"),
    ("train: {schedule: [{step: 5}]}", "3:27: train.schedule[0].step: expected a mapping, received 5"),
    ("train: []", "3:8: train: expected a mapping, received an empty list"),
    ("train:", "3:7: train: expected a mapping, received an empty value"),
    ("augment: rotation", "3:10: augment: expected a list, received 'rotation' (text)"),
    ("augment:", "3:9: augment: expected a list, received an empty value"),
    ("augment: [5]",
     "3:11: augment[0]: expected one of rotation, shift, zoom, shear, elastic, brightness, contrast, noise, erase "
     "(for example {erase: ...}), received 5"),
    ("augment: [{rotation: 5, shift: 0.1}]",
     "3:11: augment[0]: expected one of rotation, shift, zoom, shear, elastic, brightness, contrast, noise, erase "
     "(for example {erase: ...}), received a mapping with 'rotation', 'shift'"),
    ("runtime: {steps_per_execution: many}",
     "3:32: runtime.steps_per_execution: expected a whole number or 'auto', received 'many' (text)"),
    ("name: 5", "3:7: name: expected text, received 5"),
    ("description: [a]", "3:14: description: expected text, received a list of 1 value"),
    ("seed: one", "3:7: seed: expected a whole number, received 'one' (text)"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "expected"), WRONG_TYPES)
def test_nothing_is_converted_to_another_type(line: str, expected: str) -> None:
    assert problem(f"{VALID}{line}\n") == f"my.yaml:{expected}"


OUT_OF_RANGE = [
    ("train: {batch_size: 0}", "3:21: train.batch_size: expected at least 1, received 0"),
    ("train: {epochs: -1}", "3:17: train.epochs: expected at least 1, received -1"),
    ("train: {label_smoothing: 1}", "3:26: train.label_smoothing: expected less than 1, received 1"),
    ("train: {optimizer: {name: adam, learning_rate: .nan}}",
     "3:48: train.optimizer.learning_rate: expected a finite number, received nan"),
    ("train: {optimizer: {name: adam, learning_rate: .inf}}",
     "3:48: train.optimizer.learning_rate: expected a finite number, received inf"),
    ("train: {optimizer: {name: adam, learning_rate: 1e999}}",
     "3:48: train.optimizer.learning_rate: expected a finite number, received inf"),
    ("train: {optimizer: {name: adam, learning_rate: 0}}",
     "3:48: train.optimizer.learning_rate: expected more than 0, received 0"),
    ("train: {optimizer: {name: sgd, momentum: 1}}",
     "3:42: train.optimizer.momentum: expected less than 1, received 1"),
    ("train: {optimizer: {name: adam, gradient_accumulation_steps: 1}}",
     "3:62: train.optimizer.gradient_accumulation_steps: expected at least 2, received 1"),
    ("train: {schedule: {cosine: 2}}", "3:28: train.schedule.cosine: expected at most 1, received 2"),
    ("train: {class_weight: {0: -1}}", "3:27: train.class_weight[0]: expected more than 0, received -1"),
    ("train: {class_weight: {}}",
     "3:23: train.class_weight: expected at least one entry or 'balanced', received an empty mapping"),
    ("augment: [{rotation: 400}]", "3:22: augment[0].rotation: expected at most 180, received 400"),
    ("augment: [{shift: {fraction: -0.1}}]", "3:30: augment[0].shift.fraction: expected at least 0, received -0.1"),
    ("augment: [{rotation: {degrees: 5, probability: 2}}]",
     "3:48: augment[0].rotation.probability: expected at most 1, received 2"),
    ("runtime: {threads: 0}", "3:20: runtime.threads: expected at least 1, received 0"),
    ("reference: {test_accuracy: 98.5}", "3:28: reference.test_accuracy: expected at most 1, received 98.5"),
    ("seed: -1", "3:7: seed: expected at least 0, received -1"),
    ("seed: 4294967296", "3:7: seed: expected at most 4294967295, received 4294967296"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "expected"), OUT_OF_RANGE)
def test_a_value_out_of_range_is_reported_with_the_range(line: str, expected: str) -> None:
    assert problem(f"{VALID}{line}\n") == f"my.yaml:{expected}"


@pytest.mark.parametrize("name", ["''", "../up", "/abs", "a b", "a//b", ".hidden", "-x", "a/", "a\\b", "x" * 201])
def test_a_name_that_cannot_be_a_folder_in_the_results_is_refused(name: str) -> None:
    assert problem(f"{VALID}name: {name}\n").startswith("my.yaml:3:7: name: expected ")
    assert problem(f"{VALID}experiment: {name}\n").startswith("my.yaml:3:13: experiment: expected ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"data: {{dataset: ''}}\n{MODEL}", "1:17: data.dataset: expected text that is not empty, received '' (text)"),
        (f"data: {{dataset: d, subset: 0}}\n{MODEL}", "1:28: data.subset: expected at least 1, received 0"),
        (f"data: {{dataset: d, rows: [-1, 3]}}\n{MODEL}", "1:27: data.rows[0]: expected at least 0, received -1"),
        (f"data: {{dataset: d, rows: [1]}}\n{MODEL}",
         "1:26: data.rows: expected at least 2 values, received a list of 1 value"),
        (f"data: {{dataset: d, rows: [1, 2, 3]}}\n{MODEL}",
         "1:26: data.rows: expected at most 2 values, received a list of 3 values"),
        (f"data: {{dataset: d, validation: none}}\n{MODEL}",
         "1:32: data.validation: expected a mapping such as {split: none}, received 'none' (text)"),
        (f"data: {{dataset: d, resize: small}}\n{MODEL}",
         "1:28: data.resize: expected a whole number or [height, width], received 'small' (text)"),
        (f"data: {{dataset: d, resize: 0}}\n{MODEL}", "1:28: data.resize: expected at least 1, received 0"),
        (f"{DATA}model: {{kind: mlp, nodes: many}}\n",
         "2:27: model.nodes: expected a whole number or a list of them, received 'many' (text)"),
        (f"{DATA}model: {{kind: mlp, nodes: [many]}}\n",
         "2:28: model.nodes[0]: expected a whole number, received 'many' (text)"),
        (f"{DATA}model: {{kind: mlp, nodes: 3, dropout: some}}\n",
         "2:39: model.dropout: expected a number or a list of them, received 'some' (text)"),
        (f"data: {{dataset: d, validation: {{fraction: 1.5}}}}\n{MODEL}",
         "1:43: data.validation.fraction: expected less than 1, received 1.5"),
        (f"data: {{dataset: d, validation: {{split: folds, folds: 1}}}}\n{MODEL}",
         "1:54: data.validation.folds: expected at least 2, received 1"),
        (f"data: {{dataset: d, validation: {{split: folds, fold: 0}}}}\n{MODEL}",
         "1:53: data.validation.fold: expected at least 1, received 0"),
        (f"data: {{dataset: d, validation: {{split: folds, fold: 6}}}}\n{MODEL}",
         "1:53: data.validation.fold: expected at most 5, the number of folds, received 6"),
        (f"data: {{dataset: d, validation: {{fold: 2}}}}\n{MODEL}",
         "1:39: data.validation.fold: only with 'split: folds'; the split is 'tail'"),
        (f"data: {{dataset: d, preprocess: {{standardize: {{mean: 0, std: 0}}}}}}\n{MODEL}",
         "1:61: data.preprocess.standardize.std: expected more than 0, received 0"),
        (f"{DATA}model: {{kind: mlp, nodes: 3, dropout: 1.2}}\n",
         "2:39: model.dropout: expected less than 1, received 1.2"),
        (f"{DATA}model: {{kind: mlp, nodes: [3, 0]}}\n", "2:31: model.nodes[1]: expected at least 1, received 0"),
        (f"{DATA}model: {{kind: cnn, layers: []}}\n",
         "2:28: model.layers: expected at least one entry, received an empty list"),
        (cnn("dropout: 1.2"), "5:16: model.layers[0].dropout: expected less than 1, received 1.2"),
        (cnn("conv: {filters: 3, kernel: [3, 0]}"),
         "5:38: model.layers[0].conv.kernel[1]: expected at least 1, received 0"),
        (cnn("max_pool: [2]"),
         "5:17: model.layers[0].max_pool: expected at least 2 values, received a list of 1 value"),
        (cnn("dense: 0"), "5:14: model.layers[0].dense: expected at least 1 or 'classes', received 0"),
        (cnn("residual: []"), "5:17: model.layers[0].residual: expected at least one entry, received an empty list"),
    ],
)  # fmt: skip
def test_data_and_layers_out_of_range_are_reported_with_the_range(text: str, expected: str) -> None:
    assert problem(text) == f"my.yaml:{expected}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MODEL, "1:1: data"),
        (DATA, "1:1: model"),
        (f"data: {{}}\n{MODEL}", "1:7: data.dataset"),
        (f"{DATA}model: {{nodes: [3]}}\n", "2:8: model.kind"),
        (f"{DATA}model: {{kind: mlp}}\n", "2:8: model.nodes"),
        (f"{DATA}model: {{kind: cnn}}\n", "2:8: model.layers"),
        (f"{VALID}train: {{optimizer: {{learning_rate: 0.1}}}}\n", "3:20: train.optimizer.name"),
        (f"{VALID}augment: [rotation]\n", "3:11: augment[0].rotation.degrees"),
        (f"{VALID}augment: [{{elastic: {{alpha: 1}}}}]\n", "3:21: augment[0].elastic.sigma"),
        (cnn("dropout"), "5:7: model.layers[0].dropout.rate"),
        (cnn("conv: {}"), "5:13: model.layers[0].conv.filters"),
        (cnn("conv:"), "5:12: model.layers[0].conv.filters"),
    ],
)
def test_a_missing_key_is_reported_with_its_whole_path(text: str, expected: str) -> None:
    assert problem(text) == f"my.yaml:{expected}: this key is required"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{DATA}model: {{nodse: [3]}}\n", {"model.kind": "required", "model.nodse": "(did you mean 'nodes'?)"}),
        (f"{DATA}model: {{kind: mpl, nodes: [3], dropuot: 0.1}}\n",
         {"model.kind": "(did you mean 'mlp'?)", "model.dropuot": "(did you mean 'dropout'?)"}),
        (f"{DATA}model: {{nodes: fast}}\n", {"model.kind": "required", "model.nodes": "expected a whole number"}),
        (f"{DATA}model: {{layers: [{{conv: {{filter: 3}}}}]}}\n",
         {"model.kind": "required", "model.layers[0].conv.filter": "(did you mean 'filters'?)",
          "model.layers[0].conv.filters": "required"}),
        (f"{VALID}train: {{optimizer: {{learning_rat: 0.1, clipnorm: fast}}}}\n",
         {"train.optimizer.name": "required", "train.optimizer.learning_rat": "(did you mean 'learning_rate'?)",
          "train.optimizer.clipnorm": "expected a number"}),
        (f"{VALID}train: {{optimizer: {{name: adm, learning_rate: fast, momentum: 0.9}}}}\n",
         {"train.optimizer.name": "(did you mean 'adam'?)", "train.optimizer.learning_rate": "expected a number"}),
        (f"{DATA}model: {{}}\n", {"model.kind": "required"}),
    ],
)  # fmt: skip
def test_a_missing_or_wrong_kind_hides_no_problem_whichever_kind_is_meant(text: str, expected: dict[str, str]) -> None:
    said = [line for line in complaint(text).splitlines() if line.startswith("my.yaml:") and " problem" not in line]
    assert sorted(line.split(": ")[1] for line in said) == sorted(expected)
    for path, reason in expected.items():
        assert any(f" {path}: " in line and reason in line for line in said), (path, said)


NO_VALIDATION = f"data: {{dataset: d, validation: {{split: none}}}}\n{MODEL}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{DATA}model: {{kind: cnn, layers: [flatten, dense: 10]}}\n",
         "2:38: model.layers[1]: the last layer must give the class probabilities: expected 'dense: {units: classes, "
         "activation: softmax}' or 'activation: softmax', received 'dense'"),
        (f"{DATA}model: {{kind: mlp, nodes: [3, 3], dropout: [.1, .2, .3]}}\n",
         "2:44: model.dropout: expected one dropout rate, or one for each of the 2 hidden layers, received 3 rates"),
        (f"{VALID}train: {{optimizer: {{name: adam, clipnorm: 1, clipvalue: 2}}}}\n",
         "3:57: train.optimizer.clipvalue: expected at most one way to clip gradients, "
         "received clipnorm and clipvalue"),
        (f"{VALID}train: {{schedule: [warmup, plateau]}}\n",
         "3:19: train.schedule: plateau cannot be combined with another schedule"),
        (f"{NO_VALIDATION}train: {{restore_best: val_loss}}\n",
         "3:23: train.restore_best: 'val_loss' needs a validation set, and data.validation.split is 'none'"),
        (f"{NO_VALIDATION}train: {{early_stopping: {{monitor: val_accuracy}}}}\n",
         "3:35: train.early_stopping.monitor: 'val_accuracy' needs a validation set, "
         "and data.validation.split is 'none'"),
        (f"{NO_VALIDATION}train: {{early_stopping: {{patience: 3}}}}\n",
         "3:25: train.early_stopping.monitor: 'val_loss' needs a validation set, and data.validation.split is 'none'"),
        (f"{NO_VALIDATION}train: {{schedule: plateau}}\n",
         "3:19: train.schedule: 'val_loss' needs a validation set, and data.validation.split is 'none'"),
        (f"{VALID}augment: [{{rotation: {{degrees: 5, interpolation: nearest}}}}, {{noise: 0.1}}, {{shift: 0.1}}]\n",
         "3:83: augment[2].shift.interpolation: geometric augmentations are drawn in one interpolation, so they must "
         "agree: 'interpolation' is nearest in rotation and bilinear here"),
        (f"data: {{dataset: d, rows: [5, 5]}}\n{MODEL}",
         "1:26: data.rows: expected two row numbers, the first below the second, received [5, 5]"),
    ],
)  # fmt: skip
def test_keys_that_contradict_each_other_are_reported(text: str, expected: str) -> None:
    assert problem(text) == f"my.yaml:{expected}"


@pytest.mark.parametrize(
    "line",
    [
        "train: {restore_best: loss, early_stopping: {monitor: accuracy}}",
        "train: {schedule: {plateau: {monitor: loss}}}",
    ],
)
def test_without_a_validation_set_training_can_be_monitored(line: str) -> None:
    Path("my.yaml").write_text(f"{NO_VALIDATION}{line}\n")
    assert load_config("my.yaml").data.validation.split == "none"


def test_a_problem_of_an_inherited_value_is_reported_in_the_file_that_has_it() -> None:
    Path("base").mkdir()
    Path("base/base.yaml").write_text(f"{VALID}train:\n  batch_size: 128\n  epochs: none\n")
    lines = complaint("extends: base/base.yaml\ntrain:\n  batch_size: 0\n").splitlines()
    assert lines == [
        "my.yaml: 2 problems",
        "base/base.yaml:5:11: train.epochs: expected a whole number, received 'none' (text)",
        "    5 |   epochs: none",
        "      |           ^",
        "my.yaml:3:15: train.batch_size: expected at least 1, received 0",
        "    3 |   batch_size: 0",
        "      |               ^",
    ]


def test_a_problem_of_an_override_is_reported_with_the_option() -> None:
    assert complaint(VALID, "train.epochs=0") == "--set train.epochs=0: train.epochs: expected at least 1, received 0"


def test_an_unknown_key_in_an_override_is_reported_with_the_nearest_one() -> None:
    assert "--set trian.epochs=3: trian: unknown key (did you mean 'train'?)" in complaint(VALID, "trian.epochs=3")


def test_a_contradiction_made_by_an_override_is_reported_with_the_option() -> None:
    message = complaint(NO_VALIDATION, "train.restore_best=val_loss")
    assert "--set train.restore_best=val_loss: train.restore_best: 'val_loss' needs a validation set" in message


def test_problems_nested_in_residual_blocks_have_their_whole_path() -> None:
    block = dedent("""\
        - residual:
            layers:
              - residual:
                  - conv: {filters: 8, kernel: [3, x]}
                  - activation: rulu
        - flatten
        - dense: {units: classes, activation: softmax}
        """)
    message = complaint(f"{DATA}model:\n  kind: cnn\n  layers:\n{indent(block, '    ')}")
    assert "my.yaml:8:48: model.layers[0].residual.layers[0].residual[0].conv.kernel[1]: " in message
    assert "my.yaml:9:29: model.layers[0].residual.layers[0].residual[1].activation: " in message
    assert message.startswith("my.yaml: 2 problems\n")
