"""Closed, missing or full standard streams end no job, and what is written to them goes nowhere else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab import environment

FULL = Path("/dev/full")


def python(code: str, *, closed: tuple[int, ...] = (), cwd: Path, **options) -> subprocess.CompletedProcess[bytes]:
    """Run `code` in a process that starts with the descriptors `closed` not open, as after a shell's `2>&-`."""
    redirections = "".join(f" {descriptor}>&-" if descriptor else " <&-" for descriptor in closed)
    shell = f'exec "$0" -c "$1"{redirections}'
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.run(
        ["sh", "-c", shell, sys.executable, code],
        cwd=cwd, env=environment(PYTHONIOENCODING="ascii"), timeout=60, check=False, **streams,
    )  # fmt: skip


def test_what_libraries_log_to_a_closed_stderr_goes_into_no_file_of_ours(tmp_path):
    code = (
        "from mnist_lab.system import streams\nimport os\nstreams.prepare()\n"
        "file = open('ours', 'w')\nos.write(2, b'from a library')\nos.write(1, b'from another')"
    )
    assert python(code, closed=(1, 2), cwd=tmp_path).returncode == 0
    assert (tmp_path / "ours").read_bytes() == b""


def test_without_any_stream_all_streams_can_be_used(tmp_path):
    code = (
        "import sys\nfrom mnist_lab.system import streams\nstreams.prepare()\n"
        "print('x')\nprint('y', file=sys.stderr)\nopen('stdin', 'w').write(repr(sys.stdin.read()))"
    )
    assert python(code, closed=(0, 1, 2), cwd=tmp_path).returncode == 0
    assert (tmp_path / "stdin").read_text() == "''"


@pytest.mark.parametrize("closed", [(0,), (1,), (1, 2), (0, 1, 2)], ids=str)
def test_a_command_runs_with_any_standard_streams_closed(closed, tmp_path):
    done = python("from mnist_lab.cli import main; main(['configs'])", closed=closed, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
    assert bool(done.stdout) == (1 not in closed)


@pytest.mark.parametrize("closed", [(), (2,)], ids=["open", "closed"])
def test_stderr_can_be_captured_if_python_has_none(closed, tmp_path):
    code = (
        "import os, sys\nfrom mnist_lab.system import streams\nsys.stderr = None\n"
        "with streams.captured_stderr() as chatter:\n    os.write(2, b'some words')\n"
        "print(chatter)"
    )
    done = python(code, closed=closed, cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout == b"['some words']\n"


def test_output_is_redirected_in_utf_8_whatever_the_encoding_of_the_terminal(tmp_path):
    code = (
        "import sys, os\nfrom pathlib import Path\nfrom mnist_lab.system import streams\n"
        "streams.redirect(Path('log'))\nprint('Ж ─ \\udc80')\n"
        "print('é', file=sys.stderr)\nos.write(2, b'from a library')"
    )
    assert python(code, cwd=tmp_path).returncode == 0
    assert set((tmp_path / "log").read_text("utf-8").split("\n")) == {"Ж ─ \\udc80", "é", "from a library"}


def test_a_reader_that_goes_away_is_not_an_error(tmp_path):
    read, write = os.pipe()
    os.close(read)
    code = "from mnist_lab.system import streams\nstreams.prepare()\nfor i in range(9999): print('text', flush=True)"
    done = python(code, cwd=tmp_path, stdout=write)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")
@pytest.mark.parametrize(("stream", "fails"), [("stdout", True), ("stderr", False)])
def test_only_results_that_are_lost_on_a_full_disk_are_an_error(stream, fails, tmp_path):
    prepared = "import sys\nfrom mnist_lab.system import streams\nstreams.prepare()\n"
    text = f"{prepared}print('text', file=sys.{stream}, flush=True)"
    with FULL.open("w") as full:
        done = python(text, cwd=tmp_path, **{stream: full})
    assert bool(done.returncode) == fails
