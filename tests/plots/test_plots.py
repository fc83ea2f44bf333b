"""Claims about the figures: what they show, that nothing a run can produce breaks them, and how they are saved."""

import subprocess
import sys
from math import inf, nan

import matplotlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mnist_lab import plots
from mnist_lab.errors import NoRoomError
from mnist_lab.runs import RunFolder
from tests.lab import environment

DIGITS = [str(n) for n in range(10)]
CLOTHES = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Boot"]


def history(epochs, validation=True):
    rows = []
    for n in range(1, epochs + 1):
        row = {"epoch": n, "loss": 0.4 / n, "accuracy": 0.99 - 0.1 / n, "seconds": 1.3}
        if validation:
            row |= {"val_loss": 0.1 + 0.05 / n, "val_accuracy": 0.98 - 0.03 / n}
        rows.append(row)
    return rows


def batches(epochs, per_epoch=50):
    position = np.arange(1, epochs * per_epoch + 1) / per_epoch
    return {"epoch": position, "loss": 2.3 * np.exp(-position), "accuracy": 1 - 0.9 * np.exp(-2 * position)}


def images(n, *shape):
    return np.random.default_rng(0).integers(0, 256, (n, *shape), dtype=np.uint8)


def texts(figure):
    """Every text in the figure, including titles and legends."""
    figure.draw_without_rendering()
    return [text.get_text() for text in figure.findobj(matplotlib.text.Text) if text.get_text()]


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def png(figure, folder):
    with Image.open(plots.save(figure, folder / "figure.png")) as image:
        image.load()
        return image


# Curves


@pytest.mark.parametrize("epochs", [1, 2, 3, 7, 10, 15, 20, 37, 100, 120])
def test_epoch_ticks_are_integers_within_the_run_and_not_crowded(epochs):
    axes = plots.loss(history(epochs), title="run").axes[0]
    ticks = axes.get_xticks()
    assert all(tick == int(tick) and 1 <= tick <= epochs for tick in ticks)
    assert 1 <= len(ticks) <= 16
    assert len(ticks) >= min(epochs, 4)
    assert [label.get_text() for label in axes.get_xticklabels()] == [str(int(tick)) for tick in ticks]


@pytest.mark.parametrize(("draw", "label"), [(plots.accuracy, "accuracy"), (plots.loss, "loss (cross-entropy)")])
def test_axes_are_labelled(draw, label):
    axes = draw(history(3), title="run").axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", label)


def test_the_legend_carries_the_final_and_the_published_numbers():
    figure = plots.accuracy(
        history(10),
        title="run",
        reference={"train_accuracy": 0.9918, "test_accuracy": 0.9799, "test_loss": 0.1},
        test=0.9802,
        best_epoch=7,
    )
    assert legend(figure) == [
        "training 0.9800",
        "validation 0.9770",
        "test 0.9802 (epoch 7)",
        "published training 0.9918",
        "published test 0.9799",
    ]


def test_published_numbers_after_the_last_and_the_best_epoch_are_told_apart():
    reference = {"test_accuracy": 0.9799, "best_test_accuracy": 0.9805}
    axes = plots.accuracy(history(10), title="run", reference=reference).axes[0]
    published = {line.get_label(): line.get_linestyle() for line in axes.lines if "published" in line.get_label()}
    assert published == {"published test 0.9799": ":", "published best test 0.9805": "-."}


def test_lines_are_told_apart_without_colour():
    train, validation = plots.accuracy(history(10), title="run").axes[0].lines
    assert train.get_linestyle() != validation.get_linestyle()
    assert train.get_marker() != validation.get_marker()


def test_no_validation_means_no_validation_line():
    figure = plots.loss(history(5, validation=False), title="run", best_epoch=5)
    assert legend(figure) == ["training 0.0800", "best epoch 5"]


