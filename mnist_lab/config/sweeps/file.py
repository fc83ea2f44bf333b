"""The schema of a sweep file: a base configuration and the values to vary.

    base: ../configs/mlp_512.yaml       # a path relative to this file, or the name of a shipped configuration
    seeds: 1..3                         # or 4, or [1, 3, 7]; default: the base's own
    folds: 5                            # each seed with each of five folds; default: no cross-validation
    set: {train.epochs: 5}              # applies to the base and to every arm
    grid:                               # every combination
      train.optimizer.learning_rate: [0.0003, 0.001, 0.003]
      train.batch_size: [64, 128]
    zip:                                # the first of each list together, then the second, ...
      model.nodes: [[256, 256], [1024, 1024]]
      model.dropout: [0.1, 0.4]
    list:                               # each entry is an arm, or a block of set, grid, zip, list and random
      - {data.preprocess: rescale}
      - {set: {data.preprocess: none}, grid: {train.optimizer.clipnorm: [1, 5]}}
    random:                             # n draws
      n: 20
      seed: 1
      values:
        train.label_smoothing: {uniform: [0, 0.2]}
        train.optimizer.epsilon: {log_uniform: [1e-8, 1e-4]}
        model.activation: {choice: [relu, gelu]}
        data.subset: {int: [1000, 50000]}

Settings are named by key paths, as in `--set`; a number is an index into a list (`model.layers.3.dropout`). Each
combination of values is an arm. Several of grid, zip, list and random in one block are combined as a product; the
first varies slowest.
"""

import math
from typing import Annotated, Any, Union

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag

from mnist_lab.config.loading import BLOCK_KEYS
from mnist_lab.config.schema import ExperimentName, file_schema
from mnist_lab.config.spec import Item, OneOf, Positive, PositiveFloat, Spec, invalid
from mnist_lab.config.sweeps.seeds import parse_seeds


def _upwards(between: tuple[float, float]) -> tuple[float, float]:
    low, high = between
    if low >= high:
        raise invalid(f"expected two numbers, the lower one first, received [{low}, {high}]")
    return between


class Distribution(Item):
    """A distribution to draw values from."""


class Uniform(Distribution):
    """Uniform between two numbers; rounded to four significant digits."""

    short = "between"
    between: Annotated[tuple[float, float], AfterValidator(_upwards)]
    """The lower and the upper bound."""


class LogUniform(Distribution):
    """Log-uniform between two positive numbers; rounded to four significant digits."""

    short = "between"
    between: Annotated[tuple[PositiveFloat, PositiveFloat], AfterValidator(_upwards)]
    """The lower and the upper bound."""


class WholeNumber(Distribution):
    """A whole number, uniform between two bounds, both inclusive."""

    key = "int"
    short = "between"
    between: Annotated[tuple[int, int], AfterValidator(_upwards)]
    """The lower and the upper bound."""


class Choice(Distribution):
    """One of several values, equally likely."""

    short = "among"
    among: Annotated[tuple[Any, ...], Field(min_length=1)]
    """The values."""


DISTRIBUTIONS = (Uniform, LogUniform, WholeNumber, Choice)


def value_at(drawn: Distribution, quantile: float) -> Any:
    """Return the value of a distribution at a quantile in [0, 1)."""
    match drawn:
        case Uniform(between=(low, high)):
            return rounded(low + (high - low) * quantile, low, high)
        case LogUniform(between=(low, high)):
            return rounded(math.exp(math.log(low) + (math.log(high) - math.log(low)) * quantile), low, high)
        case WholeNumber(between=(low, high)):
            return low + math.floor((high - low + 1) * quantile)
        case Choice(among=values):
            return values[math.floor(len(values) * quantile)]


def rounded(value: float, low: float, high: float) -> float:
    """Round to four significant digits, within the bounds."""
    return max(low, min(high, float(f"{value:.4g}")))


def _one_length(lists: dict[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    (first, values), *others = lists.items()
    for path, other in others:
        if len(other) != len(values):
            raise invalid(f"expected {len(values)} values, as many as {first} has, received {len(other)}", at=(path,))
    return lists


KeyValues = Annotated[dict[str, Any], Field(min_length=1)]
"""A value for each key path."""
Lists = Annotated[dict[str, Annotated[tuple[Any, ...], Field(min_length=1)]], Field(min_length=1)]
"""A list of values for each key path."""


class Random(Spec):
    """Independent draws; earlier draws do not change when n grows or a key path is added."""

    n: Positive
    """Number of draws."""
    seed: Annotated[int, Field(ge=0)] = 1
    """Seed of the draws."""
    values: Annotated[dict[str, Annotated[Distribution, OneOf(lambda: DISTRIBUTIONS)]], Field(min_length=1)]
    """Key paths and the distributions to draw their values from."""


def _kind(entry: Any) -> str:
    return "block" if isinstance(entry, Block) or (isinstance(entry, dict) and BLOCK_KEYS & entry.keys()) else "values"


Entry = Annotated[
    Union[Annotated["Block", Tag("block")], Annotated[KeyValues, Tag("values")]],  # noqa: UP007  a forward reference
    Discriminator(_kind),
]


class Block(Spec):
    """Values to vary; several ways of varying them are combined as a product."""

    set: KeyValues = Field(default={})
    """Key paths and the values that they have in all arms of the block."""
    grid: Lists = Field(default={})
    """Key paths and lists of values, in every combination."""
    zip: Annotated[Lists, AfterValidator(_one_length)] = Field(default={})
    """Key paths and lists of values of equal length: the first of each together, then the second of each, ..."""
    list: Annotated[tuple[Entry, ...], Field(min_length=1)] = ()
    """Each entry is one arm (key paths with their values), or a block of arms."""
    random: Random | None = None
    """Number of draws, their seed, and the distribution of each key path."""


class SweepFile(Block):
    """A base configuration and its variants; `set` also applies to the base."""

    name: ExperimentName | None = None
    """The folder of its arms below the results folder; default: the file's name."""
    description: str | None = None
    """One sentence on the sweep."""
    base: Annotated[str, Field(min_length=1)]
    """The configuration to vary: a path relative to the sweep file, or the name of a shipped configuration."""
    seeds: Annotated[
        tuple[int, ...] | None, BeforeValidator(parse_seeds, json_schema_input_type=int | str | list[int])
    ] = None
    """The seeds to repeat the base and every arm with: `4`, `1..5` or `[1, 3, 7]`; default: the base's own."""
    folds: Annotated[int, Field(ge=2)] | None = None
    """Number of cross-validation folds; the base and every arm are repeated with each (`data.validation.folds`)."""


def sweep_json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a sweep file."""
    return {**file_schema(SweepFile), "required": ["base"]}
