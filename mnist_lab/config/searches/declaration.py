"""Reads a search file: its validated base, its space, and the configuration of every point of it."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mnist_lab.config import shipped
from mnist_lab.config.document import MAX_DEPTH, Document, KeyPath, dotted, key_path, read
from mnist_lab.config.loading import Override, kind_of_file
from mnist_lab.config.names import checked_name, folder_name
from mnist_lab.config.problems import InvalidError, Problem, problem_with, suggest, validated
from mnist_lab.config.schema import AFFECT_RESULTS, Config
from mnist_lab.config.searches.file import SearchFile
from mnist_lab.config.searches.space import Point, Space, Value, worded
from mnist_lab.config.sweeps import arms
from mnist_lab.config.sweeps.declaration import collected, files_in, options_suffix, rows_of, runs_of, together
from mnist_lab.config.sweeps.variation import SECTIONS, Base, read_base
from mnist_lab.errors import ConfigError, InputError
from mnist_lab.text.quantities import count

TRIAL = "trial-{:03d}"
"""The folder of a trial, in that of its search."""
_EPOCHS = ("train", "epochs")
_UNFIT_SPLITS = ("none", "test", "folds")
"""Splits whose validation images cannot steer a search."""


@dataclass(frozen=True)
class Search:
    """A validated search; the ends of all its ranges and all its options have been validated, too."""

    name: str
    """Its folder below the results folder."""
    file: Path
    spec: SearchFile
    space: Space
    base: Config
    """The base, with the epochs of the budget and the seed of the search."""
    corners: tuple[tuple[str, Config], ...]
    """Configurations that together cover every end and every option, each with its place in the search file."""
    _varied: Base

    @property
    def epochs(self) -> int:
        """Epochs of a trial that is trained to the end."""
        return self.base.train.epochs

    def configure(self, values: Point, number: int) -> Config:
        """Return the configuration of the trial with this number, at a point of the space.

        Raises:
            ConfigError: the values cannot be combined.
        """
        name = TRIAL.format(number)
        config = _configured(self.spec, self.space, values, self._varied)
        named = {"name": name, "experiment": f"{self.name}/{name}", "base": self.base.experiment}
        return config.model_copy(update=named)


def load_search(reference: str | Path, overrides: Sequence[Override] = (), *, name: str | None = None) -> Search:
    """Read a search file, and validate its base and the ends of all ranges.

    Args:
        reference: the file, or the name of one that ships with mnist-lab.
        overrides: values that replace those of the base and of `set`; the space must not contain them.
        name: name of the search; default: the `name` in the file, else the file name.

    Raises:
        InputError: the name is invalid.
        ConfigError: lists every problem of the search file, or those of the base.
    """
    path = shipped.find_search(reference)
    document = read(path)
    kind = kind_of_file(document.value)
    if kind == "sweep":
        raise shipped.of_another_kind(path, "a search file, which has a `space`", kind)
    if {"data", "model", "extends"} & document.value.keys():
        raise ConfigError(
            f"{path}: expected a search file, which has a `base` and a `space`.",
            f"`mnist-lab run {path}` trains a configuration." if kind == "configuration" else None,
        )
    spec = _overridden(validated(SearchFile, document), overrides)
    varied = read_base(spec.base, document, path, overrides)
    refused = list(_refused(spec, document, overrides))
    unfit = {problem.path for problem in refused}
    space = Space({key: drawn for key, drawn in spec.space.items() if dotted(key_path(key)) not in unfit})
    corners, problems = _corners(spec, space, varied)
    base = None
    try:
        base = _base(spec, varied)
    except InvalidError as error:
        problems += error.problems
    if refused or problems or base is None:
        raise InvalidError(document.source, dict.fromkeys([*refused, *problems]))
    seed = "".join(f",seed={spec.seed}" for override in overrides if override.path == ("seed",))
    named = _named(
        name or f"{spec.name or folder_name(path.stem)}{options_suffix(overrides)}{seed}", document, given=bool(name)
    )
    return Search(named, path, spec, space, base, corners, varied)


def _overridden(spec: SearchFile, overrides: Sequence[Override]) -> SearchFile:
    """Return the search file with the seed and the epochs of the command line, as its configurations will have them."""
    for override in overrides:
        if override.path == ("seed",) and isinstance(override.value, int):
            spec = spec.model_copy(update={"seed": override.value})
        elif override.path == _EPOCHS:
            budget = spec.budget.model_copy(update={"epochs": override.value})
            spec = spec.model_copy(update={"budget": budget})
    return spec


def check_files(references: Sequence[str | Path]) -> dict[str, str]:
    """Validate every configuration, sweep file and search file that the references name or that is in their folders.

    Returns:
        What each file declares, by its path, which begins with the reference: empty, `12 runs` or `search`. The files
        of each reference are sorted by path.

    Raises:
        ConfigError: lists every problem of every file.
    """
    errors: list[ConfigError] = []
    found: dict[str, str] = {}
    for reference in references:
        here: dict[str, str] = {}
        with collected(errors):
            searches = _search_files(reference)
            for shown, path in searches.items():
                with collected(errors):
                    load_search(path)
                    here[shown] = "search"
            if str(reference) not in searches:
                path = shipped.find_sweep(reference)
                for file, rows in rows_of(path, (), errors):
                    if file is None:
                        continue
                    with collected(errors):
                        runs = count(len(runs_of(rows)[0]), "run") if rows[0].sweep else ""
                        here[str(Path(reference) / file.relative_to(path))] = runs
        found |= sorted(here.items(), key=lambda item: Path(item[0]))
    if errors:
        raise together(errors, references)
    return found


def _search_files(reference: str | Path) -> dict[str, Path]:
    """Return the search files that a reference names or that are in its folder, by paths as messages show them."""
    path = shipped.path_of(reference)
    if path.is_dir():
        files = {str(file): file for file in files_in(path)}
    elif path.is_file():
        files = {str(reference): path}
    elif (name := path.with_suffix("").as_posix()) in shipped.search_file_names():
        return {str(reference): shipped.file(name)}
    else:
        return {}
    searches = {}
    for shown, file in files.items():
        with suppress(ConfigError):  # reported with the rest
            if kind_of_file(read(file).value) == "search":
                searches[shown] = file
    return searches


def _named(name: str, document: Document, *, given: bool) -> str:
    try:
        checked_name(name)
        checked_name(f"{name}/{TRIAL.format(1)}")
    except ValueError as error:
        if given:
            raise InputError(f"name of the search: {error}.") from None
        raise problem_with(document, "name", str(error)) from None
    return checked_name(name)


def _base(spec: SearchFile, varied: Base) -> Config:
    """Return the base with the values, epochs and seed that all trials have.

    Raises:
        InvalidError: it has no validation images of its own.
    """
    base = varied.changed(arms.set_values(spec.set, ("set",)))
    split = base.data.validation.split
    if split in _UNFIT_SPLITS:
        problem = (
            f"data.validation.split is '{split}', but trials are compared on one validation set that is not the test "
            "set. Set one, for example `set: {data.validation.split: stratified}`"
        )
        raise problem_with(varied.changed_by, "base", problem)
    return _with_epochs(base, spec)


def _with_epochs(config: Config, spec: SearchFile) -> Config:
    train = config.train
    if spec.budget.epochs:
        train = train.model_copy(update={"epochs": spec.budget.epochs})
    return config.model_copy(update={"seed": spec.seed, "train": train})


def _configured(spec: SearchFile, space: Space, values: Point, varied: Base) -> Config:
    given = (*arms.set_values(spec.set, ("set",)), *space.set_values(values))
    return _with_epochs(varied.changed(given, nameless=True), spec)


def _corners(spec: SearchFile, space: Space, varied: Base) -> tuple[tuple[tuple[str, Config], ...], list[Problem]]:
    """Return the valid ones of `Search.corners`, and the problems of the others."""
    found: list[tuple[str, Config]] = []
    problems: list[Problem] = []
    for dimension, values in space.corners():
        try:
            config = _configured(spec, space, values, varied)
        except InvalidError as error:
            problems += error.problems
        else:
            if all(config != other for _, other in found):
                value = values[dimension.name]
                place = varied.changed_by.position(dimension.place_of(value))
                found.append((f"{place}: {dimension.key} {_worded(value)}", config))
    return tuple(found), problems


def _refused(spec: SearchFile, document: Document, overrides: Sequence[Override]) -> Iterator[Problem]:
    """Yield the problem of each key path that cannot be searched or set."""
    for section, keys in (("space", spec.space), ("set", spec.set)):
        for key in keys:
            path = key_path(key)
            place = document.position((section, key), of_key=True)
            if message := _unfit(path, section):
                yield Problem(place, dotted(path), message)
            for override in overrides if section == "space" else ():
                if override.concerns(path):
                    problem = f"searched here, but also set by {override.option}; remove one of them"
                    yield Problem(place, dotted(path), problem)


def _unfit(path: KeyPath, section: str) -> str:
    """Why a key path cannot be searched (`space`) or set (`set`); empty if it can."""
    first = str(path[0])
    if "" in path or len(path) > MAX_DEPTH:
        return "expected a key path such as train.optimizer.learning_rate"
    if first == "seed":
        return "the seed belongs under the top-level key 'seed'"
    if path[:2] == _EPOCHS:
        return "set the number of epochs under budget.epochs; all trials are compared after the same number"
    sections = AFFECT_RESULTS if section == "space" else SECTIONS
    if first == "runtime" and section == "space":
        return "it does not change what a network learns, so there is nothing to search"
    if first not in sections:
        return f"unknown key{suggest(first, sections)}; expected one of {', '.join(sections)}"
    if section == "space" and first == "data" and path[1:2] != ("preprocess",):
        return "it changes the images, and trials are compared on the same ones; only data.preprocess can be searched"
    return ""


def describe(values: Point) -> str:
    """Describe a point in words: `learning_rate 0.001, nodes [32, 32]`.

    Keys with the same ending, such as those of layers, keep more of their path: `layers[0].conv.filters 8,
    layers[2].conv.filters 16`.
    """
    keys = [name.partition(" (")[0] for name in values]  # the option itself is in the text, too
    ends = [key.rpartition(".")[2] for key in keys]
    shown = [end if ends.count(end) == 1 else key.partition(".")[2] for key, end in zip(keys, ends, strict=True)]
    return ", ".join(f"{key} {_worded(value)}" for key, value in zip(shown, values.values(), strict=True))


def _worded(value: Value) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    text = worded(str(value))
    return f"[{text}]" if ", " in text else text
