"""The model that writes and reads `search.json`, the record of a search.

Keys are in the order in which they are written. Unknown keys, of later versions, are kept unchanged. Accuracies are
fractions of 1, times are seconds.
"""

from pathlib import Path
from statistics import fmean
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError

from mnist_lab.analysis.verdicts import Kind
from mnist_lab.config.problems import first_problem
from mnist_lab.errors import DamagedError, NewerFormatError
from mnist_lab.runs import formats
from mnist_lab.runs.measured import Count, Facts, Number

FORMAT = 1
"""Version of the record."""
RECORD = "search.json"

Measure = Literal["val_accuracy", "val_loss", "parameters", "multiply_adds"]
"""What an objective can be about; the last two are known before training."""
Value = float | int | str
"""A parameter's value in a trial: a number, or the label of a choice."""
Interval = tuple[float, float]


class Parameter(Facts):
    """One dimension of the search space."""

    name: str
    """The dotted key, followed by the option that it belongs to if several options have such a key."""
    key: str
    """The dotted key in the configuration."""
    kind: Literal["uniform", "log_uniform", "int", "choice"]
    low: float | int | None = None
    high: float | int | None = None
    """Inclusive."""
    choices: tuple[str, ...] | None = None
    """The labels of a choice, in the order of the search file."""
    within: tuple[str, str] | None = None
    """The choice (its name and label) that the parameter belongs to; None if it always exists."""


class Objective(Facts):
    """What is to be maximized or minimized."""

    direction: Literal["maximize", "minimize"]
    measure: Measure


class Limit(Facts):
    """A configuration above it is refused before it is trained or, for `seconds`, once that is known."""

    measure: Literal["parameters", "multiply_adds", "seconds"]
    """`seconds`: training time for all epochs of the budget."""
    most: Count | Annotated[float, Field(gt=0)]
    """The largest value allowed."""


class Budget(Facts):
    """When the search ends (`trials` or `minutes`, whichever comes first), and how long a trial is trained."""

    epochs: Annotated[int, Field(ge=1)]
    """Epochs of a trial that is trained to the end."""
    trials: Count | None = None
    minutes: float | None = None


class Promotion(Facts):
    """Asynchronous successive halving."""

    first: Annotated[int, Field(ge=1)]
    factor: Annotated[int, Field(ge=2)]
    rungs: tuple[int, ...]
    """The epochs at which trials wait for promotion; the end of the training is not among them."""


class Confirming(Facts):
    """What is confirmed at the end."""

    best: Annotated[int, Field(ge=1)]
    """How many trials, the best by validation."""
    seeds: tuple[int, ...]
    """Seeds that the search does not use."""


class Reached(Facts):
    """A trial's validation numbers at a rung or at the end of its training.

    They belong to the weights that the run would keep if it ended there: those of the best epoch so far with
    `train.restore_best`, else those of the last one.
    """

    epoch: Annotated[int, Field(ge=1)]
    """The last epoch trained."""
    val_accuracy: Number
    val_loss: Number
    clock: float
    """Seconds that the search had taken by then, over all sessions."""


class Trial(Facts):
    """One configuration that was tried, with the search's seed."""

    number: Count
    """From 1, in the order in which the configurations were chosen."""
    values: dict[str, Value]
    """Values by name, of the parameters that exist in the trial."""
    run: str | None = None
    """Its run folder, relative to that of the search."""
    state: Literal["running", "stopped", "finished", "failed", "refused"]
    """`running`: in progress, or interrupted. `stopped`: at a rung, not promoted so far. `finished`: trained to the
    end. `failed`, `refused` (by a limit): see `reason`. A trial refused after some epochs counts towards the budget
    but is not compared with others: its numbers are only in its run folder."""
    reason: str | None = None
    parameters: Count | None = None
    """All parameters of its network; None if that was not built."""
    multiply_adds: Count | None = None
    """For one image."""
    epochs: Count = 0
    """Epochs trained so far."""
    seconds: float = 0.0
    """Seconds of training so far."""
    expected_seconds: Number = None
    """Training time for all epochs of the budget, estimated from its epochs so far; the actual time once its training
    has ended. None without a limit of `seconds`, or before the second epoch."""
    reached: tuple[Reached, ...] = ()
    """Its numbers at each rung and at the end of its training."""

    def measured(self, measure: Measure) -> float | None:
        """Return the latest value; None if there is none."""
        if measure in ("parameters", "multiply_adds"):
            return getattr(self, measure)
        return getattr(self.reached[-1], measure) if self.reached else None

    @property
    def counts(self) -> bool:
        """Whether the trial counts towards the budget: all except those refused before training."""
        return self.state != "refused" or self.epochs > 0


class Difference(Facts):
    """The verdict on an arm's test accuracy against that of the base."""

    kind: Kind
    text: str
    """The verdict in words."""
    mean: Number = None
    """Arm minus base; None without a shared seed."""
    interval: Interval | None = None
    """95 % confidence interval, corrected: it excludes 0 exactly if the difference is significant."""
    p: Number = None
    """Corrected p."""


