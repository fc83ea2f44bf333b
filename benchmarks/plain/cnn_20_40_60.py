"""`cnn_20_40_60` as a plain Keras script.

python -m benchmarks.plain.cnn_20_40_60 --data mnist.npz --out DIR --epochs 20
"""

import keras
import numpy as np
from keras import layers

from benchmarks.plain.script import Script


def build() -> keras.Model:
    """Three convolutions with dropout: 42,530 parameters."""
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(20, 5, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(40, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.2),
            layers.Conv2D(60, 2, activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.2),
            layers.Flatten(),
            layers.Dense(100, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main() -> None:
    """Train on a random 85 %, test after the last epoch."""
    script = Script("cnn_20_40_60", epochs=20)
    x_train, y_train, x_test, y_test = script.data()
    keras.utils.set_random_seed(script.seed)
    order = np.random.default_rng(script.seed).permutation(len(x_train))
    model = build()
    fitted = model.fit(
        x_train[order, ..., None] / 255, y_train[order], batch_size=32, epochs=script.epochs, validation_split=0.15,
        callbacks=[script.clock()], verbose=2,
    )  # fmt: skip
    _, accuracy = model.evaluate(x_test[..., None] / 255, y_test, verbose=0)
    script.finish(model, fitted.history, accuracy)


if __name__ == "__main__":
    main()
