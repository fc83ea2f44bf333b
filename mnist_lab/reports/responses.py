"""Finds the numbers that experiments vary with everything else equal, which a response plot shows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mnist_lab.config import Config
from mnist_lab.config.settings import Setting, setting_name, settings
from mnist_lab.reports.study import Entry

LEAST = 3
"""Values of a number below which there is nothing to plot."""
_SUBSET = "data.subset"

Settings = Mapping[str, Setting]


@dataclass(frozen=True)
class Varied:
    """A number that experiments vary."""

    name: str
    """What people call it."""
    lines: Mapping[str, tuple[tuple[float, Entry], ...]]
    """Experiments that differ in it only, with their value of it, ascending; by what differs between the lines. The
    name of a single line is empty."""


def varied(experiments: Iterable[tuple[Settings, Entry]]) -> list[Varied]:
    """The numbers that take at least `LEAST` values in experiments that are otherwise alike, in the order of the keys.

    The experiments were tested on the same images; each comes with its settings (`with_training_images`).
    """
    every = list(experiments)
    paths = dict.fromkeys(path for known, _ in every for path in known)
    found = []
    for path in paths:
        lines: dict[frozenset[tuple[str, object]], tuple[Settings, dict[float, Entry]]] = {}
        for known, one in every:
            if path in known and (value := known[path].number) is not None:
                rest = {other: setting for other, setting in known.items() if other != path}
                key = frozenset((other, setting.value) for other, setting in rest.items())
                lines.setdefault(key, (rest, {}))[1].setdefault(value, one)
        long = [(rest, line) for rest, line in lines.values() if len(line) >= LEAST]
        if long:
            differing = _differing([rest for rest, _ in long])
            long.sort(key=lambda each: [_rank(each[0].get(other)) for other in differing])
            names = _names([rest for rest, _ in long], differing)
            by_name = {name: tuple(sorted(line.items())) for name, (_, line) in zip(names, long, strict=True)}
            found.append(Varied(setting_name(path), by_name))
    return found


def with_training_images(config: Config, images: int) -> Settings:
    """The settings of a configuration, with the number of training images for `data.subset` where that is not set.

    That is how many there were before validation images were split off.
    """
    known = settings(config)
    return known | {_SUBSET: Setting(config.data.subset or images, known[_SUBSET].default)}


def _differing(lines: Sequence[Mapping[str, Setting]]) -> list[str]:
    """The settings in which lines differ."""
    paths = dict.fromkeys(path for line in lines for path in line)
    return [path for path in paths if len({line[path].value if path in line else None for line in lines}) > 1]


def _rank(setting: Setting | None) -> tuple[float, str]:
    """Numbers ascending, then everything else."""
    number = setting and setting.number
    return (float("inf") if number is None else number, str(setting and setting.value))


def _names(lines: Sequence[Mapping[str, Setting]], differing: Sequence[str]) -> list[str]:
    """The labels of the lines: the values of the settings in which they differ."""
    shared = {path for path in differing if all(path in line for line in lines)}
    names = []
    for line in lines:
        words = [
            _word(path, line[path].value)
            for path in differing
            if path in line and (path in shared or not line[path].default)
        ]
        names.append(", ".join(words) or ("without" if differing else ""))
    return names


def _word(path: str, value: object) -> str:
    """`learning rate 0.01`, `sgd`, `batch norm`, `no batch norm`."""
    name = setting_name(path)
    match value:
        case bool():
            return name if value else f"no {name}"
        case None:
            return f"no {name}"
        case int() | float():
            return f"{name} {value:g}" if not path.endswith(".count") else f"{value:g} {name}"
        case tuple():
            return f"{name} {', '.join(map(str, value)) or 'none'}"
        case _:
            return str(value) if path.endswith((".name", ".", ".kind")) else f"{name} {value}"
