"""Options and arguments that several commands share, and how they override a configuration."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnist_lab.cli import _completion

if TYPE_CHECKING:
    from mnist_lab.config import Config, Override
    from mnist_lab.errors import ConfigError

DEBUG = f"{__name__}.debug"
"""The key in click's `meta` that is set if --debug was given."""

Function = Callable[..., Any]
Decorator = Callable[[Function], Function]


class UserPath(click.Path):
    """A path in which `~` is expanded, as shells do not in `--results=~/x`, nor containers in environment variables."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from mnist_lab.errors import InputError
        from mnist_lab.system.directories import expanded

        try:
            found = expanded(value) if str(value).startswith("~") else value
        except InputError as error:
            self.fail(str(error), param, ctx)
        return super().convert(found, param, ctx)


class OutputPath(UserPath):
    """A folder to write or, with a `suffix`, a file; one that cannot be written is rejected before any work."""

    def __init__(self, suffix: str = "") -> None:
        super().__init__(path_type=Path, dir_okay=not suffix)
        self.suffix = suffix

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        from mnist_lab.errors import NoRoomError
        from mnist_lab.system.writable import check_writable

        path = Path(super().convert(value, param, ctx))
        if self.suffix and path.suffix.lower() != self.suffix:
            self.fail(f"expected a file ending in {self.suffix}, received {path.name!r}.", param, ctx)
        try:
            check_writable(path if self.dir_okay else path.parent, "Choose another one.")
        except NoRoomError as error:
            self.fail(str(error), param, ctx)
        return path


class Number(click.IntRange):
    """A whole number from `min`, to `max` if that is given."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            where = f"of at least {self.min}" if self.max is None else f"from {self.min} to {self.max}"
            self.fail(f"expected a whole number {where}, received {value!r}.", param, ctx)


def seconds(text: str) -> float:
    """Parse a duration above 0."""
    try:
        number = float(text)
    except ValueError:
        number = 0
    if not number > 0:  # nor `nan`
        raise click.BadParameter(f"expected a number of seconds above 0, received {text!r}.")
    return number


def seeds(text: str) -> tuple[int, ...]:
    """Parse seeds: `4`, `1..5` or `1,3,7`."""
    from mnist_lab.config.sweeps.seeds import parse_seeds

    try:
        return parse_seeds(text)
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from None


def _jobs(text: str) -> int | None:
    """Parse a number of parallel runs; None for `auto`."""
    if text == "auto":
        return None
    if not (text.isascii() and text.isdecimal() and int(text)):
        raise click.BadParameter(f"expected a number of 1 or more, or auto, received {text!r}.")
    return int(text)


def _size(text: str) -> tuple[int, int]:
    """Parse height and width: `28` or `28x32`."""
    sides = text.lower().split("x")
    if len(sides) > 2 or not all(side.isascii() and side.isdecimal() and int(side) for side in sides):
        raise click.BadParameter(f"expected a number of pixels, or height x width such as 28x32, received {text!r}.")
    return int(sides[0]), int(sides[-1])


PATH = UserPath(path_type=Path)
REFERENCE = UserPath()
"""A path or a name."""
OUTPUT_FOLDER = OutputPath()
PNG = OutputPath(".png")


def command(name: str | None = None, **facts: Any) -> Callable[[Function], click.Command]:
    """Like `click.command`, with --debug as the last option."""
    return lambda function: debug(click.command(name, **facts)(function))


def backend(text: str) -> Decorator:
    """Return the option --backend with this help text."""
    return click.option("--backend", metavar="NAME", shell_complete=_completion.backends, help=text)


def jobs(text: str) -> Decorator:
    """Return the option --jobs with this help text."""
    return click.option("--jobs", type=_jobs, default="auto", metavar="N|auto", help=text)


def references(metavar: str, complete: Callable[..., list[Any]]) -> Decorator:
    """Return an argument of one or more names or paths; the command receives them as `references`."""
    return click.argument(
        "references", nargs=-1, required=True, type=REFERENCE, metavar=metavar, shell_complete=complete
    )


