"""Fits text to a width: measured as drawn, broken where a reader would pause, elided in the middle."""

import warnings
from functools import lru_cache
from itertools import pairwise

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

ELLIPSIS = "…"

# The cost of breaking a line, in free widths of a full line.
_AFTER_PUNCTUATION, _BETWEEN_WORDS, _IN_PARENTHESES = 0.0, 0.5, 2.0
_JOINTS = {",": 0.2, "/": 0.6, "…": 0.6, "_": 0.9, "-": 0.9, "=": 1.5}  # within a word


@lru_cache(maxsize=4096)
def text_width(text: str, size: float, weight: str = "normal") -> float:
    """Return the width in inches of one line of `text` at `size` points, in the font of the current style."""
    if not text:
        return 0.0
    with warnings.catch_warnings():
        # A character without a glyph is drawn as a box, which has a width too.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font")
        font = FontProperties(size=size, weight=weight)
        width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(width) / 72


def fitted(text: str, inches: float, size: float, *, weight: str = "normal", lines: int = 1) -> str:
    """Return `text` on at most `lines` lines, none wider than `inches`.

    A line ends after punctuation rather than between words, between words rather than within one, and not within
    parentheses if there is another place. What does not fit is elided in the middle: names of experiments begin
    alike and differ at the end.
    """
    text = " ".join(text.split())
    low, high, whole = 0, len(text) - 1, _broken(text, inches, size, weight, lines)
    found = ELLIPSIS if whole is None else whole
    while whole is None and low < high:  # characters that are kept: `low` fit, more than `high` do not
        kept = (low + high + 1) // 2
        if shorter := _broken(_ends(text, kept), inches, size, weight, lines):
            low, found = kept, shorter
        else:
            high = kept - 1
    return found


def _broken(text: str, inches: float, size: float, weight: str, lines: int) -> str | None:
    """Return `text` on at most `lines` lines; None if it does not fit."""
    width = text_width(text, size, weight)
    if width <= inches:
        return text
    if lines == 1 or width > 1.05 * lines * inches:  # a little more than all lines, as spaces at their ends are dropped
        return None
    places = _breaks(text, inches, size, weight)
    if not places or (lines > 2 and _broken(text[places[-1][1] :], inches, size, weight, lines - 1) is None):
        return None  # nothing fits if the rest after the longest first line does not
    for _, end in sorted(places):
        if (rest := _broken(text[end:], inches, size, weight, lines - 1)) is not None:
            return f"{text[:end].rstrip()}\n{rest}"
    return None


def _breaks(text: str, inches: float, size: float, weight: str) -> list[tuple[float, int]]:
    """Return the places where the first line may end: (cost, index of the second line's start)."""
    found, depth = [], 0
    for i, (one, following) in enumerate(pairwise(text)):
        depth += (one in "([") - (one in ")]")
        if not (one == " " or one in _JOINTS) or following == " ":
            continue
        if one == "," and i and text[i - 1].isdigit() and following.isdigit():  # within a number: 10,000
            continue
        width = text_width(text[: i + 1].rstrip(), size, weight)
        if width > inches:
            break
        between = _AFTER_PUNCTUATION if i and text[i - 1] in ",:;" else _BETWEEN_WORDS
        cost = between if one == " " else _JOINTS[one]
        found.append((cost + _IN_PARENTHESES * (depth > 0) + 1 - width / inches, i + 1))
    return found


def _ends(text: str, kept: int) -> str:
    return f"{text[: (kept + 1) // 2].rstrip()}{ELLIPSIS}{text[len(text) - kept // 2 :].lstrip()}"
