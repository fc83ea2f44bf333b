"""`mnist-lab serve`: the report as a live page in a browser."""

from pathlib import Path

import click

from mnist_lab.cli import _options
from mnist_lab.terminal.output import echo


@_options.command(
    short_help="Show the report as a live page, with runs in progress.",
    epilog=_options.examples("mnist-lab serve", "mnist-lab serve results/ablation --port 8080"),
)
@click.argument("path", type=_options.PATH, default=None, required=False, metavar="[PATH]")
@click.option(
    "--port",
    type=_options.Number(0, 65535),
    default=8000,
    show_default=True,
    metavar="N",
    help="Port to listen on, or the next free one; 0 for any.",
)
@_options.data_dir
def serve(path: Path | None, port: int, data_dir: Path | None) -> None:
    """Serve the report of the runs below PATH (default: results/) as a live page.

    It also shows runs in progress with their curves, and the queue and failures of a sweep in progress. It is
    reachable only from this machine. Press Ctrl-C to stop it; the exit code is then 0, as after SIGTERM.
    """
    from mnist_lab.reports.write import DEFAULT
    from mnist_lab.runs import check_folder
    from mnist_lab.serving import Site, listening

    folder = path or DEFAULT
    if path:
        check_folder(path)
    with listening(Site(folder, data_dir), port) as server:
        if server.server_port != port and port:
            echo(f"Port {port} is in use; using {server.server_port}.", err=True)
        echo(f"Serving {folder} at {server.url} (press Ctrl-C to stop).")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            echo("Stopped.", err=True)