def test_a_test_set_that_serves_as_validation_is_labelled_as_such():
    assert "test (used as validation) 0.9770" in legend(
        plots.accuracy(history(10), title="run", validation_name="test")
    )
    figure = plots.curves(history(10), batches(10), title="run", validation_name="test")
    assert "test (used as validation)" in legend(figure)


def test_long_runs_keep_few_markers_and_mark_the_last_epoch():
    for line in plots.accuracy(history(100), title="run").axes[0].lines:
        assert len(line.get_markevery()) <= 13
        assert line.get_markevery()[-1] == 99


def test_a_far_off_published_number_does_not_squeeze_the_curves():
    plain = plots.accuracy(history(10), title="run").axes[0].get_ylim()
    figure = plots.accuracy(history(10), title="run", reference={"test_accuracy": 0.3039})
    assert figure.axes[0].get_ylim() == plain
    assert "published test 0.3039 (outside)" in legend(figure)


def test_a_poor_first_epoch_stays_in_the_panel_and_leaves_room_for_the_rest():
    rows = history(20)
    rows[0]["accuracy"], rows[0]["loss"] = 0.1234, 9.0
    accuracy, loss = plots.accuracy(rows, title="run").axes[0], plots.loss(rows, title="run").axes[0]
    assert accuracy.get_ylabel() == "accuracy (log-error scale)"
    assert loss.get_ylabel() == "loss (log scale)"
    for axes, first, low, high in ((accuracy, 0.1234, 0.95, 0.985), (loss, 9.0, 0.02, 0.1)):
        bottom, top = axes.get_ylim()
        assert bottom < first < top
        heights = axes.transAxes.inverted().transform(axes.transData.transform([(1, low), (1, high)]))[:, 1]
        assert heights[1] - heights[0] > 0.2


def test_a_slow_start_stays_in_the_panel():
    rows = history(15)
    for row, value in zip(rows, [0.16, 0.20, 0.20, 0.21], strict=False):
        row["accuracy"] = value
    low, high = plots.accuracy(rows, title="run").axes[0].get_ylim()
    assert low < 0.16
    assert high <= 1.05


def test_an_exploding_loss_gets_a_logarithmic_axis_that_says_so():
    rows = history(3)
    rows[2]["loss"] = 5e7
    axes = plots.loss(rows, title="run", test=0.1, reference={"test_loss": 0.0}).axes[0]
    assert axes.get_yscale() == "log"
    assert axes.get_ylabel() == "loss (log scale)"
    assert axes.get_ylim()[0] < 0.1 < 5e7 < axes.get_ylim()[1]


@pytest.mark.parametrize("bad", [nan, inf, -inf, None])
def test_a_value_that_is_not_finite_is_named_in_the_figure(bad, tmp_path):
    rows = history(4)
    rows[2]["loss"] = rows[3]["loss"] = bad
    figure = plots.loss(rows, title="run")
    assert any("not finite:\nepoch 3 to 4" in text for text in texts(figure))
    assert "training not finite" in legend(figure)
    assert png(figure, tmp_path).size == (1050, 700)


def test_curves_put_accuracy_beside_loss_and_the_batches_beneath():
    figure = plots.curves(history(10), batches(10), title="run")
    assert [axes.get_ylabel().split()[0] for axes in figure.axes] == ["accuracy", "loss"] * 2
    assert [axes.get_xlabel() for axes in figure.axes] == ["epoch"] * 4
    for axes in figure.axes[2:]:
        points = [line for line in axes.lines if line.get_linestyle() == "None"]
        assert list(points[0].get_xdata()) == list(range(1, 11))
        assert all(tick == int(tick) for tick in axes.get_xticks())
        assert axes.get_xlim()[0] == 0


@pytest.mark.parametrize("none", [None, {"epoch": np.array([]), "loss": np.array([]), "accuracy": np.array([])}])
def test_curves_without_batches_have_one_row(none):
    assert len(plots.curves(history(3), none, title="run").axes) == 2


