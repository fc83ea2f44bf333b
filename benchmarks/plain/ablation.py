"""An experiment of `configs/ablation/` as a plain Keras script, or all of them in one process.

python -m benchmarks.plain.ablation nodes_1024 --data mnist.npz --out DIR --epochs 10
python -m benchmarks.plain.ablation all --data mnist.npz --out DIR --epochs 10
"""

import sys

import keras
from keras import layers

from benchmarks.plain.script import Data, Script

BASE = {"nodes": [512, 512], "dropout": [0.2, 0.2, 0.2], "activation": "relu", "scale": 1 / 255, "optimizer": "adam"}
TOGETHER = 64
"""Steps per execution in the script for all; Keras on JAX ignores it."""
EXPERIMENTS = {
    "mlp_512": {},
    "nodes_1024": {"nodes": [1024, 1024]},
    "nodes_256": {"nodes": [256, 256]},
    "extra_layer_256": {"nodes": [512, 512, 256]},
    "single_layer_512": {"nodes": [512]},
    "no_dropout": {"dropout": [0, 0]},
    "dropout_04_03": {"dropout": [0.4, 0.3]},
    "no_relu": {"activation": "linear"},
    "no_rescale": {"scale": 1.0},
    "optimizer_sgd": {"optimizer": "sgd"},
    "optimizer_rmsprop": {"optimizer": "rmsprop"},
    "batch_256": {"batch_size": 256},
    "batch_64": {"batch_size": 64},
}


def build(experiment: str, steps_per_execution: int = 1) -> keras.Model:
    """Build the dense network of an experiment."""
    choice = BASE | EXPERIMENTS[experiment]
    model = keras.Sequential([keras.Input((28, 28)), layers.Flatten()])
    for nodes, rate in zip(choice["nodes"], choice["dropout"], strict=False):
        model.add(layers.Dense(nodes, activation=choice["activation"]))
        if rate:
            model.add(layers.Dropout(rate))
    model.add(layers.Dense(10, activation="softmax"))
    model.compile(
        choice["optimizer"], "sparse_categorical_crossentropy", metrics=["accuracy"],
        steps_per_execution=steps_per_execution,
    )  # fmt: skip
    return model


def train(script: Script, data: Data, steps_per_execution: int = 1) -> None:
    """Train on the first 80 %, keep the epoch with the lowest validation loss, test."""
    choice = BASE | {"batch_size": 128} | EXPERIMENTS[script.name]
    x_train, y_train, x_test, y_test = data
    keras.utils.set_random_seed(script.seed)
    model = build(script.name, steps_per_execution)
    best = keras.callbacks.EarlyStopping("val_loss", patience=script.epochs, restore_best_weights=True)
    fitted = model.fit(
        x_train * choice["scale"], y_train, batch_size=choice["batch_size"], epochs=script.epochs,
        validation_split=0.2, callbacks=[best, script.clock()], verbose=2,
    )  # fmt: skip
    _, accuracy = model.evaluate(x_test * choice["scale"], y_test, verbose=0)
    script.finish(model, fitted.history, accuracy)


def main() -> None:
    """Train one experiment, or all."""
    name, *arguments = sys.argv[1:]
    if name != "all":
        script = Script(name, epochs=10, arguments=arguments)
        train(script, script.data())
        return
    scripts = [Script(one, epochs=10, arguments=arguments) for one in EXPERIMENTS]
    data = scripts[0].data()
    for script in scripts:
        train(script, data, TOGETHER)
        keras.utils.clear_session()


if __name__ == "__main__":
    main()
