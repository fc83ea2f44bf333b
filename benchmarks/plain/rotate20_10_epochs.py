"""`rotate20_10_epochs` as a plain Keras script.

python -m benchmarks.plain.rotate20_10_epochs --data mnist.npz --out DIR --epochs 10
"""

from typing import Any

import keras
from keras import layers

from benchmarks.plain.script import Script


class RotatedByChance(layers.RandomRotation):
    """Rotates each training image with probability 0.5; Keras' own layer always rotates all."""

    def call(self, data: Any, training: bool = True) -> Any:
        """Rotate images (n, height, width, channels)."""
        rotated = super().call(data, training=training)
        if not training:
            return rotated
        chance = keras.random.uniform((keras.ops.shape(data)[0], 1, 1, 1), seed=self.generator)
        return keras.ops.where(chance < 0.5, rotated, data)


def build() -> keras.Model:
    """Two convolutions and a wide layer with strong dropout: 3,231,114 parameters."""
    narrow = keras.initializers.TruncatedNormal(stddev=0.02)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            RotatedByChance(20 / 360, fill_mode="constant", interpolation="bilinear", fill_value=0.0),
            layers.Conv2D(32, 3, padding="same", activation="relu", kernel_initializer="lecun_uniform"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 2, padding="same", activation="relu", kernel_initializer="lecun_uniform"),
            layers.MaxPooling2D(),
            layers.Dropout(0.7),
            layers.Flatten(),
            layers.Dense(1024, activation="relu", kernel_initializer=narrow),
            layers.Dropout(0.3),
            layers.Dense(10, activation="softmax", kernel_initializer=narrow),
        ]
    )
    model.compile(
        keras.optimizers.Adam(0.0005, epsilon=1e-8, global_clipnorm=5.0),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def main() -> None:
    """Train on all but the first 5,000 rows; the test set is the validation set."""
    script = Script("rotate20_10_epochs", epochs=10)
    x_train, y_train, x_test, y_test = script.data()
    x_train, x_test = x_train[5000:, ..., None] / 255, x_test[..., None] / 255
    keras.utils.set_random_seed(script.seed)
    model = build()
    fitted = model.fit(
        x_train, y_train[5000:], batch_size=64, epochs=script.epochs, validation_data=(x_test, y_test),
        callbacks=[script.clock()], verbose=2,
    )  # fmt: skip
    _, accuracy = model.evaluate(x_test, y_test, verbose=0)
    script.finish(model, fitted.history, accuracy)


if __name__ == "__main__":
    main()