def test_many_batches_are_drawn_as_a_mean_that_keeps_the_whole_run():
    figure = plots.curves(history(100), batches(100), title="run")
    line = figure.axes[2].lines[0]
    assert len(line.get_xdata()) <= 240
    assert line.get_xdata()[-1] > 99.5
    assert np.mean(line.get_ydata()) == pytest.approx(np.mean(batches(100)["accuracy"]), abs=0.002)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("per_epoch", [1, 2, 3, 469, 60_000])
def test_every_mean_within_the_epochs_is_drawn_however_few_batches_an_epoch_has(per_epoch):
    within = batches(3, per_epoch)
    line = plots.curves(history(3), within, title="run").axes[2].lines[0]
    assert np.isfinite(line.get_ydata()).all()
    assert np.mean(line.get_ydata()) == pytest.approx(np.mean(within["accuracy"]), abs=0.002)


def test_the_batches_left_over_at_the_end_of_an_epoch_make_no_spike():
    """Nine means over 50 batches of an epoch, and one over 5 that happens to be far above the others."""
    position = np.concatenate([epoch + np.append(np.arange(50, 451, 50), 455) / 455 for epoch in range(3)])
    accuracy = np.where(np.arange(30) % 10 == 9, 0.9978, 0.9905)
    within = {"epoch": position, "loss": 1 - accuracy, "accuracy": accuracy}
    line = plots.curves(history(3), within, title="run").axes[2].lines[0]
    assert max(line.get_ydata()) == pytest.approx((50 * 0.9905 + 5 * 0.9978) / 55)
    assert list(line.get_xdata()[8::9]) == pytest.approx([1, 2, 3])
    assert np.mean(line.get_ydata()) == pytest.approx(0.9906, abs=1e-4)


@pytest.mark.parametrize("quantity", ["accuracy", "loss"])
def test_the_test_score_does_not_hide_the_marker_of_its_epoch(quantity):
    rows = history(10)
    figure = getattr(plots, quantity)(rows, title="run", test=rows[6][f"val_{quantity}"], best_epoch=7)
    _, validation, test = figure.axes[0].lines
    assert test.get_xydata()[0].tolist() == validation.get_xydata()[6].tolist()
    assert test.get_markerfacecolor() == "none"
    assert test.get_markersize() > 1.5 * validation.get_markersize()


value = st.floats(0, 1e12) | st.sampled_from([nan, inf, None])


@settings(max_examples=6, deadline=None)
@given(st.lists(st.tuples(value, st.floats(0, 1), value, st.floats(0, 1)), max_size=12), st.booleans())
def test_any_history_can_be_drawn(rows, validation):
    keys = ("loss", "accuracy", *(("val_loss", "val_accuracy") if validation else ()))
    run = [{"epoch": n, **dict(zip(keys, row, strict=False))} for n, row in enumerate(rows, start=1)]
    reference = {"train_accuracy": 0.99, "test_accuracy": 0.98, "test_loss": 0.07}
    plots.accuracy(run, title="run", reference=reference, test=0.9).draw_without_rendering()
    plots.loss(run, title="run", reference=reference, test=0.1).draw_without_rendering()
    within = {"epoch": [0.5, 1.0], "loss": [row[0] or 0.0 for row in rows[:2]] or [1, 1], "accuracy": [0.1, 0.2]}
    if len(within["loss"]) == 2:
        plots.curves(run, within, title="run").draw_without_rendering()


# Confusion


def test_every_count_and_the_errors_of_each_class_are_written():
    figure = plots.confusion([[50, 3, 0], [0, 60, 0], [7, 4, 40]], ["a", "b", "c"], title="run")
    written = texts(figure)
    for count in ("50", "60", "40", "3", "7", "4", "11"):
        assert count in written
    assert any("14 of 164 wrong" in text for text in written)


def test_the_diagonal_does_not_set_the_colour_scale_of_the_errors():
    errors = plots.confusion([[1000, 3], [1, 900]], ["a", "b"], title="run").axes[0].images[0]
    assert errors.get_clim() == (0, 3)
    assert errors.get_array().mask.tolist() == [[True, False], [False, True]]


