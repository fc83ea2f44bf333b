"""Chooses where an exported file goes, and moves it there once it is complete."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mnist_lab.errors import InputError, NoRoomError, reason
from mnist_lab.exports.formats import Format
from mnist_lab.runs import Run
from mnist_lab.system import atomic
from mnist_lab.system.writable import check_writable, make_folder


def targets(runs: Sequence[Run], form: Format, output: Path | None) -> list[tuple[tuple[Run, ...], Path]]:
    """Return which runs go into which file: all into one if the format takes them together, else each into its own.

    `output` is the file, or the folder for several; None names the files after the runs, in the current directory.

    Raises:
        InputError: two runs would have the same file, a file exists where a folder is needed, or the file name lacks
            the format's suffix.
    """
    groups = [tuple(runs)] if form.together else [(run,) for run in runs]
    names = [_name(group, form) for group in groups]
    suffixed = output is not None and bool(form.suffix) and output.suffix.lower() == form.suffix
    if len(groups) == 1 and output is not None and (not form.suffix or not output.is_dir()):
        if form.suffix and not suffixed:
            raise InputError(
                f"{output}: expected the name of a file that ends in {form.suffix}, or an existing folder."
            )
        return [(groups[0], output)]
    if output is not None and not output.is_dir() and (output.exists() or suffixed):
        raise InputError(f"{output}: expected a folder, because {len(groups)} files are to be written.")
    if twice := next((name for i, name in enumerate(names) if name in names[:i]), None):
        raise InputError(
            f"Two of these runs would be exported to {twice}.", "Export them one by one, each with its own --output."
        )
    folder = output or Path()
    return [(group, folder / name) for group, name in zip(groups, names, strict=True)]


def check_target(path: Path, form: Format, *, force: bool) -> None:
    """Check that the export can be written to `path`, before anything slow begins.

    Raises:
        InputError: something exists there that must not be replaced.
        NoRoomError: nothing can be written there.
    """
    check_writable(path.parent, "Choose another place with --output.")
    if not (path.exists() or path.is_symlink()):
        return
    if path.is_dir() and not (form.marker and (path / form.marker).is_file()):
        expected = f"a {form.title}, a folder with {form.marker}" if form.marker else "a file"
        raise InputError(f"{path}: expected {expected}; this is another folder.", "Choose another --output.")
    if form.marker and not path.is_dir():
        raise InputError(f"{path}: expected a folder; this is a file.", "Choose another --output.")
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise InputError(f"{path}: expected a file; this is a device, a pipe or a socket.", "Choose another --output.")
    if not force:
        raise InputError(f"{path}: already exists.", "--force replaces it; --output chooses another place.")


@contextmanager
def put_in_place(path: Path, form: Format) -> Iterator[Path]:
    """Provide a temporary path beside `path`; at the end of the `with` block, what was written is moved to `path`.

    On failure `path` is unchanged.

    Raises:
        NoRoomError: the folder of `path` cannot be created, or the disk is full.
    """
    make_folder(path.parent)
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=atomic.PART, ignore_cleanup_errors=True) as scratch:
            part = Path(scratch) / f"model{form.suffix}"
            yield part
            for file in (part, *part.rglob("*")):
                if file.is_file():
                    atomic.sync(file)
            if part.is_dir() and path.exists():
                path.replace(Path(scratch) / "replaced")  # a folder cannot be replaced atomically
            part.replace(path)
    except OSError as error:
        raise NoRoomError(
            f"{path}: cannot be written ({reason(error)}).", "Make room, or choose another place with --output."
        ) from error


def _name(group: Sequence[Run], form: Format) -> str:
    if len(group) > 1:
        return f"networks{form.suffix}"
    facts = group[0].measured.run
    return f"{facts.experiment.rpartition('/')[2]}-seed{facts.seed}{form.suffix}"
