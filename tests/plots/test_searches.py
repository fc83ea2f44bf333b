"""Claims about the figures of a search: what they draw, and where their texts are."""

import random

import numpy as np
import pytest

from mnist_lab.plots import searches
from mnist_lab.plots.panel import Quantity
from mnist_lab.plots.searches import At, Confirmed, Dimension, Tried
from tests.plots.layout import outside, overlaps

ACCURACY, LOSS = Quantity("val_accuracy", "validation accuracy"), Quantity("val_loss", "validation loss")
SPACE = [
    Dimension("learning rate", 1e-4, 1e-2, logarithmic=True),
    Dimension("dropout", 0, 0.5),
    Dimension("nodes per hidden layer", choices=("256-256", "512-512", "1024")),
    Dimension("conv filters, layer 1 (a very long name of an option)", 4, 16),
]


def tried(n, *, rungs=(2, 6, 20), best=(1,), worst=0.95):
    numbers = random.Random(n)
    found = []
    for number in range(1, n + 1):
        ends = numbers.uniform(worst, 0.985)
        some = rungs[: 1 + (number % 3 == 0 or number in best) + (number % 9 == 0 or number in best)]
        values = {
            "learning rate": 10 ** numbers.uniform(-4, -2),
            "dropout": round(numbers.uniform(0, 0.5), 3),
            "nodes per hidden layer": numbers.choice(SPACE[2].choices),
        }
        if number % 2:
            values[SPACE[3].name] = numbers.randint(4, 16)
        reached = [At(epoch, ends - 0.01 / epoch, 5.0 * number + epoch) for epoch in some]
        values["parameters"] = numbers.randint(900, 90_000)
        found.append(Tried(number, values, reached, number in best))
    return found


def lines(axes):
    return [line for line in axes.lines if line.get_drawstyle().startswith("steps")]


def test_the_best_so_far_of_each_rung_never_falls_and_is_what_trials_had_reached():
    trials = tried(40)
    figure = searches.best_so_far(trials, quantity=ACCURACY, several=False, title="search")
    for axes in figure.axes:
        for line, epoch in zip(lines(axes), (2, 6, 20), strict=True):
            ys = line.get_ydata()
            assert (np.diff(ys) >= 0).all()
            assert ys[-1] == max(at.value for trial in trials for at in trial.reached if at.epoch == epoch)


def test_the_best_loss_so_far_never_rises():
    trials = [
        Tried(trial.number, trial.values, [at._replace(value=1 - at.value) for at in trial.reached])
        for trial in tried(20)
    ]
    figure = searches.best_so_far(trials, quantity=LOSS, several=False, title="search")
    assert all((np.diff(line.get_ydata()) <= 0).all() for axes in figure.axes for line in lines(axes))


@pytest.mark.parametrize("rungs", [(2, 6, 20), (20,)])
def test_the_lines_between_the_rungs_of_a_trial_are_in_the_legend_where_there_are_any(rungs):
    figure = searches.best_so_far(tried(20, rungs=rungs), quantity=ACCURACY, several=False, title="search")
    assert ("same trial" in [text.get_text() for text in figure.legends[0].get_texts()]) == (len(rungs) > 1)


@pytest.mark.parametrize(("seconds", "unit"), [(100, "s"), (1000, "min"), (20_000, "h")])
def test_time_is_in_a_unit_that_suits_it(seconds, unit):
    trials = [Tried(1, {}, [At(1, 0.9, seconds)])]
    figure = searches.best_so_far(trials, quantity=ACCURACY, several=False, title="search")
    assert figure.axes[1].get_xlabel() == f"time since the start ({unit})"


def test_a_slice_has_every_trial_with_the_parameter_at_its_value():
    trials = tried(30)
    figure = searches.slices(trials, SPACE, quantity=ACCURACY, several=False, title="search")
    for axes, dimension in zip(figure.axes, SPACE, strict=True):
        some = [trial for trial in trials if dimension.name in trial.values]
        drawn = [line for line in axes.lines if line.get_markersize() < 6]
        assert len(drawn) == len(some)
        for line, trial in zip(drawn, some, strict=True):
            place = line.get_xdata()[0] if not dimension.choices else round(line.get_xdata()[0])
            expected = (
                dimension.place(trial.values[dimension.name]) if dimension.choices else trial.values[dimension.name]
            )
            assert place == expected
            assert line.get_ydata()[0] == trial.last.value
    assert [axes.get_xscale() for axes in figure.axes] == ["log", "linear", "linear", "linear"]


