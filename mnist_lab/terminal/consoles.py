"""Rich's consoles, for tables and progress; like `output`, they escape control characters."""

import sys
from collections.abc import Iterable
from typing import Any, TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text
from typing_extensions import override

from mnist_lab.text.printable import printable

_NEVER_WRAPPED = 10_000


class SafeConsole(Console):
    """Escapes control and bidirectional characters; rich's own control sequences are segments of another kind."""

    @override
    def render_str(self, text: str, **options: Any) -> Text:  # pyright: ignore[reportIncompatibleMethodOverride]
        return super().render_str(printable(text), **options)  # before rich drops some of what is to be escaped

    @override
    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(printable(segment.text), segment.style)


def console(*, stderr: bool = False) -> Console:
    """Return the console for results, or for messages: fitted to a terminal, never wrapped in a pipe."""
    output = SafeConsole(highlight=False, stderr=stderr)
    return output if output.is_terminal else SafeConsole(highlight=False, stderr=stderr, width=_NEVER_WRAPPED)


def live_console(file: TextIO | None = None) -> Console:
    """Return the console for what is in progress: on stderr, or on `file`."""
    return SafeConsole(file=file or sys.stderr, highlight=False)
