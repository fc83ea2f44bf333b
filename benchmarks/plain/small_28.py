"""`small_28` as a plain Keras script.

python -m benchmarks.plain.small_28 --data mnist.npz --out DIR --epochs 120
"""

import keras
from keras import layers

from benchmarks.plain.script import Script


def build() -> keras.Model:
    """Two layers of 28 on each image row, then the output layer on all rows: 9,474 parameters."""
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            layers.Dense(28, activation="relu"),
            layers.Dense(28, activation="relu"),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.SGD(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main() -> None:
    """Train on all but the last 16.6 %, test after the last epoch."""
    script = Script("small_28", epochs=120)
    x_train, y_train, x_test, y_test = script.data()
    keras.utils.set_random_seed(script.seed)
    model = build()
    fitted = model.fit(
        x_train / 255, y_train, batch_size=64, epochs=script.epochs, validation_split=0.166,
        callbacks=[script.clock()], verbose=2,
    )  # fmt: skip
    _, accuracy = model.evaluate(x_test / 255, y_test, verbose=0)
    script.finish(model, fitted.history, accuracy)


if __name__ == "__main__":
    main()
