"""README.md and docs/ are kept true: commands parse, files load, Python runs, links resolve, output is true."""

import re
import shlex
import shutil
import tomllib
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from mnist_lab.analysis.power import least_seeds
from mnist_lab.cli import main
from mnist_lab.config import json_schema, load_config, shipped
from mnist_lab.config.clusters import load_slurm_options
from mnist_lab.config.searches import load_search, search_json_schema
from mnist_lab.config.sweeps import load_sweep, sweep_json_schema
from mnist_lab.errors import ConfigError
from mnist_lab.runs import load_run
from mnist_lab.search import Tuned
from mnist_lab.search.presentation import write_search
from mnist_lab.search.record import Search
from mnist_lab.sweeps import Plan, Schedule, Swept
from mnist_lab.sweeps.verdicts import too_few_seeds
from tests.lab import ROOT, here
from tests.search.records import of_accuracy
from tools import configuration, outputs, searches

PAGES = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in outputs.pages()}
LINKING = [*PAGES, "CHANGELOG.md", "benchmarks/RESULTS.md", "benchmarks/LOG.md", "results/published/README.md"]
CHEAP = re.compile(r"mnist-lab (list|configs$|schema|validate|show results|data (list|verify|show))")
"""Commands that are run here; they take no training, no network and no MNIST."""


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: str
    language: str
    text: str

    @property
    def name(self) -> str:
        """The file that its first line names."""
        found = re.match(r"# ([\w./-]+\.yaml)", self.text)
        return found[1] if found else "shown.yaml"

    def __str__(self) -> str:
        return f"{self.page}: {self.text.splitlines()[0]}"


def blocks(*languages: str) -> list[Block]:
    found = (
        (page, *block) for page, text in PAGES.items() for block in re.findall(r"```(\w+)\n(.*?)```", text, re.DOTALL)
    )
    return [Block(*each) for each in found if each[1] in languages]


def commands() -> Iterator[str]:
    """Every line that starts with the command, verbatim."""
    for block in blocks("console"):
        for line in block.text.splitlines():
            if (line := line.removeprefix("$ ")).startswith("mnist-lab"):
                yield line


def in_help(command: click.Command = main) -> Iterator[str]:
    """Every command line in the examples below `--help`."""
    yield from re.findall(r"(?m)^\s*(mnist-lab .*?)(?:  .*)?$", command.epilog or "")
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner
            yield from in_help(inner)


COMMANDS = list(dict.fromkeys(commands()))
HEADERS = [
    f"mnist-lab {line}"
    for folder in ("configs", "searches")
    for path in sorted((ROOT / folder).rglob("*.yaml"))
    for line in re.findall(
        r"^# mnist-lab ((?:run|sweep|tune) .*?)(?:  .*)?$", path.read_text(encoding="utf-8"), re.MULTILINE
    )
]


EVERY_LINE = list(dict.fromkeys([*COMMANDS, *HEADERS, *in_help()]))


def understood(line: str) -> click.Context:
    """The command that mnist-lab understands `line` as, with its parameters."""
    command, arguments, parent = main, shlex.split(line.partition(" > ")[0])[1:], None
    while isinstance(command, click.Group) and arguments:
        parent = click.Context(command, parent=parent, info_name=command.name)
        command, name = command.get_command(parent, arguments[0]), arguments.pop(0)
        assert command, f"{line}: there is no command {name}"
    return command.make_context(command.name, arguments, parent=parent, resilient_parsing=False)


@pytest.mark.parametrize("line", EVERY_LINE)
def test_every_command_is_one_that_mnist_lab_understands(line):
    assert understood(line)


def test_every_command_means_the_same_in_zsh_as_in_bash():
    prose = re.sub(r"```.*?```", "", "\n".join(PAGES.values()), flags=re.DOTALL)
    inline = re.findall(r"`(mnist-lab [a-z][^`]*)`", prose)
    assert len(inline) >= 10
    unquoted = {line: re.sub(r"'[^']*'|\"[^\"]*\"| > \S+$", "", line) for line in [*EVERY_LINE, *inline]}
    assert [line for line, text in unquoted.items() if re.search(r"[\[\](){}<>?#^!]", text)] == []


@pytest.mark.skipif(not shutil.which("zsh"), reason="there is no zsh")
def test_a_value_in_brackets_is_one_argument_in_zsh_if_it_is_quoted(tmp_path):
    import subprocess

    for quote, code in (("'", 0), ("", 1)):
        line = f"print -r -- {quote}model.nodes=[256,128]{quote}"
        assert subprocess.run(["zsh", "-fc", line], capture_output=True, cwd=tmp_path, check=False).returncode == code


