"""`mnist-lab serve` as a process: what it prints, and how it ends."""

import re
import signal
import socket
import subprocess
import urllib.request

import pytest

from tests.lab import Preloaded, command, environment, here
from tests.run_folders import finished_run


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_the_page_is_and_ends_without_an_error_when_it_is_told_to(tmp_path, how):
    finished_run(tmp_path / "results")
    with Preloaded(
        command("serve", "--port", "0"), cwd=tmp_path, env=environment(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        said = process.stdout.readline()
        address = re.fullmatch(r"Serving results at (http://127\.0\.0\.1:\d+/) \(press Ctrl-C to stop\)\.\n", said)[1]
        with urllib.request.urlopen(address) as answer:
            assert "mlp_512" in answer.read().decode()
        process.send_signal(how)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "", "Stopped.\n")


def test_a_port_in_use_is_reported_with_the_one_used_instead(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with Preloaded(
            command("serve", "--port", port), cwd=tmp_path, env=environment(), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as process:  # fmt: skip
            used = int(re.search(r":(\d+)/", process.stdout.readline())[1])
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
    assert used > port
    assert err.splitlines()[0] == f"Port {port} is in use; using {used}."


def test_a_folder_that_was_named_must_exist(tmp_path):
    answer = here("serve", "reslts", cwd=tmp_path, code=2)
    assert answer.err == "Error: reslts: no such folder.\n"


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_an_invalid_port_is_refused(tmp_path, port):
    assert "--port" in here("serve", "--port", port, cwd=tmp_path, code=2).err
