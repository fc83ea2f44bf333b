"""Claims about the figures over many experiments: every name is there and clear of the others, nothing is hidden."""

import csv
from itertools import combinations, pairwise
from math import inf, nan
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.lines import Line2D
from PIL import Image

from mnist_lab import plots
from mnist_lab.plots import labels
from mnist_lab.plots.accuracies import EACH
from mnist_lab.plots.overview import MOST
from mnist_lab.plots.style import BLUE, INK
from tests.plots.layout import outside, overlaps

ROOT = Path(__file__).parents[2]


def history(last, epochs=10, **values):
    rows = [{"epoch": n, "val_accuracy": last - 0.3 / n + 0.3 / epochs} for n in range(1, epochs + 1)]
    for epoch, value in values.items():
        rows[int(epoch.removeprefix("at"))]["val_accuracy"] = value
    return rows


def many(number, seeds=1):
    """Experiments that end between .91 and .985, most of them close together."""
    lasts = [0.985 - 0.07 * (i / max(number, 1)) ** 3 for i in range(number)]
    return {
        f"experiment_{i:02}": [history(last + 0.0004 * seed) for seed in range(seeds)] for i, last in enumerate(lasts)
    }


def point(parameters=669_706, accuracy=0.98, seeds=1, spread=0.003, base=False):
    accuracies = [accuracy + (i - (seeds - 1) / 2) * 0.001 for i in range(seeds)]
    return plots.Point(parameters, accuracies, (accuracy - spread, min(1.0, accuracy + spread)), base)


ABLATION = {
    "mlp_512": point(accuracy=0.9807, base=True),
    "nodes_1024": point(1_863_690, 0.9822),
    "nodes_256": point(269_322, 0.9790),
    "extra_layer_256": point(798_474, 0.9803),
    "single_layer_512": point(407_050, 0.9812),
    "no_dropout": point(accuracy=0.9796),
    "dropout_04_03": point(accuracy=0.9814),
    "no_relu": point(accuracy=0.9178, spread=0.005),
    "no_rescale": point(accuracy=0.9708),
    "optimizer_sgd": point(accuracy=0.9347, spread=0.005),
    "optimizer_rmsprop": point(accuracy=0.9818),
    "batch_256": point(accuracy=0.9806),
    "batch_64": point(accuracy=0.9811),
}


def all_against(curves, base):
    return {name: base for name in curves if name != base}


def drawn_texts(figure):
    """The boxes in pixels of the figure's texts, by text, without the axes' own labels."""
    figure.draw_without_rendering()
    return {text.get_text(): text.get_window_extent() for text in figure.texts if text.get_text()}


def overlapping(boxes):
    return [pair for pair in combinations(boxes, 2) if boxes[pair[0]].overlaps(boxes[pair[1]])]


# Curves


@pytest.mark.parametrize("number", [1, 2, 10])
def test_every_experiment_is_named_with_its_last_value_the_best_on_top_and_no_name_covers_another(number):
    curves = many(number)
    figure = plots.all_accuracies(curves, title="sweep", bases=all_against(curves, "experiment_00"))
    written = drawn_texts(figure)
    labels = {text: box for text, box in written.items() if "experiment_" in text}
    assert sorted(labels, key=lambda text: -labels[text].y0) == [
        f"{runs[0][-1]['val_accuracy']:.4f}  {name}" for name, runs in curves.items()
    ]
    assert overlapping(written) == []
    assert all(box.x1 <= figure.bbox.x1 and box.y0 >= 0 for box in written.values())


@pytest.mark.parametrize("number", [2, EACH])
def test_a_few_lines_are_told_apart_without_colour(number):
    curves = many(number)
    axes = plots.all_accuracies(curves, title="sweep", bases=all_against(curves, "experiment_01")).axes[0]
    looks = {(line.get_linestyle(), line.get_marker(), line.get_linewidth() > 2) for line in axes.lines}
    assert len(looks) == len(axes.lines) == number