@pytest.mark.parametrize(
    "line", [line for line in dict.fromkeys([*COMMANDS, *HEADERS]) if re.match(r"mnist-lab (run|sweep|summary) ", line)]
)
def test_every_configuration_that_a_command_names_is_there(line, monkeypatch):
    monkeypatch.chdir(ROOT)
    context = understood(line)
    [argument] = [parameter.name for parameter in context.command.params if isinstance(parameter, click.Argument)]
    find = shipped.find_sweep if context.command.name == "sweep" else shipped.find
    for reference in context.params[argument]:
        assert find(reference).exists()


@pytest.mark.parametrize(
    "line", [line for line in dict.fromkeys([*COMMANDS, *HEADERS]) if line.startswith("mnist-lab sweep")]
)
def test_every_sweep_has_enough_seeds_for_verdicts(line, monkeypatch):
    monkeypatch.chdir(ROOT)
    options = understood(line).params
    declared = load_sweep(options["references"], seeds=options["seeds"], folds=options["folds"])
    assert too_few_seeds(declared.configs) == []


@pytest.fixture(scope="module")
def clone() -> Iterator[Path]:
    with outputs.clone() as folder:
        yield folder


@pytest.mark.parametrize("line", [line for line in COMMANDS if CHEAP.match(line) and "typo" not in line])
def test_a_command_that_needs_no_training_succeeds(line, clone, monkeypatch):
    monkeypatch.delenv("MNIST_LAB_DATA", raising=False)
    assert here(*shlex.split(line)[1:], cwd=clone).out


@pytest.mark.parametrize("page", [page for page, text in PAGES.items() if outputs.examples(text)])
def test_the_output_shown_below_a_command_is_what_it_prints(page, clone):
    assert PAGES[page] == outputs.refreshed(PAGES[page], clone), "`make docs`"


