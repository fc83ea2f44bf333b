"""Reads a sweep file: the validated configurations of its base and its arms."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product, takewhile
from pathlib import Path

from mnist_lab.config import shipped
from mnist_lab.config.document import MAX_DEPTH, Document, KeyPath, Position, dotted, read
from mnist_lab.config.loading import NEVER_INHERITED, Override, kind_of_file, read_config, resolve
from mnist_lab.config.names import checked_name, folder_name
from mnist_lab.config.problems import InvalidError, Problem, problem_with, suggest, validated
from mnist_lab.config.schema import AFFECT_RESULTS, Config
from mnist_lab.config.sweeps import arms
from mnist_lab.config.sweeps.arms import Arm, SetValue
from mnist_lab.config.sweeps.file import SweepFile
from mnist_lab.errors import ConfigError

MAX_ARMS = 10_000
SECTIONS = (*AFFECT_RESULTS, "runtime")
"""The sections of a configuration that can be varied."""


FOLDS = ("data", "validation")
"""The key path that `folds` sets."""


def of_folds(folds: int, option: str) -> Override:
    """Return the override that makes a configuration the first fold of a cross-validation."""
    return Override(FOLDS, {"split": "folds", "folds": folds, "fold": 1}, option, replaces=True)


@dataclass(frozen=True)
class Base:
    """The configuration that a sweep file or search file names as its base and changes."""

    file: Path
    document: Document
    changed_by: Document
    """The sweep file or search file."""
    overrides: Sequence[Override]
    """Values that replace those of both."""

    def changed(self, settings: Arm = (), *, nameless: bool = False) -> Config:
        """Apply values of the file that changes it, and validate the result.

        If `nameless`, keys that are never inherited, such as the name, are left out.

        Raises:
            InvalidError: with problems at the positions of the values; without values, at those of the base.
        """
        values = {key: value for key, value in self.document.value.items() if not (nameless and key in NEVER_INHERITED)}
        changed = Document(values, self.document.source, dict(self.document.places))
        sweep = self.changed_by
        problems = []
        for setting in sorted(settings, key=lambda setting: len(setting.path)):  # a mapping before what is in it
            try:
                setting.apply(changed, sweep)
            except ConfigError as error:
                place = sweep.position(setting.key, of_key=True)
                problems.append(Problem(place, "", error.message.removeprefix(f"{place}: ").rstrip(".")))
        if problems:
            raise InvalidError(sweep.source, problems)
        departures = [setting.path for setting in settings]
        try:
            return resolve(changed, None if nameless else self.file, self.overrides, departures=departures)
        except InvalidError as error:
            if not settings:
                raise
            relocated = [_relocated(problem, settings, sweep) for problem in error.problems]
            raise InvalidError(sweep.source, relocated) from None


@dataclass(frozen=True)
class Row:
    """A configuration, with the seeds and folds to repeat it with."""

    config: Config
    file: Path
    """The file that declares it; for the base of a sweep file, the base's own file."""
    label: str
    """Its name in messages."""
    seeds: tuple[int, ...] | None = None
    """The seeds to repeat it with, if not its own."""
    folds: int | None = None
    """The number of folds of its cross-validation."""
    sweep: str | None = None
    """The name of the sweep file."""
    is_arm: bool = False
    is_parent: bool = False
    """Whether it is included only because configurations in a folder extend it."""

    def repeated(self) -> Iterator[Config]:
        """Yield the configuration with each seed and, if it is cross-validated, each fold."""
        folds = range(1, self.folds + 1) if self.folds else [self.config.data.validation.fold]
        for seed, fold in product(self.seeds or (self.config.seed,), folds):
            yield self.config.in_fold(fold).model_copy(update={"seed": seed})


