"""The schema of a search file: a base configuration, the space of its variants, and how they are searched.

    base: mlp_512                       # a path relative to this file, or the name of a shipped configuration
    set: {data.subset: 12000}           # applies to the base and to every trial
    space:                              # key paths and what their values are drawn from
      train.optimizer.learning_rate: {log_uniform: [1.0e-4, 1.0e-2]}
      model.dropout: {uniform: [0, 0.5]}
      model.nodes: {choice: [[256, 256], [512, 512], [1024]]}
    objective: {maximize: val_accuracy} # or minimize: val_loss; also {maximize: val_accuracy, minimize: parameters}
    where: {parameters: "<= 1000000"}   # larger networks are not trained; also seconds of training: {seconds: "<= 60"}
    sampler: tpe                        # tpe, random or gp
    budget: {trials: 50, epochs: 20}    # trials, minutes, or both
    promote: {first: 2, factor: 3}      # at 2, 6, ... epochs, the best third is promoted; off: all run to the end
    confirm: {best: 3, seeds: 7}        # the best and the base, each with this many seeds that are new to the search
    seed: 1

An option of a choice may have distributions below it: `model: {choice: [{kind: mlp, nodes: {choice: [...]}}, ...]}`.
They are drawn only if the option is.
"""

import re
from typing import Annotated, Any, Literal, Self, Union

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator
from typing_extensions import TypeAliasType

from mnist_lab.config.document import in_words
from mnist_lab.config.schema import ExperimentName, file_schema
from mnist_lab.config.spec import OneOf, OneOrMore, Positive, PositiveFloat, Spec, invalid
from mnist_lab.config.sweeps.file import Choice, Distribution, KeyValues, LogUniform, Uniform, WholeNumber
from mnist_lab.config.sweeps.seeds import MAX_SEED

COSTS = ("parameters", "multiply_adds")
"""Objectives known before training."""


def _shown(option: Any) -> Any:
    return list(option) if isinstance(option, tuple) else option


def _different(options: tuple[Any, ...]) -> tuple[Any, ...]:
    for i, option in enumerate(options):
        if any(_same(option, other) for other in options[:i]):
            raise invalid(f"{_shown(option)} is listed twice")
    if len(options) < 2:
        raise invalid("expected at least two options, as one leaves nothing to choose")
    return options


def _same(one: Any, other: Any) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _shape(value: Any) -> str:
    """Return the kind of a value within an option: a distribution, or a value that may contain some."""
    match value:
        case Distribution():
            return "a distribution"
        case dict() if len(value) == 1 and next(iter(value)) in {kind.key for kind in DISTRIBUTIONS}:
            return "a distribution"
        case dict():
            return "a mapping"
        case tuple() | list():
            return "a list"
        case _:
            return "a value"


class Options(Choice):
    """One of several options, which may have distributions below them."""

    key = "choice"  # stated, as an inherited key does not count: files would have to say `options`
    among: Annotated[tuple["Option", ...], AfterValidator(_different)]
    """The options."""


DISTRIBUTIONS = (Uniform, LogUniform, WholeNumber, Options)
Drawn = Annotated[Distribution, OneOf(lambda: DISTRIBUTIONS)]
Option = TypeAliasType(
    "Option",
    Annotated[
        Union[  # noqa: UP007  a forward reference
            Annotated[Drawn, Tag("a distribution")],
            Annotated[dict[str, "Option"], Tag("a mapping")],  # pyright: ignore[reportInvalidTypeForm]
            Annotated[tuple["Option", ...], Tag("a list")],  # pyright: ignore[reportInvalidTypeForm]
            Annotated[Any, Tag("a value")],
        ],
        Discriminator(_shape),
    ],
)
"""A value, possibly with distributions in place of some of the values below it."""


def _measure(given: Any) -> Any:
    """Refuse a name that is not a measure of an objective, and say why."""
    for name in given if isinstance(given, tuple | list) else (given,):
        if isinstance(name, str) and name.removeprefix("best_").startswith("test"):
            raise invalid(
                f"'{name}' is measured on the test images; selecting on them would make the result too optimistic. "
                "Use val_accuracy or val_loss; `confirm` tests the best"
            )
        if name == "accuracy" or name == "loss":
            raise invalid(f"'{name}' is measured on the training images; expected val_{name}, of the validation images")
        if name == "seconds":
            raise invalid(
                "'seconds' depend on the machine and its load, so they can only be limited: where: {seconds: \"<= 60\"}"
            )
    return given


class Objective(Spec):
    """What is searched for: one measure on the validation images, and optionally a cost to trade it off against."""

    maximize: Annotated[Literal["val_accuracy"] | None, BeforeValidator(_measure)] = None
    """A measure to maximize."""
    minimize: Annotated[
        tuple[Literal["val_loss", "parameters", "multiply_adds"], ...], OneOrMore, BeforeValidator(_measure)
    ] = ()
    """`val_loss`, unless `val_accuracy` is maximized; and optionally one cost: `parameters`, or `multiply_adds` for one
    image."""

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        validated = [name for name in (self.maximize, *self.minimize) if name and name not in COSTS]
        costs = [name for name in self.minimize if name in COSTS]
        if len(validated) != 1 or len(costs) > 1:
            raise invalid(
                "expected maximize: val_accuracy or minimize: val_loss, and at most one of "
                f"{' and '.join(COSTS)} to minimize"
            )
        return self


