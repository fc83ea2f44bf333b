"""Observations across experiments are true: each sentence is parsed, and its claim computed again from the runs."""

import re
import tempfile
from pathlib import Path
from statistics import fmean, stdev

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnist_lab.analysis import overfitting_onset, stays_above
from mnist_lab.reports import collect, groups, study
from tests.reports.test_sentences import near
from tests.run_folders import finished_run

NUMBER = r"(\d+(?:\.\d+)?)"
losses, shares = st.floats(0.01, 0.5), st.floats(0.9, 1)
epoch = st.tuples(losses, shares, losses, shares)
histories = st.lists(st.lists(epoch, min_size=4, max_size=8), min_size=4, max_size=4)


def runs_in(text, group):
    """The number of runs that a sentence states; without one, all runs of the group."""
    some = re.search(r"in (?:all (\d+)|(\d+) of (\d+)) runs", text)
    return int(some[1] or some[2]) if some else group.n


def check(one, group, text):
    match one.rule:
        case "overfitting_onset":
            onsets = [(onset, h) for h in group.histories if (onset := overfitting_onset(h))]
            after = [row["val_accuracy"] for onset, h in onsets for row in h if row["epoch"] > onset.epoch]
            mean, deviation = re.search(rf"{NUMBER} ± {NUMBER}", text).groups()
            assert near(mean, fmean(after))
            assert near(deviation, stdev(after))
            assert runs_in(text, group) == len(onsets)
            assert one.value in [onset.epoch for onset, _ in onsets]
        case "stays_above":
            level = float(re.search(rf"above {NUMBER}", text)[1])
            epochs = [first for h in group.histories if (first := stays_above(h, level)) is not None]
            assert ("does not stay" in text) == (not epochs)
            assert not epochs or runs_in(text, group) == len(epochs)
        case "still_improving":
            improved = 0
            for history in group.histories:
                values = [row["val_loss"] for row in history]
                improved += fmean(values[-2:]) < fmean(values[-4:-2]) and min(values) in values[-2:]
            assert runs_in(text, group) <= improved
        case "gap_against_base":
            assert near(re.search(r"([+-]?\d+\.\d+) pp", text)[1], 100 * one.value)
        case "faster":
            ours, theirs = re.search(rf"\({NUMBER} s against {NUMBER} s\)", text).groups()
            assert float(ours) <= float(theirs)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories)
def test_every_sentence_that_compares_experiments_is_true(drawn):
    with tempfile.TemporaryDirectory() as name:
        results = Path(name)
        for i, rows in enumerate(drawn):
            config, seed = ("mlp_512", "ablation/no_relu")[i % 2], 1 + i // 2
            last = rows[-1]
            run = finished_run(
                results,
                config,
                seed=seed,
                train=last[1],
                validation=last[3],
                epochs=len(rows),
                seconds=10.0 - 3 * (i % 2),
            )
            keys = ("loss", "accuracy", "val_loss", "val_accuracy")
            run.write_history([{"epoch": n, **dict(zip(keys, row, strict=True))} for n, row in enumerate(rows, 1)])
        [section] = study("all", groups(collect([results]).runs)).sections
        for entry in section.entries:
            for one in entry.observations:
                check(one, entry.group, one.text)
