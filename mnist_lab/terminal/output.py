"""The one place that prints; control characters in the output are escaped.

Output laid out by rich goes through `consoles`, since not every command imports rich.
"""

import json
import re
import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import Any

import click

from mnist_lab.text.printable import json_for, printable
from mnist_lab.text.quantities import count

MOST_NOTES = 20
"""Messages of one kind that are shown."""
MOST_LINES = 120
"""Lines of one message that are shown."""
LONGEST_LINE = 1_000
"""Characters of a message's line that are shown."""

_COMMAND = re.compile(r"`[^`]+`|(?<=: )(?:make|mnist-lab|uv|unset|\S*python\S*) .*$")
_NO_BREAK = "\N{NO-BREAK SPACE}"


def echo(text: str = "", *, err: bool = False, nl: bool = True) -> None:
    """Print to stdout, or to stderr."""
    # The stream is named because click, left to choose, takes an ASCII stream for a mistake and writes UTF-8 to it.
    click.echo(printable(text), file=sys.stderr if err else sys.stdout, nl=nl)


def echo_prose(text: str, *, err: bool = False) -> None:
    """Print sentences; on a terminal, wrap them between words.

    What is to be copied stays whole: indented lines, text in backticks, and a command after a colon at a line's end.
    """
    if (sys.stderr if err else sys.stdout).isatty():
        width = shutil.get_terminal_size().columns
        text = "\n".join(line if line.startswith(" ") else _filled(line, width) for line in text.split("\n"))
    echo(text, err=err)


def echo_error(text: str) -> None:
    """Print a message to stderr, shortened if it is longer than anybody would read."""
    echo_prose(shortened(text), err=True)


def echo_skipped(problems: Sequence[object]) -> None:
    """Print to stderr what was skipped and why."""
    echo_notes([f"Skipped: {problem}" for problem in problems])


def echo_warnings(problems: Sequence[object]) -> None:
    """Print to stderr what is wrong although nothing was skipped."""
    echo_notes([f"Warning: {problem}" for problem in problems])


def echo_notes(notes: Sequence[str]) -> None:
    """Print the first of several messages to stderr, and how many more there are."""
    for note in notes[:MOST_NOTES]:
        echo_error(note)
    if (more := len(notes) - MOST_NOTES) > 0:
        echo(f"... and {more:,} more.", err=True)


def print_json(value: Any) -> None:
    """Print JSON, indented, with all characters that the stream's encoding has as they are."""
    echo_json(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def echo_json(text: str) -> None:
    """Print a text that is JSON."""
    echo(json_for(printable(text), sys.stdout.encoding), nl=False)


def shortened(text: str) -> str:
    """Cut a text to MOST_LINES lines of at most LONGEST_LINE characters; it says how much is missing."""
    lines = text.split("\n")
    shown = [_cut(line) for line in lines[:MOST_LINES]]
    if len(lines) > MOST_LINES:
        shown.append(f"... and {count(len(lines) - MOST_LINES, 'more line')}.")
    return "\n".join(shown)


def _filled(line: str, width: int) -> str:
    whole = _COMMAND.sub(lambda command: command[0].replace(" ", _NO_BREAK), line)
    return textwrap.fill(whole, width, break_long_words=False, break_on_hyphens=False).replace(_NO_BREAK, " ")


def _cut(line: str) -> str:
    more = len(line) - LONGEST_LINE
    return f"{line[:LONGEST_LINE]} ... ({count(more, 'more character')})" if more > 0 else line
