import os

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from mnist_lab.augmentation import geometry, layers
from mnist_lab.augmentation.geometry import GEOMETRY, sample
from mnist_lab.augmentation.layer import grid
from mnist_lab.config.augmentations import (
    AUGMENTATIONS,
    Augmentation,
    Brightness,
    Contrast,
    Elastic,
    Erase,
    Geometric,
    Noise,
    Rotation,
    Shear,
    Shift,
    Zoom,
)
from mnist_lab.errors import ConfigError

ONE_OF_EACH = (
    Rotation(degrees=20.0), Shift(fraction=0.1), Zoom(fraction=0.2), Shear(degrees=15.0), Elastic(alpha=1.0, sigma=4.0),
    Brightness(delta=0.2), Contrast(factor=0.5), Noise(std=0.1), Erase(fraction=0.1),
)  # fmt: skip
EACH = [pytest.param(item, id=item.key) for item in ONE_OF_EACH]
GEOMETRIC = [item for item in ONE_OF_EACH if isinstance(item, Geometric)]


def noisy(count: int, height: int = 28, width: int = 28, channels: int = 1) -> np.ndarray:
    pixels = np.random.default_rng(0).uniform(0, 255, (count, height, width, channels))
    return pixels.astype("float32")


def augmented(augment, images: np.ndarray, seed: int = 1, training: bool = True) -> np.ndarray:
    for layer in layers(augment, seed=seed):
        images = layer(images, training=training)
    return ops.convert_to_numpy(images)


def moved(item: Geometric, images: np.ndarray, first: float = 0.0, second: float = 0.0) -> np.ndarray:
    """Every image as `item` changes it when it draws these amounts."""
    amounts = [ops.full((len(images), 1, 1, 1), amount) for amount in (first, second)]
    if isinstance(item, Elastic):
        amounts = [ops.broadcast_to(amount, (*images.shape[:3], 1)) for amount in amounts]
    y, x = GEOMETRY[type(item)](item, *grid(images), *amounts)
    images = ops.convert_to_tensor(images)
    return ops.convert_to_numpy(sample(images, y, x, fill=item.fill, interpolation=item.interpolation))


class AlwaysTraining(keras.layers.Layer):
    """Lets `predict` compile what training would."""

    def __init__(self, augmentation: list[keras.layers.Layer]) -> None:
        super().__init__()
        self.augmentation = augmentation

    def call(self, images):
        for layer in self.augmentation:
            images = layer(images, training=True)
        return images


def changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    return (before != after).any(axis=(1, 2, 3))


