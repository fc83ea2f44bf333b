"""The configurations and sweeps that ship with mnist-lab, and how a name such as `ablation/nodes_1024` finds one."""

from pathlib import Path

from mnist_lab.config.problems import suggest
from mnist_lab.errors import ConfigError

_PACKAGE = Path(__file__).resolve().parent.parent
SUFFIXES = (".yaml", ".yml")


def folder() -> Path:
    """Where they are: inside an installed package, or at the top of a checkout."""
    installed = _PACKAGE / "configs"
    return installed if installed.is_dir() else _PACKAGE.parent / "configs"


def names() -> list[str]:
    """Their names, in order: `ablation/batch_256`, ..., `mlp_512`, ..."""
    root = folder()
    return sorted(path.relative_to(root).with_suffix("").as_posix() for path in root.rglob("*.yaml"))


def sweep_names() -> list[str]:
    """What can be swept by name besides one configuration: the sweep files, and the folders of configurations."""
    folders = {parent.as_posix() for name in names() for parent in Path(name).parents[:-1]}
    return sorted(folders | {f"sweeps/{path.stem}" for path in _sweeps().glob("*.yaml")})


def find_sweep(reference: str | Path) -> Path:
    """The file or folder that `reference` means: a path, or the name of a shipped one. A path wins.

    Raises:
        ConfigError: there is neither.
    """
    path = Path(reference)
    try:
        if path.exists():
            return path
    except OSError as error:
        raise ConfigError(f"{reference}: cannot be read ({error.strerror}).") from None
    name = _bare(path.as_posix())
    for known in (name, f"sweeps/{name}"):
        if known in sweep_names():
            return _sweeps().parent / f"{known}.yaml" if known.startswith("sweeps/") else folder() / known
    if name in names():
        return folder() / f"{name}.yaml"
    raise ConfigError(
        f"{reference}: no such file or folder, and nothing of that name ships with mnist-lab"
        f"{suggest(name, [*names(), *sweep_names()])}.",
        "`mnist-lab configs` lists what does.",
    )


def _sweeps() -> Path:
    return folder().parent / "sweeps"


def _bare(reference: str) -> str:
    name = reference.removeprefix("configs/")
    for suffix in SUFFIXES:
        name = name.removesuffix(suffix)
    return name


def find(reference: str | Path, beside: Path = Path()) -> Path:
    """The file that `reference` means: a path from the folder `beside`, or the name of a shipped one. A file wins.

    Raises:
        ConfigError: there is neither.
    """
    path = beside / reference
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
        f"{reference}: no such file, and no configuration of that name ships with mnist-lab{suggest(name, names())}.",
        "`mnist-lab configs` lists those that do.",
    )
