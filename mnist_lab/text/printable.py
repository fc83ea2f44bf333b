"""Text that can be shown anywhere: on any terminal, in any encoding, without doing anything to either.

What a run folder, a data set or a configuration says may come from somebody else. A terminal obeys the control
characters in it (title, colours, cursor), and a reader is misled by those that reverse the direction of writing
(CVE-2021-42574).
"""

import codecs
import json
import re

_UNSAFE = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but tab and newline, DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # Unicode's property Bidi_Control
    "\u2028\u2029\u206a-\u206f"  # separators of lines and paragraphs, deprecated format characters
    "\ud800-\udfff"  # bytes of a file name that are no UTF-8
    "]"
)

_PLAIN = {
    "\u2500": "-", "\u2501": "-", "\u2578": "-", "\u257a": "-",  # rules and progress bars
    "\u2022": "*", "\u00b7": ".", "\u2026": "...", "\u00d7": "x", "\u00b1": "+/-",  # bullet, dots, times, plus-minus
    "\u2013": "-", "\u2014": "-", "\u2212": "-", "\u2192": "->",  # dashes, minus, arrow
    "\u2264": "<=", "\u2265": ">=", "\u2260": "!=",
    "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u00a0": " ",
}  # fmt: skip
"""What ASCII has for the characters that this program itself prints."""

ENCODING_ERRORS = "mnist_lab.text.printable"
"""The handler to open a text stream with: what its encoding lacks is written in ASCII."""


def printable(text: str) -> str:
    r"""The text with control and bidirectional characters as `\u001b`; newlines and tabs stay.

    JSON remains the same JSON, for there such characters can only stand in strings.
    """
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def json_for(text: str, encoding: str | None) -> str:
    """JSON that `encoding` can hold: the characters it lacks as JSON's own escapes."""
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
