"""Strict YAML: the scalars people mean, the place of everything, and a ConfigError for everything odd."""

import contextlib
import math
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mnist_lab.config.document import MAX_DEPTH, Position, dotted, parse, read
from mnist_lab.errors import ConfigError


def value_of(text: str) -> Any:
    return parse(f"key: {text}", "file.yaml").value["key"]


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text, "file.yaml")
    return str(caught.value)


# Section 10.3.2 of YAML 1.2.2.
NUMBERS = {
    "0": 0, "12": 12, "-7": -7, "+7": 7, "012": 12, "0o17": 15, "0x1f": 31, "0xFF": 255,
    "1e-3": 0.001, "1E5": 100_000.0, "1.5e+2": 150.0, "-1e3": -1000.0, ".5": 0.5, "5.": 5.0, "-.25": -0.25, "0.0": 0.0,
    ".inf": math.inf, "-.INF": -math.inf, "+.Inf": math.inf, "1e400": math.inf,
}  # fmt: skip


@pytest.mark.parametrize(("text", "number"), NUMBERS.items())
def test_a_number_of_yaml_1_2_is_a_number(text: str, number: float) -> None:
    value = value_of(text)
    assert value == number
    assert type(value) is type(number)


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_nan_is_written_with_a_dot(text: str) -> None:
    assert math.isnan(value_of(text))


@pytest.mark.parametrize(
    "text",
    [
        "on", "off", "On", "OFF", "yes", "no", "Yes", "NO", "y", "n", "Y", "N", "nan", "inf", "e3", "1e", ".", "-.",
        "+", "1_000", "0b11", "0o8", "0xg", "-0x1f", "1:30", "190:20:30", "2024-01-31", "1.2.3", "=", "<<", "tRUE",
    ],
)  # fmt: skip
def test_what_yaml_1_2_does_not_resolve_is_text(text: str) -> None:
    assert value_of(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("True", True), ("TRUE", True), ("false", False), ("False", False), ("FALSE", False)],
)
def test_only_true_and_false_are_booleans(text: str, value: bool) -> None:
    assert value_of(text) is value


@pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL", "# nothing but a comment"])
def test_an_empty_value_is_none(text: str) -> None:
    assert value_of(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [("'3'", "3"), ('"1e-3"', "1e-3"), ("'true'", "true"), ("''", ""), ("'null'", "null"), ("|-\n  3", "3")],
)
def test_what_is_quoted_or_a_block_is_text(text: str, value: str) -> None:
    assert value_of(text) == value


PLAIN = st.none() | st.booleans() | st.integers(-(10**90), 10**90) | st.floats(allow_nan=False) | st.text()
KEYS = st.text(max_size=10).filter(str.isprintable)
JSON_LIKE = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=15
)


