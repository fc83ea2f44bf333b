"""One experiment of `configs/ablation/` as a plain Keras script: what people write without mnist-lab.

    python benchmarks/plain_ablation.py nodes_1024 --data ../shared/mnist --out /tmp/plain

It loads MNIST, trains with `fit`, keeps the best epoch's weights, evaluates, draws the two plots and saves the model.
"""

import argparse
import gzip
import json
from pathlib import Path

import keras
import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

layers = keras.layers

NETWORKS = {
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


def read(path: Path, offset: int) -> np.ndarray:
    """The bytes of a gzipped IDX file after its header."""
    return np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=offset)


def main() -> None:
    """Train, test, draw, save."""
    parser = argparse.ArgumentParser()
    parser.add_argument("experiment", choices=NETWORKS)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=10)
    options = parser.parse_args()
    choice = {
        "nodes": [512, 512], "dropout": None, "activation": "relu", "scale": 1 / 255, "optimizer": "adam",
        "batch_size": 128, **NETWORKS[options.experiment],
    }  # fmt: skip
    options.out.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(1)

    data = options.data
    x_train = read(data / "train-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28).astype("float32") * choice["scale"]
    y_train = read(data / "train-labels-idx1-ubyte.gz", 8)
    x_test = read(data / "t10k-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28).astype("float32") * choice["scale"]
    y_test = read(data / "t10k-labels-idx1-ubyte.gz", 8)

    model = keras.Sequential([keras.Input((28, 28)), layers.Flatten()])
    rates = choice["dropout"] or [0.2] * len(choice["nodes"])
    for nodes, rate in zip(choice["nodes"], rates, strict=True):
        model.add(layers.Dense(nodes, activation=choice["activation"]))
        if rate:
            model.add(layers.Dropout(rate))
    model.add(layers.Dense(10, activation="softmax"))
    model.compile(choice["optimizer"], "sparse_categorical_crossentropy", metrics=["accuracy"])
    best = keras.callbacks.EarlyStopping("val_loss", patience=options.epochs, restore_best_weights=True)
    history = model.fit(
        x_train, y_train, batch_size=choice["batch_size"], epochs=options.epochs, validation_split=0.2,
        callbacks=[best], verbose=2,
    ).history  # fmt: skip
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)

    for name in ("accuracy", "loss"):
        plt.figure()
        plt.plot(history[name], label="training")
        plt.plot(history[f"val_{name}"], label="validation")
        plt.xlabel("epoch")
        plt.ylabel(name)
        plt.legend()
        plt.savefig(options.out / f"{options.experiment}_{name}.png")
    model.save(options.out / f"{options.experiment}.keras")
    print(json.dumps({"experiment": options.experiment, "test_loss": loss, "test_accuracy": accuracy}))


if __name__ == "__main__":
    main()
