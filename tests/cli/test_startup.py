"""Commands that train nothing start at once: none of them imports what only training needs."""

import json
import re
import sys

import click
import pytest
from click.testing import CliRunner

from mnist_lab.cli import main
from tests.lab import HEAVY_IMPORTS, finish, good, here, imported, lab

IN_ONE_PROCESS = """
from click.testing import CliRunner
from mnist_lab.cli import main

for words in {}:
    assert CliRunner().invoke(main, words).exit_code == 0, words
"""


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


def imported_by(commands, cwd):
    """The top-level modules that commands import when they succeed one after the other in one process."""
    code = IN_ONE_PROCESS.format([list(words) for words in commands])
    answer = finish([sys.executable, "-X", "importtime", "-c", code], cwd)
    assert answer.code == 0, answer.err
    return imported(answer)


@pytest.mark.parametrize("words", commands(main), ids=" ".join)
def test_help_has_an_example(words, tmp_path):
    text = here(*words, "--help", cwd=tmp_path).out
    assert text.startswith(" ".join(["Usage: mnist-lab", *words]))
    assert re.search(rf"Examples:\n +{' '.join(['mnist-lab', *words])}", text)


def test_help_imports_nothing_heavy(tmp_path):
    found = imported_by([[*words, "--help"] for words in commands(main)], tmp_path)
    assert found & (HEAVY_IMPORTS | {"pydantic", "yaml", "rich"}) == set()


@pytest.mark.parametrize("words", [path for path in commands(main) if isinstance(at(path), click.Group)], ids=" ".join)
def test_the_list_of_commands_cuts_no_description_off_at_80_columns(words):
    group = at(words)
    answer = CliRunner().invoke(main, [*words, "--help"], terminal_width=80)
    for name, command in group.commands.items():
        assert command.short_help, name
        assert re.search(rf"^  {name} +{re.escape(command.short_help)}$", answer.output, re.MULTILINE), name


def test_commands_that_train_nothing_import_nothing_heavy(finished):
    commands = [
        ("validate", "mlp_512"),
        ("schema",),
        ("configs",),
        ("list", "results", "--where", "train.optimizer==adam", "--csv"),
        ("show", "small"),
        ("--version",),
    ]
    assert imported_by(commands, finished.cwd) & HEAVY_IMPORTS == set()


def test_the_checks_above_notice_what_a_command_imports(tmp_path):
    assert "numpy" in imported_by([("data", "show", "digits", "--output", "digits.png")], tmp_path)


def test_version_is_a_name_and_a_number(tmp_path):
    assert re.fullmatch(r"mnist-lab, version \d+\.\d+\.\d+\n", good("--version", cwd=tmp_path).out)


@pytest.mark.parametrize(
    "words", [["rnu"], ["run"], ["run", "mlp_512", "--epoch", "3"], ["run", "--jsn"]], ids=" ".join
)
def test_bad_usage_ends_with_2_and_shows_the_usage(words, tmp_path):
    answer = lab(*words, cwd=tmp_path)
    assert answer.code == 2
    assert "Usage: mnist-lab" in answer.err
    assert answer.out == ""


def test_there_is_one_schema_at_a_time(tmp_path):
    assert "cannot be combined" in here("schema", "--sweep", "--search", cwd=tmp_path, code=2).err


def test_schema_describes_a_configuration_for_editors(tmp_path):
    schema = json.loads(good("schema", cwd=tmp_path).out)
    assert {"extends", "data", "model", "train", "augment", "seed"} <= schema["properties"].keys()
