"""How well `predict` reads photographs of MNIST's test digits: right or wrong, with or without a warning, by kind.

    mnist-lab run configs/two_models/cnn_20_40_60.yaml
    python -m benchmarks.reading cnn_20_40_60        about 10 minutes on two idle cores

Writes `reading.json`, and from it PHOTOGRAPHS.md and the sentences in docs/predict.md. The photographs are synthetic,
as `photographs` describes. The thresholds of `mnist_lab.datasets.drawing` were chosen with seeds below 200,000 and of
300,000 or more, the probability below which `predict` warns with MNIST's test images themselves.
"""

import json
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks.photographs import HOPELESS, ONE_DIGIT, photograph
from mnist_lab import datasets
from mnist_lab.datasets.centring import Prepared, like_mnist
from mnist_lab.errors import DataError, MnistLabError
from mnist_lab.prediction import Network, Picture, Prediction
from mnist_lab.runs import find_run
from mnist_lab.system import atomic
from tools.markdown import put, render

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "reading.json"
GUIDE = HERE.parent / "docs" / "predict.md"
ALL_KINDS = "All kinds: [benchmarks/PHOTOGRAPHS.md](../benchmarks/PHOTOGRAPHS.md)."
OUTCOMES = ("right", "right, warned", "wrong, warned", "wrong")
MOST_WRONG, MOST_FALSE_ALARMS = 0.02, 0.05
"""The aims for each kind: the largest shares that are wrong without a warning, and right with one."""


@dataclass(frozen=True)
class Case:
    """A photograph to generate: its kind, its seed, the images of test digits on it and the label of the first."""

    kind: str
    seed: int
    images: NDArray[np.uint8]
    label: int

    def prepared(self) -> Prepared | None:
        """Return the image that a network is given, or None if the photograph is refused."""
        try:
            return like_mnist(photograph(list(self.images), self.kind, self.seed))
        except DataError:
            return None


@dataclass(frozen=True)
class Reading:
    """The results: `digits` photographs of each kind, with seeds from `seed` on."""

    experiment: str
    accuracy: float
    """Accuracy of the network on the test images themselves."""
    seed: int
    digits: int
    kinds: dict[str, dict[str, int]]
    """Number of photographs of each kind with each of `OUTCOMES`."""

    def total(self, kinds: Sequence[str], outcome: str) -> int:
        """Return the number of photographs of these kinds with this outcome."""
        return sum(self.kinds[kind][outcome] for kind in kinds)

    def beyond(self, kinds: Sequence[str], outcome: str, share: float) -> list[str]:
        """Return the kinds with more than this share of an outcome, and its number: `ruled (3 of 100)`."""
        found = ((kind, self.kinds[kind][outcome]) for kind in kinds)
        return [f"{kind} ({count} of {self.digits})" for kind, count in found if count > share * self.digits]


@click.command(help=__doc__)
@click.argument("run")
@click.option("--digits", default=100, show_default=True, type=click.IntRange(1, 10_000), help="Photographs per kind.")
@click.option("--seed", default=200_000, show_default=True, help="Seed of the first photograph.")
@click.option(
    "--kind", "kinds", multiple=True, type=click.Choice([*ONE_DIGIT, *HOPELESS]), help="Only this kind; repeatable."
)
@click.option("--data-dir", type=click.Path(path_type=Path), envvar="MNIST_LAB_DATA", help="Folder with MNIST.")
@click.option("--results", default="results", type=click.Path(path_type=Path), help="Folder to search for RUN.")
@click.option("--jobs", default=2, show_default=True, type=click.IntRange(1), help="Number of processes.")
@click.option("--print-only", is_flag=True, help="Write nothing.")
def main(
    run: str,
    digits: int,
    seed: int,
    kinds: Sequence[str],
    data_dir: Path | None,
    results: Path,
    jobs: int,
    *,
    print_only: bool,
) -> None:
    """Measure, print and write."""
    if kinds and not print_only:
        raise click.UsageError("The files cover all kinds: with --kind, add --print-only.")
    try:
        trained = find_run(run, results)
        network = Network(trained)
        mnist = datasets.load("mnist", data_dir)
        todo = cases(mnist, kinds or (*ONE_DIGIT, *HOPELESS), digits, seed)
        with ProcessPoolExecutor(jobs) as pool:  # before the backend starts, which does not survive a fork
            prepared = list(pool.map(Case.prepared, todo, chunksize=4))
        network.model  # noqa: B018 - loads it
    except MnistLabError as error:
        raise click.ClickException(str(error)) from None
    read = [Picture(Path(), each.pixels, each) for each in prepared if each]
    answers = iter(network.predict(read))
    counts = Counter(
        (case.kind, outcome(case, next(answers) if each else None)) for case, each in zip(todo, prepared, strict=True)
    )
    facts, test = trained.measured.run, trained.measured.test
    found = {case.kind: {each: counts[case.kind, each] for each in OUTCOMES} for case in todo}
    reading = Reading(facts.experiment, test.accuracy, seed, digits, found)
    click.echo(page(reading))
    if not print_only:
        atomic.write_text(RESULTS, json.dumps(asdict(reading), indent=1) + "\n")
        atomic.write_text(HERE / "PHOTOGRAPHS.md", page(reading))
        atomic.write_text(GUIDE, in_guide(GUIDE.read_text("utf-8"), reading))


def cases(mnist: datasets.Dataset, kinds: Sequence[str], digits: int, seed: int) -> list[Case]:
    """`digits` photographs of each kind, each of different test images."""
    found = []
    for kind in kinds:
        draw = np.random.default_rng([seed, *kind.encode()])
        for n in range(digits):
            chosen = draw.choice(len(mnist.x_test), 4, replace=False)
            found.append(Case(kind, seed + n, mnist.x_test[chosen], int(mnist.y_test[chosen[0]])))
    return found


def outcome(case: Case, answer: Prediction | None) -> str:
    """Return the outcome of a case; without exactly one whole digit, every answer is wrong."""
    if answer is None:
        return "wrong, warned"
    right = case.kind in ONE_DIGIT and answer.label == str(case.label)
    return ("right" if right else "wrong") + (", warned" if answer.warning else "")


def stored() -> Reading:
    """Return the last measurement."""
    return Reading(**json.loads(RESULTS.read_text("utf-8")))


def page(reading: Reading) -> str:
    """Return the text of PHOTOGRAPHS.md."""
    rows = [[kind, *(counts[each] for each in OUTCOMES)] for kind, counts in reading.kinds.items()]
    return _rendered("PHOTOGRAPHS.md.jinja", reading, rows=rows)


def in_guide(text: str, reading: Reading) -> str:
    """docs/predict.md with the results."""
    return put(
        text,
        "photographs",
        _rendered("reading.md.jinja", reading).strip() + "\n\n" + ALL_KINDS,
        by="python -m benchmarks.reading",
    )


def _rendered(template: str, reading: Reading, **more: Any) -> str:
    one_digit, hopeless = ([kind for kind in kinds if kind in reading.kinds] for kinds in (ONE_DIGIT, HOPELESS))
    return render(
        HERE / "templates" / template,
        reading=reading,
        one_digit=one_digit,
        hopeless=hopeless,
        too_wrong=reading.beyond([*one_digit, *hopeless], "wrong", MOST_WRONG),
        too_loud=reading.beyond(one_digit, "right, warned", MOST_FALSE_ALARMS),
        most_wrong=f"{100 * MOST_WRONG:.0f} %",
        most_false_alarms=f"{100 * MOST_FALSE_ALARMS:.0f} %",
        **more,
    )


if __name__ == "__main__":
    main()
