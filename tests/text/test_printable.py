"""Text that any terminal can show: no control codes, and nothing that its encoding lacks."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lab.text.printable import ENCODING_ERRORS, json_for, printable

BIDIRECTIONAL = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
ANY_CHARACTER = st.characters(exclude_categories=())
SUSPICIOUS = st.one_of(ANY_CHARACTER, st.characters(categories=["Cc", "Cf", "Zl", "Zp", "Cs"]))


def unsafe(character: str) -> bool:
    """By the Unicode database: controls, bidirectional controls, surrogates; newline and tab do not count."""
    if character in "\n\t":
        return False
    category = unicodedata.category(character)
    marks = unicodedata.name(character, "") in {"LEFT-TO-RIGHT MARK", "RIGHT-TO-LEFT MARK", "ARABIC LETTER MARK"}
    return category in {"Cc", "Cs", "Zl", "Zp"} or unicodedata.bidirectional(character) in BIDIRECTIONAL or marks


@given(st.text(SUSPICIOUS))
def test_nothing_that_a_terminal_obeys_is_left(text):
    assert not any(map(unsafe, printable(text)))


@given(st.text(SUSPICIOUS))
def test_what_is_safe_stays_as_it_is(text):
    safe = "".join(character for character in text if not unsafe(character) and not "\u206a" <= character <= "\u206f")
    assert printable(safe) == safe
    assert printable(printable(text)) == printable(text)


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1", "cp1252", "cp437", "koi8-r", "shift_jis", None])
@given(st.dictionaries(st.text(SUSPICIOUS), st.text(SUSPICIOUS)))
def test_json_is_the_same_json_in_every_encoding(encoding, value):
    text = json_for(printable(json.dumps(value, ensure_ascii=False)), encoding)
    assert json.loads(text.encode(encoding or "utf-8").decode(encoding or "utf-8")) == value


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "cp437", "koi8-r", "shift_jis"])
@given(st.text(SUSPICIOUS))
def test_every_encoding_takes_every_text(encoding, text):
    text.encode(encoding, ENCODING_ERRORS)


def test_what_ascii_lacks_is_written_in_ascii():
    assert "── • 5 \u00d7 3 ± 1 Ж".encode("ascii", ENCODING_ERRORS) == rb"-- * 5 x 3 +/- 1 \u0416"
