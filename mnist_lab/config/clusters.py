"""The file of SLURM options that `--cluster` takes, as strict as every other file.

partition: gpu
time: "2:00:00"        # or minutes
cpus: 4
gpus: 1
mem: 8G
parallel: 20           # array tasks at a time
runs_per_task: 5
setup: [module load python]
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from mnist_lab.config.document import read
from mnist_lab.config.problems import suggest, validated
from mnist_lab.config.spec import Positive, Spec, invalid
from mnist_lab.errors import InputError

_LOCAL = re.compile(r"local(:[1-9][0-9]{0,2})?")
_HOST_AND_PORT = re.compile(r"[\w.-]+:[0-9]{1,5}")


def kind_of(where: str) -> Literal["dask", "slurm"]:
    """Return the engine that `where` names.

    Raises:
        InputError: it names none.
    """
    path = Path(where)
    if where == "slurm" or path.suffix in (".yaml", ".yml"):
        return "slurm"
    address = "://" in where or (_HOST_AND_PORT.fullmatch(where) and not where.startswith("local:"))
    if _LOCAL.fullmatch(where) or address or path.is_file():
        return "dask"
    if path.suffix == ".json":
        raise InputError(f"--cluster {where}: no such scheduler file.", "`dask scheduler --scheduler-file` writes it.")
    raise InputError(
        f"--cluster: expected the address of a Dask scheduler (tcp://host:8786), its scheduler file, local, local:N, "
        f"slurm, or a YAML file of SLURM options, received '{where}'{suggest(where, ('local', 'slurm'))}."
    )


_TIMES = (
    re.compile(r"(?P<days>\d+)-(?P<hours>\d+)(?::(?P<minutes>\d{2})(?::(?P<seconds>\d{2}))?)?"),
    re.compile(r"(?:(?P<hours>\d+):)?(?P<minutes>\d+):(?P<seconds>\d{2})"),
)
"""As in `man sbatch`, `--time`, with and without days; without days, the first of two numbers is minutes."""


def _minutes(given: Any) -> Any:
    """Convert a time in SLURM's notation to minutes, rounded up: `2:00:00`, `1-12:00`, `30:00` (30 minutes)."""
    if not isinstance(given, str):
        return given
    found = next(filter(None, (time.fullmatch(given) for time in _TIMES)), None)
    if found is None:
        raise invalid(f'expected minutes, or a time as in "2:00:00" or "1-12:00", received \'{given}\'')
    parts = {name: int(number) for name, number in found.groupdict(default="0").items()}
    return (parts.get("days", 0) * 24 + parts["hours"]) * 60 + parts["minutes"] + (parts["seconds"] > 0)


Text = Annotated[str, Field(min_length=1)]


class SlurmOptions(Spec):
    """How a sweep is submitted to SLURM: one job array, each of whose tasks trains one or a few runs."""

    engine: Literal["slurm", "local"] = "slurm"
    """`local` starts the tasks as processes of this machine, to try a sweep without SLURM."""
    partition: Text | None = None
    """The partition; default: the cluster's."""
    account: Text | None = None
    """The account to charge."""
    qos: Text | None = None
    """The quality of service."""
    time: Annotated[int, Field(ge=1), BeforeValidator(_minutes, json_schema_input_type=int | str)] = 60
    """Time limit of a task, in minutes or as `"2:00:00"`. A run that does not finish within it is resumed by the
    next submission."""
    cpus: Positive = 1
    """Processors per task, and threads of its runs."""
    mem: Text | None = None
    """Memory per task, such as `4G`; default: the cluster's."""
    gpus: Annotated[int, Field(ge=0)] = 0
    """GPUs per task."""
    constraint: Text | None = None
    """Features that a node must have."""
    nodelist: Text | None = None
    """Nodes to use."""
    exclude: Text | None = None
    """Nodes to avoid."""
    parallel: Positive = 256
    """Maximum number of array tasks that run at the same time."""
    runs_per_task: Positive = 1
    """Runs that a task trains one after the other; more than one saves queueing and start-up when runs are short."""
    stop_before: Positive = 120
    """Seconds before the time limit at which a task is asked to stop after its epoch, with a checkpoint."""
    setup: tuple[Text, ...] = ()
    """Shell commands before the runs, such as `module load cuda`."""
    options: dict[str, str | int | bool] = Field(default={})
    """Further options of `sbatch` by their long names: `{reservation: tutorial}`."""


def load_slurm_options(path: Path) -> SlurmOptions:
    """Read a file of SLURM options.

    Raises:
        ConfigError: it cannot be read, or an option is unknown or invalid; with line and column.
    """
    return validated(SlurmOptions, read(path))
