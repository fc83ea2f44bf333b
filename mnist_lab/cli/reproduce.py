"""`mnist-lab reproduce`: repeat a run and check that the result is the same."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnist_lab.cli import _options
from mnist_lab.terminal.output import echo, print_json
from mnist_lab.text.quantities import count

if TYPE_CHECKING:
    from mnist_lab.experiment.reproduction import Changed, Reproduction
    from mnist_lab.runs import Run

_VERDICTS = {
    "identical": "reproduced, bit for bit",
    "within noise": "reproduced within noise, not bit for bit",
    "different": "NOT reproduced",
}
_NAMES = {
    "git_commit": "code (commit)",
    "git_dirty": "code (uncommitted changes)",
    "data": "data (sha256)",
    "mnist_lab": "mnist-lab",
    "jit_compile": "XLA",
    "steps_per_execution": "steps per execution",
}
_HASH = 12


@_options.command(
    short_help="Repeat a run and check that the result is the same.",
    epilog=_options.examples(
        "mnist-lab reproduce mlp_512",
        "mnist-lab reproduce results/published/mlp_512/seed1-3978a97a --into again",
        "mnist-lab reproduce seed1-0123abcd --threads 1 --json",
    ),
)
@_options.run_argument
@click.option(
    "--into",
    type=_options.OUTPUT_FOLDER,
    metavar="DIR",
    help="Folder for the repeated run. Default: .reproduced in the results folder.",
)
@_options.backend("Keras backend: tensorflow, jax, torch or auto. Default: that of RUN.")
@click.option("--device", type=click.Choice(["cpu", "gpu"]), help="Device. Default: that of RUN.")
@click.option(
    "--threads", type=_options.Number(min=1), metavar="N", help="Number of CPU threads. Default: that of RUN."
)
@_options.quiet
@_options.data_dir
@_options.results
@_options.json
def reproduce(
    reference: str,
    into: Path | None,
    results: Path,
    *,
    quiet: bool,
    as_json: bool,
    **values: Any,
) -> None:
    """Retrain RUN with the same seed, backend, device and number of threads, and compare the results.

    The result is bit-identical (history, metrics and mistakes; probabilities and weights if both runs have them),
    within noise (McNemar's exact test on the mistakes finds no significant difference at the 0.05 level), or different.
    Changes in code, libraries, data and machine since the original run are listed. RUN is not modified. The exit code
    is 1 if the result is different.
    """
    from mnist_lab.runs import find_run

    original = find_run(reference, results)
    from mnist_lab.experiment import reproduction
    from mnist_lab.terminal.progress import observer_for

    with observer_for(quiet=quiet) as observer:
        done = reproduction.reproduce(original, into or results / reproduction.REPRODUCED, observer=observer, **values)
    if as_json:
        print_json(done.as_dict())
    else:
        _print(done)
    if done.verdict == "different":
        click.get_current_context().exit(1)


def _print(done: "Reproduction") -> None:
    from mnist_lab.terminal import tables
    from mnist_lab.text.tables import Column

    facts = done.original.measured.run
    tables.print_heading(f"{facts.experiment}, seed {facts.seed}: {_VERDICTS[done.verdict]}")
    columns = [_numbers(run) for run in (done.original, done.repetition)]
    rows = [(name, before, columns[1][name]) for name, before in columns[0].items()]
    tables.print_table(("", Column("Original", number=True), Column("Repetition", number=True)), rows)
    echo()
    same = [what for what, identical in done.compared.items() if identical]
    other = [what for what, identical in done.compared.items() if not identical]
    lines = [("Identical", ", ".join(same) or "nothing")]
    if other:
        lines += [("Different", ", ".join(other)), ("Mistakes", _mistakes(done))]
    lines.append(("Changed", "\n".join(map(_change, done.changed)) or "nothing in code, libraries, data or machine"))
    tables.print_facts(lines)
    echo(f"\nRepeated run: {done.repetition.folder.path}")


def _numbers(run: "Run") -> dict[str, str]:
    measured, test = run.measured, run.measured.test
    return {
        "epochs": str(measured.epochs),
        "training accuracy": _six_decimals(measured.train.accuracy),
        "test accuracy": _six_decimals(test.accuracy),
        "test loss": _six_decimals(test.loss),
        "wrong": f"{test.wrong:,} of {test.total:,}",
        "seconds": f"{measured.seconds.total:.1f}",
    }


def _six_decimals(value: float | None) -> str:
    return "NaN" if value is None else f"{value:.6f}"


def _mistakes(done: "Reproduction") -> str:
    found = done.mistakes
    if found is None:
        return "not comparable: the test images are not the same"
    if not found.only_a_wrong + found.only_b_wrong:
        other = "" if done.compared["mistakes"] else ", with other probabilities"
        return f"the same {count(found.both_wrong, 'image')}{other}"
    judgement = "more than chance explains" if done.verdict == "different" else "no more than chance explains"
    return (
        f"misclassified only by the original: {found.only_a_wrong:,}, only by the repetition: {found.only_b_wrong:,}, "
        f"by both: {found.both_wrong:,}; {judgement} (McNemar's exact p = {found.p:.3g})"
    )


def _change(change: "Changed") -> str:
    from mnist_lab.config.backend import BACKENDS

    name = _NAMES.get(change.what, change.what)
    if change.what == "git_dirty" and change.before == change.after:
        return f"{name}: in both runs; they are not recorded"
    absent = "not used" if change.what in BACKENDS else "not recorded"
    return f"{name}: {_value(change.before, absent)} -> {_value(change.after, absent)}"


def _value(value: Any, absent: str) -> str:
    match value:
        case None:
            return absent
        case bool():
            return "yes" if value else "no"
        case str() if len(value) in (40, 64):
            return value[:_HASH]
        case list():
            return ", ".join(map(str, value))
        case _:
            return str(value)
