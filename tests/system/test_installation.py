"""`make install` and `make dev` install complete locks unchanged, with pip as with uv."""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from mnist_lab.system import installation
from tests.lab import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = PROJECT["project"]["optional-dependencies"]

ENVIRONMENTS = {
    f"Python {python} on {system} {machine}": {
        **default_environment(),
        "python_version": python,
        "python_full_version": f"{python}.0",
        "implementation_version": f"{python}.0",
        "os_name": "posix",
        "platform_machine": machine,
        "platform_system": system,
        "sys_platform": system.lower(),
        "platform_release": "",
        "platform_version": "",
    }
    for python in ("3.11", "3.12", "3.13")
    for system, machine in (("Linux", "x86_64"), ("Linux", "aarch64"), ("Darwin", "arm64"))
}


@dataclass(frozen=True)
class Lock:
    """Lock files that are installed together, and the parts of pyproject.toml that they are for."""

    files: tuple[str, ...]
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return "".join((ROOT / file).read_text() for file in self.files)

    @property
    def requirements(self) -> list[Requirement]:
        """The project's own requirements."""
        named = [
            *PROJECT["project"]["dependencies"],
            *(line for extra in self.extras for line in EXTRAS[extra]),
            *(line for group in self.groups for line in PROJECT["dependency-groups"][group]),
        ]
        return [Requirement(line) for line in named]


LOCKS = {
    "install": Lock(("requirements.lock",)),
    "dev": Lock(("requirements-dev.lock",), extras=("jax",), groups=("dev",)),
    **{extra: Lock(("requirements.lock", f"requirements-{extra}.lock"), extras=(extra,)) for extra in EXTRAS},
    "every extra": Lock(("requirements.lock", *(f"requirements-{extra}.lock" for extra in EXTRAS)), tuple(EXTRAS)),
}


def pins(text: str, environment: dict[str, str]) -> dict[str, Version]:
    """The versions that a lock gives the environment, after a check that it gives no package two."""
    found: dict[str, Version] = {}
    for line in re.findall(r"^([a-z0-9][^\s=]*==[^\\\n]+)", text, re.MULTILINE):
        pin = Requirement(line.strip())
        if pin.marker is None or pin.marker.evaluate({**environment, "extra": ""}):
            [specifier] = pin.specifier
            name, version = canonicalize_name(pin.name), Version(specifier.version)
            assert found.setdefault(name, version) == version, f"{name} is locked twice"
    return found


@cache
def metadata(name: str) -> tuple[Version, list[Requirement]] | None:
    """The metadata of the installed distribution; None if it is not installed."""
    try:
        there = distribution(name)
    except PackageNotFoundError:
        return None
    return Version(there.version), [Requirement(line) for line in there.requires or []]


def gaps(text: str, project: list[Requirement], environment: dict[str, str]) -> list[str]:
    """What the project and the locked packages require, extras included, but a lock lacks.

    The requirements of a package for another system, which is not installed here, are unknown. One installed in
    another version than the lock's counts with the packages that it requires, but not with their versions.
    """
    locked = pins(text, environment)
    missing: list[str] = []
    seen: set[tuple[str, str]] = set()

    def require(by: str, requirement: Requirement, extra: str, *, exact: bool) -> None:
        if requirement.marker and not requirement.marker.evaluate({**environment, "extra": extra}):
            return
        name = canonicalize_name(requirement.name)
        if name not in locked:
            missing.append(f"{by} requires {requirement}, which is not locked")
            return
        if exact and not requirement.specifier.contains(locked[name], prereleases=True):
            missing.append(f"{by} requires {requirement}; {name} {locked[name]} is locked")
        for inner in ("", *requirement.extras):
            follow(name, inner)

    def follow(name: str, extra: str) -> None:
        if (name, extra) in seen:
            return
        seen.add((name, extra))
        if said := metadata(name):
            version, requirements = said
            for requirement in requirements:
                require(name, requirement, extra, exact=version == locked[name])

    for requirement in project:
        require("mnist-lab", requirement, "", exact=True)
    for name in locked:
        follow(name, "")
    return missing


@pytest.mark.parametrize("environment", ENVIRONMENTS.values(), ids=ENVIRONMENTS)
@pytest.mark.parametrize("lock", LOCKS.values(), ids=LOCKS)
def test_a_lock_holds_all_that_its_packages_require(lock, environment):
    assert gaps(lock.text, lock.requirements, environment) == []


def test_everything_locked_for_this_machine_is_installed():
    assert [name for name in pins(LOCKS["dev"].text, default_environment()) if metadata(name) is None] == []


def without(text: str, name: str) -> str:
    shorter = re.sub(rf"^{name}(\[.*\])?==.*\\\n(    .*\n)+", "", text, flags=re.MULTILINE)
    assert shorter != text
    return shorter


DEV = LOCKS["dev"]
BROKEN = {
    "a package that an extra of ours names": (without(DEV.text, "coverage"), "pytest-cov requires coverage[toml]"),
    "a package that an extra brings": (without(DEV.text, "pysocks"), "urllib3 requires pysocks"),
    "a package that one of our own extras names": (without(DEV.text, "jax"), "mnist-lab requires jax"),
    "a package of the group dev": (without(DEV.text, "ruff"), "mnist-lab requires ruff"),
    "another version": (re.sub(r"^coverage==.*? ", "coverage==7.0 ", DEV.text, flags=re.MULTILINE), "coverage 7.0 is"),
}


