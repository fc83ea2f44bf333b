"""Tables fit their width: minor columns go first, nothing is hidden silently, and no text is lost."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from mnist_lab.text.printable import printable
from mnist_lab.text.tables import MINOR, NO_BREAK, Column, fitted

RUNS = (
    Column("Experiment"),
    Column("Changed", priority=MINOR),
    Column("Parameters", number=True, priority=MINOR + 1),
    Column("Test", number=True, priority=1),
    "Verdict",
)
ROWS = [
    ("ablation/optimizer_rmsprop", "optimizer adam -> rmsprop", "669,706", "0.9802", "not significant"),
    ("mlp_512", "", "669,706", "0.9800", ""),
]

words = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z", "M"]) | st.sampled_from(" /字"), max_size=20)
columns = st.builds(Column, words, st.booleans(), st.sampled_from([0, 1, 2, MINOR, MINOR + 1]))


@st.composite
def tables(draw):
    headings = draw(st.lists(columns, min_size=1, max_size=5))
    row = st.tuples(*[words] * len(headings))
    return [Column("Name"), *headings], [("x", *cells) for cells in draw(st.lists(row, max_size=4))]


def text(layout):
    return [line for part in (layout.heading, *layout.rows) for line in part.split("\n")]


def test_without_a_width_a_row_is_one_line_with_all_columns():
    layout = fitted(RUNS, ROWS)
    assert layout.hidden == []
    assert layout.rows[0].split("  ")[0] == "ablation/optimizer_rmsprop"
    assert "".join(text(layout)).count("\n") == 0
    assert max(map(cell_len, text(layout))) <= layout.width == cell_len(layout.rule)


FULL = fitted(RUNS, ROWS).width


@pytest.mark.parametrize(
    ("width", "hidden", "wraps"),
    [
        (200, [], False),
        (FULL, [], False),
        (FULL - 1, ["Parameters"], False),
        (51, ["Changed", "Parameters"], False),
        (50, ["Changed", "Parameters"], True),
        (40, ["Changed", "Parameters"], True),
        (35, ["Changed", "Parameters", "Test"], True),
    ],
)
def test_minor_columns_are_hidden_before_the_others_wrap_and_the_rest_by_priority(width, hidden, wraps):
    layout = fitted(RUNS, ROWS, width)
    assert layout.hidden == hidden
    assert ("\n" in layout.rows[0]) == wraps


@given(tables(), st.integers(60, 200))
def test_a_table_is_never_wider_than_the_terminal_if_cells_can_be_broken(table, width):
    layout = fitted(*table, width)
    assert max(map(cell_len, text(layout))) <= layout.width <= width


@given(tables(), st.integers(1, 200))
def test_columns_without_room_are_named_with_the_width_that_shows_them(table, width):
    known, rows = table
    layout = fitted(known, rows, width)
    assert len(layout.hidden) <= sum(column.priority > 0 for column in known)
    assert bool(layout.hidden) <= (layout.needed > width)
    assert fitted(known, rows, layout.needed).hidden == []


@given(st.lists(words, min_size=1, max_size=4), st.integers(1, 40))
def test_wrapping_loses_nothing_but_spaces(cells, width):
    layout = fitted([""], [(cell,) for cell in cells], width)
    for cell, row in zip(cells, layout.rows, strict=True):
        assert re.sub(r"\s", "", row) == re.sub(r"\s", "", cell)


def test_a_cell_wraps_after_spaces_and_slashes_and_within_a_word_only_if_that_is_too_long():
    cells = ["seven_steps/step7 one two", f"+0.12 (+0.05{NO_BREAK}to{NO_BREAK}+0.2)", "x" * 20]
    layout = fitted([""], [(cell,) for cell in cells], 16)
    assert layout.rows == ["seven_steps/\nstep7 one two", "+0.12\n(+0.05 to +0.2)", "x" * 16 + "\n" + "x" * 4]


def test_a_long_name_is_broken_at_its_separators():
    layout = fitted([""], [("a_long_name_of_an_experiment,learning_rate=0.001",)], 20)
    assert layout.rows == ["a_long_name_of_an_\nexperiment,learning_\nrate=0.001"]


def test_columns_are_as_wide_as_what_is_shown():
    title = "\x1b]0;owned\x07"
    first, second = fitted(("Name", Column("Number", number=True)), [(title, "1"), ("x", "2")]).rows
    assert first.startswith(printable(title))
    assert len(first) == len(second)
