"""Dropout masks on JAX: like Keras' own except for the random numbers behind them."""

import json
import os
import subprocess
import sys

import pytest

PROGRAM = """
import json, keras, numpy as np
from mnist_lab.training.steps.jax_dropout import hashed, hashed_dropout

def masks(layer, shape, steps):
    with hashed_dropout():
        return np.stack([np.asarray(layer(keras.ops.ones(shape), training=True)) for _ in range(steps)])

drawn = masks(keras.layers.Dropout(0.2, seed=1), (128, 512), 20)
other = masks(keras.layers.Dropout(0.2, seed=2), (128, 512), 20)
outside = keras.layers.Dropout(0.2, seed=1)
channels = masks(keras.layers.SpatialDropout2D(0.5, seed=1), (64, 5, 5, 16), 1)[0]
kept = drawn > 0
bits = np.asarray(hashed(keras.random.SeedGenerator(7).next(), 1 << 20))
print(json.dumps({
    "values": sorted(set(drawn.ravel().tolist())),
    "share": float(kept.mean()),
    "steps": float(np.corrcoef(kept[0].ravel(), kept[1].ravel())[0, 1]),
    "neighbours": float(np.corrcoef(kept[0].ravel()[1:], kept[0].ravel()[:-1])[0, 1]),
    "layers": float(np.corrcoef(kept[0].ravel(), (other[0] > 0).ravel())[0, 1]),
    "again": bool((masks(keras.layers.Dropout(0.2, seed=1), (128, 512), 20) == drawn).all()),
    "outside": bool((np.asarray(outside(keras.ops.ones((128, 512)), training=True)) == drawn[0]).all()),
    "whole_channels": bool((channels == channels[:, :1, :1]).all()),
    "bits": [float((bits >> i & 1).mean()) for i in range(32)],
    "all": bool((masks(keras.layers.Dropout(0.0), (2, 2), 1) == 1).all()),
}))
"""


@pytest.fixture(scope="module")
def found():
    known = os.environ | {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=known, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_what_is_kept_is_scaled_so_that_the_mean_stays(found):
    assert found["values"] == [0, 1.25]


def test_as_many_are_kept_as_the_rate_says(found):
    assert found["share"] == pytest.approx(0.8, abs=0.002)  # 5.7 standard deviations of 1.3 million


@pytest.mark.parametrize("pair", ["steps", "neighbours", "layers"])
def test_masks_are_uncorrelated(found, pair):
    assert abs(found[pair]) < 0.02  # 5 standard deviations of 65,536 pairs


def test_the_same_seed_gives_the_same_masks(found):
    assert found["again"]


def test_elsewhere_dropout_is_that_of_keras(found):
    assert not found["outside"]


def test_spatial_dropout_keeps_or_drops_whole_channels(found):
    assert found["whole_channels"]


def test_every_bit_is_set_half_of_the_time(found):
    assert found["bits"] == pytest.approx([0.5] * 32, abs=0.003)  # 6 standard deviations of a million


def test_a_rate_of_zero_keeps_all(found):
    assert found["all"]
