"""Installed from its wheel, away from the repository, mnist-lab brings its configurations along."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.lab import ROOT, Answer, environment, write

CONFIGS = {path.relative_to(ROOT / "configs").as_posix() for path in (ROOT / "configs").rglob("*.yaml")}
SEARCHES = {path.relative_to(ROOT).as_posix() for path in (ROOT / "searches").glob("*.yaml")}


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The folder into which the wheel is unpacked, which is how pure Python is installed."""
    built = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", built],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    [wheel] = built.glob("mnist_lab-*-py3-none-any.whl")
    target = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


@pytest.fixture
def there(installed, tmp_path):
    """A function that calls the installed `mnist-lab` from a folder that has nothing to do with the repository."""
    script = (
        "import importlib.metadata as metadata, os, sys, mnist_lab\n"
        "assert mnist_lab.__file__.startswith(os.environ['PYTHONPATH']), mnist_lab.__file__\n"
        "[script] = metadata.distribution('mnist-lab').entry_points.select(group='console_scripts')\n"
        "sys.argv[0] = script.name\n"
        "script.load()()\n"
    )

    def call(*arguments: str) -> Answer:
        done = subprocess.run(
            [sys.executable, "-c", script, *arguments],
            cwd=tmp_path, env=environment(PYTHONPATH=os.fspath(installed)), capture_output=True, text=True, check=False,
        )  # fmt: skip
        return Answer(done.returncode, done.stdout, done.stderr)

    return call


def test_the_wheel_holds_the_package_the_configurations_and_the_licence(installed):
    held = {path.relative_to(installed).as_posix() for path in installed.rglob("*") if path.is_file()}
    assert {f"mnist_lab/configs/{name}" for name in CONFIGS} <= held
    assert {f"mnist_lab/{name}" for name in SEARCHES} <= held
    shipped = ("mnist_lab/configs/", "mnist_lab/searches/")
    assert not any(name.endswith(".yaml") for name in held if not name.startswith(shipped))
    assert {"mnist_lab/py.typed", "mnist_lab/datasets/uci_digits.npz", "mnist_lab/datasets/uci_digits.txt"} <= held
    templates = {path.relative_to(ROOT).as_posix() for path in (ROOT / "mnist_lab").glob("**/templates/*")}
    assert {name for name in held if "/templates/" in name} == templates
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in held)
    assert {name.split("/")[0].split("-")[0] for name in held} == {"mnist_lab"}
    assert not any("__pycache__" in name or name.startswith("mnist_lab/tests") for name in held)


def test_its_configurations_are_listed(there):
    listed = [config["name"] for config in json.loads(there("configs", "--json").out)]
    assert {f"{name}.yaml" for name in listed} == CONFIGS | SEARCHES


def test_its_configurations_are_copied_byte_for_byte(there, tmp_path):
    assert there("configs", "copy", "mine").code == 0
    copied = {path.relative_to(tmp_path / "mine").as_posix(): path for path in (tmp_path / "mine").rglob("*.yaml")}
    assert copied.keys() == CONFIGS | SEARCHES
    for name, path in copied.items():
        assert path.read_bytes() == (ROOT / ("" if name in SEARCHES else "configs") / name).read_bytes()


def test_a_name_stands_for_a_configuration_from_the_wheel(there):
    answer = there(
        "validate", "ablation/nodes_1024", "mlp_512", "configs/quickstart.yaml", "learning_rate", "searches/mlp"
    )
    assert answer.code == 0, answer.err


def test_a_file_of_that_name_wins(there, tmp_path):
    write(tmp_path / "mlp_512", "{}")
    write(tmp_path / "ablation" / "nodes_1024", "wrong: true\n")
    answer = there("validate", "mlp_512", "ablation/nodes_1024", "ablation/nodes_256")
    assert answer.code == 2
    assert "mlp_512:1:1" in answer.err
    assert "ablation/nodes_1024:1:1" in answer.err
    assert "nodes_256" not in answer.err


def test_it_says_its_version(there, installed):
    [information] = installed.glob("*.dist-info")
    assert there("--version").out == f"mnist-lab, version {information.name.split('-')[1].removesuffix('.dist')}\n"