class Quoting(yaml.SafeDumper):
    """Quotes all text and no number."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


Quoting.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))


@given(JSON_LIKE)
def test_any_json_like_value_dumped_with_quoted_text_comes_back_equal(value: Any) -> None:
    text = yaml.dump(value, Dumper=Quoting, allow_unicode=True)
    assert parse(text, "file.yaml").value == value


@given(st.text() | st.text(st.characters()) | st.text(alphabet="[]{}:,-?&*!|>'\"%@`#~<= \t\n\r\\aU0x1.e"))
def test_arbitrary_text_raises_nothing_but_config_error(text: str) -> None:
    with contextlib.suppress(ConfigError):
        parse(text, "file.yaml")


@given(st.binary())
def test_arbitrary_bytes_in_a_file_raise_nothing_but_config_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "arbitrary.yaml"
    path.write_bytes(content)
    with contextlib.suppress(ConfigError):
        assert isinstance(read(path).value, dict)


def test_a_duplicate_key_is_refused_with_both_lines() -> None:
    message = refusal("seed: 1\ntrain: {}\nseed: 2\n")
    assert message.startswith("file.yaml:3:1: ")
    assert "duplicate key 'seed' (first on line 1)" in message


def test_a_key_that_is_a_duplicate_only_after_resolution_is_refused() -> None:
    assert "duplicate key" in refusal("weights: {8: 1, 0x8: 2}")


def test_the_same_key_in_two_mappings_is_fine() -> None:
    assert parse("a: {x: 1}\nb: {x: 2}\n", "f").value == {"a": {"x": 1}, "b": {"x": 2}}


REFUSED = {
    "an anchor": ("a: 1\nb: &x 2", "2:4", "anchors are not allowed; use 'extends'"),
    "an alias": ("a: *x", "1:4", "aliases are not allowed; use 'extends'"),
    "a merge of an alias": ("a: 1\n<<: *x", "2:5", "aliases are not allowed"),
    "a Python object": ("a: !!python/object/apply:os.system [ls]", "1:4", "python/object/apply:os.system' is not"),
    "a harmless tag": ("a: !!str 1", "1:4", "is not allowed"),
    "a tag on the whole file": ("!!map {a: 1}", "1:1", "is not allowed"),
    "a tag by a directive": ("%TAG ! tag:example.org,2000:\n---\na: !x 1", "3:4", "is not allowed"),
    "two documents": ("a: 1\n---\nb: 2", "2:1", "expected a single document"),
    "another version's directive": ("%YAML 3.0\n---\na: 1", "1:1", "version 1"),
    "a tab for indentation": ("train:\n\tepochs: 3", "2:1", "tabs are not allowed for indentation; use spaces."),
    "indentation that ends nowhere": ("a:\n    b: 1\n  c: 2", "3:3", "not valid YAML: wrong indentation ("),
    "text after a quote": ('a: "x" y', "1:8", "not valid YAML: while parsing a block mapping, expected <block end>"),
    "a list that does not end": ("a: [1, 2", "1:9", "expected ',' or ']'"),
    "a quote that does not end": ("a: 'x\nb: 3\n", "3:1", "end of stream"),
    "keys in two columns": ("a: 1\n  b: 2", "2:4", "mapping values are not allowed here"),
    "a list as a key": ("? [1, 2]\n: 3", "1:3", "a key must be printable text"),
    "a boolean as a key": ("true: 3", "1:1", "a key must be printable text"),
    "an empty key": ("a: {~: 3}", "1:5", "a key must be printable text"),
    "a key that would steer the terminal": ('"\\e[2J": 3', "1:1", "a key must be printable text"),
    "a control character": ("a: 1\nb: x\x07\n", "2:5", "the character U+0007 is not allowed."),
    "half of a surrogate pair": ('a: "\\ud800"', "1:11", "an escape sequence that is not a character"),
    "an escape beyond Unicode": ('a: "\\U00110000"', "1:7", "an escape sequence that is not a character"),
    "an escape beyond everything": ('a: "\\UFFFFFFFF"', "1:7", "an escape sequence that is not a character"),
    "a number of 5,000 digits": ("a: " + "9" * 5000, "1:4", "numbers may have at most 100 digits"),
    "10,000 opening brackets": ("[" * 10_000, f"1:{MAX_DEPTH + 2}", "nesting deeper than 40 levels is not"),
    "10,000 mappings in a row": ("{a: " * 10_000, f"1:{4 * (MAX_DEPTH + 1) - 2}", "nesting deeper than 40 levels is"),
    "10,000 dashes": ("- " * 10_000, f"1:{2 * MAX_DEPTH + 3}", "nesting deeper than 40 levels is not"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_a_file_with_this_is_refused_at_its_place(kind: str) -> None:
    text, place, reason = REFUSED[kind]
    message = refusal(text)
    assert message.startswith(f"file.yaml:{place}: ")
    assert reason in message


def test_what_yaml_allows_is_not_called_invalid() -> None:
    for text in ("a: *x", "a: !!str 1", "a: " + "9" * 101, "[" * 100):
        assert "not valid YAML" not in refusal(text)
    assert refusal("a: [1, 2").startswith("file.yaml:1:9: not valid YAML: ")


def test_a_yaml_bomb_is_refused_at_its_first_anchor() -> None:
    levels = [
        f"{name}: &{name} [{', '.join([f'*{below}'] * 9)}]" for below, name in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    message = refusal("\n".join(["a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]", *levels]))
    assert message.startswith("file.yaml:1:4: anchors are not allowed")


def test_the_greatest_depth_is_allowed() -> None:
    assert parse("[" * MAX_DEPTH + "]" * MAX_DEPTH, "f").value is not None


def test_the_line_is_shown_with_a_caret_under_the_column() -> None:
    assert refusal("seed: 1\na: &x 2").splitlines()[1:] == ["    2 | a: &x 2", "      |    ^"]


def test_the_caret_stands_right_after_a_tab() -> None:
    assert Position("f", 1, 4, "a:\tb").snippet().splitlines()[1] == "      |   \t^"


def test_a_long_line_is_shown_around_the_column() -> None:
    line, caret = Position("f", 1, 5001, "x" * 5000 + "!" + "y" * 5000).snippet().splitlines()
    assert len(line) < 140
    assert line[caret.index("^")] == "!"


def test_every_key_and_value_has_its_place() -> None:
    document = parse("model:\n  nodes: [3,\n    4]\n", "f")
    assert str(document.position(("model", "nodes"), of_key=True)) == "f:2:3"
    assert str(document.position(("model", "nodes"))) == "f:2:10"
    assert str(document.position(("model", "nodes", 1))) == "f:3:5"


def test_what_is_missing_has_the_place_of_what_is_around_it() -> None:
    document = parse("model:\n  nodes: [3]\n", "f")
    assert document.position(("model", "nodes", 7, "units")) == document.position(("model", "nodes"))


def test_a_key_path_is_written_with_dots_and_indices() -> None:
    assert dotted(("model", "layers", 2, "conv", "kernel")) == "model.layers[2].conv.kernel"


def write(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "file.yaml"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"\n \n", "the file is empty"),
        (b"# only\n# comments\n", "contains no settings"),
        (b"---\n...\n", "contains no settings"),
        (b"- 1\n- 2\n", ":1:1: expected a mapping of keys to values, received a list of 2 values"),
        (b"42", ":1:1: expected a mapping of keys to values, received 42"),
        (b"seed: \xff\n", "not a text file in UTF-8 (byte 6)"),
        ("seed: 1\n".encode("utf-16"), "not a text file in UTF-8 (byte 0)"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "not a text file in UTF-8 (byte 0)"),
        (b"\x7fELF\x02\x01\x01\x00", ":1:1: the character U+007F is not allowed"),
        (b"a: 1\n" * 400_000, "too large: more than 1,000,000 bytes"),
    ],
    ids=["empty", "blank", "comments", "empty document", "list", "scalar", "latin-1", "utf-16", "png", "elf", "2 MB"],
)
def test_a_file_that_holds_no_configuration_is_refused_by_name(tmp_path: Path, content: bytes, reason: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(ConfigError) as caught:
        read(path)
    assert str(caught.value).startswith(str(path))
    assert reason in str(caught.value)


def test_a_byte_order_mark_does_not_matter(tmp_path: Path) -> None:
    document = read(write(tmp_path, b"\xef\xbb\xbfseed: 1\n"))
    assert document.value == {"seed": 1}
    assert str(document.position(("seed",), of_key=True)).endswith(":1:1")


def test_line_ends_of_windows_do_not_matter(tmp_path: Path) -> None:
    document = read(write(tmp_path, b"seed: 1\r\ntrain:\r\n  epochs: 3\r\n"))
    assert document.value == {"seed": 1, "train": {"epochs": 3}}
    assert str(document.position(("train", "epochs"))).endswith(":3:11")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"missing\.yaml: no such file"):
        read(tmp_path / "missing.yaml")


def test_a_folder_is_not_a_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected a YAML file, but this is a folder"):
        read(tmp_path)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no /dev/zero on this system")
def test_a_file_that_never_ends_is_not_read_to_its_end() -> None:
    with pytest.raises(ConfigError, match="more than 1,000,000 bytes"):
        read(Path("/dev/zero"))