def test_the_root_of_all_comparisons_stands_out_and_each_line_is_connected_to_its_name():
    curves = many(7)
    chain = dict(pairwise(reversed(curves)))  # each is compared with the one before it
    figure = plots.all_accuracies(curves, title="sweep", bases=chain)
    axes = figure.axes[0]
    [base] = [line for line in axes.lines if line.get_linewidth() == 2.2]
    assert base.get_color() == INK
    bold = [text.get_text().split()[-1] for text in figure.texts if text.get_weight() == "bold"]
    assert sorted(bold) == ["experiment_00", "sweep"]
    ends = [axes.transData.transform(line.get_xydata()[-1])[1] / figure.dpi for line in axes.lines]
    leaders = [line for line in figure.artists if isinstance(line, Line2D) and line.get_linewidth() == 0.5]
    assert {round(line.get_ydata()[0], 6) for line in leaders} == {round(end, 6) for end in ends}
    names = [text.get_position()[1] for text in figure.texts if "experiment_" in text.get_text()]
    slanted = [line.get_ydata()[-1] for line in leaders if line.get_xdata()[0] == max(x for x in line.get_xdata()[:1])]
    assert set(np.round(names, 6)) <= set(np.round(slanted, 6))


@pytest.mark.parametrize(
    ("bases", "bold"),
    [
        ({"b": "a", "c": "a"}, "; bold: the base"),
        ({"b": "a", "d": "c"}, "; bold: the bases"),
        ({"b": "a", "c": "b"}, ""),
        ({}, ""),
    ],
    ids=["one", "two", "a chain", "none"],
)
def test_the_note_says_what_is_drawn_and_what_bold_means(bases, bold):
    curves = {name: [history(0.98)] * (1 + (name == "a")) for name in "abcd"}
    notes = [text.get_text() for text in plots.all_accuracies(curves, title="sweep", bases=bases).texts]
    expected = f"line: mean; band: range over 1 to 2 seeds{bold}; number: mean after the last epoch"
    assert expected in notes


def test_no_solid_line_connects_an_early_end_to_the_name():
    figure = plots.all_accuracies({"short": [history(0.97, 8)], "long": [history(0.98, 12)]}, title="sweep")
    axes = figure.axes[0]
    end = axes.transData.transform((8, 0.97))[0] / figure.dpi
    right = axes.get_window_extent().x1 / figure.dpi
    within = [line for line in figure.artists if line.get_xdata()[0] < right - 0.3]
    assert [line.is_dashed() for line in within] == [True]
    assert within[0].get_xdata()[0] > end


@pytest.mark.parametrize(
    "curves",
    [many(EACH + 1), many(40, 2), {"short": [history(0.97, 10)], "long": [history(0.98, 120)]}],
    ids=["11", "40 of 2 seeds", "10 and 120 epochs"],
)
def test_many_experiments_and_those_of_unlike_length_have_panels_of_their_own_with_their_base_dashed(curves):
    base = next(iter(curves))
    figure = plots.all_accuracies(curves, title="sweep", bases=all_against(curves, base))
    assert len(figure.axes) == len(curves)
    for axes, (name, runs) in zip(figure.axes, curves.items(), strict=True):
        own = axes.lines[-1]
        assert len(own.get_xdata()) == len(runs[0])
        assert own.get_ydata()[-1] == pytest.approx(np.mean([run[-1]["val_accuracy"] for run in runs]))
        assert axes.get_xlim()[1] == pytest.approx(len(runs[0]), rel=0.1)
        assert [line.is_dashed() for line in axes.lines[:-1]] == [True] * (name != base)
        assert axes.get_ylim() == figure.axes[0].get_ylim()
    assert overlaps(figure) == []


def test_families_stand_in_rows_of_their_own_each_on_its_own_scale():
    curves = {f"{family}{n}": [history(last - n / 100)] for family, last in (("a", 0.98), ("b", 0.6)) for n in range(6)}
    bases = {name: f"{name[0]}0" for name in curves if name[1] != "0"}
    figure = plots.all_accuracies(curves, title="sweep", bases=bases)
    limits = [axes.get_ylim() for axes in figure.axes]
    assert limits == [limits[0]] * 6 + [limits[6]] * 6
    assert limits[0] != limits[6]
    heights = [axes.get_position().y0 for axes in figure.axes]
    assert min(heights[:6]) > max(heights[6:])


