"""Text that can safely be shown on any terminal and in any encoding.

The contents of run folders, data sets and configurations may come from others. A terminal executes control characters
in them (title, colours, cursor), and bidirectional ones mislead readers (CVE-2021-42574).
"""

import codecs
import json
import re

_UNSAFE = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 except tab and newline, DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # Unicode's property Bidi_Control
    "\u2028\u2029\u206a-\u206f"  # line and paragraph separators, deprecated format characters
    "\ud800-\udfff"  # bytes of a file name that are not UTF-8
    "]"
)

_PLAIN = {
    "\u2500": "-", "\u2501": "-", "\u2578": "-", "\u257a": "-",  # rules and progress bars
    "\u2022": "*", "\u00b7": ".", "\u2026": "...", "\u00d7": "x", "\u00b1": "+/-",  # bullet, dots, times, plus-minus
    "\u2013": "-", "\u2014": "-", "\u2212": "-", "\u2192": "->",  # dashes, minus, arrow
    "\u2264": "<=", "\u2265": ">=", "\u2260": "!=",
    "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u00a0": " ",
}  # fmt: skip
"""ASCII replacements of the characters that this program prints."""

ENCODING_ERRORS = "mnist_lab.text.printable"
"""The `errors` handler for text streams: characters that the encoding lacks are written in ASCII."""


def printable(text: str) -> str:
    r"""Escape control and bidirectional characters as in `\u001b`; keep newlines and tabs.

    JSON keeps its meaning, since the JSON written here has such characters only in its strings.
    """
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def json_for(text: str, encoding: str | None) -> str:
    """Return the JSON `text` with the characters that `encoding` lacks escaped."""
    try:
        text.encode(encoding or "utf-8")
    except UnicodeEncodeError:
        return "".join(c if c.isascii() else json.dumps(c)[1:-1] for c in text)
    return text


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_PLAIN.get(c) or c.encode("ascii", "backslashreplace").decode() for c in lacking), error.end


codecs.register_error(ENCODING_ERRORS, _in_ascii)