@pytest.mark.parametrize("classes", [1, 2, 10, 26, 50])
def test_a_confusion_matrix_of_any_size_has_its_counts_within_their_cells(classes):
    matrix = np.full((classes, classes), 888)
    figure = plots.confusion(matrix, [f"class {n}" for n in range(classes)], title="run")
    figure.draw_without_rendering()
    axes = figure.axes[0]
    cell = axes.get_window_extent().width / classes
    assert max(text.get_window_extent().width for text in axes.texts) < cell
    assert min(text.get_fontsize() for text in axes.texts) >= 4


def test_a_perfect_matrix_can_be_drawn():
    perfect = plots.confusion(np.diag([5, 5]), ["a", "b"], title="run")
    assert any("0 of 10 wrong" in text for text in texts(perfect))


# Digits


@pytest.mark.parametrize("shape", [(28, 28), (28, 28, 1), (32, 32, 3), (20, 30, 3), (8, 8)])
def test_images_of_any_shape_are_shown_nine_at_a_time(shape, tmp_path):
    figure = plots.predictions(images(12, *shape), range(12), range(12), [0.9] * 12, list("abcdefghijkl"), title="run")
    assert len(figure.axes[0].images) == 9
    assert png(figure, tmp_path).size == (1050, 700)


def test_each_image_carries_its_predicted_and_true_label_and_its_confidence():
    figure = plots.predictions(images(1, 28, 28, 1), [8], [4], [0.734], CLOTHES, title="run")
    assert texts(figure) == ["predicted", "Coat", "73.4 %", "true", "Bag", "run"]


def test_pixels_are_shown_on_the_scale_of_all_pixel_values():
    dim = np.full((1, 28, 28, 1), 40, np.uint8)
    image = plots.predictions(dim, [1], [1], [0.9], DIGITS, title="run").axes[0].images[0]
    assert image.get_clim() == (0, 255)
    assert (np.asarray(image.get_array()) == 40).all()


def test_mistakes_are_the_wrong_ones_the_most_confident_first():
    labels, predicted = np.zeros(20, int), np.zeros(20, int)
    predicted[[3, 5, 8]] = [1, 2, 3]
    confidence = np.full(20, 0.99)
    confidence[[3, 5, 8]] = [0.5, 0.9, 0.7]
    figure = plots.mistakes(images(20, 28, 28, 1), labels, predicted, confidence, DIGITS, title="run")
    assert len(figure.axes[0].images) == 3
    assert [text for text in texts(figure) if text.endswith("%")] == ["90.0 %", "70.0 %", "50.0 %"]
    assert any("3 of 20 wrong" in text for text in texts(figure))


def test_the_absence_of_mistakes_is_stated():
    right = np.arange(10)
    figure = plots.mistakes(images(10, 28, 28), right, right, np.ones(10), DIGITS, title="run")
    assert not figure.axes[0].images
    assert "No mistakes: all 10 are right." in texts(figure)


@pytest.mark.parametrize(("classes", "at_least"), [(2, 5), (10, 10), (26, 3), (50, 1), (100, 1)])
def test_a_sample_names_every_class_and_shows_as_many_of_each_as_fit(classes, at_least):
    labels = np.arange(2_000) % classes
    names = [f"name{n}" for n in range(classes)]
    figure = plots.sample_grid(images(2_000, 8, 8, 1), labels, names, title="data")
    assert {*names, "data"} == set(texts(figure))
    shown = figure.axes[0].images
    assert len(shown) % classes == 0
    assert len(shown) / classes >= at_least
    boxes = [np.array(image.get_extent()) for image in shown]
    right, bottom = figure.axes[0].get_xlim()[1], figure.axes[0].get_ylim()[0]
    assert all(box[1] <= right + 1e-6 and box[2] <= bottom + 1e-6 for box in boxes)