def test_seeds_are_drawn_as_their_mean_and_a_band_from_lowest_to_highest():
    runs = [history(0.97), history(0.98), history(0.99)]
    axes = plots.all_accuracies({"a": runs, "b": [history(0.9)] * 2}, title="sweep").axes[0]
    line = axes.lines[-1]
    assert line.get_ydata() == pytest.approx([row["val_accuracy"] for row in history(0.98)])
    band = axes.collections[-1].get_paths()[0].vertices
    last = band[band[:, 0] == 10][:, 1]
    assert (last.min(), last.max()) == pytest.approx((0.97, 0.99))


def test_seeds_that_stopped_earlier_count_as_far_as_they_went():
    figure = plots.all_accuracies({"a": [history(0.9, 4), history(0.96, 8)]}, title="sweep")
    line = figure.axes[0].lines[0]
    assert list(line.get_xdata()) == list(range(1, 9))
    assert line.get_ydata()[-1] == pytest.approx(0.96)
    assert "0.9300  a" in drawn_texts(figure)  # the mean of the last values of the seeds


def test_more_experiments_than_can_be_read_are_left_out_in_the_middle_and_counted():
    curves = many(100)
    figure = plots.all_accuracies(curves, title="sweep", bases=all_against(curves, "experiment_60"))
    assert len(figure.axes) == MOST + 1
    assert any(f"{100 - MOST - 1} of middling accuracy are not shown" in text for text in drawn_texts(figure))
    assert overlaps(figure) == []
    assert outside(figure) == []
    assert any(text.get_text() == "experiment_60" for axes in figure.axes for text in axes.texts)


def test_an_experiment_without_validation_and_one_that_diverged_are_named_too(tmp_path):
    without = [{"epoch": 1, "accuracy": 0.5}]
    curves = {"fine": [history(0.98)], "without": [without], "diverged": [history(0.9, at9=nan)], "unread": []}
    figure = plots.all_accuracies(curves, title="sweep")
    assert {"0.9800  fine", "without: no validation", "NaN  diverged", "unread: no validation"} <= set(
        drawn_texts(figure)
    )
    assert overlapping(drawn_texts(figure)) == []
    with Image.open(plots.save(figure, tmp_path / "curves.png")) as image:
        assert image.width > 1400


def test_errors_far_apart_get_an_axis_logarithmic_in_the_error_that_says_so():
    near = plots.all_accuracies({"a": [history(0.98, 1)], "b": [history(0.97, 1)]}, title="sweep").axes[0]
    far = plots.all_accuracies({"a": [history(0.98, 1)], "b": [history(0.8, 1)]}, title="sweep").axes[0]
    assert (near.get_ylabel(), near.get_yscale()) == ("validation accuracy", "linear")
    assert far.get_ylabel() == "validation accuracy (log-error scale)"
    heights = far.transData.transform([(1, 0.8), (1, 0.9), (1, 0.96), (1, 0.98)])[:, 1]
    assert heights[1] - heights[0] == pytest.approx(heights[3] - heights[2])
    assert [label.get_text() for label in far.get_yticklabels()][:2] == ["0.8", "0.85"]


accuracies = st.floats(0, 1) | st.sampled_from([nan, inf, None, 0.0, 1.0])


@settings(max_examples=25)
@given(
    st.dictionaries(
        st.text("abc_/=.", min_size=1, max_size=40), st.lists(st.lists(accuracies, max_size=5), max_size=3), max_size=14
    )
)
def test_any_histories_can_be_drawn_with_all_their_values_in_the_panel(values):
    curves = {
        name: [[{"epoch": n, "val_accuracy": value} for n, value in enumerate(run, 1)] for run in runs]
        for name, runs in values.items()
    }
    figure = plots.all_accuracies(curves, title="sweep", bases=all_against(curves, next(iter(curves), "")))
    for axes in figure.axes:
        low, high = axes.get_ylim()
        for line in axes.lines:
            assert all(low <= value <= high for value in line.get_ydata())
    figure.draw_without_rendering()


