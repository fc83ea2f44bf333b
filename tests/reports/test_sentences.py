"""Sentences about a run are true: each is parsed, and its claim computed again from the history."""

import re
from math import isfinite, log, nan
from statistics import fmean, stdev

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnist_lab.analysis import wilson
from mnist_lab.reports.observations import Evidence, observe, observed
from mnist_lab.runs import finished_runs, load_run
from tests.lab import ROOT

PUBLISHED = ROOT / "results" / "published"
NUMBER = r"(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)"


def near(text, value):
    """Whether a number is written correctly, to the digits that it has."""
    digits = len(text.partition(".")[2])
    return abs(float(text) - value) <= 0.5001 * 10**-digits


def parts(pattern, text):
    found = re.fullmatch(re.sub(r"#", lambda _: NUMBER, pattern), text)
    assert found, f"{text!r} is not of the form {pattern!r}"
    return found.groups()


class Claims:
    """The claims of the sentences about one run; one method per rule."""

    def __init__(self, history, test_accuracy, reference, held_out, rows, classes):
        self.history, self.test, self.reference = history, test_accuracy, reference
        self.held_out, self.rows, self.classes = held_out, rows, classes
        self.epochs = [row["epoch"] for row in history]

    def at(self, key, epoch):
        return next(row[key] for row in self.history if row["epoch"] == int(epoch))

    def values(self, key):
        return [row.get(key, nan) for row in self.history]

    def compared(self):
        if any("val_accuracy" in row for row in self.history):
            return self.held_out, self.history[-1].get("val_accuracy", nan)
        return "test", self.test

    @staticmethod
    def difference(text, value):
        if text == "equal to":
            assert value == 0
        else:
            less, points, side = parts(r"(less than )?# pp (above|below)", text)
            assert 100 * abs(value) < 0.0051 if less else near(points, 100 * abs(value))
            assert (side == "above") == (value > 0)

    def gap(self, text):
        difference, name, ours, other = parts(r"training accuracy ends (.+) (\w+) \(# against #\)", text)
        training, (compared, accuracy) = self.values("accuracy")[-1], self.compared()
        assert name == compared
        assert near(ours, training)
        assert near(other, accuracy)
        self.difference(difference, training - accuracy)
        return training - accuracy

    def diverged(self, text):
        if "not finite" in text:
            name, epoch = parts(r"Diverged: (\w+) loss is not finite at epoch #\.", text)
            assert not isfinite(self.at("loss" if name == "training" else "val_loss", epoch))
        else:
            first, last = parts(r"Diverged: training loss rose from # at epoch 1 to # at the end\.", text)
            losses = self.values("loss")
            assert float(first) == pytest.approx(losses[0], rel=1e-3)
            assert float(last) == pytest.approx(losses[-1], rel=1e-3)
            assert losses[-1] > 2 * max(losses[0], log(self.classes))

    def chance_level(self, text):
        training, name, other, guessing = parts(
            r"Near chance level: training accuracy ends at #(?: and (\w+) accuracy at #)?; guessing gives #\.",
            text,
        )
        chance = 1 / self.classes
        assert near(training, self.values("accuracy")[-1])
        assert near(guessing, chance)
        learned = chance + 0.1 * (1 - chance)
        assert self.values("accuracy")[-1] < learned or self.compared()[1] < learned
        if other:
            assert name == self.compared()[0]
            assert near(other, self.compared()[1])

    def overfits(self, text):
        for part in text.removeprefix("Overfits: ").removesuffix(".").split("; "):
            if part.startswith("training accuracy"):
                assert self.gap(part) >= 0.01
                continue
            name, lowest, rise, last = parts(r"(\w+) loss was lowest at epoch # and rose # % by epoch #", part)
            losses = self.values("val_loss")
            assert name == self.held_out
            assert self.at("val_loss", lowest) == min(losses)
            assert near(rise, 100 * (losses[-1] / min(losses) - 1))
            assert int(last) == self.epochs[-1]
            assert self.values("loss")[-1] < self.at("loss", lowest)

    def overfitting_onset(self, text):
        epoch, name, mean, deviation = parts(
            r"Overfitting starts at epoch #: (\w+) accuracy after it is # ± # "
            r"\(mean and standard deviation of the epochs that follow\)\.",
            text,
        )
        after = [v for v in self.values("val_accuracy")[self.epochs.index(int(epoch)) + 1 :] if isfinite(v)]
        assert name == self.held_out
        assert self.at("val_loss", epoch) == min(self.values("val_loss"))
        assert near(mean, fmean(after))
        assert near(deviation, stdev(after))

    def underfits(self, text):
        training, other, name, level = parts(
            r"Underfits: accuracy ends at # \(training\) and # \((\w+)\), both below #\.", text
        )
        assert name == self.compared()[0]
        assert near(training, self.values("accuracy")[-1])
        assert near(other, self.compared()[1])
        assert max(float(training), float(other)) < float(level)

    def no_overfitting(self, text):
        said = text.removeprefix("No sign of overfitting: ").removesuffix(".")
        said, _, more = said.partition(", ")
        gap = self.gap(said)
        if rows := re.match(r"which could be chance with only ([\d,]+) (\w+) images?", more):
            assert rows.groups() == (f"{self.rows:,}", self.held_out)
            assert self.values("accuracy")[-1] <= wilson(round(self.compared()[1] * self.rows), self.rows)[1]
        else:
            assert gap < 0.01

    def still_improving(self, text):
        losses = self.values("val_loss")
        if "mean" in text:
            epoch, name, size, fall, again, now, before = parts(
                r"Still improving at epoch #: mean (\w+) loss of the last # epochs is # % below that of the # before "
                r"\(# against #\)\.",
                text,
            )
            assert size == again
        else:
            epoch, name, fall, before, now = parts(
                r"Still improving at epoch #: (\w+) loss fell # % in the last epoch, from # to #\.", text
            )
            size = 1
        size = int(size)
        earlier, later = fmean(losses[-2 * size : -size]), fmean(losses[-size:])
        assert (int(epoch), name) == (self.epochs[-1], self.held_out)
        assert near(before, earlier)
        assert near(now, later)
        assert near(fall, 100 * (1 - later / earlier))
        assert later < earlier
        assert min(losses) in losses[-size:]

    def best_epoch(self, text):
        what, epoch, of, value, end = parts(r"Best epoch by (.+): # of # \(#(?:; last epoch (.+))?\)\.", text)
        kind, quantity = what.split()
        key = quantity if kind == "training" else f"val_{quantity}"
        finite = [v for v in self.values(key) if isfinite(v)]
        assert self.at(key, epoch) == (min(finite) if quantity == "loss" else max(finite))
        assert near(value, self.at(key, epoch))
        assert int(of) == self.epochs[-1]
        last = self.values(key)[-1]
        assert (end is None) == (int(epoch) == self.epochs[-1])
        if end == "none":
            assert not isfinite(last)
        elif end:
            assert near(end, last)

    def stays_above(self, text):
        name, level, epoch = parts(r"(\w+) accuracy stays at or above # from epoch # on\.", text)
        values = self.values("val_accuracy")
        first = self.epochs.index(int(epoch))
        assert name.lower() == self.held_out
        assert all(value >= float(level) for value in values[first:])
        assert first == 0 or not values[first - 1] >= float(level)

    def published(self, text):
        place, ours, theirs, rest = parts(r"(.+?) the published test accuracy: # against #, (.+)\.", text)
        assert near(ours, self.test)
        assert near(theirs, self.reference["test_accuracy"])
        where, low, high = parts(r"which lies (\w+) our 95 % confidence interval # to # \(one seed\)", rest)
        inside = float(low) <= float(theirs) <= float(high)
        assert {"Consistent with": ("within", inside), "Above": ("below", float(theirs) <= float(low)),
                "Below": ("above", float(theirs) >= float(high))}[place] == (where, True)  # fmt: skip

    def reference_best(self, text):
        ours, epoch, difference, theirs = parts(
            r"Best test accuracy over the epochs: # \(epoch #\), (.+) the published best, # \(one seed\)\.", text
        )
        best = max(v for v in self.values("val_accuracy") if isfinite(v))
        assert self.at("val_accuracy", epoch) == best
        assert near(ours, best)
        assert near(theirs, self.reference["best_test_accuracy"])
        self.difference(difference, best - self.reference["best_test_accuracy"])

    def selected_on_test(self, text):
        best, epoch, last = parts(
            r"Validated on the test set: the test images served as validation, so the best epoch's accuracy # "
            r"\(epoch #\) is optimistic(?:; the last epoch's is #)?\.",
            text,
        )
        assert self.at("val_accuracy", epoch) == max(v for v in self.values("val_accuracy") if isfinite(v))
        assert near(best, self.at("val_accuracy", epoch))
        if last:
            assert near(last, self.values("val_accuracy")[-1])
            assert int(epoch) != self.epochs[-1]

    def check(self, observation):
        {"reference": self.published}.get(observation.rule, getattr(self, observation.rule, None))(observation.text)


