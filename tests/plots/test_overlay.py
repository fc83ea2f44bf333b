"""The figures that compare a few runs: overlaid curves, and the images that tell two networks apart."""

from math import inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_lab import plots
from mnist_lab.plots.disputed import SHOWN

IMAGES = np.random.default_rng(1).integers(0, 256, (60, 28, 28, 1), dtype=np.uint8)
CLASSES = [str(n) for n in range(10)]


def history(last=0.98, epochs=5, *, validation=True):
    rows = [{"epoch": n, "loss": 1 / n, "accuracy": last + 0.01 - 0.5 / n**2} for n in range(1, epochs + 1)]
    return [row | ({"val_loss": 1.1 / n, "val_accuracy": last - 0.5 / n**2} if validation else {}) for n, row in
            enumerate(rows, 1)]  # fmt: skip


def texts(figure):
    return [text.get_text() for text in figure.texts + [text for axes in figure.axes for text in axes.texts]]


def half(count, **changes):
    facts = {
        "heading": "these", "legend": "so", "images": IMAGES[:count], "labels": [n % 10 for n in range(count)],
        "predicted": [(n + 1) % 10 for n in range(count)], "notes": [f"note {n}" for n in range(count)],
    }  # fmt: skip
    return plots.Half(**facts | changes)


@pytest.mark.parametrize("sides", [2, 6, 12, 20])
def test_every_side_is_told_from_the_others_without_colour(sides):
    figure = plots.overlay({f"side {n}": [history(0.9 + n / 1000)] for n in range(sides)}, title="many")
    for axes in figure.axes:
        looks = [
            (line.get_marker(), line.get_markerfacecolor() in ("white", "w"), line.is_dashed()) for line in axes.lines
        ]
        assert len(looks) == 2 * sides
        assert len(set(looks)) == 2 * sides


def test_validation_is_solid_training_dashed_and_each_is_named_with_its_last_value():
    figure = plots.overlay({"base": [history(0.98)], "arm": [history(0.97)]}, title="two")
    said = texts(figure)
    for expected in ("0.9600  base", "0.9700  base, training", "0.9500  arm", "0.9600  arm, training", "0.2200  arm"):
        assert expected in said
    accuracy = figure.axes[0]
    solid = [line.get_ydata()[-1] for line in accuracy.lines if not line.is_dashed()]
    assert sorted(solid) == pytest.approx([0.95, 0.96])


def test_seeds_are_their_mean_with_a_band_of_validation():
    figure = plots.overlay({"base": [history(0.98), history(0.96)], "arm": [history()]}, title="seeds")
    accuracy = figure.axes[0]
    assert len(accuracy.collections) == 1
    assert any(line.get_ydata()[-1] == pytest.approx(0.95) for line in accuracy.lines)
    assert any("line: mean; band: range over 1 to 2 seeds" in text for text in texts(figure))


@settings(max_examples=6)
@given(
    st.lists(
        st.lists(
            st.tuples(*[st.one_of(st.floats(0, 1), st.sampled_from([None, nan, inf, 0.0, 1.0]))] * 4), max_size=4
        ),
        min_size=1, max_size=3,
    ),
    st.booleans(),
)  # fmt: skip
def test_any_histories_can_be_drawn(tmp_path_factory, sides, validation):
    keys = ("loss", "accuracy", "val_loss", "val_accuracy")[: 4 if validation else 2]
    curves = {
        f"side {n}": [[{"epoch": i, **dict(zip(keys, row, strict=False))} for i, row in enumerate(rows, 1)]]
        for n, rows in enumerate(sides)
    }
    figure = plots.overlay(curves, title="any")
    assert plots.save(figure, tmp_path_factory.mktemp("any") / "any.png").is_file()


@pytest.mark.parametrize("count", [0, 1, 19, 20, 21, 60])
def test_the_first_images_of_each_side_are_shown_as_they_are(count):
    figure = plots.disputed((half(count), half(3)), CLASSES, title="digits")
    [axes] = figure.axes
    shown = min(count, SHOWN)
    assert len(axes.images) == shown + 3
    for image, pixels in zip(axes.images, [*IMAGES[:shown], *IMAGES[:3]], strict=True):
        assert (image.get_array() == pixels[..., 0]).all()
    said = texts(figure)
    assert [text for text in said if text.startswith("note")] == [f"note {n}" for n in [*range(shown), 0, 1, 2]]
    width, height = figure.get_size_inches()
    for image in axes.images:
        left, right, bottom, top = image.get_extent()
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height


def test_long_class_names_are_written_whole():
    names = ["T-shirt/top", "Ankle boot"]
    figure = plots.disputed((half(2, labels=[0, 1], predicted=[1, 0]), half(0)), names, title="clothes")
    assert {"T-shirt/top", "as Ankle boot", "Ankle boot", "as T-shirt/top"} < set(texts(figure))