def _most(given: Any) -> Any:
    if isinstance(given, str) and (match := re.fullmatch(r"\s*(<=?)\s*([0-9][0-9_]{0,17})\s*", given)):
        return int(match[2]) - (match[1] == "<")
    raise invalid(f'expected a limit such as "<= 10000", received {in_words(given)}')


Most = Annotated[int, BeforeValidator(_most, json_schema_input_type=str), Field(ge=1)]


def _most_seconds(given: Any) -> Any:
    if isinstance(given, str) and (match := re.fullmatch(r"\s*<=\s*([0-9]{1,9}(?:\.[0-9]{1,3})?)\s*", given)):
        return float(match[1])
    raise invalid(f'expected a limit in seconds such as "<= 60", received {in_words(given)}')


MostSeconds = Annotated[float, BeforeValidator(_most_seconds, json_schema_input_type=str), Field(gt=0)]


class Limits(Spec):
    """Configurations above a limit are not trained, or stop as soon as their training turns out to take too long."""

    parameters: Most | None = None
    """Limit on the parameters of a network: `"<= 10000"`."""
    multiply_adds: Most | None = None
    """Limit on the multiply-adds for one image: `"<= 1000000"`."""
    seconds: MostSeconds | None = None
    """Limit on the seconds of training for all epochs of the budget, on this machine: `"<= 60"`."""


class Budget(Spec):
    """When the search ends: at whichever is reached first."""

    trials: Positive | None = None
    """Configurations to try."""
    minutes: PositiveFloat | None = None
    """Duration of the search, in total over its sessions and without the confirmation."""
    epochs: Positive | None = None
    """Epochs of a trial that is trained to the end, and of the base; default: those of the base."""

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.trials is None and self.minutes is None:
            raise invalid("expected trials, minutes, or both")
        return self


class Promote(Spec):
    """Asynchronous successive halving: at each rung, only the best continue from their checkpoints."""

    first: Positive = 1
    """Epochs of the first rung; each further one has `factor` times as many. The last rung is the highest that can be
    multiplied by `factor` without exceeding the epochs of the budget: 1 and 3 for 10 epochs and factor 3."""
    factor: Annotated[int, Field(ge=2)] = 3
    """One in this many trials is promoted: with 3, the best third."""


class Confirm(Spec):
    """Trains the best and the base again, with seeds that the search has not used, and tests them."""

    best: Positive = 3
    """How many trials to confirm: the best by validation or, with two objectives, the Pareto front first."""
    seeds: Annotated[int, Field(ge=1, le=1_000)] = 7
    """Number of new seeds for each; a significant difference needs at least six, or more for several trials."""


def _or_off(given: Any) -> Any:
    return None if given == "off" else given


class SearchFile(Spec):
    """A base configuration, the space of its variants, and how they are searched."""

    name: ExperimentName | None = None
    """The folder of the search below the results folder; default: the file's name."""
    description: str | None = None
    """One sentence on the search."""
    base: Annotated[str, Field(min_length=1)]
    """The configuration to vary: a path relative to the search file, or the name of a shipped configuration."""
    set: KeyValues = Field(default={})
    """Key paths and the values that they have in the base and in every trial."""
    space: Annotated[dict[str, Drawn], Field(min_length=1)]
    """Key paths and the distributions of their values."""
    objective: Objective = Objective(maximize="val_accuracy")
    """What is searched for."""
    where: Limits = Limits()
    """Limits on the networks and their training time."""
    sampler: Literal["tpe", "random", "gp"] = "tpe"
    """How values are proposed: by Optuna's tree-structured Parzen estimator, at random, or by a Gaussian process."""
    budget: Budget
    """When the search ends."""
    promote: Annotated[Promote | None, BeforeValidator(_or_off, json_schema_input_type=Promote | Literal["off"])] = None
    """Rungs at which only the best trials continue; default: `off`, all trials are trained to the end."""
    confirm: Annotated[Confirm | None, BeforeValidator(_or_off, json_schema_input_type=Confirm | Literal["off"])] = (
        Confirm()
    )
    """How many trials are trained again and tested, and with how many new seeds; `off`: none."""
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] = 1
    """Seed of the sampler and of every trial."""

    @model_validator(mode="after")
    def _confirms_what_it_tries(self) -> Self:
        confirm, trials = self.confirm, self.budget.trials
        if confirm and trials and confirm.best > trials and "best" in confirm.model_fields_set:
            raise invalid(
                f"expected at most {trials}, the number of trials (budget.trials), received {confirm.best}",
                at=("confirm", "best"),
            )
        return self


def search_json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a search file."""
    return {**file_schema(SearchFile), "required": ["base", "space", "budget"]}
