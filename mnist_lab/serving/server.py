"""Answers browsers on this machine only, and only GET and HEAD.

The server listens on 127.0.0.1 alone. A page from elsewhere whose name resolves to this machine (DNS rebinding) sends
that name in `Host`, and is refused. The only files served are those in run folders and the pages of searches, none
through a link; none of them may send requests to this server.
"""

import errno
import os
import sys
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath
from socketserver import TCPServer
from typing import Any
from urllib.parse import quote, unquote

from typing_extensions import override

from mnist_lab.errors import InputError, SetupError, reason
from mnist_lab.serving import files
from mnist_lab.serving.site import Site
from mnist_lab.serving.snapshot import SEARCH_PAGE
from mnist_lab.version import __version__

ADDRESS = "127.0.0.1"
HOSTS = (ADDRESS, "localhost")
TRIED = 100
"""How many ports are tried before giving up."""
IDLE = 60.0
"""Seconds after which a connection without a request is closed."""

_HEADERS = {
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_LISTING = "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_INERT = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
_SEARCH = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; sandbox allow-scripts"
)
"""For a page in the results folder: its script runs, but cannot send requests to this server."""
_HTML, _TEXT = "text/html; charset=utf-8", "text/plain; charset=utf-8"
_TYPES = {".png": "image/png"} | dict.fromkeys((".txt", ".yaml", ".json", ".jsonl", ".md", ".csv"), _TEXT)
_UNKNOWN = {"Content-Type": "application/octet-stream", "Content-Disposition": "attachment"}


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version = f"mnist-lab/{__version__}"
    sys_version = ""
    timeout = IDLE

    def do_GET(self) -> None:
        """Answer a request for the page, for what is in progress, or for a file."""
        if not self._is_for_this_machine():
            expected = " or ".join(HOSTS)
            received = ", ".join(self.headers.get_all("Host", ["none"]))
            self._refuse(HTTPStatus.FORBIDDEN, f"expected the host {expected}, received {received}.")
            return
        site = self._site
        path = unquote(self.path.partition("?")[0])
        if path == "/":
            self._send(site.page())
        elif path == "/progress":
            self._send_progress()
        else:
            self._send_files(path)

    do_HEAD = do_GET  # noqa: N815 - http.server calls it so

    def refuse_method(self) -> None:
        """Refuse the method, and name those that are allowed."""
        self.close_connection = True  # its body is not read
        text = f"expected GET or HEAD, received {self.command}."
        self._refuse(HTTPStatus.METHOD_NOT_ALLOWED, text, {"Allow": "GET, HEAD"})

    do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_CONNECT = do_TRACE = refuse_method  # noqa: N815

    @property
    def _site(self) -> Site:
        assert isinstance(self.server, Server)
        return self.server.site

    def _is_for_this_machine(self) -> bool:
        hosts = self.headers.get_all("Host", [])
        name, _, port = hosts[0].partition(":") if len(hosts) == 1 else ("", "", "")
        return name.lower() in HOSTS and (not port or port.isdecimal())  # a tunnel may use another port

    def _send_progress(self) -> None:
        progress = self._site.progress()
        tag = {"ETag": f'"{progress.version}"'}
        if self.headers.get("If-None-Match") == tag["ETag"]:
            self._answer(HTTPStatus.NOT_MODIFIED, tag)
        else:
            self._send(progress.json, {"Content-Type": "application/json", **tag})

    def _send_files(self, path: str) -> None:
        """Send the list of a run folder's files if the path ends with a slash, else one file."""
        site = self._site
        *place, name = path.removeprefix("/").split("/")
        try:
            if not name and place and site.has_run(place):
                self._send(site.listing(place), {"Content-Security-Policy": _LISTING})
            elif site.has_run([*place, name]):
                self._answer(HTTPStatus.MOVED_PERMANENTLY, {"Location": f"/{quote(path[1:])}/", "Content-Length": "0"})
            elif name and not name.startswith(".") and site.has_run(place):
                kind = _TYPES.get(PurePosixPath(name).suffix)
                how = {"Content-Type": kind} if kind else _UNKNOWN
                self._send_file(place, name, {**how, "Content-Security-Policy": _INERT})
            elif name == SEARCH_PAGE and len(place) == 1 and site.has_search(place[0]):
                self._send_file(place, name, {"Content-Type": _HTML, "Content-Security-Policy": _SEARCH})
            else:
                raise FileNotFoundError(path)
        except ConnectionError:
            raise
        except (OSError, ValueError):
            self._refuse(HTTPStatus.NOT_FOUND, "there is no such page.")

    def _send_file(self, place: Sequence[str], name: str, headers: Mapping[str, str]) -> None:
        with files.opened(self._site.folder, place, name) as file:
            size = os.fstat(file.fileno()).st_size
            self._answer(HTTPStatus.OK, {"Content-Length": str(size), **headers})
            if size and self.command != "HEAD":
                sent = self.connection.sendfile(file, count=size)  # and no more, as the file may be growing
                self.close_connection |= sent < size

    def _send(self, content: str | bytes, headers: Mapping[str, str] = {}, status: HTTPStatus = HTTPStatus.OK) -> None:
        body = content.encode() if isinstance(content, str) else content
        known = {"Content-Type": _HTML, "Content-Length": str(len(body))}
        self._answer(status, {**known, **headers})
        if self.command != "HEAD":
            self.wfile.write(body)

    def _refuse(self, status: HTTPStatus, why: str, headers: Mapping[str, str] = {}) -> None:
        self._send(f"{status.phrase}: {why}\n", {"Content-Type": _TEXT, **headers}, status)

    def _answer(self, status: HTTPStatus, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**_HEADERS, **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    @override
    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse a malformed request, or one with an unknown method, like any other."""
        status = HTTPStatus(code)
        self._refuse(status, f"{message or status.description}.", {"Connection": "close"})

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Do not log requests."""


class Server(ThreadingHTTPServer):
    """Serves a site on a port of this machine; `serve_forever` until an exception stops it."""

    daemon_threads = True

    def __init__(self, site: Site, port: int) -> None:
        self.site = site
        super().__init__((ADDRESS, port), Handler)

    @property
    def url(self) -> str:
        """Address of the page."""
        return f"http://{ADDRESS}:{self.server_port}/"

    @override
    def server_bind(self) -> None:
        """Bind without asking for the name of this machine, which may take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = ADDRESS, self.socket.getsockname()[1]

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore closed connections: a browser that closes one is not an error."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


def listening(site: Site, port: int) -> Server:
    """Return a server that listens on the first free port from `port` upwards; 0 for any.

    Raises:
        InputError: none of them is free.
        SetupError: this user may not listen there.
    """
    last = min(port + TRIED, 2**16) - 1 if port else 0
    for number in range(port, last + 1):
        try:
            return Server(site, number)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise SetupError(
                    f"Port {number} cannot be used ({reason(error)}).", "Choose another one with --port."
                ) from None
    raise InputError(f"The ports from {port} to {last} are in use.", "Choose another one with --port.")
