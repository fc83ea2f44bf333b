"""Pixels come out on the scale 0..255, or are refused; a network never sees nearly black images."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mnist_lab import datasets
from mnist_lab.datasets.dataset import ROLES, Raw
from mnist_lab.datasets.scale import to_bytes
from mnist_lab.errors import DataError
from tests.datasets.dataset_files import arrays, write_idx, write_npz


@pytest.fixture
def data():
    """Images with black and white in each, as in MNIST."""
    made = arrays()
    for part in ("train", "test"):
        made[f"x_{part}"][:, 0, 0], made[f"x_{part}"][:, 0, 1] = 0, 255
    return made


def _pictures(root, data):
    for part in ("train", "test"):
        for n, (image, label) in enumerate(zip(data[f"x_{part}"], data[f"y_{part}"], strict=True)):
            folder = root / part / str(label)
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image[..., 0]).save(folder / f"{n:03}.png")
    return root


WRITERS = {
    "npz": lambda path, data: write_npz(path / "a.npz", data),
    "idx": write_idx,
    "pictures": _pictures,
}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
@pytest.mark.parametrize("top", [1, 3, 15, 16, 63])
def test_integers_on_a_smaller_scale_are_spread_with_a_note(tmp_path, data, write, top):
    small = {role: np.rint(a / 255 * top).astype(np.uint8) if role[0] == "x" else a for role, a in data.items()}
    loaded = datasets.load(str(write(tmp_path / "mine", small)))
    assert f"The pixels, 0 to {top}, were scaled from 0..{top} to 0..255." in loaded.notes
    assert (loaded.x_train.min(), loaded.x_train.max(), loaded.x_test.max()) == (0, 255, 255)
    whole = datasets.load(str(write(tmp_path / "whole", data)))
    assert (loaded.white, whole.white) == (top, 255)
    assert np.abs(loaded.x_train.astype(int) - whole.x_train).max() <= 127 / top + 1


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_fractions_of_one_become_the_bytes_that_they_were(tmp_path, data, dtype):
    small = {role: (a / 255).astype(dtype) if role[0] == "x" else a for role, a in data.items()}
    loaded = datasets.load(str(write_npz(tmp_path / "a.npz", small)))
    np.testing.assert_array_equal(loaded.x_train, data["x_train"])
    np.testing.assert_array_equal(loaded.x_test, data["x_test"])
    assert loaded.notes == ("The pixels, 0 to 1, were scaled from 0..1 to 0..255.",)


def test_true_and_false_are_white_and_black(tmp_path, data):
    small = {role: a > 127 if role[0] == "x" else a for role, a in data.items()}
    loaded = datasets.load(str(write_npz(tmp_path / "a.npz", small)))
    np.testing.assert_array_equal(loaded.x_train, 255 * (data["x_train"] > 127))


def test_the_hash_is_that_of_the_pixels_that_the_network_sees(tmp_path, data):
    ones = {role: (a > 127).astype(np.uint8) if role[0] == "x" else a for role, a in data.items()}
    full = {role: 255 * a if role[0] == "x" else a for role, a in ones.items()}
    first, second = (datasets.load(str(write_npz(tmp_path / n, d))) for n, d in (("a.npz", ones), ("b.npz", full)))
    assert first.sha256 == second.sha256
    assert second.notes == ()


LEGITIMATE = {
    "bytes": lambda a: a,
    "black and white": lambda a: 255 * (a > 127).astype(np.uint8),
    "dim": lambda a: (a // 255 * 200 + a % 255 * 0.78).astype(np.uint8),
    "light on grey": lambda a: 100 + a // 2,
    "half of the scale": lambda a: a // 3,
}


@pytest.mark.parametrize("name", LEGITIMATE)
def test_pixels_on_the_whole_scale_stay_unchanged_without_a_note(tmp_path, data, name):
    changed = {role: LEGITIMATE[name](a) if role[0] == "x" else a for role, a in data.items()}
    loaded = datasets.load(str(write_npz(tmp_path / "a.npz", changed)))
    np.testing.assert_array_equal(loaded.x_train, changed["x_train"])
    assert loaded.notes == ()


def test_some_black_images_cause_no_note(tmp_path, data):
    data["x_train"][:20] = 0
    assert datasets.load(str(write_npz(tmp_path / "a.npz", data))).notes == ()


def test_images_that_are_all_black_are_reported(tmp_path, data):
    black = {role: 0 * a if role[0] == "x" else a for role, a in data.items()}
    loaded = datasets.load(str(write_npz(tmp_path / "a.npz", black)))
    assert loaded.notes == ("All images are black.",)
    assert not loaded.x_train.any()


def test_fractions_on_the_whole_scale_are_rounded_with_a_note(tmp_path, data):
    changed = {**data, "x_train": np.clip(data["x_train"] - 0.25, 0, None)}
    loaded = datasets.load(str(write_npz(tmp_path / "a.npz", changed)))
    np.testing.assert_array_equal(loaded.x_train, data["x_train"])
    assert loaded.notes == (f"{tmp_path / 'a.npz'}, x_train: the pixels have fractions and were rounded.",)


@pytest.mark.parametrize("part", ["train", "test"])
@pytest.mark.parametrize("factor", [0, 1 / 255, 16 / 255, 60 / 255])
def test_parts_on_different_scales_are_refused_with_both_ranges(tmp_path, data, part, factor):
    data[f"x_{part}"] = np.rint(data[f"x_{part}"] * factor).astype(np.uint8)
    low = 255 * factor
    with pytest.raises(DataError, match=rf"different ranges of pixels[\s\S]*0 to {low:g} in .*x_{part}"):
        datasets.load(str(write_npz(tmp_path / "a.npz", data)))


def test_a_few_nearly_black_images_are_counted_and_most_of_them_refused(tmp_path, data):
    data["x_train"][3:8] //= 255
    loaded = datasets.load(str(write_npz(tmp_path / "a.npz", data)))
    assert loaded.notes == (
        f"{tmp_path / 'a.npz'}, x_train: 5 of 30 images are nearly black, with a brightest pixel of at most 16 of 255,"
        " such as that of row 3.",
    )
    data["x_train"][8:20] //= 255
    with pytest.raises(DataError, match=r"x_train: 17 of 30 images are nearly black, .* but others reach 255"):
        datasets.load(str(write_npz(tmp_path / "b.npz", data)))


@given(st.integers(1, 255), st.integers(1, 255), st.integers(0, 3))
def test_what_comes_out_reaches_a_quarter_of_the_scale_or_is_refused(train, test, seed):
    generator = np.random.default_rng(seed)
    parts = {}
    for role, top in (("x_train", train), ("x_test", test)):
        parts[role] = generator.integers(0, top + 1, (4, 3, 3, 1), np.uint8)
        parts[role][:, 0, 0] = top
    raw = Raw({**parts, "y_train": np.zeros(4), "y_test": np.zeros(4)}, dict.fromkeys(ROLES, "here"), (), "here")
    try:
        scaled, _, notes = to_bytes(raw)
    except DataError:
        assert 4 * min(train, test) < max(train, test)
        return
    assert max(part.max() for part in scaled.values()) >= 64
    assert min(part.max() for part in scaled.values()) >= 16
    if not notes:
        for role, part in scaled.items():
            np.testing.assert_array_equal(part, parts[role])