losses = st.floats(0.01, 3)
shares = st.floats(0, 1)
finite_row = st.fixed_dictionaries({"loss": losses, "accuracy": shares, "val_loss": losses, "val_accuracy": shares})
any_loss = losses | st.just(nan)
any_row = st.fixed_dictionaries(
    {"loss": any_loss, "accuracy": shares}, optional={"val_loss": any_loss, "val_accuracy": shares | st.just(nan)}
)
good_row = st.fixed_dictionaries(
    {"loss": st.floats(0.001, 0.3), "accuracy": st.floats(0.9, 1), "val_loss": st.floats(0.04, 0.3),
     "val_accuracy": st.floats(0.9, 1)}
)  # fmt: skip


def falling(rows):
    """The history with losses that fall, as in a successful training."""
    for key in ("loss", "val_loss"):
        for row, value in zip(rows, sorted((row[key] for row in rows), reverse=True), strict=True):
            row[key] = value
    return rows


def overfitting(rows):
    """The history with a training loss that falls and a validation loss that rises."""
    rows = falling(rows)
    for row, value in zip(rows, sorted(row["val_loss"] for row in rows), strict=True):
        row["val_loss"] = value
    return rows


histories = st.one_of(
    st.lists(finite_row, min_size=1, max_size=14),
    st.lists(any_row, min_size=1, max_size=14),
    st.lists(good_row, min_size=2, max_size=24),
    st.lists(good_row, min_size=2, max_size=24).map(falling),
    st.lists(good_row, min_size=3, max_size=24).map(overfitting),
)


