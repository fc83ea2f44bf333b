"""The networks that are measured."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Net:
    """An experiment, and how long the benchmark trains it.

    Attributes:
        name: name of the configuration and of its scripts.
        config: the argument of `mnist-lab run`.
        epochs: default of the benchmark: enough for a median, few enough to be quick.
        recipe_epochs: epochs of the published recipe.
        first_layer: fraction of its multiplications that is in the first layer.
        convolves: whether it is a CNN, which takes ten times as long as a dense network and is repeated less often.
        skips: number of rows at the beginning that are not used.
    """

    name: str
    config: str
    epochs: int
    recipe_epochs: int
    first_layer: float
    convolves: bool = False
    skips: int = 0


NETS = {
    net.name: net
    for net in (
        Net("mlp_512", "mlp_512", 10, 10, 0.6003),
        Net("mlp_5x30", "two_models/mlp_5x30", 10, 20, 0.8578),
        Net("small_28", "dense/small_28", 10, 120, 0.4242),
        Net("cnn_20_40_60", "two_models/cnn_20_40_60", 3, 20, 0.2427, convolves=True),
        Net("step7_augmentation", "seven_steps/step7_augmentation", 2, 20, 0.0338, convolves=True),
        Net("rotate20_10_epochs", "augmented_cnn/rotate20_10_epochs", 2, 10, 0.0447, convolves=True, skips=5000),
    )
}
