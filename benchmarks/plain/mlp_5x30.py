"""`mlp_5x30` as a plain Keras script.

python -m benchmarks.plain.mlp_5x30 --data mnist.npz --out DIR --epochs 20
"""

import keras
import numpy as np
from keras import layers

from benchmarks.plain.script import Script


def build() -> keras.Model:
    """Five hidden layers of 30: 27,580 parameters."""
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            layers.Flatten(),
            *(layers.Dense(30, activation="relu") for _ in range(5)),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main() -> None:
    """Train on a random 85 %, test after the last epoch."""
    script = Script("mlp_5x30", epochs=20)
    x_train, y_train, x_test, y_test = script.data()
    keras.utils.set_random_seed(script.seed)
    # `validation_split` takes the last rows, so a random part needs shuffled rows.
    order = np.random.default_rng(script.seed).permutation(len(x_train))
    model = build()
    fitted = model.fit(
        x_train[order] / 255, y_train[order], batch_size=32, epochs=script.epochs, validation_split=0.15,
        callbacks=[script.clock()], verbose=2,
    )  # fmt: skip
    _, accuracy = model.evaluate(x_test / 255, y_test, verbose=0)
    script.finish(model, fitted.history, accuracy)


if __name__ == "__main__":
    main()