def read_variation(path: Path, overrides: Sequence[Override] = ()) -> list[Row]:
    """Read the sweep file at `path`, validate its base and every arm, and return these as rows.

    `overrides` replace values of the base and of `set`; arms must not set them.

    Raises:
        ConfigError: lists every problem of the sweep file and its arms, or those of the base.
    """
    sweep = read(path)
    try:
        spec = validated(SweepFile, sweep)
    except InvalidError as error:
        if sweep.value.keys() & {*SECTIONS, "reference"}:
            error.hint = "A sweep file changes its base through key paths, for example `set: {train.epochs: 5}`."
        raise
    if spec.folds and not any(override.path == FOLDS for override in overrides):
        overrides = (*overrides, of_folds(spec.folds, f"folds: {spec.folds}"))
    base = read_base(spec.base, sweep, path, overrides)
    if (many := arms.count(spec)) > MAX_ARMS:
        excess = Problem(sweep.position(()), "", f"expected at most {MAX_ARMS:,} arms, received {many:,}")
        raise InvalidError(sweep.source, [excess])

    given = [arms.set_values(spec.set, ("set",)), *(arm for arm in arms.expand(spec) if arm)]
    refused = _refused(given, sweep, overrides)
    fixed, *varied = (tuple(setting for setting in arm if setting.key not in refused) for arm in given)
    name = spec.name or folder_name(path.stem)
    found: list[tuple[str | None, Problem]] = [(None, problem) for problem in refused.values()]
    with_set, configs = None, []
    try:
        with_set = base.changed(fixed)
    except InvalidError as error:
        found += [(None, problem) for problem in error.problems]
    for arm_name, arm in zip(arms.names(varied), varied, strict=True):
        try:
            configs.append((arm_name, base.changed((*fixed, *arm), nameless=True)))
        except InvalidError as error:
            found += [(arm_name, problem) for problem in error.problems]
    for arm_name, _ in configs if not found else ():
        try:
            checked_name(f"{name}/{arm_name}")
        except ValueError as error:
            place = sweep.position(("name",))
            found.append((arm_name, Problem(place, "name", f"too long with the name of an arm appended: {error}")))
    if found or with_set is None:
        raise InvalidError(sweep.source, _summed_up(found))
    repeats = spec.seeds, spec.folds, name
    rows = [Row(with_set, base.file, f"{base.file} (the base of {path})", *repeats)]
    for arm_name, config in configs:
        named = {"name": arm_name, "experiment": f"{name}/{arm_name}", "base": with_set.experiment}
        rows.append(Row(config.model_copy(update=named), path, f"{path}: {arm_name}", *repeats, is_arm=True))
    return rows


def read_base(reference: str, sweep: Document, path: Path, overrides: Sequence[Override]) -> Base:
    """Read and validate the base that the sweep file or search file at `path` names.

    Raises:
        ConfigError: it does not exist, is not a configuration, or is invalid.
    """
    try:
        file = shipped.find(reference, path.parent)
    except ConfigError as error:
        raise problem_with(sweep, "base", error.message.rstrip(".")) from None
    if file.is_dir():
        raise problem_with(sweep, "base", f"expected a configuration, but {file} is a folder")
    if file.resolve() == path.resolve():
        raise problem_with(sweep, "base", "expected a configuration, but this is the same file")
    if (kind := kind_of_file(read(file).value)) != "configuration":
        raise problem_with(sweep, "base", f"expected a configuration, but {file} is a {kind} file")
    base = Base(file, read_config(file), sweep, overrides)
    base.changed()  # report problems of the base as such
    return base


def _refused(given: Sequence[Arm], sweep: Document, overrides: Sequence[Override]) -> Mapping[KeyPath, Problem]:
    """Return the problem of each key path that cannot be varied, by its position in the sweep file.

    Such a path is not in a section of a configuration, or is set twice in one arm or also on the command line. `given`
    starts with the values of `set`, which the command line may override; the arms follow.
    """
    refused: dict[KeyPath, Problem] = {}

    def refuse(setting: SetValue, problem: str) -> None:
        place = sweep.position(setting.key, of_key=True)
        refused.setdefault(setting.key, Problem(place, dotted(setting.path), problem))

    for setting in {setting.key: setting for arm in given for setting in arm}.values():
        first = setting.path[0]
        if "" in setting.path or len(setting.path) > MAX_DEPTH:
            refuse(setting, "expected a key path such as train.optimizer.learning_rate")
        elif first == "seed":
            refuse(setting, "seeds belong under the top-level key 'seeds'")
        elif first not in SECTIONS:
            refuse(setting, f"unknown key{suggest(str(first), SECTIONS)}; expected one of {', '.join(SECTIONS)}")
    for arm in given[1:]:
        seen: dict[KeyPath, SetValue] = {}
        for setting in arm:
            if setting.path in seen:
                line = sweep.position(seen[setting.path].key, of_key=True).line
                refuse(setting, f"set twice in one arm, here and on line {line}")
            seen[setting.path] = setting
            for override in overrides:
                if override.concerns(setting.path):
                    refuse(setting, f"varied here, but also set by {override.option}; remove one of them")
    return refused


def _relocated(problem: Problem, settings: Arm, sweep: Document) -> Problem:
    """Return the problem, moved from its position in the base to the most closely related value of the sweep file."""
    if problem.place.line is None or problem.place.source == sweep.source:
        return problem
    path = problem.path.split(".")

    def shared(setting: SetValue) -> int:
        pairs = zip(dotted(setting.path).split("."), path, strict=False)
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))

    return Problem(sweep.position(max(settings, key=shared).place), problem.path, problem.message)


def _summed_up(found: Iterable[tuple[str | None, Problem]]) -> list[Problem]:
    """One problem per position and key path, with the affected arms (None: all)."""
    groups: dict[tuple[Position, str], list[tuple[str | None, str]]] = {}
    for arm, problem in found:
        groups.setdefault((problem.place, problem.path), []).append((arm, problem.message))
    problems = []
    for (place, path), [(arm, message), *others] in groups.items():
        where = f" (in {len(others) + 1} arms, first in {arm})" if others else f" (in the arm {arm})"
        problems.append(Problem(place, path, message if arm is None else message + where))
    return problems
