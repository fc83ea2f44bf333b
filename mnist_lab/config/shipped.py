"""The configurations and sweep files that ship with mnist-lab, found by names such as `ablation/nodes_1024`."""

from pathlib import Path

from mnist_lab.config.names import existing_form
from mnist_lab.config.problems import suggest
from mnist_lab.errors import ConfigError

_PACKAGE = Path(__file__).resolve().parent.parent
SUFFIXES = (".yaml", ".yml")
SWEEPS = "sweeps/"
"""Prefix of the names of sweep files."""


def folder() -> Path:
    """Their folder: inside an installed package, or at the top of a checkout."""
    installed = _PACKAGE / "configs"
    return installed if installed.is_dir() else _PACKAGE.parent / "configs"


def names() -> list[str]:
    """The names of the configurations, sorted: `ablation/batch_256`, ..., `mlp_512`, ..."""
    return [name for name in _files() if not name.startswith(SWEEPS)]


def sweep_file_names() -> list[str]:
    """The names of the sweep files: `sweeps/learning_rate`."""
    return [name for name in _files() if name.startswith(SWEEPS)]


def find_sweep(reference: str | Path) -> Path:
    """Resolve `reference`, a path or the name of a shipped file or folder; a path takes precedence.

    Raises:
        ConfigError: neither exists.
    """
    path = existing_form(Path(reference))
    try:
        if path.exists():
            return path
    except OSError as error:
        raise ConfigError(f"{reference}: cannot be read ({error.strerror}).") from None
    name, files = _bare(path.as_posix()), _files()
    folders = {parent.as_posix() for file in files for parent in Path(file).parents[:-1]}
    if name in folders:
        return folder() / name
    for known in (name, f"{SWEEPS}{name}"):
        if known in files:
            return folder() / f"{known}.yaml"
    raise ConfigError(
        f"{reference}: no such file or folder, and mnist-lab ships nothing with that name"
        f"{suggest(name, sorted({*files, *folders}))}.",
        "`mnist-lab configs` lists those that do.",
    )


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
    path = existing_form(beside / reference)
    try:
        if path.is_file():
            return path
    except OSError as error:
        raise ConfigError(f"{reference}: cannot be read ({error.strerror}).") from None
    name = _bare(str(reference))
    if name in names():
        return folder() / f"{name}.yaml"
    if path.exists():
        return path
    raise ConfigError(
        f"{reference}: no such file, and mnist-lab ships no configuration with that name{suggest(name, names())}.",
        "`mnist-lab configs` lists those that do.",
    )
