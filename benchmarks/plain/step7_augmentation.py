"""`step7_augmentation` as a plain Keras script.

python -m benchmarks.plain.step7_augmentation --data mnist.npz --out DIR --epochs 20
"""

import keras
from keras import layers

from benchmarks.plain.script import Script

MEAN, STD = 0.1307, 0.3081


def block(filters: int, kernel: int, padding: str = "valid") -> list[keras.layers.Layer]:
    """Convolution, ReLU, batch normalization, dropout; kernels are initialized as in PyTorch."""
    return [
        layers.Conv2D(
            filters, kernel, padding=padding, use_bias=False, activation="relu",
            kernel_initializer=keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform"),
        ),
        layers.BatchNormalization(momentum=0.9, epsilon=1e-5),
        layers.Dropout(0.07),
    ]  # fmt: skip


def build() -> keras.Model:
    """Eight small convolutions on images rotated by up to 7 degrees: 10,252 trainable parameters."""
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.RandomRotation(7 / 360, fill_mode="constant", interpolation="nearest", fill_value=0.0),
            layers.Rescaling(1 / STD, offset=-MEAN / STD),
            *block(8, 3, "same"),
            *block(16, 3),
            layers.MaxPooling2D(),
            *block(16, 3),
            *block(16, 3),
            layers.ZeroPadding2D(1),
            *block(14, 1),
            *block(12, 3, "same"),
            *block(12, 3),
            *block(10, 3),
            layers.GlobalAveragePooling2D(),
            layers.Dense(
                10, use_bias=False, activation="softmax",
                kernel_initializer=keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform"),
            ),
        ]
    )  # fmt: skip
    model.compile(keras.optimizers.SGD(0.01, momentum=0.9), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main() -> None:
    """Train on all rows with a tenth of the learning rate from epoch 11 on; the test set is the validation set."""
    script = Script("step7_augmentation", epochs=20)
    x_train, y_train, x_test, y_test = script.data()
    x_train, x_test = x_train[..., None] / 255, x_test[..., None] / 255
    keras.utils.set_random_seed(script.seed)
    model = build()
    slower = keras.callbacks.LearningRateScheduler(lambda epoch: 0.01 * 0.1 ** (epoch // 10))
    fitted = model.fit(
        x_train, y_train, batch_size=128, epochs=script.epochs, validation_data=(x_test, y_test),
        callbacks=[slower, script.clock()], verbose=2,
    )  # fmt: skip
    _, accuracy = model.evaluate(x_test, y_test, verbose=0)
    script.finish(model, fitted.history, accuracy)


if __name__ == "__main__":
    main()
