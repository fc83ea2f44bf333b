"""Trackers by their names, and the extras that they need."""

from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec

from mnist_lab.errors import SetupError, first_line
from mnist_lab.system.installation import extra_command
from mnist_lab.trackers.tracker import Tracker

_CLASSES = {"tensorboard": ("TensorBoard", "tensorboardX"), "mlflow": ("MLflow", "mlflow")}
"""The class, in a module named after the tracker, and the package that it needs. The extra is named after it, too."""


def check_installed(names: Iterable[str]) -> None:
    """Check that the packages of these trackers are installed.

    Raises:
        SetupError: one is not.
    """
    for name in names:
        title, package = _CLASSES[name]
        if not find_spec(package):
            raise SetupError(
                f"{title} needs the package {package}, which is not installed.",
                f"Install it: {extra_command(name)}",
            )


def tracker(name: str, store: str | None = None) -> Tracker:
    """Return the tracker with this name.

    Args:
        name: `tensorboard` or `mlflow`.
        store: where it logs to: a folder for TensorBoard, an address for MLflow; None for its default.

    Raises:
        SetupError: the package that it needs is not installed, or `store` cannot be opened.
    """
    check_installed([name])
    title, _ = _CLASSES[name]
    kind = getattr(import_module(f"mnist_lab.trackers.{name}"), title)
    try:
        return kind(store)
    except Exception as error:  # the libraries' own, without a common base
        reason = first_line(error)
        where = store or "its default store"
        raise SetupError(f"{title}: {where} cannot be opened: {reason}", "Choose another one with --store.") from error
