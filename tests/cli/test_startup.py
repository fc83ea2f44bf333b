"""Commands that train nothing start at once: none of them imports what only training needs."""

import json
import re

import click
import pytest
from click.testing import CliRunner

from mnist_lab.cli import main
from tests.lab import HEAVY_IMPORTS, good, imported, lab

HEAVY = HEAVY_IMPORTS


def commands(group: click.Group, *path: str) -> list[tuple[str, ...]]:
    """The words of every command and of every group below `group`."""
    found = [path]
    for name, command in group.commands.items():
        found += commands(command, *path, name) if isinstance(command, click.Group) else [(*path, name)]
    return found


def at(path: tuple[str, ...]) -> click.Command:
    command: click.Command = main
    for name in path:
        assert isinstance(command, click.Group)
        command = command.commands[name]
    return command


@pytest.mark.parametrize("words", commands(main), ids=" ".join)
def test_help_has_an_example_and_imports_nothing_heavy(words, tmp_path):
    answer = lab(*words, "--help", cwd=tmp_path, python=("-X", "importtime"))
    assert answer.code == 0
    assert answer.out.startswith(" ".join(["Usage: mnist-lab", *words]))
    assert re.search(rf"Examples:\n +{' '.join(['mnist-lab', *words])}", answer.out)
    assert imported(answer) & (HEAVY | {"pydantic", "yaml", "rich"}) == set()


@pytest.mark.parametrize("words", [path for path in commands(main) if isinstance(at(path), click.Group)], ids=" ".join)
def test_the_list_of_commands_cuts_no_description_off_at_80_columns(words):
    group = at(words)
    answer = CliRunner().invoke(main, [*words, "--help"], terminal_width=80)
    for name, command in group.commands.items():
        assert command.short_help, name
        assert re.search(rf"^  {name} +{re.escape(command.short_help)}$", answer.output, re.MULTILINE), name


@pytest.mark.parametrize(
    "words",
    [
        ("validate", "mlp_512"),
        ("schema",),
        ("configs",),
        ("list", "results", "--where", "train.optimizer==adam", "--csv"),
        ("show", "small"),
        ("--version",),
    ],
    ids=" ".join,
)
def test_a_command_that_trains_nothing_imports_nothing_heavy(words, finished):
    answer = lab(*words, cwd=finished.cwd, python=("-X", "importtime"))
    assert answer.code == 0
    assert imported(answer) & HEAVY == set()


def test_the_start_of_a_run_is_seen_by_the_check_above(finished):
    answer = lab("run", "small.yaml", cwd=finished.cwd, python=("-X", "importtime"))
    assert "numpy" in imported(answer)


def test_version_is_a_name_and_a_number(tmp_path):
    assert re.fullmatch(r"mnist-lab, version \d+\.\d+\.\d+\n", good("--version", cwd=tmp_path).out)


@pytest.mark.parametrize(
    "words", [["rnu"], ["run"], ["run", "mlp_512", "--epoch", "3"], ["run", "--jsn"]], ids=" ".join
)
def test_bad_usage_ends_with_2_and_says_how_it_is_meant(words, tmp_path):
    answer = lab(*words, cwd=tmp_path)
    assert answer.code == 2
    assert "Usage: mnist-lab" in answer.err
    assert answer.out == ""


def test_schema_describes_a_configuration_for_editors(tmp_path):
    schema = json.loads(good("schema", cwd=tmp_path).out)
    assert {"extends", "data", "model", "train", "augment", "seed"} <= schema["properties"].keys()
