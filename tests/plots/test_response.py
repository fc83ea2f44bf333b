"""Claims about response plots: what they draw, and which experiments have one."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from mnist_lab import load_config, plots
from mnist_lab.config.settings import setting_name
from mnist_lab.config.settings import settings as settings_of
from mnist_lab.plots.response import MOST_LINES
from mnist_lab.reports.responses import varied, with_training_images
from tests.plots.layout import outside


def point(value, mean=0.97, seeds=3, half=0.005, base=False):
    accuracies = [mean + (i - (seeds - 1) / 2) * 0.001 for i in range(seeds)]
    return plots.Point(value, accuracies, (mean - half, min(1.0, mean + half)), base)


def ticks(axes):
    return [label.get_text() for label in axes.get_xticklabels()]


@pytest.mark.parametrize(
    ("values", "scale", "labels"),
    [
        ([0.0003, 0.001, 0.003], "log", ["0.0003", "0.001", "0.003"]),
        ([256, 512, 1024], "log", ["256", "512", "1,024"]),
        ([500, 1000, 2000, 4000, 60_000], "log", ["500", "1,000", "2,000", "4,000", "60,000"]),
        ([0, 0.0001, 0.001, 0.01], "symlog", ["0", "0.0001", "0.001", "0.01"]),
        ([0, 0.1, 0.2, 0.3, 0.4], "linear", ["0", "0.1", "0.2", "0.3", "0.4"]),
        ([0, 0.2, 0.5], "linear", ["0", "0.2", "0.5"]),
        ([5, 10, 15, 20], "linear", ["5", "10", "15", "20"]),
        ([-20, 0, 20], "linear", ["-20", "0", "20"]),
        ([7], "linear", ["7"]),
    ],
)
def test_the_axis_is_logarithmic_if_the_values_are_and_has_a_tick_at_each(values, scale, labels):
    axes = plots.response({"": [point(value) for value in values]}, quantity="rate", title="sweep").axes[0]
    assert axes.get_xscale() == scale
    assert sorted(ticks(axes), key=labels.index) == labels
    assert axes.get_xlabel() == ("rate" if scale == "linear" else "rate (log scale)")
    low, high = axes.get_xlim()
    assert low < min(values) <= max(values) < high


def test_every_value_has_its_mean_its_interval_and_its_seeds():
    figure = plots.response({"": [point(1, 0.96), point(2, 0.98), point(3, 0.97)]}, quantity="n", title="sweep")
    line, *seeds = figure.axes[0].lines
    intervals = [one.get_segments()[0] for one in figure.axes[0].collections]
    assert line.get_xydata().tolist() == pytest.approx(np.array([[1, 0.96], [2, 0.98], [3, 0.97]]))
    for mean, value, interval in zip((0.96, 0.98, 0.97), (1, 2, 3), intervals, strict=True):
        assert interval.tolist() == pytest.approx(np.array([[value, mean - 0.005], [value, mean + 0.005]]))
        [drawn] = [one.get_ydata() for one in seeds if one.get_xdata()[0] == value]
        assert drawn == pytest.approx([mean - 0.001, mean, mean + 0.001])


@pytest.mark.parametrize(
    ("seeds", "expected"),
    [
        ([1, 1, 1], ["one run", "95 % confidence interval over test images"]),
        ([4, 4, 4], ["mean of 4 runs", "each run", "95 % confidence interval over seeds"]),
        (
            [1, 3, 5],
            [
                "mean of 3 to 5 runs",
                "each run",
                "one run: interval over test images",
                "95 % confidence interval over seeds",
            ],
        ),
    ],
)
def test_the_legend_explains_the_bars(seeds, expected):
    points = [point(i, seeds=n, base=i == 1) for i, n in enumerate(seeds)]
    figure = plots.response({"": points}, quantity="n", title="sweep")
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [*expected, "base"]
    assert outside(figure) == []


def test_intervals_of_two_seeds_do_not_squeeze_the_means():
    """Student's t with one degree of freedom is 12.7."""
    points = [point(value, 0.97 + value / 1000, seeds=2, half=0.3) for value in (1, 2, 3)]
    axes = plots.response({"": points}, quantity="n", title="sweep").axes[0]
    low, high = axes.get_ylim()
    assert 0.95 < low < high < 0.99
    arrowheads = {(line.get_marker(), line.get_ydata()[0]) for line in axes.lines if line.get_marker() in "v^"}
    assert arrowheads == {("v", low), ("^", high)}


def test_lines_are_told_apart_without_colour_and_do_not_cover_each_others_intervals():
    lines = {f"dropout {n}": [point(value, 0.97) for value in (0.001, 0.01, 0.1)] for n in range(4)}
    figure = plots.response(lines, quantity="learning rate", title="sweep")
    drawn = [line for line in figure.axes[0].lines if len(line.get_xdata()) == 3 and line.get_linestyle() != "None"]
    assert len({(line.get_linestyle(), line.get_marker()) for line in drawn}) == 4
    places = sorted(line.get_transform().transform((0.01, 0.97))[0] for line in drawn)
    assert min(np.diff(places)) > 6
    assert {f"dropout {n}" for n in range(4)} <= {text.get_text() for text in figure.texts}


def test_among_many_lines_the_bases_and_the_best_are_named_and_the_others_counted():
    lines = {f"line {n:02}": [point(value, 0.9 + n / 1000, base=n == 0) for value in (1, 2, 3)] for n in range(20)}
    figure = plots.response(lines, quantity="n", title="sweep")
    named = {text.get_text() for text in figure.texts if text.get_text().startswith("line")}
    assert named == {"line 00", *(f"line {n}" for n in range(21 - MOST_LINES, 20))}
    assert f"{20 - MOST_LINES} more" in [text.get_text() for text in figure.legends[0].get_texts()]


