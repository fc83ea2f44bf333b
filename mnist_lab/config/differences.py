"""Differences between two configurations, and their short form for tables."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import PurePath
from typing import Any

from mnist_lab.config.layers import Cnn, Conv, Custom, Layer, Mlp, Residual, SeparableConv
from mnist_lab.config.optimizers import Optimizer
from mnist_lab.config.schema import AFFECT_RESULTS, WITHOUT_FRACTION, Config, InitialWeights, Validation
from mnist_lab.config.spec import Item, Spec
from mnist_lab.text.quantities import count

MAX_TEXT = 80
"""Maximum length of the changes to a list of layers; beyond it the networks are named instead."""
MAX_FILTERS = 8
"""Maximum number of convolutions for which a network is named by their filters."""

_WITHOUT = {"rows": "all", "subset": "all", "test_subset": "all", "backend": "default"}
"""The meaning of missing values."""
_UNITS = ("degrees", "epochs")
"""Fields whose name follows the value."""
_OMITTED = ("fill", "interpolation")
"""Fields omitted for an augmentation that is added or removed."""


@dataclass(frozen=True)
class Change:
    """One setting that differs, at a dotted key path."""

    path: str
    before: Any
    after: Any


def differences(base: Config, other: Config) -> list[Change]:
    """Return the settings in which `other` differs from `base`: data, augmentation, model, training and backend.

    Names, descriptions, references, seeds, and other runtime settings are ignored.
    """
    compared = [(section, getattr(base, section), getattr(other, section)) for section in AFFECT_RESULTS]
    compared.append(("runtime.backend", base.runtime.backend, other.runtime.backend))
    return [change for path, before, after in compared for change in _compare(path, before, after)]


def describe(changes: Iterable[Change]) -> str:
    """Describe changes in one line: `nodes 512, 512 -> 1024, 1024`, or `+ rotation 7 degrees, epochs 15 -> 20`.

    Empty without changes. An added or removed layer is given by its name and main argument.
    """
    parts = [_part(change) for change in changes]
    return ("; " if any(", " in part for part in parts) else ", ").join(parts)


def _compare(path: str, before: Any, after: Any) -> Iterator[Change]:
    if before == after:
        return
    as_a_whole = isinstance(before, Custom | InitialWeights) or (
        isinstance(before, Validation) and before.split != after.split
    )
    if isinstance(before, Spec) and type(before) is type(after) and not as_a_whole:
        for name in type(before).model_fields:
            yield from _compare(f"{path}.{name}", getattr(before, name), getattr(after, name))
    else:
        yield Change(path, before, after)


def _part(change: Change) -> str:
    before, after = change.before, change.after
    match change.path:
        case "augment":
            return _list_changes(before, after)
        case "train.schedule":
            return _list_changes(before, after, "schedule ")
        case "train.optimizer":
            return _optimizer(before, after)
        case "model" if before.kind == after.kind == "custom":
            return "another custom network"
        case "model":
            return f"{network(before)} -> {network(after)}"
        case "model.layers":
            text = _list_changes(before, after)
            return text if len(text) <= MAX_TEXT else _networks(before, after)
        case "data.dataset" if PurePath(before).name != PurePath(after).name:
            return f"dataset {PurePath(before).name or before} -> {PurePath(after).name or after}"
        case "train.initial_weights":
            return _value("initial weights", before, after)
        case path:
            return _value(" ".join(part for part in path.split(".")[1:] if part != "optimizer"), before, after)


def _value(label: str, before: Any, after: Any) -> str:
    """One setting: `label before -> after`, or `+ label` and `- label` for one that was added or removed."""
    if label == "resize":
        before, after = (value and _height_by_width(value) for value in (before, after))
    if label in _WITHOUT:
        before, after = (_WITHOUT[label] if value is None else value for value in (before, after))
    if after is None or after is False:
        return f"- {label}"
    if before is None or before is False:
        return f"+ {label}" if after is True else f"+ {label} {in_short(after)}".rstrip()
    if label == "rows":
        before, after = (value if isinstance(value, str) else ":".join(map(str, value)) for value in (before, after))
    return f"{label} {in_short(before)} -> {in_short(after)}"


def in_short(value: Any) -> str:
    """Format a value of a configuration for a table: `512, 512`, `rotation 20 degrees`, `0.001`."""
    match value:
        case bool():
            return str(value).lower()
        case float():
            short = f"{value:g}"
            return short if float(short) == value else repr(value)
        case Item():
            return _item(value)
        case Validation():
            if value.fold:
                return f"fold {value.fold} of {value.folds}"
            return value.split if value.split in WITHOUT_FRACTION else f"{value.split} {in_short(value.fraction)}"
        case InitialWeights():
            return str(value)
        case Spec():
            return _arguments(value, type(value).model_fields)
        case tuple():
            if len(value) > 3 and len(set(value)) == 1:
                return f"{in_short(value[0])} x{len(value)}"
            return ", ".join(map(in_short, value)) or "none"
        case dict():
            return ", ".join(f"{key}: {in_short(item)}" for key, item in value.items())
        case _:
            return str(value)


def _item(item: Item) -> str:
    """Name and arguments, `rotation 20 degrees probability 0.5`; for a layer, only the required and the main one."""
    fields = type(item).model_fields
    if isinstance(item, Layer):
        shown = [name for name, field in fields.items() if field.is_required() or name == item.short]
    else:
        shown = [name for name in fields if name not in _OMITTED]
    ordered = sorted(shown, key=lambda name: name != item.short)
    return f"{item.key} {_arguments(item, ordered)}".rstrip()


def _arguments(spec: Spec, names: Iterable[str]) -> str:
    """Describe values other than the defaults; the field that a bare value stands for is given without its name."""
    short = spec.short if isinstance(spec, Item) else None
    words = []
    for name in names:
        value, field = getattr(spec, name), type(spec).model_fields[name]
        if field.is_required() or value != field.get_default():
            words.append(_named(name, value, bare=name == short))
    return " ".join(words)


def _named(name: str, value: Any, *, bare: bool) -> str:
    if name == "layers":
        return f"of {count(len(value), 'layer')}"
    if name in _UNITS:
        return f"{in_short(value)} {name}"
    pair = isinstance(value, tuple) and len(value) == 2 and name in ("kernel", "size", "strides")
    text = _height_by_width(value) if pair else in_short(value)
    return text if bare else f"{name} {text}"


def _height_by_width(pair: tuple[int, int]) -> str:
    return str(pair[0]) if pair[0] == pair[1] else "x".join(map(str, pair))


def _optimizer(before: Optimizer, after: Optimizer) -> str:
    """Describe the name, learning rates if they differ, and arguments that differ from both optimizers' defaults."""
    parts = [f"optimizer {before.name} -> {after.name}"]
    old_fields = type(before).model_fields
    for name, field in type(after).model_fields.items():
        new, default = getattr(after, name), field.get_default()
        if name == "name":
            continue
        if name not in old_fields:
            parts += [f"{name} {in_short(new)}"] if new != default else []
            continue
        old = getattr(before, name)
        by_default = name != "learning_rate" and new == default and old == old_fields[name].get_default()
        parts += [_value(name, old, new)] if old != new and not by_default else []
    return ", ".join(parts)


