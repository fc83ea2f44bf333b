"""Processors, memory and GPUs available to this process, without a library that would initialize them."""

import os
import platform
import random
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path


def processors() -> Sequence[int]:
    """Return the numbers of the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return range(os.cpu_count() or 1)


def quietest(count: int) -> Sequence[int]:
    """Return the `count` available processors with the least load from others during a tenth of a second.

    Ties are broken at random, so that processes that start together do not all choose the same ones.
    """
    mine = processors()
    return mine if count >= len(mine) else _by_load()[:count]


@contextmanager
def claimed(count: int) -> Iterator[tuple[int, ...]]:
    """Hold the quietest `count` processors, if possible ones that no other process has claimed.

    For processes that share a machine without knowing of each other. The claims are locks in the machine's temporary
    folder, which the system releases when the process ends.
    """
    import filelock

    with ExitStack() as claims:
        mine: list[int] = []
        taken: list[int] = []
        for cpu in _by_load():
            if len(mine) < count:
                try:
                    claims.enter_context(filelock.FileLock(_claims() / f"cpu{cpu}.lock", timeout=0))
                except (filelock.Timeout, OSError):
                    taken.append(cpu)
                else:
                    mine.append(cpu)
        yield tuple(sorted(mine + taken[: count - len(mine)]))


def _claims() -> Path:
    """Return the folder of the locks; one per user, as the files of another user could not be locked."""
    folder = Path(tempfile.gettempdir()) / f"mnist-lab-cpus-{os.getuid() if hasattr(os, 'getuid') else ''}"
    folder.mkdir(exist_ok=True)
    return folder


def _by_load() -> list[int]:
    """Return the available processors, the one with the least load during a tenth of a second first; ties at random."""
    mine = processors()
    before = _idle_ticks()
    time.sleep(0.1)
    after = _idle_ticks()
    return sorted(random.sample(mine, len(mine)), key=lambda cpu: before.get(cpu, 0) - after.get(cpu, 0))


def _idle_ticks() -> dict[int, int]:
    """Return each processor's idle time since the machine started, in ticks; empty if the system has no /proc/stat.

    Source: the fifth column of /proc/stat (man proc_stat).
    """
    try:
        lines = Path("/proc/stat").read_text(encoding="ascii").splitlines()
    except OSError:
        return {}
    rows = [line.split() for line in lines if re.match(r"cpu\d", line)]
    return {int(row[0].removeprefix("cpu")): int(row[4]) for row in rows}


def available_memory() -> int | None:
    """Bytes of memory available to this process, or else of the machine; None if unknown.

    On Linux, MemAvailable plus SwapFree of /proc/meminfo (man proc_meminfo), but at most the control group's limit.
    """
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        values = {name: 1024 * int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
        available = values["MemAvailable"] + values["SwapFree"]
    except (OSError, ValueError, KeyError, IndexError):
        try:
            return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        except (AttributeError, ValueError, OSError):
            return None
    return min([available, *_control_group_limits()])


def _control_group_limits() -> list[int]:
    """Return the memory limits of this process' control group and ancestors; version 2, and version 1 in a container.

    Source: Documentation/admin-guide/cgroup-v2.rst of Linux.
    """
    root = Path("/sys/fs/cgroup")
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return []
    own = root / next((line[3:].strip("/") for line in lines if line.startswith("0::")), "")
    groups = [own, *(group for group in own.parents if group.is_relative_to(root))]
    files = [*(group / "memory.max" for group in groups), root / "memory" / "memory.limit_in_bytes"]
    limits = []
    for file in files:
        with suppress(OSError, ValueError):  # missing, or `max`
            limits.append(int(file.read_text(encoding="ascii")))
    return limits


def gpus() -> list[str]:
    """Return the NVIDIA GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name for name in visible.split(",") if name and name != "-1"]
    return [str(i) for i, _ in enumerate(Path("/dev").glob("nvidia[0-9]*"))]


def processor_model() -> str:
    """Return the model name of the processor."""
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as file:
            return next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def thread_limits(threads: int) -> dict[str, str]:
    """Return the environment variables that limit numerical libraries to this many threads, if set before first use."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
    # A single thread need not hand oneDNN's work to a pool of one; the numbers are the same (benchmarks/LOG.md).
    alone = {"TF_ONEDNN_THREADPOOL_USE_CALLER_THREAD": "1"} if threads == 1 else {}
    return dict.fromkeys(names, str(threads)) | alone