responses = st.lists(
    st.tuples(st.floats(-1e6, 1e6), st.lists(st.floats(0, 1), min_size=1, max_size=4)),
    min_size=1, max_size=6, unique_by=lambda one: one[0],
)  # fmt: skip


@settings(max_examples=10, deadline=None)
@given(st.dictionaries(st.text("ab", min_size=1, max_size=3), responses, min_size=1, max_size=12))
@example({"a": [(2.0, [0.0]), (3.0, [0.0]), (1.1e-308, [0.0])]})
def test_any_responses_can_be_drawn_with_every_seed_in_the_panel(lines):
    curves = {
        name: [plots.Point(value, seeds, (min(seeds), max(seeds))) for value, seeds in points]
        for name, points in lines.items()
    }
    axes = plots.response(curves, quantity="n", title="sweep").axes[0]
    low, high = axes.get_ylim()
    assert all(low <= seed <= high for points in curves.values() for one in points for seed in one.accuracies)
    axes.figure.draw_without_rendering()


def test_equal_responses_are_equal_files_of_a_size_to_print(tmp_path):
    files = [
        plots.save(
            plots.response({"": [point(n) for n in (1, 2, 4, 8)]}, quantity="n", title="t"), tmp_path / f"{i}.png"
        )
        for i in range(2)
    ]
    assert files[0].read_bytes() == files[1].read_bytes()
    with Image.open(files[0]) as image:
        assert image.size == (1500, 800)


# Which numbers are varied


def measured(overrides, images=1000, source="mlp_512"):
    config = load_config(source, {"data.dataset": "digits", **overrides})
    return with_training_images(config, images), config


def values(found):
    return {one.name: {name: [value for value, _ in line] for name, line in one.lines.items()} for one in found}


def test_one_number_over_three_values_is_one_line():
    some = [measured({"model.nodes": [n, n]}) for n in (1024, 256, 512)]
    assert values(varied(some)) == {"nodes per hidden layer": {"": [256, 512, 1024]}}


@pytest.mark.parametrize(
    "changes",
    [
        [{"train.batch_size": 64}, {"train.batch_size": 128}],
        [{"model.nodes": [512, 512]}, {"model.nodes": [512]}, {"model.nodes": [512, 256]}],
        [{"model.activation": "relu"}, {"model.activation": "tanh"}, {"model.activation": "elu"}],
        [{"train.batch_size": 64}, {"train.batch_size": 16, "model.dropout": 0}, {"train.epochs": 1}],
        [],
    ],
    ids=["two values", "no single number", "words", "never alone", "nothing"],
)  # fmt: skip
def test_without_three_values_of_one_number_there_is_nothing_to_plot(changes):
    assert varied([measured(change) for change in changes]) == []


def test_each_of_two_varied_numbers_has_a_plot_with_a_line_for_every_value_of_the_other():
    grid = [
        measured({"train.optimizer.learning_rate": rate, "model.dropout": dropout})
        for rate in (0.0003, 0.001, 0.003) for dropout in (0.5, 0.0, 0.2)
    ]  # fmt: skip
    assert values(varied(grid)) == {
        "dropout": {f"learning rate {rate:g}": [0, 0.2, 0.5] for rate in (0.0003, 0.001, 0.003)},
        "learning rate": {f"dropout {dropout:g}": [0.0003, 0.001, 0.003] for dropout in (0, 0.2, 0.5)},
    }
    assert [list(one.lines) for one in varied(grid)] == [
        ["learning rate 0.0003", "learning rate 0.001", "learning rate 0.003"],
        ["dropout 0", "dropout 0.2", "dropout 0.5"],
    ]  # fmt: skip


def test_each_optimizer_has_a_line_labelled_without_its_default_arguments():
    arms = [{"train.optimizer.learning_rate": rate} for rate in (0.0003, 0.001, 0.003)]
    sgd = [{"train.optimizer": {"name": "sgd", "momentum": 0.9, "learning_rate": rate}} for rate in (0.01, 0.03, 0.1)]
    assert values(varied([measured(arm) for arm in arms + sgd])) == {
        "learning rate": {"adam": [0.0003, 0.001, 0.003], "sgd, momentum 0.9": [0.01, 0.03, 0.1]}
    }


def test_training_images_count_even_if_all_are_used():
    drawn = [measured({"data.subset": n}, images=n) for n in (100, 500)]
    some = [*drawn, measured({}, images=1437)]
    assert values(varied(some)) == {"training images": {"": [100, 500, 1437]}}


def test_the_dropout_of_a_layer_is_named_by_its_place():
    def net(rate):
        layers = ["flatten", {"dense": 16}, {"dropout": rate}, {"dense": {"units": "classes", "activation": "softmax"}}]
        return {"model.layers": layers}

    some = [measured(net(rate), source="seven_steps/step4_dropout") for rate in (0.1, 0.2, 0.3)]
    assert values(varied(some)) == {"dropout rate, layer 3": {"": [0.1, 0.2, 0.3]}}


def test_settings_hold_every_value_and_say_which_are_defaults():
    found = settings_of(load_config("mlp_512", {"model.nodes": [64, 64], "augment": [{"rotation": 10}]}))
    assert (found["model.nodes"].value, found["model.nodes.count"].value) == (64, 2)
    assert found["augment.0.rotation.degrees"].number == 10
    assert found["train.optimizer.learning_rate"].number == 0.001
    assert found["train.optimizer.beta_1"].default
    assert found["data.validation.split"].number is None
    assert setting_name("augment.0.rotation.degrees") == "rotation degrees"
    assert setting_name("train.batch_size") == "batch size"