def test_a_sample_takes_classes_with_few_images():
    figure = plots.sample_grid(images(3, 28, 28, 3), np.array([1, 1, 2]), ["bird", "cat", "dog"], title="data")
    assert len(figure.axes[0].images) == 3
    assert set(texts(figure)) == {"cat", "dog", "data"}


# Style and saving


def test_long_titles_are_wrapped_and_stay_within_the_figure():
    title = (
        "seven_steps/step7_augmentation_with_a_name_that_never_ends, seed 12345, a data set of handwritten things " * 3
    )
    figures = [
        plots.accuracy(history(3), title=title),
        plots.curves(history(3), None, title=title),
        plots.confusion(np.eye(3), ["a", "b", "c"], title=title),
        plots.predictions(images(9, 28, 28), range(9), range(9), [0.9] * 9, DIGITS, title=title),
    ]
    for figure in figures:
        figure.draw_without_rendering()
        heading = figure._suptitle.get_window_extent()
        assert heading.x1 <= figure.bbox.width
        assert figure.get_suptitle().count("\n") == 1


def test_names_are_not_read_as_formulas(tmp_path):
    figure = plots.confusion(np.eye(2, dtype=int), ["a$_1$", "$^"], title="$run_{")
    assert {"a$_1$", "$^"} <= set(texts(figure))
    png(figure, tmp_path)


@pytest.mark.filterwarnings("error")
def test_names_in_any_script_are_saved_without_a_warning(tmp_path):
    png(plots.confusion(np.eye(2, dtype=int), ["日", "月"], title="数字"), tmp_path)
    names = ["深い網", "базовая", "नेटवर्क"]
    png(plots.all_accuracies({name: [history(3)] for name in names}, title="数字"), tmp_path)
    points = {name: plots.Point(9, [0.5], (0.4, 0.6)) for name in names}
    png(plots.accuracy_against_parameters(points, title="数字"), tmp_path)


def test_the_users_own_matplotlib_settings_neither_change_a_figure_nor_are_changed(tmp_path):
    plain = plots.save(plots.accuracy(history(3), title="run"), tmp_path / "plain.png").read_bytes()
    mine = {"font.size": 30, "savefig.bbox": "tight", "figure.dpi": 50, "axes.facecolor": "red"}
    with matplotlib.rc_context(mine):
        other = plots.save(plots.accuracy(history(3), title="run"), tmp_path / "other.png").read_bytes()
        assert {key: matplotlib.rcParams[key] for key in mine} == mine
    assert other == plain


def test_saving_replaces_a_file_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "accuracy.png"
    path.write_bytes(b"old")
    assert plots.save(plots.accuracy(history(10), title="run"), path) == path
    assert [file.name for file in tmp_path.iterdir()] == ["accuracy.png"]
    assert path.stat().st_size < 80_000
    with Image.open(path) as image:
        assert image.format == "PNG"


def test_a_folder_that_is_not_there_is_an_error_that_names_the_file(tmp_path):
    with pytest.raises(NoRoomError, match=r"accuracy\.png could not be written"):
        plots.save(plots.accuracy(history(1), title="run"), tmp_path / "missing" / "accuracy.png")


def test_a_write_that_fails_half_way_keeps_the_old_file_and_leaves_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "accuracy.png"
    path.write_bytes(b"old")

    def full(self, target, *_, **__):
        target.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(NoRoomError, match="No space left on device"):
        plots.save(plots.accuracy(history(1), title="run"), path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"accuracy.png": b"old"}


def test_what_a_kill_leaves_of_a_plot_is_removed_when_the_run_continues(tmp_path):
    code = (
        "import os, sys; from pathlib import Path; from PIL import Image; from mnist_lab import plots\n"
        "Image.Image.save = lambda self, target, **_: (target.write_bytes(b'half'), os._exit(9))\n"
        "figure = plots.accuracy([{'epoch': 1, 'loss': 1, 'accuracy': 0.5}], title='run')\n"
        "plots.save(figure, Path(sys.argv[1], 'accuracy.png'))\n"
    )
    assert subprocess.run([sys.executable, "-c", code, tmp_path], check=False).returncode == 9
    assert len(list(tmp_path.iterdir())) == 1
    with RunFolder(tmp_path).locked():
        assert [file.name for file in tmp_path.iterdir()] == [".lock"]


