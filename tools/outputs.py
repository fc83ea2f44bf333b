"""What commands print, as the documentation shows it: the lines below `$ mnist-lab ...` in a `console` block.

The command runs in a copy of `configs/` and `results/published/`, as in a fresh clone on a machine without MNIST, in a
terminal of 80 columns. A `yaml` block that starts with a comment such as `# typo.yaml` is a file there.
"""

import os
import pty
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COLUMNS = 80

_EXAMPLE = re.compile(r"(?P<start>```console\n\$ (?P<command>mnist-lab [^\n]+)\n)(?P<output>.*?)(?=```)", re.DOTALL)
_FILE = re.compile(r"```yaml\n# (?P<name>[\w./-]+\.yaml)[^\n]*\n.*?(?=```)", re.DOTALL)


def pages() -> list[Path]:
    """README.md and all pages of docs/."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def examples(text: str) -> list[tuple[str, str]]:
    """Each command of a page with the output shown below it."""
    return [(found["command"], found["output"]) for found in _EXAMPLE.finditer(text)]


def bare(text: str) -> str:
    """Return the page without the output of its commands."""
    return _EXAMPLE.sub(lambda found: found["start"], text)


def refreshed(text: str, folder: Path) -> str:
    """Return the page with what its commands print in `folder`, which `clone` creates."""
    for found in _FILE.finditer(text):
        path = folder / found["name"]
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(found[0].removeprefix("```yaml\n"), encoding="utf-8")
    return _EXAMPLE.sub(lambda found: found["start"] + printed(found["command"], folder), text)


@contextmanager
def clone() -> Iterator[Path]:
    """Provide a temporary folder with the files of a clone that commands read."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(ROOT / "configs", folder / "configs")
        shutil.copytree(ROOT / "results" / "published", folder / "results" / "published")
        yield folder


def printed(command: str, folder: Path) -> str:
    """Return what the command prints on a terminal: its results, or its error if it fails."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("MNIST_LAB_", "KERAS_", "COLUMNS"))
    }
    environment = inherited | {
        "HOME": str(folder / "home"), "XDG_CACHE_HOME": str(folder / "home"), "PYTHONPATH": str(ROOT),
        "TERM": "dumb", "COLUMNS": str(COLUMNS), "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1",
    }  # fmt: skip
    arguments = [sys.executable, "-m", "mnist_lab", *shlex.split(command)[1:]]
    parent, child = pty.openpty()
    with subprocess.Popen(arguments, cwd=folder, env=environment, stdout=child, stderr=subprocess.PIPE) as process:
        os.close(child)
        shown = b"".join(_read(parent))
        assert process.stderr is not None
        errors = process.stderr.read()
    os.close(parent)
    text = (errors if process.returncode else shown).decode().replace("\r\n", "\n")
    return "".join(f"{line.rstrip()}\n" for line in text.strip("\n").split("\n"))


def _read(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # Linux's way to say that the other side is closed
            return
        if not part:
            return
        yield part