@settings(max_examples=5 * settings.default.max_examples, suppress_health_check=[HealthCheck.too_slow])
@given(
    histories,
    st.floats(0.01, 1),
    st.sampled_from(["val_loss", "val_accuracy", "loss", "accuracy"]),
    st.sampled_from(["validation", "test"]),
    st.sampled_from([50, 10_000]),
    st.booleans(),
)
def test_every_sentence_about_any_history_is_true(rows, test, monitor, held_out, images, understated):
    history = [{"epoch": n, **row} for n, row in enumerate(rows, start=1)]
    reference = {"test_accuracy": 0.9799, "best_test_accuracy": 0.9921}
    claims = Claims(history, test, reference, held_out, images, 10)
    evidence = Evidence(
        history, test_accuracy=test, test_interval=wilson(round(test * 10_000), 10_000), reference=reference,
        monitor=monitor, validation_name=held_out, validation_rows=images, classes=10, understated=understated,
    )  # fmt: skip
    found = observe(evidence)
    for observation in found:
        claims.check(observation)
    if any(observation.rule == "chance_level" for observation in found):
        assert {observation.rule for observation in found} <= {"chance_level", "diverged"}


@pytest.mark.parametrize("losses", [[0.2035, 0.2129, 0.1859, 0.2167], [0.4, 0.2], [1 / n for n in range(1, 30)]])
def test_still_improving_compares_the_windows_whose_numbers_it_gives(losses):
    history = [
        {"epoch": n, "loss": 0.1, "accuracy": 0.97, "val_loss": loss, "val_accuracy": 0.97}
        for n, loss in enumerate(losses, start=1)
    ]
    [found] = [one for one in observe(Evidence(history, classes=10)) if one.rule == "still_improving"]
    Claims(history, 0.97, {}, "validation", None, 10).check(found)


@pytest.mark.parametrize(("training", "validation"), [(0.22, 0.1), (0.14, 0.13), (0.4, 0.12), (0.1, 0.3)])
def test_a_run_that_has_learned_nothing_gets_no_other_sentence(training, validation):
    history = [
        {"epoch": n, "loss": 2.2 / n, "accuracy": training, "val_loss": 2.3 + 0.1 * n, "val_accuracy": validation}
        for n in range(1, 11)
    ]
    [found] = observe(Evidence(history, test_accuracy=validation, test_interval=(0.05, 0.2), classes=10))
    assert found.rule == "chance_level"


def test_a_network_that_has_learned_its_training_images_by_heart_overfits():
    history = [
        {"epoch": n, "loss": 2.2 / n, "accuracy": 0.99, "val_loss": 2.3 + 0.1 * n, "val_accuracy": 0.1}
        for n in range(1, 11)
    ]
    assert {"overfits"} <= {one.rule for one in observe(Evidence(history, classes=10))} - {"chance_level"}


def test_every_sentence_about_a_published_run_is_true_and_is_what_its_history_gives_today():
    folders = finished_runs(PUBLISHED)
    assert len(folders) > 100
    for folder in folders:
        run = load_run(folder.path)
        data, test = run.metrics["dataset"], run.metrics["test"]
        found = observed(run)
        assert [one.model_dump() for one in found] == run.metrics["observations"], folder.path
        held_out = "test" if data["selected_on_test"] else "validation"
        claims = Claims(
            run.history, test["accuracy"], run.metrics["reference"], held_out, data["validation"], data["classes"]
        )
        for observation in found:
            claims.check(observation)
