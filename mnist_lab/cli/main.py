"""The group of all commands, which also turns errors into messages and exit codes."""

import io
import logging
import os
import sys
import traceback
from typing import Any

import click

from mnist_lab.cli import _options
from mnist_lab.cli.compare import compare
from mnist_lab.cli.configs import configs
from mnist_lab.cli.data import data
from mnist_lab.cli.delete import delete
from mnist_lab.cli.export import export
from mnist_lab.cli.list import list_runs
from mnist_lab.cli.log import log
from mnist_lab.cli.predict import predict
from mnist_lab.cli.report import report
from mnist_lab.cli.reproduce import reproduce
from mnist_lab.cli.run import run
from mnist_lab.cli.schema import schema
from mnist_lab.cli.serve import serve
from mnist_lab.cli.show import show
from mnist_lab.cli.summary import summary
from mnist_lab.cli.sweep import sweep
from mnist_lab.cli.tune import tune
from mnist_lab.cli.validate import validate
from mnist_lab.errors import MachineError, MnistLabError
from mnist_lab.system import scratch, signals, streams
from mnist_lab.terminal.output import echo, echo_error
from mnist_lab.version import __version__


class Commands(click.Group):
    """Runs a command and turns exceptions into a message on stderr and an exit code."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Run as the main program of this process.

        An interrupted process ends at once: JAX, if interrupted while it is imported or compiles, crashes when Python
        shuts down, and the exit code would be that of the crash.
        """
        streams.open_descriptors()  # before anything else opens one
        scratch.own_process()
        signals.at_once.append(scratch.remove)
        with signals.stoppable():
            try:
                return super().__call__(*arguments, **options)
            except SystemExit as end:
                if isinstance(end.code, int) and end.code in map(signals.exit_code, signals.STOPPING):
                    streams.flush()
                    scratch.remove()
                    os._exit(end.code)
                raise

    def main(self, *arguments: Any, standalone_mode: bool = True, **options: Any) -> Any:
        """Run the command that the arguments name, and exit with its code; print click's messages like all others.

        Without `standalone_mode`, return or raise what click does, without ending the process.
        """
        streams.prepare()
        logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it warns if it cannot cache fonts
        if not standalone_mode:
            return super().main(*arguments, standalone_mode=False, **options)
        try:
            code = super().main(*arguments, standalone_mode=False, **options)
            sys.stdout.flush()
        except click.ClickException as error:
            text = io.StringIO()
            error.show(text)
            echo_error(text.getvalue().rstrip())
            code = error.exit_code
        except click.Abort as abort:  # while parsing arguments, or at a prompt
            cause = abort.__context__
            code = _interrupted(cause if isinstance(cause, KeyboardInterrupt) else KeyboardInterrupt())
        except OSError as error:  # the last output cannot be written
            echo_error(f"Error: {MachineError.of(error)}")
            sys.stdout = io.StringIO()  # or Python tries again when it ends
            code = MachineError.exit_code
        sys.exit(code or 0)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments, and keep a copy in `ctx.obj`, since click consumes them."""
        ctx.obj = tuple(args)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the requested command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            ctx.exit(_interrupted(error))
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if _options.DEBUG in ctx.meta or os.environ.get("MNIST_LAB_DEBUG"):
                echo(traceback.format_exc(), err=True)
            known = MachineError.of(error) if isinstance(error, OSError) else error
            if isinstance(known, MnistLabError):
                echo_error(f"Error: {known}")
                ctx.exit(known.exit_code)
            echo_error(
                f"Internal error: {type(error).__name__}: {error}\nThis is a bug in mnist-lab. "
                "--debug shows the traceback; log.txt has it, too, if a run was in progress."
            )
            ctx.exit(1)


def _interrupted(interrupt: KeyboardInterrupt) -> int:
    """Report that the process was asked to stop; return its exit code."""
    number = signals.number_of(interrupt)
    echo_error(f"{signals.stop_message(number)} {interrupt}".rstrip())
    return signals.exit_code(number)


_COMMANDS = (
    compare, configs, data, delete, export, list_runs, log, predict, report, reproduce, run, schema, serve, show,
    summary, sweep, tune, validate,
)  # fmt: skip


@click.group(
    cls=Commands,
    commands=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=_options.examples(
        "mnist-lab run quickstart             train a small net on the bundled digits",
        "mnist-lab run configs/mlp_512.yaml   train one configuration on MNIST",
        "mnist-lab configs                    list the shipped configurations",
    ),
)
@click.version_option(__version__, prog_name="mnist-lab")
def main() -> None:
    """Describe network variants in YAML; train, plot and compare them on MNIST.

    Results go to stdout, progress and diagnostics to stderr. Exit codes: 0 success; 1 the command
    ran, but not everything succeeded (such as a run that failed); 2 bad usage, bad input or a problem with the machine;
    130, 129 or 143 interrupted by Ctrl-C, SIGHUP or SIGTERM.
    """