# Accuracy against parameters


@pytest.mark.parametrize(
    "points",
    [
        dict(list(ABLATION.items())[:2]),
        ABLATION,
        {f"rate_{i:02}": point(accuracy=0.985 - 0.002 * (i % 20)) for i in range(40)},
    ],
    ids=["2", "13, most of one size", "40 of one size"],
)
def test_every_point_is_labelled_and_no_label_covers_another_or_a_marker(points):
    figure = plots.accuracy_against_parameters(points, title="sweep")
    written = drawn_texts(figure)
    assert set(points) <= set(written)
    assert overlapping(written) == []
    markers = [line.get_xydata()[0] * figure.dpi for line in figure.artists if len(line.get_xdata()) == 1]
    assert len(markers) == len(points)
    for x, y in markers:
        assert not any(box.x0 < x < box.x1 and box.y0 < y < box.y1 for box in written.values())
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 for box in written.values())


def bars(figure):
    return [line for line in figure.artists if line.get_alpha() == 0.75]


def test_points_of_one_size_stand_side_by_side_so_that_no_bar_hides_another():
    figure = plots.accuracy_against_parameters(
        {f"p{i}": point(accuracy=0.98 + 0.0001 * i) for i in range(8)}, title="sweep"
    )
    places = sorted(bar.get_xdata()[0] for bar in bars(figure))
    assert len(places) == 8
    assert min(np.diff(places)) > 0.05
    middle = figure.axes[0].transData.transform((669_706, 0.98))[0] / figure.dpi
    assert abs(np.mean(places) - middle) < 0.06


def test_bars_are_the_confidence_intervals_and_end_at_the_panel():
    points = {"a": point(accuracy=0.98, seeds=3), "of two": point(9_000, accuracy=0.98, seeds=2, spread=0.3)}
    figure = plots.accuracy_against_parameters(points, title="sweep")
    inverse = figure.axes[0].transData.inverted()
    ends = [[float(inverse.transform((0, y * figure.dpi))[1]) for y in bar.get_ydata()] for bar in bars(figure)]
    assert ends[0] == pytest.approx([0.977, 0.983], abs=1e-6)
    assert ends[1] == pytest.approx(figure.axes[0].get_ylim(), abs=1e-6)


@pytest.mark.parametrize(
    ("seeds", "expected"),
    [
        ([1, 1], ["one run", "95 % confidence interval over test images"]),
        ([5, 5], ["mean of 5 runs", "95 % confidence interval over seeds"]),
        (
            [1, 3, 5],
            ["mean of 3 to 5 runs", "one run: interval over test images", "95 % confidence interval over seeds"],
        ),
    ],
)
def test_the_legend_explains_the_bars(seeds, expected):
    points = {f"p{i}": point(10**i, seeds=n, base=i == 3) for i, n in enumerate(seeds, 3)}
    figure = plots.accuracy_against_parameters(points, title="sweep")
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [*expected, "base"]
    figure.draw_without_rendering()
    assert figure.legends[0].get_window_extent().x1 <= figure.bbox.x1


def test_of_folds_which_are_not_independent_the_key_says_what_the_interval_is_over():
    folds = plots.Point(1000, [0.98, 0.982, 0.981], (0.97, 0.99), over_images=True)
    figure = plots.accuracy_against_parameters({"a": folds}, title="sweep")
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == ["mean of 3 runs", "95 % confidence interval over test images"]


def test_a_single_run_is_hollow_and_an_interval_that_leaves_the_panel_ends_in_arrowheads():
    points = {"one": point(1000), "of two": point(9_000, seeds=2, spread=0.3), "of five": point(90_000, seeds=5)}
    figure = plots.accuracy_against_parameters(points, title="sweep")
    markers = [line for line in figure.artists if len(line.get_xdata()) == 1]
    assert [line.get_markerfacecolor() for line in markers if line.get_marker() == "o"] == ["white", BLUE, BLUE]
    assert [line.get_marker() for line in markers if line.get_marker() != "o"] == ["v", "^"]


