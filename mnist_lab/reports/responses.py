"""Finds the numbers that experiments vary with everything else equal, which a response plot shows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mnist_lab.config import Config
from mnist_lab.config.settings import Setting, setting_name, settings
from mnist_lab.reports.study import Entry

LEAST = 3
"""The fewest values of a number worth plotting."""
_SUBSET = "data.subset"

Settings = Mapping[str, Setting]


@dataclass(frozen=True)
class Varied:
    """A number that experiments vary."""

    name: str
    """Its readable name."""
    lines: Mapping[str, tuple[tuple[float, Entry], ...]]
    """Experiments that differ only in it, each with its value, ascending; by the label of the line, which says what
    differs between lines and is empty for a single one."""


def varied(experiments: Iterable[tuple[Settings, Entry]]) -> list[Varied]:
    """Return the numbers with at least `LEAST` values in experiments otherwise alike, in the order of the keys.

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
    """Return a configuration's settings; `data.subset`, if not set, is the number of training images.

    That is their number before validation images were split off.
    """
    known = settings(config)
    return known | {_SUBSET: Setting(config.data.subset or images, known[_SUBSET].default)}


def _differing(lines: Sequence[Mapping[str, Setting]]) -> list[str]:
    """Return the settings in which lines differ."""
    paths = dict.fromkeys(path for line in lines for path in line)
    return [path for path in paths if len({line[path].value if path in line else None for line in lines}) > 1]


def _rank(setting: Setting | None) -> tuple[float, str]:
    """Return a key that sorts numbers ascending, then everything else."""
    number = setting and setting.number
    return (float("inf") if number is None else number, str(setting and setting.value))


def _names(lines: Sequence[Mapping[str, Setting]], differing: Sequence[str]) -> list[str]:
    """Return the labels of the lines: the values of the settings in which they differ."""
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
    """Format a setting: `learning rate 0.01`, `sgd`, `batch norm`, `no batch norm`."""
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
