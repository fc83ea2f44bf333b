"""How a machine is divided among processes that run side by side."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Slot:
    """The part of the machine that one process at a time has to itself."""

    cpus: tuple[int, ...]
    """Numbers of the processors; on a system that cannot bind processes to them only their count matters."""
    gpu: str | None = None

    def environment(self) -> dict[str, str]:
        """What holds libraries to this part of the machine; they read it at their first computation."""
        threads = str(len(self.cpus))
        limits: tuple[str, ...] = (
            "OMP_NUM_THREADS",
            "OPENBLAS_NUM_THREADS",
            "MKL_NUM_THREADS",
            "TF_NUM_INTRAOP_THREADS",
        )
        variables: dict[str, str] = dict.fromkeys(limits, threads)
        if self.gpu is not None:
            # Several processes share a GPU's memory only if none of them takes all of it at once.
            variables |= {
                "CUDA_VISIBLE_DEVICES": self.gpu,
                "TF_FORCE_GPU_ALLOW_GROWTH": "true",
                "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
            }
        return variables


def divide(jobs: int | None, *, runs: int, device: str = "auto", threads: int | None = None) -> list[Slot]:
    """Divide this machine into slots.

    Without `jobs`, a GPU each where there are some, else a slot for every processor: N processes of one thread do more
    in an hour than one process of N threads, for nets as small as these.

    Args:
        jobs: how many slots; None decides.
        runs: how many runs there are; there are no more slots than that.
        device: `cpu` leaves GPUs alone.
        threads: processors for each slot; None shares all of them out.
    """
    cpus = _processors()
    gpus = _gpus() if device != "cpu" else []
    count = jobs or len(gpus) or max(1, len(cpus) // (threads or 1))
    count = max(1, min(count, runs))
    share = max(1, min(threads or len(cpus) // count, len(cpus)))
    return [
        Slot(
            cpus=tuple(cpus[(i * share + j) % len(cpus)] for j in range(share)),
            gpu=gpus[i % len(gpus)] if gpus else None,
        )
        for i in range(count)
    ]


def _processors() -> Sequence[int]:
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return range(os.cpu_count() or 1)


def _gpus() -> list[str]:
    """NVIDIA GPUs that this process may use, without asking a library that would start them."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name for name in visible.split(",") if name and name != "-1"]
    return [str(i) for i, _ in enumerate(sorted(Path("/proc/driver/nvidia/gpus").glob("*")))]
