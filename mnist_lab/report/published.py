"""Published accuracies beside ours: what of ours each is held against, and which is told where there are several."""

from dataclasses import dataclass

from mnist_lab.config.schema import Reference
from mnist_lab.report.group import Group, Spread


@dataclass(frozen=True)
class Published:
    """A published accuracy, and ours beside it."""

    accuracy: float | None
    """None if it was not published."""
    ours: Spread | None
    """The same of our runs; None if it was not measured."""
    best: bool = False
    """Whether it is the best over the epochs."""

    @property
    def text(self) -> str:
        """`0.9918`, or `best 0.9918`; empty if it was not published."""
        return "" if self.accuracy is None else f"{'best ' if self.best else ''}{self.accuracy:.4f}"

    @property
    def points(self) -> float | None:
        """Ours less it, in points: hundredths of accuracy."""
        return None if self.ours is None or self.accuracy is None else 100 * (self.ours.mean - self.accuracy)


def published(reference: Reference, group: Group | None) -> dict[str, Published]:
    """Every accuracy that can be published, as a reference calls it.

    The best test accuracy over the epochs is known of ours where the test images served as validation images.

    Args:
        reference: the published numbers.
        group: our runs; None if there are none.
    """
    return {
        "train_accuracy": Published(reference.train_accuracy, group and group.train),
        "test_accuracy": Published(reference.test_accuracy, group and group.test),
        "best_train_accuracy": Published(reference.best_train_accuracy, group and group.best_train, best=True),
        "best_test_accuracy": Published(reference.best_test_accuracy, group and group.best_test, best=True),
    }


def published_train(reference: Reference, group: Group | None) -> Published:
    """The training accuracy of the last epoch; where only the best over the epochs is published, that."""
    return _else_best("train_accuracy", published(reference, group))


def published_test(reference: Reference, group: Group | None) -> Published:
    """The test accuracy of the saved model; where only the best over the epochs is published, that."""
    return _else_best("test_accuracy", published(reference, group))


def _else_best(key: str, known: dict[str, Published]) -> Published:
    return known[f"best_{key}"] if known[key].accuracy is None else known[key]
