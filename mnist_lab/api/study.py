"""`Study`, a comparison of experiments for Python users: rows, sentences and files."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, overload

from typing_extensions import override

from mnist_lab import reports
from mnist_lab.api.trained import Run
from mnist_lab.errors import SetupError
from mnist_lab.runs import Run as FinishedRun
from mnist_lab.system.installation import package_command
from mnist_lab.text.quantities import count

if TYPE_CHECKING:
    import pandas


@dataclass(eq=False, repr=False)
class Study(Sequence[Run]):
    """The runs of a sweep, a report or a comparison, and the table, verdicts and files of their comparison.

    A study is a sequence of its runs: `len(study)`, `study[0]`, `for run in study`.

    Attributes:
        title: its title.
        runs: its runs, in order.
        sections: the groups of experiments on the same data, with their verdicts.
        findings: the findings, in sentences.
        files: the files that were written; the first is for reading.
    """

    title: str
    runs: tuple[Run, ...] = ()
    sections: tuple[reports.Section, ...] = ()
    findings: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()

    @classmethod
    def of(cls, study: reports.Study, files: Iterable[Path], members: Iterable[FinishedRun] | None = None) -> Self:
        """Return a report, a sweep or the confirmation of a search; `members` are its runs in another order."""
        if members is None:
            members = [run for group in study.groups for run in group.runs]
        leads = [lead for section in study.sections if (lead := reports.wording.lead(section))]
        findings = (*leads, *reports.wording.remarks(study))
        return cls(study.title, tuple(map(Run.of, members)), study.sections, findings, tuple(files))

    @classmethod
    def of_comparison(cls, comparison: reports.Comparison, files: Iterable[Path]) -> Self:
        """Return the comparison of some runs with a base."""
        words = reports.wording.comparison
        several = len(comparison.arms) > 1
        findings = [
            f"{arm.group.name}: {finding}" if several else finding
            for arm in comparison.arms
            for finding in words.findings(comparison, arm)
        ]
        return replace(cls.of(comparison, files), findings=(*findings, *words.cautions(comparison)))

    def table(self) -> list[dict[str, Any]]:
        """Return one row per experiment, over its seeds, with the columns of `summary.csv`; None for empty cells."""
        from mnist_lab.reports import facts

        rows = facts.table(self.sections)
        return [{name: None if value == "" else value for name, value in row.items()} for row in rows]

    def frame(self) -> "pandas.DataFrame":
        """Return `table()` as a pandas data frame.

        Raises:
            SetupError: pandas is not installed.
        """
        return frame_of(self.table())

    @overload
    def __getitem__(self, index: int) -> Run: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Run]: ...

    @override
    def __getitem__(self, index: int | slice) -> Run | Sequence[Run]:
        return self.runs[index]

    @override
    def __len__(self) -> int:
        return len(self.runs)

    @override
    def __repr__(self) -> str:
        experiments = sum(len(section.entries) for section in self.sections)
        return f"Study({self.title}: {count(experiments, 'experiment')}, {count(len(self), 'run')})"

    def _repr_html_(self) -> str:
        from mnist_lab.notebook import study_html

        return study_html(self.title, self.sections, self.findings, self.files)


def frame_of(rows: Sequence[Mapping[str, Any]]) -> "pandas.DataFrame":
    """Return rows as a pandas data frame.

    Raises:
        SetupError: pandas is not installed.
    """
    try:
        import pandas
    except ImportError:
        raise SetupError(
            "A data frame needs pandas, which is not installed; table() returns plain rows.",
            f"Install it: {package_command('pandas')}",
        ) from None
    return pandas.DataFrame(rows)