def network(model: Mlp | Cnn | Custom) -> str:
    """Name a network briefly: `mlp 512, 512`, `cnn 20, 40, 60` (filters), `cnn of 9 layers`, `custom network`."""
    if isinstance(model, Custom):
        return "custom network"
    if isinstance(model, Mlp):
        return f"mlp {in_short(model.nodes)}" if model.nodes else "softmax regression"
    filters = tuple(_filters(model.layers))
    return f"cnn {in_short(filters)}" if 0 < len(filters) <= MAX_FILTERS else _size(model.layers)


def _networks(before: Sequence[Layer], after: Sequence[Layer]) -> str:
    """Describe the change between two networks with little in common."""
    old, new = tuple(_filters(before)), tuple(_filters(after))
    if old != new and all(0 < len(filters) <= MAX_FILTERS for filters in (old, new)):
        return f"cnn {in_short(old)} -> {in_short(new)}"
    return f"{_size(before)} -> {'another ' if len(before) == len(after) else ''}{_size(after)}"


def _filters(layers: Iterable[Layer]) -> Iterator[int]:
    for layer in layers:
        if isinstance(layer, Conv | SeparableConv):
            yield layer.filters
        elif isinstance(layer, Residual):
            yield from _filters(layer.layers)


def _size(layers: Sequence[Layer]) -> str:
    return f"cnn of {len(layers)} layers"


def _list_changes(before: Sequence[Item], after: Sequence[Item], prefix: str = "") -> str:
    """List changed, moved, removed and added items of a list, with counts: `- flatten, + batch_norm x2, dropout`."""
    changed: Counter[str] = Counter()
    removed: Counter[Item] = Counter()
    added: Counter[Item] = Counter()
    for kind, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        new = list(after[k:m])
        for item in before[i:j]:
            successor = next((other for other in new if type(other) is type(item)), None)
            if successor is None:
                removed[item] += 1
            else:
                new.remove(successor)
                changed.update(_item_changes(item, successor))
        added.update(new)
    moved = removed & added
    groups = [
        ("", changed + Counter({f"{_item(item)} moved": count for item, count in moved.items()})),
        ("- ", Counter(map(_item, (removed - moved).elements()))),
        ("+ ", Counter(map(_item, (added - moved).elements()))),
    ]
    return ", ".join(
        sign + prefix + ", ".join(f"{text} x{count}" if count > 1 else text for text, count in texts.items())
        for sign, texts in groups
        if texts
    )


def _item_changes(before: Item, after: Item) -> list[str]:
    """Differences between two items of one kind: `dropout 0.07 -> 0.1`, `conv padding valid -> same`."""
    texts = []
    for name in type(before).model_fields:
        old, new = getattr(before, name), getattr(after, name)
        if name == "layers" and old != new:
            texts.append(f"{before.key} ({_list_changes(old, new)})")
        elif old != new:
            label = before.key if name == before.short else f"{before.key} {name}"
            unit = f" {name}" if name in _UNITS else ""
            shown = [_named(name, value, bare=True).removesuffix(unit) for value in (old, new)]
            texts.append(f"{label} {shown[0]} -> {shown[1]}{unit}")
    return texts
