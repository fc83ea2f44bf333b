"""How well `predict` reads photographs of MNIST's test digits: right or wrong, with or without a warning, by kind.

    mnist-lab run configs/two_models/cnn_20_40_60.yaml
    python -m benchmarks.reading cnn_20_40_60        about 15 minutes on two cores; writes PHOTOGRAPHS.md

The photographs are synthetic, as `photographs` describes. The seeds are not those that the thresholds of
`mnist_lab.datasets.drawing` were chosen with, which are below 100,000.
"""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks.photographs import HOPELESS, ONE_DIGIT, photograph
from mnist_lab import datasets
from mnist_lab.datasets.centring import Prepared, like_mnist
from mnist_lab.errors import DataError, MnistLabError
from mnist_lab.prediction import Picture, check_model, load_network, signature_of, warning
from mnist_lab.runs import find_run
from mnist_lab.system import atomic
from tools.markdown import render

HERE = Path(__file__).resolve().parent
OUTCOMES = ("right", "right, warned", "wrong, warned", "wrong")


@dataclass(frozen=True)
class Case:
    """A photograph to be made: its kind, its seed, the images of test digits on it and the label of the first."""

    kind: str
    seed: int
    images: NDArray[np.uint8]
    label: int

    def prepared(self) -> Prepared | None:
        """What a network is shown; None where the photograph is refused."""
        try:
            return like_mnist(photograph(list(self.images), self.kind, self.seed))
        except DataError:
            return None


@click.command(help=__doc__)
@click.argument("run")
@click.option("--digits", default=100, show_default=True, type=click.IntRange(1, 10_000), help="Of each kind.")
@click.option("--seed", default=100_000, show_default=True, help="Of the first photograph.")
@click.option(
    "--kind", "kinds", multiple=True, type=click.Choice([*ONE_DIGIT, *HOPELESS]), help="Only this; repeatable."
)
@click.option("--data-dir", type=click.Path(path_type=Path), envvar="MNIST_LAB_DATA", help="Where to look for MNIST.")
@click.option("--results", default="results", type=click.Path(path_type=Path), help="Where to look for RUN.")
@click.option("--jobs", default=2, show_default=True, type=click.IntRange(1), help="Processes.")
@click.option("--out", default=HERE / "PHOTOGRAPHS.md", type=click.Path(path_type=Path), help="The file to write.")
def main(
    run: str, digits: int, seed: int, kinds: Sequence[str], data_dir: Path | None, results: Path, jobs: int, out: Path
) -> None:
    """Measure, print and write."""
    try:
        trained = find_run(run, results)
        check_model(trained)
        mnist = datasets.load("mnist", data_dir)
        todo = cases(mnist, kinds or (*ONE_DIGIT, *HOPELESS), digits, seed)
        with ProcessPoolExecutor(jobs) as pool:  # before the backend starts, which does not survive a fork
            prepared = list(pool.map(Case.prepared, todo, chunksize=4))
        network = load_network(trained, signature_of(trained))
    except MnistLabError as error:
        raise click.ClickException(str(error)) from None
    read = [Picture(Path(), each.pixels, each) for each in prepared if each]
    answers = iter(zip(read, network.probabilities(read), strict=True))
    counts = Counter(
        (case.kind, outcome(case, next(answers) if each else None)) for case, each in zip(todo, prepared, strict=True)
    )
    page = render(
        HERE / "templates" / "PHOTOGRAPHS.md.jinja",
        digits=digits,
        seed=seed,
        error=100 * float(1 - trained.measured.test.accuracy),
        experiment=trained.measured.run.experiment,
        rows=[[kind, *(counts[kind, each] for each in OUTCOMES)] for kind in dict.fromkeys(case.kind for case in todo)],
    )
    click.echo(page)
    atomic.write_text(out, page)


def cases(mnist: datasets.Dataset, kinds: Sequence[str], digits: int, seed: int) -> list[Case]:
    """`digits` photographs of each kind, each of other test images."""
    found = []
    for kind in kinds:
        draw = np.random.default_rng([seed, *kind.encode()])
        for n in range(digits):
            chosen = draw.choice(len(mnist.x_test), 4, replace=False)
            found.append(Case(kind, seed + n, mnist.x_test[chosen], int(mnist.y_test[chosen[0]])))
    return found


def outcome(case: Case, answer: tuple[Picture, Any] | None) -> str:
    """Where there is no one digit, every answer is wrong."""
    if answer is None:
        return "wrong, warned"
    picture, probabilities = answer
    right = case.kind in ONE_DIGIT and int(np.argmax(probabilities)) == case.label
    return ("right" if right else "wrong") + (", warned" if warning(picture, probabilities) else "")


if __name__ == "__main__":
    main()
