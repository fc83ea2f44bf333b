"""What is installed in the environment of mnist-lab, and the shell commands that install more."""

import shlex
import shutil
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parents[2]


def installed_version(package: str) -> str | None:
    """Return the version of a package; None if it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def extra_command(extra: str) -> str:
    """Return the command that installs an extra of `pyproject.toml`, such as `jax`.

    In the environment created by `make install`, it is `make` with the extra, which installs the locked versions.
    Elsewhere it lists the packages of the extra, since mnist-lab itself is not on a package index.
    """
    if Path(sys.prefix).resolve() == _CHECKOUT / ".venv" and (_CHECKOUT / "Makefile").is_file():
        here = Path.cwd() == _CHECKOUT
        return f"make {'' if here else f'-C {shlex.quote(str(_CHECKOUT))} '}install EXTRAS={extra}"
    return package_command(*(_requirements(extra) or [f"{_CHECKOUT}[{extra}]"]))


def package_command(*requirements: str) -> str:
    """Return the command that installs packages into this Python environment, which has no pip if uv created it."""
    python = shlex.quote(sys.executable)
    if find_spec("pip"):
        installer = f"{python} -m pip install"
    elif shutil.which("uv"):
        installer = f"uv pip install --python {python}"
    else:
        installer = f"{python} -m ensurepip && {python} -m pip install"
    return " ".join([installer, *map(shlex.quote, requirements)])


def _requirements(extra: str) -> list[str]:
    """Return the packages of the extra; empty if mnist-lab is run from its source without being installed."""
    try:
        lines = requires("mnist-lab") or []
    except PackageNotFoundError:
        return []
    parts = [line.partition(";") for line in lines]
    return [named.strip() for named, _, marker in parts if f"extra == '{extra}'" in marker.replace('"', "'")]