def test_every_make_target_is_in_the_makefile():
    makefile = (ROOT / "Makefile").read_text()
    shown = "\n".join(block.text for block in blocks("console"))
    targets = set(re.findall(r"^make (\w+)", shown, re.MULTILINE)) | {
        target for text in PAGES.values() for target in re.findall(r"`make (\w+)", text)
    }
    assert {"run", "install", "test"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("block", blocks("yaml"), ids=str)
def test_every_yaml_example_is_valid_except_the_one_that_shows_mistakes(block, tmp_path):
    for folder in ("configs", "searches"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    path = tmp_path / block.name
    path.write_text(block.text, encoding="utf-8")
    if block.name == "typo.yaml":
        with pytest.raises(ConfigError, match="2 problems"):
            load_config(path)
    elif block.name == "slurm.yaml":
        load_slurm_options(path)
    elif re.search(r"^space:", block.text, re.MULTILINE):
        assert load_search(path).corners
    elif re.search(r"^base:", block.text, re.MULTILINE):
        declared = load_sweep([path]).configs
        assert too_few_seeds(declared) == []
    else:
        load_config(path)


@pytest.mark.parametrize("block", [block for block in blocks("yaml") if (ROOT / block.name).exists()], ids=str)
def test_a_yaml_example_that_is_shipped_is_the_shipped_file(block):
    shipped_as = (ROOT / block.name).read_text(encoding="utf-8")
    for line in block.text.splitlines()[1:]:
        assert re.sub(r"\s+#.*", "", line) in shipped_as


def test_every_shipped_search_is_in_the_table_of_its_page_and_vice_versa():
    table = PAGES["docs/tune.md"].partition("| search | what it searches |")[2].partition("\n\n")[0]
    assert (
        sorted(f"searches/{name}" for name in re.findall(r"^\| `(\w+)`", table, re.MULTILINE))
        == shipped.search_file_names()
    )


def test_the_sweep_example_has_the_stated_number_of_arms(tmp_path):
    [block] = [block for block in blocks("yaml") if block.name == "configs/sweeps/regularization.yaml"]
    path = tmp_path / "regularization.yaml"
    path.write_text(block.text, encoding="utf-8")
    arms = {config.experiment for config in load_sweep([path]).configs} - {"mlp_512"}
    assert "2 x 2 x 5 arms" in PAGES["docs/sweeps.md"]
    assert len(arms) == 2 * 2 * 5


def test_the_python_examples_run(monkeypatch, tmp_path):
    asked = []
    published = ROOT / "results" / "published" / "mlp_512"
    run = load_run(published / "seed1-3978a97a")
    shutil.copytree(published, tmp_path / "results" / "published" / "mlp_512")
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    monkeypatch.setattr("mnist_lab.experiment.run", lambda config, **_: asked.append(config) or run)
    swept = Swept(Schedule(Plan((), ()), (), (), {}), runs=(run,))
    monkeypatch.setattr("mnist_lab.sweeps.sweep", lambda declared, *_, **__: asked.append(declared.name) or swept)
    tuned = Tuned(of_accuracy(), files=(tmp_path / "search.html", tmp_path / "best.yaml"))
    shutil.copy(ROOT / "configs" / "mlp_512.yaml", tmp_path / "best.yaml")
    monkeypatch.setattr("mnist_lab.search.tune", lambda declared, *_, **__: asked.append(declared.name) or tuned)
    with chdir(tmp_path):
        for block in blocks("python"):
            exec(block.text, {"__name__": "__main__"})
    assert (asked[0].model.nodes, asked[0].model.dropout, asked[0].train.epochs) == ((64,), (0.3,), 3)
    assert asked[1].startswith("ablation")
    assert (asked[2].experiment, asked[2].base) == ("mlp_512,network=wide", "mlp_512")
    assert (asked[3], asked[4].name, asked[4].model.nodes) == ("quick", "best", (512, 512))


def anchors(text: str) -> set[str]:
    """The anchors that a forge makes of the headings."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", LINKING)
def test_every_link_leads_somewhere(page):
    path = ROOT / page
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("http://", "https://")):
            continue
        file, _, anchor = target.partition("#")
        linked = path.parent / file if file else path
        assert linked.exists(), target
        if anchor:
            assert anchor in anchors(linked.read_text(encoding="utf-8")), target


def test_the_index_and_the_readme_name_every_page():
    for page in PAGES:
        if page not in ("README.md", "docs/README.md"):
            assert f"({page.removeprefix('docs/')})" in PAGES["docs/README.md"]
            assert f"({page})" in PAGES["README.md"]


def test_the_readme_is_short():
    assert len(PAGES["README.md"].splitlines()) <= 160


def test_the_minimum_numbers_of_seeds_are_those_of_the_statistics():
    sweeps = " ".join(PAGES["docs/sweeps.md"].split())
    assert f"at least {least_seeds(1)} seeds, twelve experiments at least {least_seeds(12)};" in sweeps
    assert f"{least_seeds(1)} seeds are the fewest for one comparison" in PAGES["docs/reports.md"]
    few = f"at least {least_seeds(1)} seeds if one trial is confirmed, and {least_seeds(2)} if two or three are"
    assert few in PAGES["docs/tune.md"]
    assert least_seeds(2) == least_seeds(3)


def test_the_table_in_the_architecture_is_the_enforced_order():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    section = PAGES["docs/develop.md"].partition("| modules | responsibility |")[2].partition("\n\n")[0]
    rows = [set(re.findall(r"`(\w+)`", row.split("|")[1])) for row in section.splitlines()[2:]]
    assert rows == [set(layer.replace(" ", "").split("|")) for layer in layers]


def test_every_path_and_name_that_developers_are_pointed_to_is_there():
    for path in re.findall(
        r"`((?:mnist_lab|tests|evidence|configs|benchmarks|tools|results)/[\w./]*)`", PAGES["docs/develop.md"]
    ):
        assert (ROOT / path).exists(), path
    for name, path in re.findall(r"`(\w+)` in `([\w/]+\.py)`", PAGES["docs/develop.md"]):
        assert name in (ROOT / path).read_text(encoding="utf-8")


def test_the_reference_of_configurations_is_generated_from_the_schema():
    assert outputs.bare(configuration.PAGE.read_text(encoding="utf-8")) == configuration.page(), "`make docs`"


def test_what_shipped_searches_found_agrees_with_their_records():
    assert PAGES["docs/tune.md"] == searches.with_searches(PAGES["docs/tune.md"]), "`make docs`"


@pytest.mark.parametrize("folder", searches.folders(), ids=lambda folder: folder.name)
def test_the_text_of_a_shipped_search_is_that_of_its_record(folder, tmp_path):
    write_search(tmp_path, Search.read(folder))
    assert (folder / "search.md").read_text(encoding="utf-8") == (tmp_path / "search.md").read_text(encoding="utf-8")


OF_FILES = ("top-level", "sweep-files", "search-files", "slurm-options")


def test_every_key_of_a_configuration_and_of_a_sweep_or_search_file_has_a_meaning():
    reference, page = configuration.Reference(), configuration.page()
    described = {
        kind.__name__: {key.name for key in reference.keys(section, kind.__name__) if key.meaning or key.name == "name"}
        for section, kinds in configuration.SECTIONS.items()
        for kind in kinds
    }
    searched = search_json_schema()["$defs"].keys() - {"Option", "Options"}
    swept = sweep_json_schema()["$defs"]
    assert described.keys() >= {*json_schema()["$defs"], *swept, *searched, "Config", "SweepFile", "SearchFile"}
    for section, kinds in configuration.SECTIONS.items():
        assert f"(#{section})" in page or section in OF_FILES
        for kind in kinds:
            assert described[kind.__name__] >= kind.model_fields.keys(), kind
