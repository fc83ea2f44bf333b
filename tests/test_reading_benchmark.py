"""The measurement of photographs: what is written is what was measured, and kinds that miss the aims are named."""

import pytest

from benchmarks import reading
from benchmarks.photographs import HOPELESS, ONE_DIGIT

OUTCOMES = reading.OUTCOMES


def measured(**others):
    """100 photographs of each kind, all right or refused, except for the `others`."""
    kinds = {kind: dict(zip(OUTCOMES, (100, 0, 0, 0), strict=True)) for kind in ONE_DIGIT}
    kinds |= {kind: dict(zip(OUTCOMES, (0, 0, 100, 0), strict=True)) for kind in HOPELESS}
    return reading.Reading("mine", 0.99, 0, 100, kinds | others)


def counts(*numbers):
    return dict(zip(OUTCOMES, numbers, strict=True))


def words(text):
    return " ".join(text.split())


@pytest.mark.parametrize(("wrong", "named"), [(2, False), (3, True)])
def test_a_kind_with_more_wrong_answers_without_a_warning_than_the_aim_is_named(wrong, named):
    page = words(reading.page(measured(ruled=counts(100 - wrong, 0, 0, wrong))))
    assert (f"The first is missed by: ruled ({wrong} of 100)." in page) == named
    assert ("Every kind meets the first." in page) != named
    assert f"{len(ONE_DIGIT) * 100 - wrong:,} were read correctly without a warning" in page


@pytest.mark.parametrize(("alarms", "named"), [(5, False), (6, True)])
def test_a_kind_with_more_false_alarms_than_the_aim_is_named(alarms, named):
    page = words(reading.page(measured(blurred=counts(100 - alarms, alarms, 0, 0))))
    assert (f"The second is missed by: blurred ({alarms} of 100)." in page) == named
    assert ("Every kind meets the second." in page) != named


def test_a_photograph_without_one_digit_that_has_no_warning_is_counted():
    page = words(reading.page(measured(cloth=counts(0, 0, 97, 3))))
    assert f"of {len(HOPELESS) * 100:,} photographs without exactly one whole digit, 3 got no warning" in page
    assert "The first is missed by: cloth (3 of 100)." in page


def test_the_committed_pages_are_those_of_the_committed_numbers():
    stored = reading.stored()
    assert (reading.HERE / "PHOTOGRAPHS.md").read_text("utf-8") == reading.page(stored)
    guide = reading.GUIDE.read_text("utf-8")
    assert reading.in_guide(guide, stored) == guide


def test_the_same_number_of_photographs_of_every_kind_was_counted():
    stored = reading.stored()
    assert set(stored.kinds) == {*ONE_DIGIT, *HOPELESS}
    assert {sum(found.values()) for found in stored.kinds.values()} == {stored.digits}