@pytest.mark.parametrize(("second", "said"), [(1000, True), (500_000, False)])
def test_the_axis_says_that_points_were_moved_only_where_some_were(second, said):
    figure = plots.accuracy_against_parameters({"a": point(1000), "b": point(second)}, title="sweep")
    assert ("drawn side by side" in figure.axes[0].get_xlabel()) == said


@settings(max_examples=15)
@given(
    st.lists(st.tuples(st.integers(0, 10**9), st.floats(0, 1), st.floats(0, 0.1), st.integers(1, 9)), max_size=14),
)
def test_any_points_can_be_drawn_within_the_panel(values):
    points = {
        f"p{i}": plots.Point(n, [a] * seeds, (max(0.0, a - half), min(1.0, a + half)))
        for i, (n, a, half, seeds) in enumerate(values)
    }
    figure = plots.accuracy_against_parameters(points, title="sweep")
    low, high = figure.axes[0].get_ylim()
    assert all(low <= p.mean <= high for p in points.values())
    assert all(low <= end <= high for p in points.values() if len(p.accuracies) != 2 for end in p.interval)
    figure.draw_without_rendering()


def test_equal_comparisons_are_equal_files(tmp_path):
    drawn = [
        [
            plots.save(plots.all_accuracies(many(13, 2), title="sweep"), tmp_path / f"curves{i}.png").read_bytes(),
            plots.save(
                plots.accuracy_against_parameters(ABLATION, title="sweep"), tmp_path / f"points{i}.png"
            ).read_bytes(),
        ]
        for i in range(2)
    ]
    assert drawn[0] == drawn[1]


def test_names_are_not_read_as_formulas_and_long_ones_keep_both_ends():
    name = "model.nodes=[$512$, 512],train.optimizer.learning_rate=0.00123"
    figure = plots.all_accuracies({name: [history(0.98)]}, title="sweep")
    [label] = [text for text in drawn_texts(figure) if text.startswith("0.98")]
    assert "model.nodes=[" in label
    assert label.endswith("_rate=0.00123")
    assert all(not text.get_parse_math() for text in figure.findobj(matplotlib.text.Text) if text in figure.texts)


# Where labels are


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=40), st.floats(0.1, 5))
def test_a_column_keeps_the_order_and_the_distance_and_moves_only_what_must_move(targets, pitch):
    wanted = sorted(targets)
    placed = labels.column(wanted, pitch, -1000, 1000)
    assert all(np.diff(placed) >= pitch - 1e-9)
    assert np.mean(placed) == pytest.approx(np.mean(wanted), abs=1e-6)
    if all(np.diff(wanted) >= pitch):
        assert placed == pytest.approx(wanted)


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=20))
def test_a_column_stays_within_its_bounds_where_there_is_room(targets):
    placed = labels.column(sorted(targets), 1.0, 0.0, 25.0)
    assert placed.min() >= -1e-9
    assert placed.max() <= 25 + 1e-9


def test_no_label_is_led_past_other_points_to_a_place_far_off():
    """The published experiments, of which step4_dropout had its label above four points that lie above it."""
    points = {}
    for row in csv.DictReader((ROOT / "results" / "published" / "summary.csv").open()):
        kind = "images" if row["n"] == "1" else "seeds"
        interval = float(row[f"test_ci95_{kind}_low"]), float(row[f"test_ci95_{kind}_high"])
        accuracies = [float(row["test_mean"])] * int(row["n"])
        points[row["experiment"]] = plots.Point(int(row["parameters"]), accuracies, interval)
    figure = plots.accuracy_against_parameters(points, title="published")
    leaders = [line.get_xydata() for line in figure.artists if line.get_linewidth() == 0.5]
    assert max(float(np.hypot(*(end - start))) for start, end in leaders) < 0.75