def small_model(augment: tuple[Augmentation, ...]) -> keras.Sequential:
    network = [keras.layers.Rescaling(1 / 255), keras.layers.Conv2D(4, 3), keras.layers.GlobalAveragePooling2D()]
    model = keras.Sequential(
        [keras.Input((28, 28, 1)), *layers(augment, seed=3), *network, keras.layers.Dense(10, "softmax")]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def test_every_augmentation_of_the_configuration_has_an_example_here():
    assert {type(item) for item in ONE_OF_EACH} == set(AUGMENTATIONS)


@pytest.mark.parametrize("item", EACH)
def test_every_augmentation_is_built_and_changes_every_image(item):
    images = noisy(8)
    assert changed(images, augmented([item], images)).all()


@pytest.mark.parametrize("item", EACH)
def test_nothing_changes_outside_training(item):
    images = noisy(8)
    np.testing.assert_array_equal(augmented([item], images, training=False), images)


@pytest.mark.parametrize("item", EACH)
def test_probability_0_changes_no_image(item):
    images = noisy(64)
    never = item.model_copy(update={"probability": 0.0})
    np.testing.assert_array_equal(augmented([never], images), images)


@pytest.mark.parametrize("item", EACH)
def test_probability_one_half_changes_about_half_of_the_images_and_leaves_the_others_bit_identical(item):
    images = noisy(400)
    sometimes = item.model_copy(update={"probability": 0.5})
    assert 160 <= changed(images, augmented([sometimes], images)).sum() <= 240  # four standard deviations


@pytest.mark.every_backend
def test_when_compiled_each_augmentation_draws_for_itself_and_an_image_that_none_draws_stays_bit_identical():
    images = noisy(2000, 8, 8)
    augment = [item.model_copy(update={"probability": 0.3}) for item in ONE_OF_EACH]
    model = keras.Sequential([keras.Input((8, 8, 1)), AlwaysTraining(layers(augment, seed=1))])
    unchanged = ~changed(images, model.predict(images, batch_size=500, verbose=0))
    assert 45 <= unchanged.sum() <= 117  # 2000 * 0.7**9 is 81, four standard deviations


@pytest.mark.parametrize("item", EACH)
def test_each_image_draws_for_itself(item):
    images = np.repeat(noisy(1), 6, axis=0)
    results = augmented([item], images)
    assert len({result.tobytes() for result in results}) == 6


@pytest.mark.parametrize("item", EACH)
def test_equal_seeds_give_equal_images_and_other_seeds_others(item):
    images = noisy(4)
    first, again, other = (augmented([item], images, seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert changed(first, other).all()


def test_the_largest_seed_of_a_configuration_is_accepted():
    assert changed(noisy(4), augmented([Noise(std=0.1)], noisy(4), seed=2**32 - 1)).all()


def test_two_layers_of_a_run_draw_different_numbers():
    images = np.full((1, 8, 8, 1), 127, "float32")
    first, second = layers([Noise(std=0.1), Noise(std=0.1)], seed=1)
    assert changed(
        ops.convert_to_numpy(first(images, training=True)), ops.convert_to_numpy(second(images, training=True))
    ).all()


@pytest.mark.every_backend
def test_restoring_a_models_variables_restores_what_its_augmentation_draws_next():
    model, images = small_model((Shift(fraction=0.1), Noise(std=0.1))), noisy(4)
    geometric, pixels = model.layers[:2]

    def drawn() -> np.ndarray:
        return ops.convert_to_numpy(pixels(geometric(images, training=True), training=True))

    drawn()
    kept = [ops.copy(variable.value) for variable in model.variables]
    second, third = drawn(), drawn()
    for variable, value in zip(model.variables, kept, strict=True):
        variable.assign(value)
    assert changed(second, third).all()
    np.testing.assert_array_equal(drawn(), second)


def test_all_augmentations_together_keep_shape_type_and_range():
    images = noisy(32, 20, 24, 3)
    results = augmented(ONE_OF_EACH, images)
    assert results.shape == images.shape
    assert results.dtype == np.float32
    assert results.min() >= 0
    assert results.max() <= 255


def test_bytes_are_accepted_as_they_come_from_the_file():
    images = noisy(4).astype("uint8")
    np.testing.assert_array_equal(augmented(ONE_OF_EACH, images), augmented(ONE_OF_EACH, images.astype("float32")))


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_a_mixed_precision_policy_does_not_coarsen_the_images(policy):
    images = noisy(4)
    expected = augmented(ONE_OF_EACH, images)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        results = augmented(ONE_OF_EACH, images)
    finally:
        keras.config.set_dtype_policy(before)
    assert results.dtype == np.float32
    np.testing.assert_array_equal(results, expected)


@pytest.mark.every_backend
def test_a_model_with_all_augmentations_compiles_and_trains():
    model = small_model(ONE_OF_EACH)
    history = model.fit(noisy(256), np.arange(256) % 10, batch_size=96, verbose=0)  # the last batch is smaller
    assert np.isfinite(history.history["loss"]).all()
    assert model.supports_jit
    assert all(layer.supports_jit for layer in model.layers)
    if keras.backend.backend() == "jax":
        assert model.jit_compile


def test_geometric_augmentations_are_one_layer_at_the_place_of_the_first():
    augment = [Noise(std=0.1), Shift(fraction=0.1), Contrast(factor=0.1), Rotation(degrees=5.0)]
    assert [type(layer).__name__ for layer in layers(augment, seed=1)] == ["Pixels", "Geometry", "Pixels"]


def test_no_augmentation_adds_no_layer():
    assert layers([], seed=1) == []


def test_geometric_augmentations_are_applied_in_the_order_written(monkeypatch):
    monkeypatch.setattr(geometry, "amounts", lambda *_: (ops.ones((1, 1, 1, 1)), ops.ones((1, 1, 1, 1))))
    shift = Shift(fraction=0.25, interpolation="nearest")
    turn = Rotation(degrees=90.0, interpolation="nearest")
    image = noisy(1, 8, 8)
    shifted = np.zeros_like(image)
    shifted[:, 2:, 2:] = image[:, :-2, :-2]
    turned = np.rot90(image, axes=(1, 2))
    shifted_after = np.zeros_like(image)
    shifted_after[:, 2:, 2:] = turned[:, :-2, :-2]
    np.testing.assert_array_equal(augmented([shift, turn], image), np.rot90(shifted, axes=(1, 2)))
    np.testing.assert_array_equal(augmented([turn, shift], image), shifted_after)


@pytest.mark.every_backend
@pytest.mark.parametrize("size", [7, 8])
def test_rotation_by_90_degrees_is_a_quarter_turn_counter_clockwise(size):
    images = noisy(2, size, size, 2)
    expected = np.rot90(images, axes=(1, 2))
    nearest = moved(Rotation(degrees=90.0, interpolation="nearest"), images, 1.0)
    np.testing.assert_array_equal(nearest, expected)
    np.testing.assert_allclose(moved(Rotation(degrees=90.0), images, 1.0), expected, atol=1e-2)


@settings(deadline=None, max_examples=25)
@given(st.integers(-6, 6), st.integers(-5, 5), st.sampled_from(["nearest", "bilinear"]), st.floats(0, 255, width=32))
def test_shift_by_whole_pixels_moves_them_down_and_right_and_fills_the_rest(down, right, interpolation, fill):
    height, width = 6, 5
    images = noisy(2, height, width)
    padded = np.pad(images, ((0, 0), (height, height), (width, width), (0, 0)), constant_values=fill)
    expected = padded[:, height - down : 2 * height - down, width - right : 2 * width - right]
    item = Shift(fraction=0.5, fill=fill, interpolation=interpolation)
    result = moved(item, images, down / (0.5 * height), right / (0.5 * width))
    np.testing.assert_allclose(result, expected, atol=1e-3)


@pytest.mark.every_backend
def test_at_the_border_bilinear_interpolation_blends_with_the_fill_value():
    images = np.full((1, 4, 4, 1), 200, "float32")
    result = moved(Shift(fraction=0.125, fill=100.0), images, 1.0)
    np.testing.assert_array_equal(result[0, :, 0, 0], [150, 200, 200, 200])


def test_zoom_by_one_half_halves_the_size_around_the_centre():
    images = noisy(1, 5, 5)
    expected = np.full_like(images, 9)
    expected[:, 1:4, 1:4] = images[:, ::2, ::2]
    np.testing.assert_array_equal(moved(Zoom(fraction=0.5, fill=9.0), images, -1.0), expected)


def test_shear_by_45_degrees_moves_each_row_by_its_height_over_the_middle():
    images = noisy(1, 3, 3)
    expected = np.zeros_like(images)
    expected[:, 0, 1:], expected[:, 1], expected[:, 2, :2] = images[:, 0, :2], images[:, 1], images[:, 2, 1:]
    np.testing.assert_array_equal(moved(Shear(degrees=45.0, interpolation="nearest"), images, 1.0), expected)


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(GEOMETRIC), st.integers(1, 9), st.integers(1, 9), st.sampled_from(["nearest", "bilinear"]))
def test_an_amount_of_0_leaves_images_of_any_size_bit_identical(item, height, width, interpolation):
    images = noisy(2, height, width, 3)
    still = item.model_copy(update={"interpolation": interpolation, "fill": 77.0})
    np.testing.assert_array_equal(moved(still, images), images)


@pytest.mark.parametrize("sigma", [1.0, 4.0, 50.0])
def test_elastic_displaces_by_alpha_pixels_at_the_border_as_in_the_middle_whatever_sigma_is(sigma):
    images = noisy(1500, 12, 16)
    noise = np.random.default_rng(1).uniform(-1, 1, (2, 1500, 12, 16, 1)).astype("float32")
    y, x = grid(images)
    moved_y, moved_x = GEOMETRY[Elastic](Elastic(alpha=2.0, sigma=sigma), y, x, *map(ops.convert_to_tensor, noise))
    for displacement in (moved_y - y, moved_x - x):
        spread = ops.convert_to_numpy(displacement).std(axis=0)
        np.testing.assert_allclose(spread, 2.0, rtol=0.12)


def test_elastic_displaces_neighbours_alike_the_more_so_the_larger_sigma():
    noise = np.random.default_rng(1).uniform(-1, 1, (200, 28, 28, 1)).astype("float32")
    y, x = grid(noise)
    noise = ops.convert_to_tensor(noise)

    def likeness(sigma: float) -> float:
        displacement = ops.convert_to_numpy(
            GEOMETRY[Elastic](Elastic(alpha=1.0, sigma=sigma), y, x, noise, noise)[0] - y
        )
        return float(np.mean(displacement[:, 8:20, 8:19] * displacement[:, 8:20, 9:20]))

    # Noise that a Gaussian smooths has the autocorrelation exp(-distance**2 / (4 sigma**2)).
    assert likeness(1.0) == pytest.approx(np.exp(-1 / 4), abs=0.05)
    assert likeness(3.0) == pytest.approx(np.exp(-1 / 36), abs=0.05)


def test_an_elastic_displacement_of_half_the_image_is_refused_with_the_scale_explained():
    with pytest.raises(ConfigError, match=r"less than 14, half of the image, received 34") as error:
        small_model((Elastic(alpha=34.0, sigma=4.0),))
    assert "alpha 1.4 with sigma 4 here" in str(error.value)


def test_rotation_stays_within_its_degrees_either_way():
    line = np.zeros((300, 41, 41, 1), "float32")
    line[:, 20, 21:] = 255
    results = augmented([Rotation(degrees=30.0)], line)[..., 0]
    y, x = np.mgrid[20:-21:-1, -20:21]
    angles = np.degrees(np.arctan2((results * y).sum((1, 2)), (results * x).sum((1, 2))))
    assert angles.min() == pytest.approx(-30, abs=1)
    assert angles.max() == pytest.approx(30, abs=1)


def test_brightness_adds_one_value_to_all_pixels_up_to_its_fraction_of_the_range():
    images = np.full((300, 4, 4, 1), 127, "float32")
    difference = augmented([Brightness(delta=0.2)], images) - images
    assert np.ptp(difference, axis=(1, 2, 3)).max() == 0
    assert difference.min() == pytest.approx(-51, abs=1)
    assert difference.max() == pytest.approx(51, abs=1)


def test_contrast_scales_the_distances_from_the_mean():
    images = np.tile(np.array([100, 150], "float32").reshape(1, 1, 2, 1), (300, 2, 1, 1))
    results = augmented([Contrast(factor=0.4)], images)
    np.testing.assert_allclose(results.mean(axis=(1, 2, 3)), 125, atol=1e-3)
    factors = np.ptp(results, axis=(1, 2, 3)) / 50
    assert factors.min() == pytest.approx(0.6, abs=0.02)
    assert factors.max() == pytest.approx(1.4, abs=0.02)


def test_noise_has_the_configured_standard_deviation():
    images = np.full((50, 28, 28, 1), 127, "float32")
    difference = augmented([Noise(std=0.1)], images) - images
    assert difference.mean() == pytest.approx(0, abs=0.5)
    assert difference.std() == pytest.approx(25.5, rel=0.02)


@pytest.mark.parametrize("fraction", [0.1, 0.6])
def test_erase_blackens_one_rectangle_inside_the_image_of_about_its_fraction(fraction):
    images = np.full((500, 40, 40, 1), 200, "float32")
    black = augmented([Erase(fraction=fraction)], images)[..., 0] == 0
    heights, widths = black.any(axis=2).sum(axis=1), black.any(axis=1).sum(axis=1)
    np.testing.assert_array_equal(black.sum(axis=(1, 2)), heights * widths)
    assert black.mean() == pytest.approx(fraction, rel=0.02)
    assert black.mean(axis=(1, 2)).min() > 0.75 * fraction
    assert (heights / widths).max() == pytest.approx(min(10 / 3, 1 / fraction), rel=0.2)
    assert black.any(axis=(0, 1)).all()
    assert black.any(axis=(0, 2)).all()


@pytest.mark.every_backend
def test_the_backend_is_the_one_asked_for():
    assert keras.backend.backend() == os.environ.get("MNIST_LAB_TEST_BACKEND", "tensorflow")
