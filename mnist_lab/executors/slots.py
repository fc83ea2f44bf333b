"""How the processors and GPUs of a machine are divided among concurrent processes."""

from dataclasses import dataclass

from mnist_lab.system.hardware import gpus, processors, quietest, thread_limits


@dataclass(frozen=True)
class Slot:
    """The part of the machine that one process at a time has exclusively."""

    cpus: tuple[int, ...]
    """Numbers of the processors; on a system without CPU affinity, only their count matters."""
    gpu: str | None = None

    def environment(self) -> dict[str, str]:
        """Environment variables that restrict libraries to this slot; to be set before their first computation."""
        # Several processes can share a GPU only if none of them allocates all of its memory.
        sharing = {"TF_FORCE_GPU_ALLOW_GROWTH": "true", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
        card = {} if self.gpu is None else {"CUDA_VISIBLE_DEVICES": self.gpu}
        return thread_limits(len(self.cpus)) | sharing | card


def divide(jobs: int | None, *, runs: int, device: str = "auto", threads: int | None = None) -> list[Slot]:
    """Divide this machine into slots.

    Without `jobs`, one slot per GPU if there are any, else one per processor: for networks as small as these, N
    processes of one thread have a higher throughput than one process of N threads.

    Args:
        jobs: number of slots; None chooses it.
        runs: number of runs; there are at most this many slots.
        device: `cpu` uses no GPU.
        threads: processors per slot; None distributes all of them.
    """
    available = len(processors())
    cards = gpus() if device != "cpu" else []
    count = jobs or len(cards) or max(1, available // (threads or 1))
    count = max(1, min(count, runs))
    share = max(1, min(threads or available // count, available))
    cpus = quietest(count * share)
    return [
        Slot(
            cpus=tuple(cpus[(i * share + j) % len(cpus)] for j in range(share)),
            gpu=cards[i % len(cards)] if cards else None,
        )
        for i in range(count)
    ]
