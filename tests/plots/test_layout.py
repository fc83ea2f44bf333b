"""Claims about where the texts of every figure are: none covers another, none is cut, whatever a run or a name is."""

from math import inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_lab import plots
from mnist_lab.plots.style import WIDTH, headline, new_figure, styled
from mnist_lab.plots.wrapping import ELLIPSIS, fitted, text_width
from tests.plots.layout import outside, overlaps, words

LONG = "sweeps/learning_rate=0.0003,dropout=0.25,nodes=1024-1024-512,a_long_name (once more, on the old machine)"
NAMES = ["a", "mlp_512", "Größe=512 Ω", "обучение", LONG]
name = st.sampled_from(NAMES) | st.text("abcÄж_-=./ ()[]", min_size=1, max_size=60).filter(str.strip)
accuracies = st.floats(0, 1) | st.sampled_from([nan, inf, None, 0.0, 0.1, 0.999, 1.0])
losses = st.floats(1e-6, 1e4) | st.sampled_from([nan, inf, None])


def clean(figure):
    assert overlaps(figure) == []
    assert outside(figure) == []


def rows(epochs, seed=0, best=0.98):
    noise = np.random.default_rng(seed).normal(0, 0.002, (epochs + 1, 2))
    return [
        {
            "epoch": n, "loss": 2 / n, "accuracy": float(np.clip(best + 0.01 - 0.8 / (n + 1) + noise[n][0], 0, 1)),
            "val_loss": 2 / n + 0.05, "val_accuracy": float(np.clip(best - 0.8 / (n + 1) + noise[n][1], 0, 1)),
        }
        for n in range(1, epochs + 1)
    ]  # fmt: skip


def pictures(n, *shape):
    return np.random.default_rng(0).integers(0, 256, (n, *shape), dtype=np.uint8)


# Text that must fit


@settings(max_examples=25)
@given(st.text(max_size=120), st.floats(0.5, 6), st.integers(1, 3), st.sampled_from(["normal", "bold"]))
def test_fitted_text_has_no_more_lines_and_no_wider_ones_than_asked_for(text, inches, lines, weight):
    found = fitted(text, inches, 9.5, weight=weight, lines=lines).split("\n")
    assert len(found) <= lines
    assert all(text_width(line, 9.5, weight) <= inches for line in found)


@settings(max_examples=20)
@given(st.text("abc ,()/_", max_size=60))
def test_text_that_fits_is_written_whole(text):
    whole = " ".join(text.split())
    assert fitted(text, 20.0, 9.5) == whole
    broken = fitted(text, text_width(whole, 9.5) * 0.75 + 0.5, 9.5, lines=3)
    assert ELLIPSIS in broken or "".join(broken.split()) == "".join(whole.split())


def test_a_title_is_broken_after_punctuation_and_not_within_parentheses():
    text = "no_rescale, seed 1, Fashion-MNIST (a copy of ours), 12,000 rows"
    assert fitted(text, 0.75 * text_width(text, 10), 10, lines=2) == (
        "no_rescale, seed 1,\nFashion-MNIST (a copy of ours), 12,000 rows"
    )


def test_a_title_is_not_broken_within_a_number():
    text = "no_rescale, seed 1: 1,412 of 10,000 wrong"
    whole = text.split()
    for share in np.arange(0.4, 1.0, 0.02):
        found = fitted(text, share * text_width(text, 10), 10, lines=3)
        assert ELLIPSIS in found or found.split() == whole


def test_what_does_not_fit_is_left_out_in_the_middle():
    found = fitted(f"{'a long name ' * 20}: 12 of 100 wrong", 4.0, 10, lines=2)
    assert found.startswith("a long name")
    assert found.endswith("12 of 100 wrong")
    assert ELLIPSIS in found


@settings(max_examples=5)
@given(name, st.sampled_from([3.0, WIDTH, 7.5]))
def test_a_title_of_any_name_stays_within_its_figure(text, width):
    @styled
    def titled():
        figure = new_figure(width)
        headline(figure, f"{text}: validation accuracy, {text}")
        return figure

    clean(titled())


# Figures of a run


@settings(max_examples=4, deadline=None)
@given(name, st.sampled_from([1, 2, 5, 12, 37, 300]), st.sampled_from([0.11, 0.9, 0.98, 1.0]), st.booleans())
def test_no_text_covers_another_in_the_curves_of_any_run(text, epochs, best, validation):
    history = rows(epochs, best=best)
    if not validation:
        history = [{key: row[key] for key in ("epoch", "loss", "accuracy")} for row in history]
    reference = {"train_accuracy": 0.9918, "best_train_accuracy": 0.992, "test_accuracy": 0.9799, "test_loss": 0.07}
    position = np.arange(1, 20 * epochs + 1) / 20
    batches = {"epoch": position, "loss": 2 / position, "accuracy": np.clip(1 - 0.9 / (1 + position), 0, 1)}
    extra = {"title": text, "validation_name": "test", "reference": reference, "best_epoch": epochs}
    clean(plots.accuracy(history, test=best, **extra))
    clean(plots.loss(history, test=0.1, **extra))
    clean(plots.curves(history, batches, title=text, validation_name="test"))


