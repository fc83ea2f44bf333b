"""`mlp_512` as a plain Keras script.

python -m benchmarks.plain.mlp_512 --data mnist.npz --out DIR --epochs 10
"""

import keras
from keras import layers

from benchmarks.plain.script import Script


def build() -> keras.Model:
    """Two hidden layers of 512 with dropout 0.2: 669,706 parameters."""
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            layers.Flatten(),
            layers.Dense(512, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(512, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main() -> None:
    """Train on the first 80 %, keep the epoch with the lowest validation loss, test."""
    script = Script("mlp_512", epochs=10)
    x_train, y_train, x_test, y_test = script.data()
    keras.utils.set_random_seed(script.seed)
    model = build()
    best = keras.callbacks.EarlyStopping("val_loss", patience=script.epochs, restore_best_weights=True)
    fitted = model.fit(
        x_train / 255, y_train, batch_size=128, epochs=script.epochs, validation_split=0.2,
        callbacks=[best, script.clock()], verbose=2,
    )  # fmt: skip
    _, accuracy = model.evaluate(x_test / 255, y_test, verbose=0)
    script.finish(model, fitted.history, accuracy)


if __name__ == "__main__":
    main()
