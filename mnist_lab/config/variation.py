"""From a sweep file to the configurations of its base and its arms, all of them valid."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from pydantic import ValidationError

from mnist_lab.config import arms, shipped
from mnist_lab.config.arms import Arm, Setting
from mnist_lab.config.document import MAX_DEPTH, Document, KeyPath, Position, dotted, frozen, read
from mnist_lab.config.loading import NEVER_INHERITED, Override, folder_name, read_config, resolve
from mnist_lab.config.problems import InvalidError, Problem, config_error, suggest
from mnist_lab.config.schema import CHANGE_THE_NUMBERS, Config
from mnist_lab.config.sweep_file import SweepFile, is_sweep_file
from mnist_lab.errors import ConfigError

MAX_ARMS = 10_000
SECTIONS = (*CHANGE_THE_NUMBERS, "runtime")
"""The sections of a configuration that can be varied."""


@dataclass(frozen=True)
class Variation:
    """A base and its arms, without their seeds."""

    name: str
    base: Config
    base_file: Path
    arms: tuple[Config, ...]
    seeds: tuple[int, ...] | None


def read_variation(path: Path, overrides: Sequence[Override] = ()) -> Variation:
    """Read the sweep file at `path`, make every arm and check it.

    Args:
        path: the sweep file.
        overrides: values that beat those of the base and of `set`; they cannot be of a key path that is varied.

    Raises:
        ConfigError: with every problem of the sweep file, of its base, or of all arms.
    """
    sweep = read(path)
    spec = _validated(sweep)
    base_file = _base_file(spec.base, sweep, path)
    fixed = arms.settings(spec.set, ("set",))
    many = arms.count(spec)
    if many > MAX_ARMS:
        excess = Problem(sweep.position(()), "", f"expected at most {MAX_ARMS:,} arms, received {many:,}")
        raise InvalidError(sweep.source, [excess])
    varied = [arm for arm in arms.expand(spec) if arm]
    _check_key_paths(sweep, [fixed, *varied], overrides)

    document = read_config(base_file)
    resolve(_copy(document), base_file, overrides)
    base = _settled(document, base_file, fixed, sweep, overrides)
    for key in NEVER_INHERITED & document.value.keys():
        del document.value[key]
    name = spec.name or folder_name(path.stem)
    problems: dict[tuple[Position, str], list[tuple[str, Problem]]] = {}
    configs = []
    for arm_name, arm in zip(arms.names(varied), varied, strict=True):
        try:
            config = _settled(document, None, (*fixed, *arm), sweep, overrides)
        except InvalidError as error:
            for problem in error.problems:
                problems.setdefault((problem.place, problem.path), []).append((arm_name, problem))
        else:
            named = {"name": arm_name, "experiment": f"{name}/{arm_name}", "base": base.experiment}
            configs.append(config.model_copy(update=named))
    if problems:
        raise InvalidError(sweep.source, [_summed_up(found) for found in problems.values()])
    return Variation(name, base, base_file, tuple(configs), spec.seeds)


def _validated(sweep: Document) -> SweepFile:
    try:
        return SweepFile.model_validate(frozen(sweep.value))
    except ValidationError as error:
        invalid = config_error(error, sweep)
        foreign = set(Config.model_fields) - set(SweepFile.model_fields)
        if foreign & sweep.value.keys():
            invalid.hint = "A sweep file changes its base by key paths, for example `set: {train.epochs: 5}`."
        raise invalid from None


def _base_file(reference: str, sweep: Document, path: Path) -> Path:
    def refuse(problem: str) -> InvalidError:
        return InvalidError(sweep.source, [Problem(sweep.position(("base",)), "base", problem)])

    try:
        base = shipped.find(reference, path.parent)
    except ConfigError as error:
        raise refuse(error.message.rstrip(".")) from None
    if base.is_dir():
        raise refuse(f"expected a configuration, but {base} is a folder")
    if base.resolve() == path.resolve():
        raise refuse("expected a configuration, but this is the sweep file itself")
    if is_sweep_file(read(base).value):
        raise refuse(f"expected a configuration, but {base} is a sweep file")
    return base


def _check_key_paths(sweep: Document, all_arms: Iterable[Arm], overrides: Sequence[Override]) -> None:
    """Refuse key paths that cannot be varied, are set twice in one arm, or are set by the command line as well."""
    problems: dict[Problem, None] = {}

    def refuse(setting: Setting, problem: str) -> None:
        problems[Problem(sweep.position(setting.key, of_key=True), dotted(setting.path), problem)] = None

    fixed, *varied = all_arms
    for setting in {setting.key: setting for arm in (fixed, *varied) for setting in arm}.values():
        first = setting.path[0]
        if "" in setting.path or len(setting.path) > MAX_DEPTH:
            refuse(setting, "expected a key path such as train.optimizer.learning_rate")
        elif first == "seed":
            refuse(setting, "seeds are given by the key 'seeds' at the top of the file")
        elif first not in SECTIONS:
            refuse(setting, f"unknown key{suggest(str(first), SECTIONS)}; expected one of {', '.join(SECTIONS)}")
    for arm in varied:
        seen: dict[KeyPath, Setting] = {}
        for setting in arm:
            if setting.path in seen:
                line = sweep.position(seen[setting.path].key, of_key=True).line
                refuse(setting, f"this is varied twice in one arm (first in line {line})")
            seen[setting.path] = setting
            for override in overrides:
                shorter = min(len(override.path), len(setting.path))
                if override.path[:shorter] == setting.path[:shorter]:
                    refuse(setting, f"this is varied here, so '{override.option}' cannot set it")
    if problems:
        raise InvalidError(sweep.source, problems)


def _settled(
    document: Document, path: Path | None, settings: Arm, sweep: Document, overrides: Sequence[Override]
) -> Config:
    """The configuration that `document` is with these settings; every problem is put where one of them stands."""
    changed = _copy(document)
    problems = []
    for setting in sorted(settings, key=lambda setting: len(setting.path)):  # a mapping before what is in it
        try:
            setting.apply(changed, sweep)
        except ConfigError as error:
            place = sweep.position(setting.key, of_key=True)
            problems.append(Problem(place, "", error.message.removeprefix(f"{place}: ").rstrip(".")))
    if problems:
        raise InvalidError(sweep.source, problems)
    try:
        return resolve(changed, path, overrides, departures=[setting.path for setting in settings])
    except InvalidError as error:
        raise InvalidError(sweep.source, [_relocated(problem, settings, sweep) for problem in error.problems]) from None


def _relocated(problem: Problem, settings: Arm, sweep: Document) -> Problem:
    """The problem at the setting nearest to it, if it stands in the base: that is valid without the settings."""
    if problem.place.line is None or problem.place.source == sweep.source or not settings:
        return problem
    path = problem.path.split(".")

    def shared(setting: Setting) -> int:
        parts = takewhile(lambda pair: pair[0] == pair[1], zip(dotted(setting.path).split("."), path, strict=False))
        return sum(1 for _ in parts)

    return Problem(sweep.position(max(settings, key=shared).place), problem.path, problem.message)


def _summed_up(found: Sequence[tuple[str, Problem]]) -> Problem:
    """The problems of several arms at one place as one."""
    arm, first = found[0]
    where = f"in the arm {arm}" if len(found) == 1 else f"in {len(found)} arms, the first of them {arm}"
    return Problem(first.place, first.path, f"{first.message} ({where})")


def _copy(document: Document) -> Document:
    return Document(dict(document.value), document.source, dict(document.keys), dict(document.values))
