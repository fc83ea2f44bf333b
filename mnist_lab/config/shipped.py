"""The configurations, sweep and search files that ship with mnist-lab, found by names such as `ablation/nodes_1024`."""

from pathlib import Path

from mnist_lab.config.names import existing_form
from mnist_lab.config.problems import suggest
from mnist_lab.errors import ConfigError, reason

_PACKAGE = Path(__file__).resolve().parent.parent
SUFFIXES = (".yaml", ".yml")
SWEEPS = "sweeps/"
"""Prefix of the names of sweep files."""
SEARCHES = "searches/"
"""Prefix of the names of search files, which have a folder of their own."""


def folder(name: str = "configs") -> Path:
    """Return the folder of configurations, or of `searches`: in an installed package, or at the top of a checkout."""
    installed = _PACKAGE / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def file(name: str) -> Path:
    """Return the file with one of the names that ship."""
    return folder("searches").parent / f"{name}.yaml" if name.startswith(SEARCHES) else folder() / f"{name}.yaml"


def names() -> list[str]:
    """Return the names of the configurations, sorted: `ablation/batch_256`, ..., `mlp_512`, ..."""
    return [name for name in _files() if not name.startswith(SWEEPS)]


def sweep_file_names() -> list[str]:
    """Return the names of the sweep files: `sweeps/learning_rate`."""
    return [name for name in _files() if name.startswith(SWEEPS)]


def search_file_names() -> list[str]:
    """Return the names of the search files: `searches/mlp`."""
    return sorted(f"{SEARCHES}{path.stem}" for path in folder("searches").glob("*.yaml"))


def all_names() -> list[str]:
    """Return the names of all files: configurations, then sweep files, then search files."""
    return [*names(), *sweep_file_names(), *search_file_names()]


def find_search(reference: str | Path) -> Path:
    """Resolve `reference`, a path or the name of a shipped search file; a path takes precedence.

    Raises:
        ConfigError: there is no such file.
    """
    path = path_of(reference)
    if path.is_file():
        return path
    if path.is_dir():
        raise ConfigError(f"{reference}: expected a search file, but this is a folder.")
    name, names = _bare(path.as_posix()).removeprefix(SEARCHES), search_file_names()
    if SEARCHES + name in names:
        return file(SEARCHES + name)
    near = suggest(name, [known.removeprefix(SEARCHES) for known in names])
    raise ConfigError(
        f"{reference}: no such file, and mnist-lab ships no search file with that name{near}.",
        f"It ships {', '.join(names)}.",
    )


def find_sweep(reference: str | Path) -> Path:
    """Resolve `reference`, a path or the name of a shipped file or folder; a path takes precedence.

    Raises:
        ConfigError: neither exists.
    """
    path = path_of(reference)
    if path.exists():
        return path
    name, files = _bare(path.as_posix()), _files()
    folders = {parent.as_posix() for file in files for parent in Path(file).parents[:-1]}
    if name in folders:
        return folder() / name
    for known in (name, f"{SWEEPS}{name}"):
        if known in files:
            return file(known)
    _check_kind(reference, name, "a configuration or a sweep file")
    raise ConfigError(
        f"{reference}: no such file or folder, and mnist-lab ships nothing with that name"
        f"{suggest(name, sorted({*files, *folders}))}.",
        "`mnist-lab configs` lists what it ships.",
    )


def _check_kind(reference: str | Path, name: str, expected: str) -> None:
    """Raise a ConfigError if a shipped file of another kind has this name."""
    for kind, known in (("sweep", sweep_file_names()), ("search", search_file_names())):
        if name in known:
            raise of_another_kind(reference, expected, kind)


def of_another_kind(reference: str | Path, expected: str, kind: str) -> ConfigError:
    """Return the error for a sweep or search file in place of what is `expected`."""
    command = {"sweep": "sweep", "search": "tune"}[kind]
    return ConfigError(
        f"{reference}: expected {expected}, but this is a {kind} file.",
        f"Run it with `mnist-lab {command} {reference}`.",
    )


def path_of(reference: str | Path, beside: Path = Path()) -> Path:
    """Return the path that a reference may stand for, whether or not it exists.

    Raises:
        ConfigError: access to it is denied.
    """
    path = existing_form(beside / reference)
    try:
        path.exists()
    except OSError as error:
        raise ConfigError(f"{reference}: cannot be read ({reason(error)}).") from None
    return path


def _files() -> list[str]:
    root = folder()
    return sorted(path.relative_to(root).with_suffix("").as_posix() for path in root.rglob("*.yaml"))


def _bare(reference: str) -> str:
    name = reference.removeprefix("configs/")
    for suffix in SUFFIXES:
        name = name.removesuffix(suffix)
    return name


def find(reference: str | Path, beside: Path = Path()) -> Path:
    """Resolve `reference`, a path relative to `beside` or the name of a shipped file; a file takes precedence.

    Raises:
        ConfigError: neither exists.
    """
    path = path_of(reference, beside)
    name = _bare(str(reference))
    if not path.is_file() and name in names():
        return file(name)
    if path.exists():
        return path
    _check_kind(reference, name, "a configuration")
    raise ConfigError(
        f"{reference}: no such file, and mnist-lab ships no configuration with that name{suggest(name, names())}.",
        "`mnist-lab configs` lists what it ships.",
    )
