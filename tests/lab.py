"""Run the real command line, each time in a process of its own, and return its answer."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import chdir
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from filelock import FileLock

from mnist_lab.cli import main
from tests.preloaded import ROOT, Preloaded, environment  # noqa: F401 - ROOT is for the tests

HEAVY_IMPORTS = {
    "keras",
    "numpy",
    "matplotlib",
    "tensorflow",
    "jax",
    "torch",
    "PIL",
    "scipy",
    "sklearn",
    "jinja2",
    "requests",
    "distributed",
    "submitit",
}
"""What takes long to import, and no command needs that only shows what there is."""

RUN_FILES = {
    "config.yaml", "environment.json", "history.jsonl", "batches.npz", "accuracy.png", "loss.png", "curves.png",
    "confusion.png", "predictions.png", "mistakes.png", "mistakes.json", "predictions.npz", "model.keras", "log.txt",
    "metrics.json",
}  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """The exit code and the output of a command."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


@dataclass(frozen=True)
class Case:
    """One command for `in_one_process`."""

    arguments: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)
    largest_file: int | None = None
    """Bytes beyond which a file cannot grow: as near to a full disk as a test gets without being root."""
    before: str = ""
    """Python that is run first, where what came of the earlier commands has to be changed."""


def command(*arguments: object, python: Sequence[str] = ()) -> list[str]:
    return [sys.executable, *python, "-m", "mnist_lab", *map(str, arguments)]


def finish(words: Sequence[str], cwd: Path, given: str | None = None, **variables: str) -> Answer:
    """Run a command to its end, with the text `given` as its input."""
    with Preloaded(
        words, cwd=cwd, env=environment(**variables), text=True,
        stdin=subprocess.DEVNULL if given is None else subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            out, err = process.communicate(given, timeout=300)
        finally:
            process.kill()
    return Answer(process.returncode, out, err)


def lab(*arguments: object, cwd: Path, python: Sequence[str] = (), **variables: str) -> Answer:
    """Run `mnist-lab ARGUMENTS` in the directory `cwd`, on JAX, which starts faster than TensorFlow."""
    return finish(command(*arguments, python=python), cwd, **variables)


def good(*arguments: object, cwd: Path, **variables: str) -> Answer:
    answer = lab(*arguments, cwd=cwd, **variables)
    assert answer.code == 0, answer.text
    return answer


def invoked(*arguments: object) -> Answer:
    """Run `mnist-lab ARGUMENTS` within the test's own process, which is faster: for commands that need no Keras."""
    done = CliRunner().invoke(main, list(map(str, arguments)), prog_name="mnist-lab")
    return Answer(done.exit_code, done.stdout, done.stderr)


def here(*arguments: object, cwd: Path, code: int = 0) -> Answer:
    """Call `invoked` in the directory `cwd`, where the command has to end with `code`."""
    with chdir(cwd):
        answer = invoked(*arguments)
    assert answer.code == code, answer.text
    return answer


def in_one_process(cases: Sequence[Case], cwd: Path) -> list[Answer]:
    """Run several commands one after the other in one process, which imports Keras once."""
    given = json.dumps([vars(case) for case in cases])
    done = finish([sys.executable, "-c", _ONE_PROCESS], cwd, given)
    assert done.code == 0, done.err
    return [Answer(**answer) for answer in json.loads(done.out)]


_ONE_PROCESS = """
import json, resource, sys
from click.testing import CliRunner
from mnist_lab.cli import main

answers = []
for case in json.load(sys.stdin):
    exec(case["before"], {})
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    if case["largest_file"] is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (case["largest_file"], unlimited[1]))
    result = CliRunner().invoke(main, case["arguments"], env=case["environment"])
    resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    answers.append({"code": result.exit_code, "out": result.stdout, "err": result.stderr})
json.dump(answers, sys.stdout)
"""


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Answer]) -> tuple[Path, Answer]:
    """A folder that `make` has filled, and its answer: made once for all of pytest's workers, which change nothing."""
    common = factory.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else factory.getbasetemp()
    folder, said = common / name, common / f"{name}.json"
    with FileLock(common / f"{name}.lock"):
        if not said.exists():
            folder.mkdir()
            said.write_text(json.dumps(asdict(make(folder))))
    return folder, Answer(**json.loads(said.read_text()))


def imported(answer: Answer) -> set[str]:
    """The top-level modules that a command imported, if it was run with `-X importtime`."""
    return set(re.findall(r"^import time:.*\|\s+(\w+)[\w.]*$", answer.err, re.MULTILINE))


def run_folder(results: Path) -> Path:
    """The one run folder below `results`."""
    [folder] = {path.parent for path in results.rglob("*") if path.parent.name.startswith("seed")}
    return folder


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def read_json(path: Path):
    return json.loads(path.read_text(encoding="utf-8"))


def read_history(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]


def until(what: Callable[[], Any], seconds: float = 90, pause: float = 0.05) -> Any:
    """The first true value that `what` returns; if it never does, the test fails."""
    begun = time.monotonic()
    while not (found := what()):
        if time.monotonic() - begun > seconds:
            pytest.fail("it did not happen")
        time.sleep(pause)
    return found


def gone(process: int) -> bool:
    """Whether there is no such process; a zombie does not count."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def write(path: str | Path, text: str) -> Any:
    """Write the file and return its path as it was given."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8")
    return path
