"""A command in a pseudo-terminal, and what stays on its screen."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios

from tests.lab import Preloaded, command, environment

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def resize(terminal: int, columns: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))


def at_a_terminal(
    *arguments, cwd, columns: int, then: tuple[str, int] | None = None, preloaded: bool = True
) -> tuple[int, str]:
    """The exit code and the whole output of a command in a pseudo-terminal of this width.

    `then` is a text and the width to which the window is dragged once the text has been written.
    """
    ours, theirs = pty.openpty()
    resize(ours, columns)
    process = (Preloaded if preloaded else subprocess.Popen)(
        command(*arguments), cwd=cwd, env=environment(TERM="xterm-256color"), start_new_session=True,
        stdin=theirs, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    written = b""
    while True:
        try:
            some = os.read(ours, 4096)
        except OSError:  # Linux raises this when the other end is closed
            some = b""
        if not some:
            break
        written += some
        if then and then[0].encode() in written:
            resize(ours, then[1])
            then = None
    os.close(ours)
    return process.wait(timeout=60), written.decode()


def on_screen(*arguments, cwd, columns: int) -> list[str]:
    """What a successful command leaves on the screen, after a check that no line is wider."""
    code, written = at_a_terminal(*arguments, cwd=cwd, columns=columns)
    assert code == 0, written
    screen = lines(written)
    assert [line for line in screen if len(line) > columns] == []
    return screen


def lines(written: str) -> list[str]:
    """What stays on the screen, roughly: without control sequences, and each line as it was drawn last."""
    return [CONTROL.sub("", line).rsplit("\r", 1)[-1].rstrip() for line in written.replace("\r\n", "\n").split("\n")]
