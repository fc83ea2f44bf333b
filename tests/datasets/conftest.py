import dataclasses
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mnist_lab.datasets import download
from mnist_lab.datasets.known import KNOWN, Mirror
from tests.datasets.dataset_files import ROWS, SHAPE, arrays, digests


@pytest.fixture(autouse=True)
def nowhere(monkeypatch, tmp_path):
    """A machine with no data: the tester's caches and variables do not count."""
    for variable in ("HOME", "USERPROFILE", "XDG_CACHE_HOME", "KERAS_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path / "home" / variable.lower()))
    monkeypatch.delenv("MNIST_LAB_DATA", raising=False)
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def data():
    return arrays()


@pytest.fixture
def mnist(monkeypatch, data):
    """A published set `mnist` of a few images, with a mirror that refuses connections."""
    small = dataclasses.replace(
        KNOWN["mnist"],
        rows=(ROWS["train"], ROWS["test"]),
        image_shape=SHAPE,
        array_sha256=digests(data),
        mirrors=(Mirror("http://127.0.0.1:9/", ("mnist.npz",)),),
    )
    monkeypatch.setitem(KNOWN, "mnist", small)
    return small


class Server(ThreadingHTTPServer):
    """Serve bytes by path; each path can be made to misbehave."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.break_after: dict[str, int] = {}  # bytes of each answer before the connection is closed
        self.stalled: set[str] = set()  # answers never come
        self.moved: dict[str, str] = {}  # to another path
        self.no_ranges = False
        self.requests: list[tuple[str, str | None]] = []
        self.released = threading.Event()

    @property
    def base(self):
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self):
        wanted = self.headers.get("Range")
        self.server.requests.append((self.path, wanted))
        if self.path in self.server.stalled:
            self.server.released.wait(10)
            return
        if self.path in self.server.moved:
            self.send_response(302)
            self.send_header("Location", self.server.moved[self.path])
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if self.path not in self.server.files:
            self.send_error(404)
            return
        content = self.server.files[self.path]
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and not self.server.no_ranges else 0
        if start and start >= len(content):
            self.send_error(416)
            return
        body = content[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.server.break_after.get(self.path)])

    def log_message(self, format, *args):  # noqa: A002
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", 0.5)
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.released.set()
    server.shutdown()
    thread.join()
    server.server_close()
