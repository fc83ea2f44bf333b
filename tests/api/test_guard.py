"""A script that sweeps without the guard of multiprocessing is refused before anything begins."""

import subprocess
import sys

import pytest

from tests.lab import environment, finish

UNGUARDED = "import mnist_lab\n\nmnist_lab.sweep('quickstart', seeds=[1, 2])\n"
WITHIN = "import mnist_lab\n\ndef go():\n    mnist_lab.sweep({data}, seeds=[])\n\n{start}\n"


def said(tmp_path, script):
    (tmp_path / "script.py").write_text(script)
    done = finish([sys.executable, "script.py"], tmp_path)
    assert not list(tmp_path.glob("results*"))
    return done.err.splitlines()[-2:]


def test_the_guard_and_the_line_are_named(tmp_path):
    problem, advice = said(tmp_path, UNGUARDED)
    assert "script.py, line 3: a sweep starts processes, which import this script" in problem
    assert 'below `if __name__ == "__main__":`' in advice


@pytest.mark.parametrize(
    ("start", "guarded"),
    [
        ("go()", False),
        ("if True:\n    go()", False),
        ("if __name__ == '__main__':\n    go()", True),
        ("if '__main__' == __name__:\n    go()", True),
        ("if __name__ != '__main__':\n    raise SystemExit\ngo()", True),
    ],
)
def test_what_counts_is_how_the_script_reaches_the_call(start, guarded, tmp_path):
    lines = said(tmp_path, WITHIN.format(data={"data": {"dataset": "digits"}}, start=start))
    assert ("a sweep starts processes" in lines[0]) is not guarded
    assert ("model: this key is required" in lines[-1]) is guarded, "of what is checked next"


def test_a_script_from_standard_input_is_refused_since_processes_cannot_import_it(tmp_path):
    done = subprocess.run(
        [sys.executable], input=UNGUARDED, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert "it was read from standard input.\nSave it as a file" in done.stderr
    assert done.returncode == 1
