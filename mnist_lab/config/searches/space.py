"""The space of a search: its dimensions, and the settings that their values stand for."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, takewhile
from typing import Any

from mnist_lab.config.document import KeyPath, dotted, key_path
from mnist_lab.config.searches.file import Options
from mnist_lab.config.spec import key_of
from mnist_lab.config.sweeps.arms import Arm, SetValue, word
from mnist_lab.config.sweeps.file import Choice, Distribution

Value = float | int | str
"""The value of a dimension; for a choice, the option's label."""
Point = Mapping[str, Value]
"""A point of the space: the value of each dimension that exists there, by its name."""
MAX_LABEL = 40
"""Maximum length of a label; options with longer ones are numbered."""
_NUMBERS = re.compile(r"[\d.]+(-[\d.]+)+")


@dataclass(frozen=True)
class Dimension:
    """One value to search."""

    name: str
    """Its key, with the option that contains it if others have the same key."""
    key: str
    """Its dotted key in the configuration."""
    place: KeyPath
    """The position of its distribution in the search file."""
    drawn: Distribution
    labels: tuple[str, ...] = ()
    """The labels of the options; empty except for a choice."""
    within: tuple[str, str] | None = None
    """The choice that contains it (its name and the option's label); None if it always exists."""

    @property
    def kind(self) -> str:
        """`uniform`, `log_uniform`, `int` or `choice`."""
        return self.drawn.key

    @property
    def ends(self) -> tuple[float | int | str, ...]:
        """Its lowest and highest value, or the labels of its options."""
        return self.labels or self.bounds

    @property
    def bounds(self) -> tuple[float, float]:
        """The lowest and highest value of a range."""
        return self.drawn.between  # pyright: ignore[reportAttributeAccessIssue]

    @property
    def options(self) -> Sequence[int | str]:
        """All values that it can have; empty for a range of real numbers."""
        if self.kind == "int":
            low, high = map(int, self.bounds)
            return range(low, high + 1)
        return self.labels

    def has(self, value: Any) -> bool:
        """Whether it can have this value."""
        if self.labels:
            return value in self.labels
        low, high = self.bounds
        return isinstance(value, int | float) and low <= value <= high

    def place_of(self, value: float | str) -> KeyPath:
        """Return the position in the search file of one of its ends."""
        return (*self.place, self.kind, self.ends.index(value))


class Space:
    """All dimensions, each after the choice that it belongs to.

    Args:
        space: the distribution of each key path, as in a search file.
    """

    def __init__(self, space: Mapping[str, Distribution]) -> None:
        self._space = space
        found = [
            each for key, drawn in space.items() for each in _dimensions(key_path(key), ("space", key), drawn, None)
        ]
        shared = Counter(each.key for each, _ in found)
        self._at: dict[KeyPath, Dimension] = {}
        for each, option in found:
            name = f"{each.key} ({option[1]})" if option and shared[each.key] > 1 else each.key
            within = option and (self._at[option[0]].name, option[1])
            self._at[each.place] = replace(each, name=name, within=within)
        self.dimensions = tuple(self._at.values())

    def exists(self, dimension: Dimension, values: Point) -> bool:
        """Whether the dimension exists at a point, whose values for all dimensions before it must be known."""
        return dimension.within is None or values.get(dimension.within[0]) == dimension.within[1]

    def set_values(self, values: Point) -> Arm:
        """Return the values that a point sets in the configuration, with their positions in the search file."""
        return tuple(self._set_value(key, drawn, values) for key, drawn in self._space.items())

    def _set_value(self, key: str, drawn: Distribution, values: Point) -> SetValue:
        place = ("space", key)
        dimension = self._at[place]
        value = values[dimension.name]
        there = dimension.place_of(value) if value in dimension.ends else (*place, drawn.key)
        return SetValue(key_path(key), self._value(drawn, place, values), place, there)

    def _value(self, given: Any, place: KeyPath, values: Point) -> Any:
        """Return the value at a place in the search file, with drawn values in place of distributions."""
        match given:
            case Choice():
                dimension = self._at[place]
                index = dimension.labels.index(str(values[dimension.name]))
                return self._value(given.among[index], (*place, given.key, index), values)
            case Distribution():
                return values[self._at[place].name]
            case dict():
                return {key: self._value(item, (*place, key), values) for key, item in given.items()}
            case tuple():
                return tuple(self._value(item, (*place, i), values) for i, item in enumerate(given))
            case _:
                return given

    def first(self, given: Point) -> Point:
        """Return the point with each choice's first option and each range's low end, except for the values given."""
        point: dict[str, Value] = {}
        for each in self.dimensions:
            if self.exists(each, point):
                point[each.name] = given.get(each.name, each.ends[0])
        return point

    def has(self, values: Point) -> bool:
        """Whether these values are a point of the space."""
        there = [each for each in self.dimensions if self.exists(each, values)]
        return {each.name for each in there} == values.keys() and all(each.has(values[each.name]) for each in there)

    @property
    def finite(self) -> bool:
        """Whether every dimension has finitely many values."""
        return all(each.options for each in self.dimensions)

    def points(self) -> Iterator[Point]:
        """All points of a finite space."""
        points: Iterator[Point] = iter([{}])
        for each in self.dimensions:
            points = self._continued(points, each)
        return points

    def _continued(self, points: Iterator[Point], each: Dimension) -> Iterator[Point]:
        for known in points:
            if self.exists(each, known):
                yield from ({**known, each.name: value} for value in each.options)
            else:
                yield known

    def corners(self) -> Iterator[tuple[Dimension, Point]]:
        """Points that together cover every end and every option, each with the dimension that it is for."""
        last: dict[str, Value] = {}
        for each in self.dimensions:
            above: dict[str, Value] = {}
            choice = each.within
            while choice:
                above[choice[0]] = choice[1]
                choice = next(one.within for one in self.dimensions if one.name == choice[0])
            for end in each.ends:
                yield each, self.first({**above, each.name: end})
            if not each.labels:
                last[each.name] = each.ends[-1]
        if last:
            yield self.dimensions[0], self.first(last)


