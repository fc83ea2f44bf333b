"""Shell completion of option and argument values.

Completion runs at every press of the Tab key, so nothing heavy is imported. A folder that cannot be read or an invalid
configuration is not an error here: fewer values are offered.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from mnist_lab.config.spec import Spec

DATASETS = (
    "mnist", "fashion_mnist", "kmnist", "emnist_letters", "emnist_balanced", "emnist_digits", "digits",
)  # fmt: skip
"""The names in `mnist_lab.datasets.KNOWN`, which would import NumPy."""
_ANY_CONFIG = "mlp_512"
"""The configuration whose keys are offered if none has been named yet."""
_NO_SETTINGS = ("reference.", "experiment", "base")
"""Keys that are not offered, because mnist-lab fills them in."""


def devices(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of devices."""
    return _beginning(incomplete, ("auto", "cpu", "gpu"))


def backends(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of backends, and which of them are not installed."""
    from mnist_lab.config.backend import BACKENDS, installed

    available = installed()
    notes = {name: "" if name in available else "not installed" for name in BACKENDS}
    return _beginning(incomplete, {"auto": "the fastest installed one for the network", **notes})


def datasets(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of data sets, and paths."""
    return _beginning(incomplete, DATASETS, paths="file")


def dataset_names(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of data sets."""
    return _beginning(incomplete, DATASETS)


def configs(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of the configurations that ship with mnist-lab, and paths."""
    from mnist_lab.config import shipped

    return _beginning(incomplete, shipped.names(), paths="file")


def shown(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Arguments of `data show`: names of data sets, or of configurations after --augmented, and paths."""
    return (configs if ctx.params.get("augmented") else datasets)(ctx, parameter, incomplete)


def sweeps(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of the configurations, folders of them and sweep files that ship with mnist-lab, and paths."""
    from mnist_lab.config import shipped

    names = shipped.names()
    folders = {f"{parent}/": "all of this folder" for name in names for parent in Path(name).parents[:-1]}
    files = dict.fromkeys(shipped.sweep_file_names(), "sweep file")
    known = {**dict.fromkeys(names, ""), **folders, **files}
    return _beginning(incomplete, {name: known[name] for name in sorted(known)}, paths="file")


def searches(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of the search files that ship with mnist-lab, and paths."""
    from mnist_lab.config import shipped

    names = [name.removeprefix(shipped.SEARCHES) for name in shipped.search_file_names()]
    return _beginning(incomplete, names, paths="file")


def runs(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Experiments with finished runs in --results, these runs once something was typed, and folders."""
    from mnist_lab.errors import MnistLabError
    from mnist_lab.runs import finished_runs

    results = ctx.params.get("results") or Path("results")
    try:
        places = [(run.path.parent.relative_to(results).as_posix(), run.id) for run in finished_runs(results)]
    except (MnistLabError, OSError):
        places = []
    counts = Counter(experiment for experiment, _ in places)
    known = {name: "1 run" if number == 1 else f"{number} runs" for name, number in sorted(counts.items())}
    if incomplete:
        known |= {f"{experiment}/{run}": "" for experiment, run in places}
        known |= {run: experiment for experiment, run in places}
    return _beginning(incomplete, known, paths="dir")


def settings(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Keys that can be set in the configuration that was named."""
    from mnist_lab.config import load_config
    from mnist_lab.errors import MnistLabError

    words = [word for word in ctx.obj if not word.startswith("-")]  # nothing is parsed before the key
    for reference in (*words, _ANY_CONFIG):
        try:
            config = load_config(reference)
        except (MnistLabError, OSError):
            continue
        keys = [key for key in _keys(config) if not key.startswith(_NO_SETTINGS)]
        return _beginning(incomplete, [f"{key}=" for key in keys])
    return []


def _keys(section: "Spec", at: str = "") -> Iterator[str]:
    from mnist_lab.config.spec import Spec

    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, Spec):
            yield from _keys(value, f"{at}{name}.")
        else:
            yield f"{at}{name}"


def _beginning(
    incomplete: str, names: Iterable[str] | Mapping[str, Any], *, paths: str | None = None
) -> list[CompletionItem]:
    """Return the names that begin with what was typed; a shell that can shows the values of a mapping beside them.

    With `paths` (`file` or `dir`), paths are offered too, in Bash only if no name matches. They come first because
    click's Bash script drops the names before them.
    """
    notes = names if isinstance(names, Mapping) else {}
    known = [CompletionItem(name, help=notes.get(name) or None) for name in names if name.startswith(incomplete)]
    return [CompletionItem(incomplete, type=paths), *known] if paths else known