class Arm(Facts):
    """The base, or one of the best trials, trained with new seeds and tested. Lists are in the order of `seeds`."""

    label: str
    """`base`, or `trial 7`."""
    trial: Count | None = None
    """Its number; None for the base."""
    experiment: str
    """The experiment of its runs."""
    runs: tuple[str, ...]
    """Their folders, relative to the results folder."""
    seeds: tuple[int, ...]
    test: tuple[float, ...]
    """Test accuracies."""
    interval: Interval | None = None
    """95 % interval of the mean test accuracy, for the choice of seeds; None for one seed."""
    validation: tuple[Number, ...]
    """Values of the search's first objective that is measured on the validation images."""
    in_search: Number = None
    """The value in the search; None for the base."""
    parameters: Count
    seconds: float
    """Mean training time of a run."""
    difference: Difference | None = None
    """None for the base."""

    @property
    def mean(self) -> float:
        """Mean test accuracy."""
        return fmean(self.test)

    @property
    def validated(self) -> float | None:
        """Mean of the validation numbers; None if none is known."""
        known = [value for value in self.validation if value is not None]
        return fmean(known) if known else None

    @property
    def optimism(self) -> float | None:
        """The value in the search minus the mean with new seeds; None if either is not known.

        Above 0, the search was optimistic about an accuracy; below 0, about a loss.
        """
        return None if self.in_search is None or self.validated is None else self.in_search - self.validated


class Confirmation(Facts):
    """The best trials and the base with seeds that the search has not used: the only look at the test images."""

    seeds: tuple[int, ...]
    arms: tuple[Arm, ...]
    """The base first, then the trials, the best in the search first; those without any finished run are left out."""
    missing: Count = 0
    """Runs that failed or are still to come."""

    @property
    def base(self) -> Arm | None:
        """The base."""
        return next((arm for arm in self.arms if arm.trial is None), None)


class Search(Facts):
    """The record of a search."""

    format: int = FORMAT
    name: str
    description: str | None = None
    base: str
    """The experiment that is varied."""
    fingerprint: str = ""
    """Fingerprint of the base with the epochs of the budget."""
    data: str
    """The data set and rows, in words."""
    train_images: Count
    validation_images: Count
    space: tuple[Parameter, ...]
    points: Count | None = None
    """The number of configurations of the space, if the budget allows more trials than that; else None."""
    objectives: tuple[Objective, ...]
    """One, or two whose trade-off is searched."""
    limits: tuple[Limit, ...] = ()
    sampler: Literal["tpe", "random", "gp"]
    budget: Budget
    promotion: Promotion | None = None
    """None if every trial is trained to the end."""
    confirm: Confirming | None = None
    """None if nothing is confirmed."""
    seed: Count
    """Seed of the sampler and of all trials."""
    seconds: float = 0.0
    """The clock of the search so far: its wall-clock time over all sessions, without the confirmation."""
    ended: Literal["trials", "minutes", "space"] | None = None
    """What has ended the search: a limit of the budget, or `space` if every configuration was tried; None while it
    continues or is interrupted."""
    environment: dict[str, Any] = Field(default={})
    """Backend, jobs and versions of the latest session, and the cluster of the latest that had one."""
    trials: tuple[Trial, ...] = ()
    """In the order of their numbers."""
    best: Count | None = None
    """The number of the best trial by the first objective, among those that were trained the longest."""
    front: tuple[int, ...] = ()
    """With two objectives, the Pareto front of the trials trained the longest; the best by the first objective comes
    first."""
    confirmation: Confirmation | None = None

    @property
    def watched(self) -> Objective:
        """The objective that is measured on the validation images and decides on promotions."""
        return next(each for each in self.objectives if each.measure.startswith("val_"))

    @property
    def most_seconds(self) -> float | None:
        """The limit of the training time; None without one."""
        return next((limit.most for limit in self.limits if limit.measure == "seconds"), None)

    def value(self, trial: Trial) -> str:
        """Format the latest validation number of a trial: `0.9712`, or `not finite`."""
        number = trial.measured(self.watched.measure)
        return "not finite" if number is None else f"{number:.4f}"

    @property
    def tried(self) -> int:
        """The number of configurations that were trained at least to the first rung."""
        return sum(bool(trial.reached) for trial in self.trials)

    @property
    def most_trials(self) -> int | None:
        """The number of trials that count at which the search ends; None if only time limits it."""
        if self.points is None:
            return self.budget.trials
        return self.points - sum(not trial.counts for trial in self.trials)

    @property
    def best_trial(self) -> Trial | None:
        """The best trial."""
        return next((trial for trial in self.trials if trial.number == self.best), None)

    def write(self, folder: Path) -> Path:
        """Write `search.json` to the folder, atomically."""
        file = folder / RECORD
        formats.write_json(file, {"format": self.format, **self.model_dump(mode="json", exclude_defaults=True)})
        return file

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Return the record in the folder.

        Raises:
            MissingError, UnreadableError, DamagedError: it is missing, cannot be read, or is damaged.
            NewerFormatError: a newer mnist-lab wrote it.
        """
        file = folder / RECORD
        facts = formats.read_json(file)
        if isinstance(facts, dict) and isinstance(written := facts.get("format"), int) and written > FORMAT:
            raise NewerFormatError.of(file, written, FORMAT)
        try:
            return cls.model_validate(facts)
        except ValidationError as error:
            raise DamagedError(f"{file}: damaged ({first_problem(error)}).") from None