def _dimensions(
    path: KeyPath, place: KeyPath, given: Any, option: tuple[KeyPath, str] | None
) -> Iterator[tuple[Dimension, tuple[KeyPath, str] | None]]:
    """Yield the dimensions at and below a place of the search file, with the choice (place and label) above each."""
    match given:
        case Distribution():
            options = given.among if isinstance(given, Options) else ()
            key, labels = dotted(path), _labels(options)
            yield Dimension(key, key, place, given, labels), option
            for i, (label, item) in enumerate(zip(labels, options, strict=True)):
                yield from _dimensions(path, (*place, given.key, i), item, (place, label))
        case dict():
            for key, item in given.items():
                yield from _dimensions((*path, key), (*place, key), item, option)
        case tuple():
            for i, item in enumerate(given):
                yield from _dimensions((*path, i), (*place, i), item, option)


def worded(label: str) -> str:
    """Return the label of an option in texts: `32, 32` for `32-32`, which stands for a list; others as they are."""
    return label.replace("-", ", ") if _NUMBERS.fullmatch(label) else label


def _labels(options: Sequence[Any]) -> tuple[str, ...]:
    """Name each option: by its `kind` or `name` if all differ in it, else by its value, its layers or its number."""
    for key in ("kind", "name"):
        given = [str(option[key]) for option in options if isinstance(option, dict) and key in option]
        if len(set(given)) == len(options):
            return tuple(given)
    words = [option.key if isinstance(option, Distribution) else word(option) for option in options]
    varied = any(isinstance(option, dict | tuple) and _has_distribution(option) for option in options)
    if varied or len(set(words)) < len(words) or max(map(len, words)) > MAX_LABEL:
        return _labels_of_lists(options) or tuple(f"option {number}" for number in range(1, len(options) + 1))
    return tuple(words)


def _labels_of_lists(options: Sequence[Any]) -> tuple[str, ...]:
    """Return a name for each option if all are lists of layers, or of augmentations: the kinds in which they differ.

    For `conv, max_pool, dense` and `conv, conv, conv, dense`, they are `max_pool` and `conv`; if that is too long, the
    kinds that all share are omitted. Empty if the options remain ambiguous.
    """
    kinds = [tuple(map(_kind, option)) if isinstance(option, tuple) else ("",) for option in options]
    if not all(map(all, kinds)):
        return ()
    before = _shared(kinds)
    after = _shared([each[before:][::-1] for each in kinds])
    different = [each[before : len(each) - after] for each in kinds]
    for common in (set[str](), set.intersection(*map(set, different))):
        own = [[kind for kind in each if kind not in common] for each in different]
        labels = tuple("-".join(kind for kind, _ in groupby(each)) for each in own)
        if all(labels) and len(set(labels)) == len(labels) and max(map(len, labels)) <= MAX_LABEL:
            return labels
    return ()


def _shared(lists: Sequence[Sequence[str]]) -> int:
    """Return the number of leading items that all lists share."""
    return sum(1 for _ in takewhile(lambda each: len(set(each)) == 1, zip(*lists, strict=False)))


def _kind(item: Any) -> str:
    """Return the kind of a layer; empty for anything else."""
    return "" if isinstance(item, Distribution) else key_of(item) or ""


def _has_distribution(value: Any) -> bool:
    """Whether a value is or contains a distribution."""
    below = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else ()
    return isinstance(value, Distribution) or any(map(_has_distribution, below))
