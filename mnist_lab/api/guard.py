"""Checks for the guard `if __name__ == "__main__":` in scripts that start processes, which import the script."""

import ast
import sys
from pathlib import Path
from types import FrameType

from mnist_lab.errors import InputError


def check_guard(what: str) -> None:
    """Check that the script, if there is one, is a file and makes this call below `if __name__ == "__main__":`.

    `what` starts the processes: `sweep` or `search`.

    Raises:
        InputError: it does not, so every process would start everything again; or it was read from stdin, so no
            process could be started.
    """
    main = sys.modules["__main__"]
    file, frame = getattr(main, "__file__", None), _of_script(sys._getframe(), vars(main))
    if file == "<stdin>":
        raise InputError(
            f"A {what} starts processes, which import this script; they cannot, as it was read from standard input.",
            "Save it as a file, and run that.",
        )
    if not file or not frame or frame.f_code.co_filename != file:
        return
    try:
        statements = ast.parse(Path(file).read_bytes()).body
    except (OSError, SyntaxError, ValueError):
        return
    for statement in statements:
        test = ast.unparse(statement.test) if isinstance(statement, ast.If) else ""
        here = statement.lineno <= frame.f_lineno <= (statement.end_lineno or statement.lineno)
        if "__name__" in test and (here or "!=" in test):
            return
        if here:
            break
    raise InputError(
        f"{file}, line {frame.f_lineno}: a {what} starts processes, which import this script, and would start the "
        f"{what} again.",
        'Put what the script does, but not its imports and functions, below `if __name__ == "__main__":`.',
    )


def _of_script(frame: FrameType | None, variables: dict[str, object]) -> FrameType | None:
    """Return the frame of the script itself, if it is being executed."""
    while frame and not (frame.f_globals is variables and frame.f_code.co_name == "<module>"):
        frame = frame.f_back
    return frame
