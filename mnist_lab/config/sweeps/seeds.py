"""Parses seeds: `4`, `1..5`, `1,3,7`."""

import re
from collections.abc import Iterable
from itertools import chain
from typing import Any

from pydantic_core import PydanticCustomError

from mnist_lab.config.document import in_words
from mnist_lab.config.spec import invalid

MAX_SEED = 2**32 - 1
MAX_SEEDS = 10_000


def parse_seeds(given: Any) -> tuple[int, ...]:
    """Parse seeds given as text such as `4`, `1..5` (inclusive) or `1,3,7`, as a number or as several numbers.

    `given` may be anything, as it also comes from files.

    Raises:
        ValueError (a `PydanticCustomError`, which a validator may raise): they are invalid, a range is descending, or a
            seed is out of range or duplicated.
    """
    if isinstance(given, str):
        seeds: Iterable[Any] = chain.from_iterable(_range(part.strip(), given) for part in given.split(","))
    else:
        seeds = given if isinstance(given, Iterable) else (given,)
    found: dict[int, None] = {}
    for seed in seeds:
        if not isinstance(seed, int) or isinstance(seed, bool):
            raise _refusal(seed)
        if not 0 <= seed <= MAX_SEED:
            raise invalid(f"expected seeds from 0 to {MAX_SEED}, received {seed}")
        if seed in found:
            raise invalid(f"seed {seed} is listed twice")
        if len(found) == MAX_SEEDS:
            raise invalid(f"expected at most {MAX_SEEDS:,} seeds")
        found[seed] = None
    if not found:
        raise _refusal(given)
    return tuple(found)


def _range(part: str, text: str) -> Iterable[int]:
    match = re.fullmatch(r"([0-9]{1,10})(?:\.\.([0-9]{1,10}))?", part)
    if not match:
        raise _refusal(text)
    first, last = int(match[1]), int(match[2] or match[1])
    if first > last:
        raise invalid(f"{part} is descending; expected the lower seed first")
    return range(first, last + 1)


def _refusal(given: Any) -> PydanticCustomError:
    return invalid(f"expected seeds such as 4, 1..5 or 1,3,7, received {in_words(given)}")
