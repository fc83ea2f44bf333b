"""The runs that a sweep declares: every configuration and seed of its folders, files and sweep files, validated."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from mnist_lab.config import shipped
from mnist_lab.config.backend import default_backend, installed
from mnist_lab.config.differences import describe, differences
from mnist_lab.config.document import Document, read
from mnist_lab.config.loading import Override, is_complete, kind_of_file, load_config, read_config, resolve
from mnist_lab.config.names import checked_name, folder_name, path_below_configs
from mnist_lab.config.problems import InvalidError, listed
from mnist_lab.config.resolved import fingerprint
from mnist_lab.config.schema import Config
from mnist_lab.config.sweeps.arms import names
from mnist_lab.config.sweeps.file import SweepFile
from mnist_lab.config.sweeps.seeds import parse_seeds
from mnist_lab.config.sweeps.variation import Row, of_folds, read_variation
from mnist_lab.errors import ConfigError, InputError

SEEDS = "--seeds 1..%d"
"""How to ask for more seeds on the command line."""


@dataclass(frozen=True)
class Sweep:
    """The runs of a sweep in order, each as a configuration with its seed and fold; seeds and folds vary fastest."""

    name: str
    """The folder of its summary, below the results folder."""
    configs: tuple[Config, ...]
    notes: tuple[str, ...] = ()
    """Remarks for the user, such as arms that were skipped because they equal another run."""
    sources: Mapping[tuple[str | None, int], str] = field(default_factory=dict)
    """The file that declares each run, by experiment and seed."""
    more_seeds: str = SEEDS
    """How to ask for more seeds, with `%d` for their number; empty if too few are reported elsewhere."""

    def source(self, config: Config) -> str:
        """Return the name of a run in messages: its file, with the arm for a sweep file."""
        return self.sources.get((config.experiment, config.seed), str(config.experiment))


def load_sweep(
    references: Sequence[str | Path | Config],
    overrides: Sequence[Override] = (),
    seeds: str | int | Iterable[int] | None = None,
    *,
    folds: int | None = None,
    name: str | None = None,
) -> Sweep:
    """Load and validate all runs that the references declare.

    A folder declares the configurations in and below it, sorted by path; search files are left out. Configurations
    outside it that they extend come first, as bases; one whose data differ, so that no comparison is possible, is
    skipped with a note. A file without data or model that others extend only shares settings and is skipped. A sweep
    file, even in a folder, declares its base and its arms; an arm is the experiment `<name of the sweep file>/<what
    it changes>`, and is skipped with a note if it equals the base or an earlier run.

    Args:
        references: folders, files of configurations and sweeps, names of those that ship with mnist-lab, and
            configurations.
        overrides: values that replace those of all files.
        seeds: the seeds of every run; default: those of the sweep file, else each configuration's own.
        folds: repeat every run with each of this many folds of cross-validation, in place of its own validation images.
        name: the name of the sweep; default: that of the folder, sweep file or experiment, or `sweep` for several.

    Raises:
        ConfigError: lists every problem of every file and arm; or two configurations declare the same run.
        InputError: the seeds, the folds or the name are invalid.
    """
    if name is not None:
        try:
            name = checked_name(name)
        except ValueError as error:
            raise InputError(f"name of the sweep: {error}.") from None
    try:
        chosen = None if seeds is None else parse_seeds(seeds)
    except ValueError as error:
        raise InputError(f"seeds: {error}.") from None
    suffix = options_suffix(overrides)
    if folds is not None:
        overrides, suffix = [*overrides, of_folds(folds, f"--folds {folds}")], f"{suffix},folds={folds}"
    errors: list[ConfigError] = []
    paths: list[Path] = []
    rows: list[Row] = []
    for reference in references:
        with collected(errors):
            if isinstance(reference, Config):
                paths.append(Path(label := f"configuration {reference.experiment}"))
                rows.append(Row(load_config(reference, overrides), paths[-1], label))
                continue
            paths.append(shipped.find_sweep(reference))
            for _, of_file in rows_of(paths[-1], overrides, errors):
                rows += of_file
    if errors:
        raise together(errors, references)
    if not rows:
        raise InputError("A sweep needs at least one folder, configuration or sweep file.")
    rows, skipped = _comparable(rows)
    one_seed = any(override.path == ("seed",) for override in overrides)
    rows = [replace(row, seeds=chosen or (None if one_seed else row.seeds), folds=folds or row.folds) for row in rows]
    runs, notes = runs_of(rows, " ".join(override.option for override in overrides))
    sources = {(config.experiment, config.seed): label for config, label in runs}
    called = name or f"{_name(paths, rows)}{suffix}"
    return Sweep(called, tuple(config for config, _ in runs), (*skipped, *notes), sources)


def rows_of(
    path: Path, overrides: Sequence[Override], errors: list[ConfigError]
) -> Iterator[tuple[Path | None, list[Row]]]:
    """Yield the rows of every file that `path` declares, after those of bases outside a folder (with None as file).

    For a folder, the errors of each file are added to `errors`.
    """
    if not path.is_dir():
        yield path, _file_rows(path, read(path), overrides)
        return
    if not (files := files_in(path)):
        raise ConfigError(f"{path}: there is no .yaml file in this folder.")
    documents = {}
    for file in files:
        with collected(errors):
            document = read(file)
            if kind_of_file(document.value) != "search":
                documents[file] = document
    within = {file.resolve() for file in files}
    extended = {base.resolve(): base for base in map(_extended, documents, documents.values()) if base}
    for base in [base for resolved, base in extended.items() if resolved not in within]:
        with collected(errors):
            document = read_config(base)
            if is_complete(document):
                yield None, [Row(resolve(document, base, overrides), base, str(base), is_parent=True)]
    for file, document in documents.items():
        with collected(errors):
            is_sweep = kind_of_file(document.value) == "sweep"
            if is_sweep or file.resolve() not in extended or is_complete(read_config(file)):
                yield file, _file_rows(file, document, overrides)


def _comparable(rows: Sequence[Row]) -> tuple[list[Row], list[str]]:
    """Return the rows without parents that cannot be compared with any other row, and notes about these."""
    kept, notes = [], []
    for row in rows:
        children = [other.config for other in rows if other.config.base == row.config.experiment]
        if not row.is_parent or any(row.config.data.comparable(child.data) for child in children):
            kept.append(row)
        elif children and not any(other.file.resolve() == row.file.resolve() for other in rows if not other.is_parent):
            data = [change for change in differences(row.config, children[0]) if change.path.startswith("data.")]
            notes.append(
                f"{row.label} is skipped: the configurations that extend it use other data "
                f"({describe(data)}), so no comparison with it is possible."
            )
    return kept, notes


def files_in(folder: Path) -> list[Path]:
    """Return the YAML files in and below a folder, sorted, without hidden ones."""

    def is_hidden(file: Path) -> bool:
        return any(part.startswith(".") for part in file.relative_to(folder).parts)

    named = [file for file in sorted(folder.rglob("*")) if file.suffix in shipped.SUFFIXES and not is_hidden(file)]
    return [file for file in named if file.is_file()]  # checked last, as a hidden folder may be unreadable


def _extended(file: Path, document: Document) -> Path | None:
    """Return the file that the one at `file` extends; if it does not exist, loading will report that."""
    try:
        return shipped.find(str(document.value["extends"]), file.parent)
    except (KeyError, ConfigError):
        return None


def _file_rows(file: Path, document: Document, overrides: Sequence[Override]) -> list[Row]:
    if kind_of_file(document.value) == "sweep":
        return read_variation(file, overrides)
    try:
        return [Row(resolve(read_config(file), file, overrides), file, str(file))]
    except InvalidError as error:
        if (set(SweepFile.model_fields) - set(Config.model_fields)) & document.value.keys():
            error.hint = "A sweep file has `base` instead of `data`, `model` and `extends`."
        raise


def runs_of(rows: Sequence[Row], options: str = "") -> tuple[tuple[tuple[Config, str], ...], tuple[str, ...]]:
    """Every row with each of its seeds and folds, its label, and notes about skipped arms.

    An arm that equals another run, and a configuration that equals a base outside its folder, is skipped.

    Raises:
        ConfigError: two configurations declare the same run; the message names `options`, those of the command line.
    """
    by_numbers: dict[tuple[object, ...], Row] = {}
    by_experiment: dict[tuple[object, ...], Row] = {}
    runs: dict[tuple[int, int], tuple[Config, str]] = {}
    notes: dict[str, None] = {}
    clashes: dict[tuple[str, str], str] = {}
    hint = "Remove one of them."
    unnamed = default_backend(installed())
    for position, row in sorted(enumerate(rows), key=lambda numbered: (numbered[1].is_arm, not numbered[1].is_parent)):
        config = row.config
        backend = config.runtime.backend or unnamed
        # Data sets only need to be distinguished here, so the name replaces the hash.
        numbers = fingerprint(config, dataset_sha256=config.data.dataset, backend=backend)
        for i, repeat in enumerate(row.repeated()):
            which = repeat.seed, repeat.data.validation.fold
            same, namesake = by_numbers.get((numbers, *which)), by_experiment.get((config.experiment, *which))
            other = same or namesake
            if other is None:
                by_numbers[numbers, *which] = by_experiment[config.experiment, *which] = row
                runs[position, i] = repeat, row.label
            elif same is namesake and other.file.resolve() == row.file.resolve():
                continue  # the same file again
            elif same and (row.is_arm or same.is_parent):
                notes[f"{row.label} is skipped: it is the same run as {same.config.experiment}."] = None
            else:
                why = (
                    "are the same run: all settings that affect the results are equal"
                    if same
                    else f"are different configurations of one experiment, {config.experiment}"
                )
                given = f", with {options}" if options else ""
                both = (other.label, row.label)
                clashes.setdefault(both, f"{' and '.join(both)} {why}{given}.")
                if not same:
                    hint = "Remove one of them, or set another `experiment` if the configurations differ."
    if clashes:
        raise ConfigError("\n".join(clashes.values()), hint)
    return tuple(runs[place] for place in sorted(runs)), tuple(notes)


def _name(paths: Sequence[Path], rows: Sequence[Row]) -> str:
    """Return the name of the folder, sweep file or experiment; `sweep` for several."""
    if len(paths) > 1:
        folders = {path.resolve().parent for path in paths}
        return _folder(folders.pop()) if len(folders) == 1 and all(path.is_file() for path in paths) else "sweep"
    (path,) = paths
    return _folder(path) if path.is_dir() else rows[0].sweep or str(rows[0].config.experiment)


def options_suffix(overrides: Sequence[Override]) -> str:
    """Return a suffix for the name of a sweep or search: the options that affect the results, except seeds."""
    distinguishing = [
        override
        for override in overrides
        if override.path[0] not in ("seed", "runtime") or override.path == ("runtime", "backend")
    ]
    return f",{names([distinguishing])[0]}" if distinguishing else ""


def _folder(path: Path) -> str:
    """Return a folder's path below `configs`, as in its experiments, else its name."""
    *parents, _ = (path_below_configs(path / "any") or "any").split("/")
    return "/".join(parents) or folder_name(path.resolve().name) or "sweep"


@contextmanager
def collected(errors: list[ConfigError]) -> Iterator[None]:
    """Add an error to `errors` instead of raising it."""
    try:
        yield
    except ConfigError as error:
        errors.append(error)


def together(errors: Sequence[ConfigError], references: Sequence[object]) -> ConfigError:
    """All errors as one; problems of a file that several extend are listed once."""
    if len(errors) == 1:
        return errors[0]
    problems = dict.fromkeys(
        problem
        for error in errors
        for problem in (error.problems if isinstance(error, InvalidError) else [error.message])
    )
    hints = dict.fromkeys(error.hint for error in errors if error.hint)
    source = f"{len(references)} paths" if len(references) > 1 else str(references[0])
    return ConfigError(listed(source, list(problems)), "\n".join(hints) or None)