@settings(max_examples=3, deadline=None)
@given(st.lists(st.tuples(losses, accuracies, losses, accuracies), min_size=1, max_size=9), name)
def test_no_text_covers_another_whatever_the_history_holds(values, text):
    keys = ("loss", "accuracy", "val_loss", "val_accuracy")
    history = [{"epoch": n, **dict(zip(keys, row, strict=True))} for n, row in enumerate(values, 1)]
    clean(plots.accuracy(history, title=text, test=0.5))
    clean(plots.curves(history, None, title=text))


@pytest.mark.parametrize(("classes", "text"), [(1, "7"), (2, LONG), (10, "7"), (10, LONG), (47, LONG)])
def test_no_class_name_covers_another_or_a_count(classes, text):
    names = [f"{text}{n}" for n in range(classes)]
    matrix = np.diag(np.full(classes, 888)) + np.diag(np.full(classes - 1, 88), 1)
    clean(plots.confusion(matrix, names, title=LONG))
    clean(plots.sample_grid(pictures(classes * 3, 8, 8), np.arange(classes * 3) % classes, names, title=LONG))


@pytest.mark.parametrize(
    ("shape", "names"),
    [((28, 28), [str(n) for n in range(10)]), ((8, 20, 3), [LONG] * 10)],
    ids=["grey", "colour, wide"],
)
def test_no_text_covers_another_beside_images(shape, names):
    images, labels = pictures(20, *shape), np.arange(20) % 10
    clean(plots.predictions(images, labels, labels[::-1], np.full(20, 0.999), names, title=LONG))
    half = plots.Half(f"More often wrong in {LONG}: 1,234 images", f"in how many of 10 {LONG}", images, labels.tolist(),
                      labels[::-1].tolist(), ["10 against 0"] * 20)  # fmt: skip
    clean(plots.disputed((half, half), names, title=f"Test images classified differently by {LONG} and {LONG}"))
    assert f"More often wrong in {LONG}: 1,234 images"[-12:] in "".join(text for text, _ in words(
        plots.disputed((half, half), names, title="two")))  # fmt: skip


@settings(max_examples=3, deadline=None)
@given(
    st.lists(st.tuples(name, st.sampled_from([(28, 28), (300, 90, 3), (60, 240)])), min_size=1, max_size=4),
    st.sampled_from([1, 10, 47]),
    name,
    st.none() | st.just(f"the picture is small {LONG} " * 3),
)
def test_no_text_covers_another_beside_given_pictures(given_, classes, class_name, warning):
    files, shapes = zip(*given_, strict=True)
    probabilities = np.random.default_rng(0).dirichlet(np.full(classes, 0.3), len(files))
    clean(
        plots.given(
            [pictures(1, *shape)[0] for shape in shapes],
            pictures(len(files), 28, 28),
            probabilities,
            [f"{class_name}{n}" for n in range(classes)],
            names=files,
            title=LONG,
            warnings=[warning] * len(files),
        )
    )


# Figures of a comparison


@settings(max_examples=4, deadline=None)
@given(
    st.lists(
        st.tuples(name, st.integers(1, 3), st.sampled_from([0, 1, 10, 12, 300]), st.floats(0.1, 1)),
        min_size=1, max_size=30, unique_by=lambda one: one[0].strip(),
    ),
    name,
)  # fmt: skip
def test_no_text_covers_another_in_the_curves_of_any_experiments(experiments, title):
    curves = {
        text: [rows(epochs, seed=seed, best=best) for seed in range(seeds)] for text, seeds, epochs, best in experiments
    }
    base = experiments[0][0]
    bases = {text: base for text in curves if text != base}
    clean(plots.all_accuracies(curves, title=title, bases=bases))
    clean(plots.overlay(dict(list(curves.items())[:3]), title=title))


point = st.tuples(st.floats(0, 1), st.integers(1, 6), st.booleans())


@settings(max_examples=6, deadline=None)
@given(
    st.lists(st.sampled_from([0, 1e-5, 1e-4, 0.001, 0.003, 0.01, 0.1, 0.2, 0.5, 1, 16, 512, 1024, 60_000]),
             min_size=1, max_size=14, unique=True),
    st.dictionaries(name, st.lists(point, min_size=14, max_size=14), min_size=1, max_size=12),
    name,
)  # fmt: skip
def test_no_text_covers_another_in_a_response_plot(values, lines, title):
    curves = {
        text: [
            plots.Point(value, [mean] * seeds, (max(0.0, mean - 0.01), min(1.0, mean + 0.01)), base)
            for value, (mean, seeds, base) in zip(values, points, strict=False)
        ]
        for text, points in lines.items()
    }
    clean(plots.response(curves, quantity="learning rate", title=title))
