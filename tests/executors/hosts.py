"""Network namespaces that stand in for other machines, joined to this one by a bridge."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass


@dataclass(frozen=True)
class Hosts:
    """A machine on which a scheduler can listen, and others that reach it."""

    head: str
    """The address of this machine."""
    enter: tuple[tuple[str, ...], ...]
    """For each of the others, the words before a command that is to run there."""


@contextmanager
def joined(number: int) -> Iterator[Hosts]:
    """This machine joined to this many others.

    Raises:
        OSError, CalledProcessError: this machine does not allow it.
    """
    name = f"ml{os.getpid()}"
    subnet = f"10.{os.getpid() // 250 % 250}.{os.getpid() % 250}"
    with ExitStack() as end:
        _ip("link", "add", name, "type", "bridge")
        end.callback(_removed, "link", "del", name)
        _ip("addr", "add", f"{subnet}.1/24", "dev", name)
        _ip("link", "set", name, "up")
        enter: list[tuple[str, ...]] = []
        for host in range(1, number + 1):
            there, cable = f"{name}n{host}", f"{name}v{host}"
            _ip("netns", "add", there)
            end.callback(_removed, "netns", "del", there)
            _ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", there)
            _ip("link", "set", cable, "master", name, "up")
            _ip("-n", there, "addr", "add", f"{subnet}.{host + 1}/24", "dev", "eth0")
            _ip("-n", there, "link", "set", "eth0", "up")
            _ip("-n", there, "link", "set", "lo", "up")
            enter.append(("ip", "netns", "exec", there))
        yield Hosts(f"{subnet}.1", tuple(enter))


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def _removed(*words: str) -> None:
    with suppress(OSError, subprocess.CalledProcessError):
        _ip(*words)
