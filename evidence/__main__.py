"""`python -m evidence`: regenerate what results/published/ says about its runs; trains nothing."""

import sys
from pathlib import Path

import click

from evidence import picture, readme, records, records_page, tried
from evidence.comparison import evidence
from evidence.importing import LARGEST, import_runs, keep_first_plots, refresh_observations
from evidence.writeups import ROOT
from mnist_lab import plots
from mnist_lab.errors import MnistLabError
from mnist_lab.reports import collect, write_page, write_report
from mnist_lab.system.atomic import write_text
from mnist_lab.text.quantities import count

PUBLISHED = ROOT / "results" / "published"


@click.command(help=__doc__)
@click.option("--import", "source", type=click.Path(path_type=Path), help="First import finished runs from here.")
@click.option(
    "--tried", "trials", type=click.Path(path_type=Path),
    help="First keep the validation accuracies of what was tried for records: one folder of runs per record.",
)  # fmt: skip
def main(source: Path | None, trials: Path | None) -> None:
    """Import, then write."""
    kept = PUBLISHED / records.FOLDER
    try:
        if source is not None:
            _import(source)
        kept.mkdir(parents=True, exist_ok=True)
        if trials is not None:
            click.echo(f"{count(tried.keep(trials, kept, records.records()), 'recipe')} tried.")
        keep_first_plots(PUBLISHED)
        refresh_observations(PUBLISHED)
        runs = collect([PUBLISHED]).runs
        compared, study = evidence(runs)
        if study is None:
            raise click.ClickException(f"No finished runs below {PUBLISHED}.")
        write_report(PUBLISHED, study)
        write_page(PUBLISHED, study)
        for one in compared:
            if one.study:
                write_report(PUBLISHED / one.writeup.folder, one.study)
        plots.save(picture.ablation_figure(compared), PUBLISHED / picture.NAME)
        write_text(PUBLISHED / "README.md", readme.document(compared, PUBLISHED))
        standings = records.standings(runs)
        write_text(kept / "README.md", records_page.document(standings, tried.read(kept)))
    except MnistLabError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(error.exit_code)
    project = ROOT / "README.md"
    write_text(project, readme.in_project_readme(project.read_text(encoding="utf-8"), compared, standings))
    size = sum(file.stat().st_size for file in PUBLISHED.rglob("*") if file.is_file())
    click.echo(f"{study.runs} runs, {size / 1e6:.1f} of {LARGEST / 1e6:.0f} MB: {PUBLISHED / 'README.md'}")


def _import(source: Path) -> None:
    done = import_runs(source, PUBLISHED)
    click.echo(f"{done.new} runs imported, {done.known} already there.")
    for reason in done.refused:
        click.echo(f"Skipped: {reason}", err=True)


if __name__ == "__main__":
    main()
