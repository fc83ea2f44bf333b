"""Errors of the API name arguments of its functions, not options of the command line."""

import pytest

import mnist_lab
from mnist_lab.api.errors import brief, in_python
from mnist_lab.errors import InputError

NAMES = ("results", "data_dir", "set", "device", "seeds", "force", "prepare", "path")


@pytest.mark.parametrize(
    ("option", "argument"),
    [
        ("Choose a folder with --results, or a shorter name.", "Choose a folder with results=, or a shorter name."),
        ("Name a folder with --data-dir.", "Name a folder with data_dir=."),
        ("--device gpu: there is no GPU.", "device='gpu': there is no GPU."),
        ("at least 9 needed (--seeds 1..9).", "at least 9 needed (seeds='1..9')."),
        ("without --force, resumes", "without force=True, resumes"),
        ("Omit --prepare, or resize the picture.", "Omit prepare=, or resize the picture."),
        ("Use --prepare resize.", "Use prepare='resize'."),
        ("--output chooses another place.", "path= chooses another place."),
        ("Train it: --set train.precision=float32", "Train it: set={'train.precision': 'float32'}"),
        ("(--set data.resize=28)", "(set={'data.resize': 28})"),
    ],
)  # fmt: skip
def test_options_become_arguments(option, argument):
    assert in_python(option, NAMES) == argument


@pytest.mark.parametrize(
    "text",
    [
        "On a machine with network access: mnist-lab data fetch mnist --data-dir FOLDER; then copy it here.",
        "`dask scheduler --scheduler-file` writes it.",
        "Press Ctrl-C -- or do not.",
    ],
)
def test_command_lines_and_words_that_are_not_arguments_stay_unchanged(text):
    assert in_python(text, NAMES) == text


def test_an_error_of_a_function_names_its_own_arguments():
    @brief
    def function(results):
        raise InputError("--results: no.", "Choose another folder with --results, or a --name.")

    with pytest.raises(InputError) as caught:
        function("x")
    assert str(caught.value) == "results=: no.\nChoose another folder with results=, or a --name."


def test_the_runs_of_a_missing_folder_are_an_error_unless_it_is_the_default(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="reslts: no such folder"):
        mnist_lab.list_runs(tmp_path / "reslts")
    monkeypatch.chdir(tmp_path)
    assert mnist_lab.list_runs() == []


def test_an_error_of_a_configuration_that_is_loaded_begins_with_its_name(tmp_path):
    config = mnist_lab.load_config("quickstart", {"name": "few", "data.rows": [0, 3]})
    with pytest.raises(InputError) as caught:
        mnist_lab.run(config, results=tmp_path)
    assert str(caught.value).startswith("few: data.rows: there are no images of ")
