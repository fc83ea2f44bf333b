"""A shell completes values: backends, devices, data sets, keys, configurations and runs, without heavy imports."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mnist_lab.cli import _completion
from mnist_lab.datasets import KNOWN
from tests.lab import HEAVY_IMPORTS, ROOT, environment, imported, lab
from tests.run_folders import finished_run

GUIDE = (ROOT / "docs" / "shell-completion.md").read_text(encoding="utf-8")
NAMES = ["auto", "jax", "tensorflow", "torch"]


@pytest.fixture(scope="module")
def cwd(tmp_path_factory):
    """A folder with results of three experiments, one of them with two seeds, and an executable `mnist-lab`."""
    folder = tmp_path_factory.mktemp("completion")
    finished_run(folder / "results", seed=1)
    finished_run(folder / "results", seed=2)
    finished_run(folder / "results", "ablation/no_relu")
    finished_run(folder / "elsewhere", "seven_steps/step7_augmentation")
    (folder / "drawings").mkdir()
    script = folder / "bin" / "mnist-lab"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m mnist_lab "$@"\n')
    script.chmod(0o755)
    return folder


def completed(cwd: Path, *words: str) -> list[str]:
    """The completions of the last word for Bash, without the kinds of the items."""
    answer = lab(
        cwd=cwd, _MNIST_LAB_COMPLETE="bash_complete",
        COMP_WORDS=" ".join(["mnist-lab", *words]), COMP_CWORD=str(len(words)),
    )  # fmt: skip
    assert answer.err == ""
    return [line.split(",", 1)[1] for line in answer.out.splitlines() if line.startswith("plain,")]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("val",), ["validate"]),
        (("run", "mlp_512", "--backend", ""), NAMES),
        (("run", "mlp_512", "--backend", "t"), ["tensorflow", "torch"]),
        (("predict", "mlp_512", "--backend", "j"), ["jax"]),
        (("sweep", "mlp_512", "--device", ""), ["auto", "cpu", "gpu"]),
        (("run", "mlp_512", "--dataset", "fa"), ["fashion_mnist"]),
        (("predict", "mlp_512", "--dataset", "fa"), ["fashion_mnist"]),
        (("data", "fetch", "d"), ["digits"]),
        (("data", "show", "--split", "te"), ["test"]),
        (("data", "show", "--augmented", "augm"), None),
        (("data", "show", "fash"), ["fashion_mnist"]),
        (("run", "ablation/nodes_1"), ["ablation/nodes_1024"]),
        (("sweep", "sweeps/learning"), ["sweeps/learning_rate"]),
        (("sweep", "abl"), None),
        (("run", "mlp_512", "--set", "train.opt"), None),
        (("show", ""), ["ablation/no_relu", "mlp_512"]),
        (("show", "", "--results", "elsewhere"), None),
        (("compare", "mlp_512", "abl"), ["ablation/no_relu"]),
        (("delete", "--results", "elsewhere", "seven"), ["seven_steps/step7_augmentation"]),
        (("reproduce", "--results", "nowhere", ""), []),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_value_is_completed(words, expected, cwd):
    found = completed(cwd, *words)
    if expected is None:
        assert found
    else:
        assert sorted(name for name in found if "/seed" not in name) == expected


def test_runs_are_offered_by_id_and_below_their_experiment_once_the_beginning_is_typed(cwd):
    ids = sorted(path.name for path in (cwd / "results" / "mlp_512").iterdir())
    assert sorted(completed(cwd, "show", "mlp_512/")) == [f"mlp_512/{run}" for run in ids]
    assert sorted(completed(cwd, "show", "seed2")) == ids[1:]


def test_keys_are_those_of_the_configuration_that_was_named(cwd):
    assert completed(cwd, "run", "mlp_512", "--set", "model.n") == ["model.nodes="]
    assert completed(cwd, "run", "seven_steps/step1_setup", "--set", "model.n") == []
    assert "train.optimizer.learning_rate=" in completed(cwd, "run", "no_such_file.yaml", "--set", "train.optimizer.l")


def test_the_known_data_sets_are_offered():
    assert tuple(KNOWN) == _completion.DATASETS


@pytest.mark.parametrize(
    "words", ["show ", "run --backend ", "run --dataset ", "run mlp_512 --set ", "sweep ", "data fetch "]
)
def test_a_completion_imports_nothing_heavy(words, cwd):
    answer = lab(
        cwd=cwd, python=("-X", "importtime"), _MNIST_LAB_COMPLETE="bash_complete",
        COMP_WORDS=f"mnist-lab {words}", COMP_CWORD=str(len(words.split(" "))),
    )  # fmt: skip
    assert answer.out
    assert imported(answer) & HEAVY_IMPORTS == set()


def in_shell(shell: str, script: str, cwd: Path) -> str:
    """The output of a script in which SOURCE stands for the documented command that prints the shell's completion."""
    [source] = {line for line in re.findall(r"_MNIST_LAB_COMPLETE=\w+_source mnist-lab", GUIDE) if f"={shell}_" in line}
    script = script.replace("SOURCE", source)
    program = shutil.which(shell)
    if not program:
        pytest.skip(f"{shell} is not installed")
    path = os.pathsep.join([str(cwd / "bin"), os.environ["PATH"]])
    done = subprocess.run(
        [program, "-c", script], cwd=cwd, env=environment(PATH=path, HOME=str(cwd), TERM="dumb"),
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_bash_completes_with_the_documented_script(cwd):
    script = """
        eval "$(SOURCE)"
        COMP_WORDS=(mnist-lab run mlp_512 --backend t) COMP_CWORD=4
        _mnist_lab_completion mnist-lab 2>/dev/null
        printf '%s\\n' "${COMPREPLY[@]}"
        complete -p mnist-lab
    """
    *names, registered = in_shell("bash", script, cwd).splitlines()
    assert names == ["tensorflow", "torch"]
    assert registered == "complete -o nosort -F _mnist_lab_completion mnist-lab"


def test_bash_offers_names_and_paths_only_if_no_name_matches(cwd):
    script = """
        eval "$(SOURCE)"
        compopt() { printf 'otherwise %s\\n' "$2"; }
        for words in 'show seed2' 'show resu' 'run quick' 'run drawi'; do
            COMP_WORDS=(mnist-lab $words) COMP_CWORD=2
            _mnist_lab_completion mnist-lab
            printf '%s: %s\\n' "$words" "${COMPREPLY[*]%%-*}"
        done
    """
    assert in_shell("bash", script, cwd).splitlines() == [
        "otherwise dirnames", "show seed2: seed2",
        "otherwise dirnames", "show resu: ",
        "otherwise default", "run quick: quickstart",
        "otherwise default", "run drawi: ",
    ]  # fmt: skip


def test_fish_completes_with_the_documented_script(cwd):
    script = "SOURCE | source; complete -C 'mnist-lab run mlp_512 --backend t'"
    names = [line.split("\t")[0] for line in in_shell("fish", script, cwd).splitlines()]
    assert names == ["tensorflow", "torch"]


def test_zsh_completes_with_the_documented_script(cwd):
    """In its own pseudo-terminal, since zsh completes only in its line editor."""
    script = r"""
        zmodload zsh/zpty
        zpty z zsh -f -i
        zpty -w z 'autoload -U compinit; compinit -u; eval "$(SOURCE)"'
        zpty -w z 'print LOAD""ED'
        zpty -r z said '*LOADED*'
        zpty -n -w z $'mnist-lab run mlp_512 --backend te\t'
        zpty -r z said '*tensorflow*'
        print -r -- $said
    """
    assert "mnist-lab run mlp_512 --backend tensorflow" in in_shell("zsh", script, cwd)