PLOT = (
    "import sys; from mnist_lab import plots;"
    "figure = plots.accuracy([{'epoch': 1, 'loss': 1, 'accuracy': 0.5}], title='run');"
    "plots.save(figure, sys.argv[1])"
)
UNUSABLE = {
    "a backend that is not installed": ({"MPLBACKEND": "module://a_notebook.backend"}, b""),
    "a matplotlibrc that calls LaTeX": ({}, b"text.usetex: True\nfont.family: Nobody's Hand\nsavefig.dpi: 7\n"),
    "a matplotlibrc with wrong values": ({}, b"backend: Paper\nfont.size: large enough\n"),
    "a matplotlibrc that is no text": ({}, b"\xff\xfe\x00"),
}


@pytest.mark.parametrize(("variables", "settings"), UNUSABLE.values(), ids=UNUSABLE)
def test_settings_that_cannot_be_used_do_not_change_a_figure(variables, settings, tmp_path):
    plain = plots.save(plots.accuracy([{"epoch": 1, "loss": 1, "accuracy": 0.5}], title="run"), tmp_path / "plain.png")
    (tmp_path / "matplotlibrc").write_bytes(settings)
    there = environment(MATPLOTLIBRC=str(tmp_path), **variables)
    subprocess.run([sys.executable, "-c", PLOT, tmp_path / "drawn.png"], env=there, check=True)
    assert (tmp_path / "drawn.png").read_bytes() == plain.read_bytes()


def test_drawing_never_imports_pyplot():
    code = (
        "import sys; from mnist_lab import plots;"
        "plots.accuracy([{'epoch': 1, 'loss': 1, 'accuracy': 0.5}], title='run').draw_without_rendering();"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("names", [["seven.png"], [f"picture {n}.png" for n in range(20)]])
@pytest.mark.parametrize(
    "classes", [DIGITS, CLOTHES, [f"class {n}" for n in range(26)]], ids=["digits", "clothes", "26"]
)
def test_given_pictures_stand_beside_what_the_network_sees_and_says(names, classes, tmp_path):
    probabilities = np.random.default_rng(1).dirichlet(np.full(len(classes), 0.2), len(names))
    pictures = [images(1, 20 + n, 30, 3)[0] for n in range(len(names))]
    figure = plots.given(pictures, images(len(names), 28, 28, 1), probabilities, classes, names=names, title="a run")
    assert len(figure.axes) == 3 * min(len(names), 12)
    for row, best in enumerate(probabilities[:12].argmax(axis=1)):
        given_, seen, bars = figure.axes[3 * row : 3 * row + 3]
        assert given_.get_title(loc="left") == names[row]
        assert (seen.images[0].get_array() == images(len(names), 28, 28)[row]).all()
        assert bars.get_title(loc="left").startswith(f"{classes[best]}  ")
        lengths = sorted(bar.get_width() for bar in bars.patches)
        assert lengths == pytest.approx(sorted(probabilities[row])[-10:])
    if len(names) > 12:
        assert "the first 12 of 20" in figure.get_suptitle()
    plots.save(figure, tmp_path / "given.png")


def test_a_doubtful_picture_has_its_warning_beneath_it_and_no_other_has_one():
    texts_of = plots.given(
        images(2, 28, 28, 1), images(2, 28, 28, 1), np.full((2, 10), 0.1), DIGITS,
        names=["a.png", "b.png"], title="a run", warnings=[None, "it is cut off"],
    ).texts  # fmt: skip
    assert "Warning: it is cut off" in [text.get_text() for text in texts_of]
    assert sum("Warning" in text.get_text() for text in texts_of) == 1
