"""README.md, held true: its commands parse, its configurations are valid, its lists and numbers are right."""

import json
import re
import shlex
from pathlib import Path
from statistics import fmean, stdev

import click
import pytest

from mnist_lab.cli import main
from mnist_lab.config import json_schema, load_config, shipped
from mnist_lab.config.augmentations import AUGMENTATIONS
from mnist_lab.config.layers import LAYERS
from mnist_lab.config.optimizers import OPTIMIZERS
from mnist_lab.config.schedules import SCHEDULES
from mnist_lab.config.schema import Runtime
from mnist_lab.config.sweeps import load_sweep, sweep_json_schema
from mnist_lab.runs import load_run
from mnist_lab.sweeps import Plan, Schedule, Swept
from mnist_lab.sweeps.verdicts import too_few_seeds
from tools import configuration

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", TEXT, re.DOTALL)
COMMANDS = [
    line.partition(" #")[0].strip()
    for language, block in BLOCKS
    if language == "console"
    for line in block.splitlines()
    if line.startswith("mnist-lab")
]
TARGETS = re.findall(
    r"^make (\w+)", "\n".join(block for language, block in BLOCKS if language == "console"), re.MULTILINE
)


def understood(line: str) -> click.Context:
    """The command that mnist-lab takes `line` for, with its parameters."""
    command, arguments, parent = main, shlex.split(line)[1:], None
    while isinstance(command, click.Group) and arguments:
        parent = click.Context(command, parent=parent, info_name=command.name)
        command, name = command.get_command(parent, arguments[0]), arguments.pop(0)
        assert command, f"{line}: there is no command {name}"
    return command.make_context(command.name, arguments, parent=parent, resilient_parsing=False)


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_is_one_that_mnist_lab_understands(line):
    assert understood(line)


@pytest.mark.parametrize(
    "line", [line for line in COMMANDS if re.match(r"mnist-lab (run|sweep|summary|validate) ", line)]
)
def test_every_configuration_that_a_command_names_is_there(line, monkeypatch):
    monkeypatch.chdir(ROOT)
    context = understood(line)
    [argument] = [parameter.name for parameter in context.command.params if isinstance(parameter, click.Argument)]
    find = shipped.find_sweep if context.command.name in ("sweep", "validate") else shipped.find
    for reference in context.params[argument]:
        assert find(reference).exists()


@pytest.mark.parametrize("line", [line for line in COMMANDS if line.startswith("mnist-lab sweep")])
def test_every_sweep_has_seeds_enough_for_verdicts(line, monkeypatch):
    monkeypatch.chdir(ROOT)
    options = understood(line).params
    assert too_few_seeds(load_sweep(options["references"], seeds=options["seeds"]).configs) == []


def test_every_make_target_is_one_of_the_makefile():
    makefile = (ROOT / "Makefile").read_text()
    assert TARGETS
    for target in TARGETS:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("block", [block for language, block in BLOCKS if language == "yaml" and "model:" in block])
def test_every_configuration_shown_is_valid(block, tmp_path):
    folder = tmp_path / "configs" / "ablation"
    folder.mkdir(parents=True)
    (folder.parent / "mlp_512.yaml").write_text((ROOT / "configs" / "mlp_512.yaml").read_text())
    (folder / "shown.yaml").write_text(block)
    load_config(folder / "shown.yaml")


def test_the_lines_of_python_run(monkeypatch):
    [block] = [block for language, block in BLOCKS if language == "python"]
    asked = []
    run = load_run(ROOT / "results" / "published" / "mlp_512" / "seed1-3978a97a")
    monkeypatch.setattr("mnist_lab.experiment.run", lambda config, **_: asked.append(config.model.nodes) or run)
    swept = Swept(Schedule(Plan((), ()), (), (), {}), runs=(run,))
    monkeypatch.setattr("mnist_lab.sweeps.sweep", lambda declared, *_, **__: asked.append(declared.name) or swept)
    monkeypatch.chdir(ROOT)
    exec(block, {"__name__": "__main__"})
    assert asked[0] == (64,)
    assert asked[1].startswith("ablation")


@pytest.mark.parametrize(
    ("row", "known"),
    [
        ("layers", [layer.key for layer in LAYERS]),
        ("augment", [item.key for item in AUGMENTATIONS]),
        ("optimizer", [kind.model_fields["name"].annotation.__args__[0] for kind in OPTIMIZERS]),
        ("schedule", [item.key for item in SCHEDULES]),
        ("runtime", list(Runtime.model_fields)),
    ],
)
def test_the_vocabulary_is_complete(row, known):
    line = re.search(rf"^\| {row} \| (.*) \|$", TEXT, re.MULTILINE).group(1)
    assert set(known) <= set(re.findall(r"`(\w+)`", line))


def test_the_table_of_the_ablation_has_the_numbers_of_its_runs():
    rows = re.findall(
        r"^\| `(\w+)` \| (.*) \| ([\d,]+) \| ([\d.± ]+) \| ([\d.± ]+) \| (.*) \| (.*) \|$", TEXT, re.MULTILINE
    )
    shown = {name: (parameters, train, test, published) for name, _, parameters, train, test, published, _ in rows}
    runs: dict[str, list[dict]] = {}
    for path in (ROOT / "results" / "published").rglob("metrics.json"):
        metrics = json.loads(path.read_text())
        runs.setdefault(metrics["run"]["name"], []).append(metrics)
    assert len(shown) == 13
    for name, cells in shown.items():
        reference = runs[name][0]["reference"]
        assert cells == (
            f"{runs[name][0]['parameters']['total']:,}",
            *(_spread([metrics[part]["accuracy"] for metrics in runs[name]]) for part in ("train", "test")),
            f"{reference['train_accuracy']:.4f} / {reference['test_accuracy']:.4f}",
        )


def _spread(values: list[float]) -> str:
    return f"{fmean(values):.4f}" + (f" ± {stdev(values):.4f}" if len(values) > 1 else "")


def test_the_reference_of_configurations_is_generated_from_the_schema():
    assert configuration.PAGE.read_text(encoding="utf-8") == configuration.page(), "`make docs`"


def test_every_key_of_a_configuration_and_of_a_sweep_file_has_a_meaning():
    reference, page = configuration.Reference(), configuration.page()
    described = {
        kind.__name__: {key.name for key in reference.keys(section, kind.__name__) if key.meaning or key.name == "name"}
        for section, kinds in configuration.SECTIONS.items()
        for kind in kinds
    }
    assert described.keys() >= {*json_schema()["$defs"], *sweep_json_schema()["$defs"], "Config", "SweepFile"}
    for section, kinds in configuration.SECTIONS.items():
        assert f"(#{section})" in page or section in ("top-level", "sweep-files")
        for kind in kinds:
            assert described[kind.__name__] >= kind.model_fields.keys(), kind