@pytest.mark.parametrize(("text", "expected"), BROKEN.values(), ids=BROKEN)
def test_what_is_missing_from_a_lock_is_found(text, expected):
    for environment in ENVIRONMENTS.values():
        assert any(expected in gap for gap in gaps(text, DEV.requirements, environment))


def test_an_extra_brings_its_packages_only_if_their_markers_hold(monkeypatch):
    """As `coverage[toml]` brings tomli only to old Pythons."""
    ours = {"coverage": [Requirement("tomli; python_version < '3.12' and extra == 'toml'")], "tomli": []}
    monkeypatch.setitem(globals(), "metadata", lambda name: (Version("1"), ours[name]))
    old, *_, new = ENVIRONMENTS.values()
    for wanted, environment, lacks in [
        ("coverage[toml]", old, True),
        ("coverage", old, False),
        ("coverage[toml]", new, False),
    ]:
        assert bool(gaps("coverage==1 \\\n", [Requirement(wanted)], environment)) is lacks
        assert gaps("coverage==1 \\\ntomli==1 \\\n", [Requirement(wanted)], environment) == []


BARE = {"PATH": os.environ["PATH"]}  # without the variables of a `make test` that runs this


def would_run(*arguments: str) -> list[str]:
    """The commands that `make ARGUMENTS` would run with nothing installed yet."""
    done = subprocess.run(
        ["make", "--dry-run", "VENV=none/.venv", *arguments],
        cwd=ROOT, env=BARE, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


INSTALLERS = {"pip": ("UV=", "python -m pip"), "uv": ("UV=/tools/uv", "'/tools/uv' pip")}


@pytest.mark.parametrize(("uv", "tool"), INSTALLERS.values(), ids=INSTALLERS)
@pytest.mark.parametrize(
    ("target", "locks"),
    [
        (["install"], ["requirements.lock"]),
        (["dev"], ["requirements-dev.lock"]),
        (["install", "EXTRAS=jax torch"], ["requirements.lock", "requirements-jax.lock", "requirements-torch.lock"]),
        (
            ["install", "EXTRAS=jax-cuda,cuda"],
            ["requirements.lock", "requirements-jax-cuda.lock", "requirements-cuda.lock"],
        ),
    ],
)
def test_locks_are_installed_as_they_are_and_then_checked(uv, tool, target, locks):
    commands = [line for line in would_run(uv, *target) if " pip " in line]
    assert all(tool in line for line in commands)
    installed = [line for line in commands if " -r " in line]
    assert [line.rpartition(" -r ")[2] for line in installed] == locks
    assert all("--no-deps --require-hashes" in line for line in installed)
    assert all(" check" in line or "--no-deps" in line for line in commands)
    assert sum(" check" in line for line in commands) == len(locks)
    assert " check" in commands[-1]


def test_an_unknown_extra_is_refused_and_the_known_ones_are_listed():
    done = subprocess.run(
        ["make", "-n", "install", "EXTRAS=jaxx"], cwd=ROOT, env=BARE, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "received: jaxx" in done.stderr
    assert all(extra in done.stderr for extra in EXTRAS)


def test_continuous_integration_installs_with_pip_even_if_uv_is_installed(tmp_path):
    said = tmp_path / "said"
    for name, script in {"uv": "exit 1", "apt-get": "exit 0", "make": f'echo "UV=${{UV-unset}} $*" >> {said}'}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    subprocess.run([ROOT / ".ci/run"], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=True, capture_output=True)
    lines = said.read_text().splitlines()
    assert lines
    assert all(line.startswith("UV= ") for line in lines)


@pytest.fixture
def environment(monkeypatch, tmp_path):
    """A function that sets where a user's environment is, and which installers there are."""

    def there(prefix, *, pip=False, uv=False):
        monkeypatch.setattr(sys, "prefix", str(prefix))
        monkeypatch.setattr(sys, "executable", f"{prefix}/bin/python")
        monkeypatch.setattr(installation, "find_spec", lambda name: name if pip else None)
        monkeypatch.setattr("shutil.which", lambda name: name if uv else None)

    return there


def test_in_the_environment_of_the_clone_an_extra_is_installed_by_make_from_any_folder(
    environment, monkeypatch, tmp_path
):
    environment(ROOT / ".venv")
    monkeypatch.chdir(tmp_path)
    command = installation.extra_command("jax")
    assert command == f"make -C {ROOT} install EXTRAS=jax"
    assert any("requirements-jax.lock" in line for line in would_run(*shlex.split(command)[1:]))
    monkeypatch.chdir(ROOT)
    assert installation.extra_command("jax") == "make install EXTRAS=jax"


TOOLS = {
    "a pip": ({"pip": True, "uv": True}, "/else/bin/python -m pip install"),
    "only uv": ({"uv": True}, "uv pip install --python /else/bin/python"),
    "neither": ({}, "/else/bin/python -m ensurepip && /else/bin/python -m pip install"),
}


@pytest.mark.parametrize(("tools", "installer"), TOOLS.values(), ids=TOOLS)
def test_elsewhere_the_packages_of_an_extra_are_named_for_the_installer_at_hand(environment, tools, installer):
    environment("/else", **tools)
    for extra, requirements in EXTRAS.items():
        assert installation.extra_command(extra) == f"{installer} {shlex.join(requirements)}"
    assert installation.package_command("tensorflow") == f"{installer} tensorflow"


def test_no_text_claims_that_the_package_is_on_an_index():
    texts = [ROOT / "README.md", *ROOT.glob("configs/**/*.yaml"), *ROOT.glob("mnist_lab/**/*.py")]
    assert [path.name for path in texts if re.search(r"mnist-lab\[|pip install 'mnist", path.read_text())] == []
