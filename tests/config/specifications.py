"""Every specification, and valid values for each of its fields, found by asking the field."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Literal, get_args, get_origin

from hypothesis import strategies as st
from pydantic import ValidationError

from mnist_lab.config.augmentations import AUGMENTATIONS
from mnist_lab.config.initializers import INITIALIZERS, REGULARIZERS
from mnist_lab.config.layers import LAYERS, Cnn, Mlp, Residual
from mnist_lab.config.optimizers import OPTIMIZERS
from mnist_lab.config.schedules import SCHEDULES
from mnist_lab.config.schema import PREPROCESSINGS, Data, EarlyStopping, Reference, Runtime, Train, Validation
from mnist_lab.config.spec import Item, Spec

ITEMS: tuple[type[Item], ...] = (*LAYERS, *INITIALIZERS, *REGULARIZERS, *AUGMENTATIONS, *SCHEDULES, *PREPROCESSINGS)
SECTIONS: tuple[type[Spec], ...] = (Data, Validation, Mlp, Cnn, Train, EarlyStopping, Reference, Runtime)

_VALUES: tuple[Any, ...] = (
    1, 2, 3, 40, 0, 0.25, 0.5, 1.0, 2.5, 1e-7, -0.8, 0.0, None, True, False, "some text",
    {}, (), (3,), (3, 5), (0, 60_000), (0.1307,), {3: 2.0},
    "he_normal", {"random_normal": {"mean": 0.1, "stddev": 0.01}}, {"l2": 0.003}, {"l1_l2": {"l1": 0.1, "l2": 0.2}},
    "none", {"standardize": {"mean": (0.1, 0.2), "std": 0.3}}, {"split": "random", "fraction": 0.3},
    {"monitor": "val_accuracy", "patience": 2}, ({"warmup": 2}, {"cosine": {"final": 0.1}}), "plateau",
    ("flatten", {"dense": {"units": "classes", "activation": "softmax"}}),
    {"name": "muon", "momentum": 0.8}, {"name": "adam", "beta_1": 0.7, "clipnorm": 1.0},
)  # fmt: skip


def _accepts(kind: type[Spec], name: str, value: Any) -> bool:
    fields = {name: value}
    try:
        kind.model_validate({kind.key: fields} if issubclass(kind, Item) else fields)
    except ValidationError as error:
        return all(detail["loc"][:1] != (name,) for detail in error.errors())
    return True


def _names_in(annotation: Any) -> Iterator[str]:
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
    for part in get_args(annotation):
        yield from _names_in(part)


@cache
def choices(kind: type[Spec], name: str) -> list[Any]:
    """Values that the field `name` of `kind` accepts; the first is a plain one."""
    candidates = (*_names_in(kind.model_fields[name].annotation), *_VALUES)
    return [value for value in candidates if _accepts(kind, name, value)]


def minimal(kind: type[Spec]) -> dict[str, Any]:
    """The required fields of `kind`, with valid values."""
    return {name: choices(kind, name)[0] for name, field in kind.model_fields.items() if field.is_required()}


def specifications(kind: type[Spec]) -> st.SearchStrategy[dict[str, Any]]:
    """Mappings that set the required and some of the other fields of `kind`, each to a value that it accepts."""
    fields = {name: st.sampled_from(choices(kind, name)) for name in kind.model_fields}
    required = {name: fields[name] for name in minimal(kind)}
    optional = {name: fields[name] for name in fields if name not in required}
    chosen = st.fixed_dictionaries(required, optional=optional)
    return chosen.map(lambda given: {kind.key: given}) if issubclass(kind, Item) else chosen


def one_of(kinds: tuple[type[Spec], ...]) -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(*(specifications(kind) for kind in kinds))


_LAYERS = st.recursive(
    one_of(tuple(kind for kind in LAYERS if kind is not Residual)),
    lambda inner: st.lists(inner, min_size=1, max_size=2).map(lambda layers: {"residual": layers}),
    max_leaves=3,
)
_MODELS = specifications(Mlp) | st.lists(_LAYERS, max_size=3).map(
    lambda layers: {"kind": "cnn", "layers": [*layers, {"activation": "softmax"}]}
)
_TRAINS = st.builds(
    lambda train, optimizer: {**train, "optimizer": optimizer}, specifications(Train), one_of(OPTIMIZERS)
)

CONFIGURATIONS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"data": specifications(Data), "model": _MODELS},
    optional={
        "augment": st.lists(one_of(AUGMENTATIONS), max_size=2),
        "train": _TRAINS,
        "runtime": specifications(Runtime),
        "reference": specifications(Reference),
        "seed": st.integers(0, 2**32 - 1),
        "description": st.text(),
    },
)
"""Whole configurations; fields can contradict each other."""
