"""The names of items in YAML are part of the file format and of fingerprints, and follow from those of the classes."""

from collections.abc import Iterable

import pytest

from mnist_lab.config.augmentations import AUGMENTATIONS
from mnist_lab.config.initializers import INITIALIZERS, REGULARIZERS
from mnist_lab.config.layers import LAYERS
from mnist_lab.config.schedules import SCHEDULES
from mnist_lab.config.schema import PREPROCESSINGS
from mnist_lab.config.searches import file as searches
from mnist_lab.config.spec import Item
from mnist_lab.config.sweeps import file as sweeps


@pytest.mark.parametrize(
    ("kinds", "keys"),
    [
        (
            LAYERS,
            "conv depthwise_conv separable_conv max_pool average_pool global_average_pool global_max_pool zero_pad "
            "batch_norm layer_norm dropout spatial_dropout activation flatten rows dense residual",
        ),
        (
            INITIALIZERS,
            "glorot_uniform glorot_normal he_uniform he_normal lecun_uniform lecun_normal zeros ones orthogonal "
            "random_normal truncated_normal random_uniform variance_scaling",
        ),
        (REGULARIZERS, "l1 l2 l1_l2"),
        (AUGMENTATIONS, "rotation shift zoom shear elastic brightness contrast noise erase"),
        (SCHEDULES, "step exponential cosine one_cycle warmup plateau"),
        (PREPROCESSINGS, "rescale none standardize"),
        (sweeps.DISTRIBUTIONS, "uniform log_uniform int choice"),
        (searches.DISTRIBUTIONS, "uniform log_uniform int choice"),
    ],
)
def test_the_keys_of_items_stay_what_they_are(kinds: Iterable[type[Item]], keys: str) -> None:
    assert {kind.key for kind in kinds} == set(keys.split())