def examples(*commands: str) -> str:
    """Examples for the end of a help text; the backspace makes click keep the line breaks."""
    return "\b\nExamples:\n" + "\n".join(f"  {command}" for command in commands)


def _together(*options: Decorator) -> Decorator:
    """Several options as one decorator, in this order in the help text."""

    def decorated(function: Function) -> Function:
        for option in reversed(options):
            function = option(function)
        return function

    return decorated


def _want_tracebacks(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:  # if absent here, it may still be given to the group or the command
        ctx.meta[DEBUG] = True


config_argument = references("CONFIG...", _completion.configs)
run_argument = click.argument("reference", type=REFERENCE, metavar="RUN", shell_complete=_completion.runs)
runs_argument = references("RUN...", _completion.runs)

data_dir = click.option(
    "--data-dir",
    type=PATH,
    envvar="MNIST_LAB_DATA",
    show_envvar=True,
    metavar="DIR",
    help="Folder to search first for data sets.",
)
results = click.option(
    "--results", type=PATH, default=Path("results"), show_default=True, metavar="DIR",
    help="Results folder.",
)  # fmt: skip
debug = click.option(
    "--debug",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_want_tracebacks,
    help="Show tracebacks for errors.",
)
quiet = click.option("--quiet", is_flag=True, help="No progress output.")
json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
settings = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY.PATH=VALUE",
    shell_complete=_completion.settings,
    help="Override a value of the configuration. Repeatable.",
)
config = _together(
    settings,
    click.option(
        "--dataset",
        type=REFERENCE,
        metavar="NAME|PATH",
        shell_complete=_completion.datasets,
        help="Data set: a name from `mnist-lab data list`, or a path.",
    ),
    click.option(
        "--subset",
        type=int,
        metavar="N",
        help="Use only N training images (including validation), stratified by class.",
    ),
    click.option("--test-subset", type=int, metavar="M", help="Use only M test images, stratified by class."),
    click.option("--epochs", type=int, metavar="N", help="Maximum number of epochs."),
    click.option("--seed", type=int, metavar="N", help="Random seed."),
    backend("Keras backend: tensorflow, jax, torch or auto."),
    click.option("--device", metavar="NAME", shell_complete=_completion.devices, help="Device: auto, cpu or gpu."),
    click.option("--threads", type=int, metavar="N", help="Number of CPU threads."),
)
"""--set and its shortcuts; the command receives them as `**values`, for `overrides`."""
form = _together(
    click.option("--resize", type=_size, metavar="N|HxW", help="Resize all images: 28, or 28x32 for height x width."),
    click.option("--grey", is_flag=True, help="Convert colour images to greyscale."),
)
"""The size and colour to which images are converted: `resize` as (height, width) or None, and `grey`."""


def overrides(settings: tuple[str, ...], **shortcuts: Any) -> "list[Override]":
    """Return the overrides of the configuration on the command line: --set, then its shortcuts."""
    from mnist_lab.config import Override

    given = [Override.parse(text) for text in settings]
    for name, value in shortcuts.items():
        if value is not None:
            option = f"--{name.replace('_', '-')} {value}"
            given.append(Override.short(name, value, option))
    return given


def load_all(references: tuple[str, ...], given: "list[Override]") -> "list[Config]":
    """Load every configuration; raise ConfigError with the problems of all of them before anything begins."""
    from mnist_lab.config import load_config
    from mnist_lab.config.sweeps.declaration import collected, together

    configs: list[Config] = []
    errors: list[ConfigError] = []
    for reference in references:
        with collected(errors):
            configs.append(load_config(reference, given))
    if errors:
        raise together(errors, references)
    return configs


def check_place(jobs: int | None, cluster: str | None, *, wait: bool) -> None:
    """Reject contradictory options about where runs are trained."""
    if cluster and jobs:
        raise click.UsageError(
            "--jobs and --cluster cannot be combined: a worker of the cluster trains one run at a time."
        )
    if wait and not cluster:
        raise click.UsageError("--wait needs --cluster.")