def test_choices_of_several_numbers_are_written_whole():
    nodes = Dimension("nodes per hidden layer", choices=("256-256", "512-512", "1024", "512-512-512"))
    trials = [Tried(i, {nodes.name: choice}, [At(3, 0.97, 1.0)]) for i, choice in enumerate(nodes.choices, 1)]
    some = [nodes, *SPACE[:2], nodes]
    figure = searches.slices(trials, some, quantity=ACCURACY, several=False, title="search")
    ticks = [label.get_text().replace("\n", "") for label in figure.axes[3].get_xticklabels()]
    assert ticks == list(nodes.choices)
    assert overlaps(figure) == []
    assert outside(figure) == []


def test_without_promotion_slices_show_the_order_of_the_trials():
    figure = searches.slices(tried(16, rungs=(5,)), SPACE, quantity=ACCURACY, several=False, title="search")
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert words == ["first quarter of the trials", "second", "third", "last", "the best"]
    assert len({line.get_marker() for line in figure.axes[0].lines if line.get_markersize() < 6}) == 4


def test_the_front_is_a_staircase_through_its_trials():
    trials = tried(20, rungs=(5,), best=(3, 4))
    figure = searches.pareto_front(trials, quantity=ACCURACY, cost="parameters", limit=50_000, title="search")
    [stairs] = lines(figure.axes[0])
    front = sorted((trial.values["parameters"], trial.last.value) for trial in trials if trial.is_best)
    assert stairs.get_xydata()[:-1].tolist() == pytest.approx(np.array(front))
    assert {"trial 3", "trial 4"} <= {text.get_text() for text in figure.texts}


def test_a_confirmation_has_every_seed_and_the_difference_in_points():
    arms = [
        Confirmed("mlp_512", [0.980, 0.982], (0.979, 0.983)),
        Confirmed("trial 7", [0.983, 0.985], (0.982, 0.986), 0.003, (0.001, 0.005), "better"),
    ]
    tested, differences = searches.confirmation(arms, title="search").axes
    seeds = [line.get_xdata().tolist() for line in tested.lines if line.get_marker() == "|"]
    assert seeds == [[0.980, 0.982], [0.983, 0.985]]
    assert [0.1, 0.5] in [pytest.approx(line.get_xdata()) for line in differences.lines]


def test_the_most_important_parameter_is_on_top():
    axes = searches.importance({"dropout": 0.2, "learning rate": 0.8}, title="search").axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["learning rate", "dropout"]


@pytest.mark.parametrize("n", [1, 60])
def test_no_words_of_the_figures_cover_each_other_or_are_cut(n):
    trials, arms = tried(n), [Confirmed("mlp_512", [0.98, 0.981], None)]
    arms += [Confirmed(f"trial {i}", [0.98, 0.981], (0.97, 0.99), 0.0, None, "not significant") for i in range(3)]
    for figure in (
        searches.best_so_far(trials, quantity=ACCURACY, several=False, title="search"),
        searches.slices(trials, SPACE, quantity=ACCURACY, several=True, title="search"),
        searches.parallel_coordinates(trials, SPACE, {2}, quantity=ACCURACY, several=False, title="search"),
        searches.pareto_front(trials, quantity=ACCURACY, cost="parameters", title="search"),
        searches.importance({each.name: 0.25 for each in SPACE}, title="search"),
        searches.confirmation(arms, title="search"),
    ):
        assert overlaps(figure) == []
        assert outside(figure) == []


@pytest.mark.parametrize("quantity", [ACCURACY, LOSS])
def test_a_trial_that_diverged_is_drawn_at_the_edge_and_does_not_squeeze_the_others(quantity):
    good = [0.97 if quantity.rises else 0.1] * 20
    values = [value + i / 1000 for i, value in enumerate(good)] + [0.1 if quantity.rises else 1e6]
    trials = [Tried(i, {}, [At(3, value, float(i))]) for i, value in enumerate(values, 1)]
    figure = searches.best_so_far(trials, quantity=quantity, several=False, title="search")
    assert "1 worse, at the edge" in [text.get_text() for text in figure.legends[0].get_texts()]
    low, high = figure.axes[0].get_ylim()
    [drawn] = [line.get_ydata() for line in figure.axes[0].lines if line.get_linestyle() == "None"]
    assert all(low <= value <= high for value in drawn)
    assert list(drawn[:20]) == values[:20]
    assert low > 0.6 if quantity.rises else high < 10


def test_the_names_of_many_axes_are_whole():
    many = [Dimension(f"separable conv filters, layer {i}", 4, 32) for i in range(1, 9)]
    trials = [Tried(1, {each.name: 8 for each in many}, [At(3, 0.97, 1.0)])]
    figure = searches.parallel_coordinates(trials, many, (), quantity=ACCURACY, several=False, title="search")
    shown = {" ".join(text.get_text().split()) for text in figure.axes[0].texts}
    assert {each.name for each in many} <= shown
    assert overlaps(figure) == []
    assert outside(figure) == []
