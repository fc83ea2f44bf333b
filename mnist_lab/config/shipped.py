"""The configurations that ship with mnist-lab, and how a name such as `ablation/nodes_1024` finds one."""

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
    name = str(reference).removeprefix("configs/")
    for suffix in SUFFIXES:
        name = name.removesuffix(suffix)
    if name in names():
        return folder() / f"{name}.yaml"
    if path.exists():
        return path
    raise ConfigError(
        f"{reference}: no such file, and no configuration of that name ships with mnist-lab{suggest(name, names())}.",
        "`mnist-lab configs` lists those that do.",
    )
