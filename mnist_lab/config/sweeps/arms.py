"""The arms of a sweep: the values that they set, and their names."""

import json
import math
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, product
from typing import Any

from mnist_lab.config.differences import in_short
from mnist_lab.config.document import Document, KeyPath, Place, dotted, key_path
from mnist_lab.config.loading import Override, set_value
from mnist_lab.config.names import hashed, part_of_name
from mnist_lab.config.settings import shortest_ends
from mnist_lab.config.sweeps.file import Block, Random, value_at

MAX_NAME = 80
"""Maximum length of an arm's name, in bytes of UTF-8; a longer one ends in a hash instead."""


@dataclass(frozen=True)
class SetValue:
    """One value that a sweep file sets."""

    path: KeyPath
    """Its key path in the configuration."""
    value: Any
    key: KeyPath
    """The position of its key in the sweep file, as a key path."""
    place: KeyPath
    """The position of its value in the sweep file, as a key path."""

    def apply(self, document: Document, sweep: Document) -> None:
        """Set the value in a configuration and record its position in the sweep file.

        Raises:
            ConfigError: the configuration has no such key path.
        """
        key, depth = sweep.position(self.key, of_key=True), len(self.place)
        set_value(document, self.path, self.value, key)
        if isinstance(self.value, dict | tuple):
            within = [at for at in sweep.places if at[:depth] == self.place]
            document.places.update({(*self.path, *at[depth:]): sweep.places[at] for at in within})
        document.places[self.path] = Place(key, sweep.position(self.place))


Arm = tuple[SetValue, ...]


def set_values(values: dict[str, Any], place: KeyPath) -> Arm:
    """Return a value to set for each key path of the mapping at `place` in the sweep file."""
    return tuple(SetValue(key_path(key), value, (*place, key), (*place, key)) for key, value in values.items())


def count(block: Block) -> int:
    """Count the arms of a block, without creating them."""
    factors = [len(values) for values in block.grid.values()]
    if block.zip:
        factors.append(len(next(iter(block.zip.values()))))
    if block.list:
        factors.append(sum(count(entry) if isinstance(entry, Block) else 1 for entry in block.list))
    if block.random:
        factors.append(block.random.n)
    return math.prod(factors)


def expand(block: Block, place: KeyPath = ()) -> Iterator[Arm]:
    """All arms of the block at `place` in the sweep file, without the values of its `set`."""
    factors: list[Iterable[Arm]] = [_column(key, values, (*place, "grid")) for key, values in block.grid.items()]
    if block.zip:
        columns = [_column(key, values, (*place, "zip")) for key, values in block.zip.items()]
        factors.append(_joined(zip(*columns, strict=True)))
    if block.list:
        factors.append(chain.from_iterable(_entry(entry, (*place, "list", i)) for i, entry in enumerate(block.list)))
    if block.random:
        factors.append(_draws(block.random, (*place, "random", "values")))
    return _joined(product(*factors))


def _joined(combinations: Iterable[Iterable[Arm]]) -> Iterator[Arm]:
    return (tuple(chain.from_iterable(combination)) for combination in combinations)


def _column(key: str, values: Sequence[Any], place: KeyPath) -> list[Arm]:
    return [(SetValue(key_path(key), value, (*place, key), (*place, key, i)),) for i, value in enumerate(values)]


def _entry(entry: Block | dict[str, Any], place: KeyPath) -> Iterator[Arm]:
    if isinstance(entry, Block):
        fixed = set_values(entry.set, (*place, "set"))
        return ((*fixed, *arm) for arm in expand(entry, place))
    return iter((set_values(entry, place),))


def _draws(drawn: Random, place: KeyPath) -> Iterator[Arm]:
    """Yield an arm for each draw; each key path has its own generator, so its values do not depend on the others."""
    generators = {key: random.Random(f"{drawn.seed} {key}") for key in drawn.values}
    for _ in range(drawn.n):
        values = {key: value_at(drawn.values[key], generator.random()) for key, generator in generators.items()}
        yield set_values(values, place)


def names(arms: Sequence[Sequence[SetValue | Override]]) -> list[str]:
    """Return a folder name for each arm, `learning_rate=0.01,batch_size=64`; different arms get different names.

    A key path is shortened to the last parts that distinguish it from the others; an index stays after its list.
    """
    paths = {dotted(one.path) for arm in arms for one in arm}
    ends = shortest_ends({path: path.split(".") for path in paths}, ".")
    labels = {path: re.sub(r"\[([0-9]+)\]", r".\1", end) for path, end in ends.items()}
    plain = [",".join(f"{labels[dotted(s.path)]}={part_of_name(word(s.value))}" for s in arm) for arm in arms]
    exact = [json.dumps([(dotted(s.path), s.value) for s in arm], sort_keys=True, default=str) for arm in arms]
    shared = Counter(name.casefold() for name, _ in set(zip(plain, exact, strict=True)))
    return [
        name if len(name.encode()) <= MAX_NAME and shared[name.casefold()] == 1 else hashed(name, content, MAX_NAME)
        for name, content in zip(plain, exact, strict=True)
    ]


def word(value: Any) -> str:
    """Format a value as part of a name: `0.001`, `512-512`, `sgd-momentum-0.9`."""
    match value:
        case dict():
            words = [word(item) if key == "name" else f"{key}-{word(item)}" for key, item in value.items()]
            return "-".join(words)
        case tuple() | list():
            return "-".join(map(word, value)) or "none"
        case None:
            return "none"
        case _:
            return in_short(value)
