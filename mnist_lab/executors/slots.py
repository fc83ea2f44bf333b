"""How a machine is divided among processes that run side by side."""

from dataclasses import dataclass

from mnist_lab.system.hardware import gpus, processors, quietest, thread_limits


@dataclass(frozen=True)
class Slot:
    """The part of the machine that one process at a time has to itself."""

    cpus: tuple[int, ...]
    """Numbers of the processors; on a system that cannot bind processes to them only their count matters."""
    gpu: str | None = None

    def environment(self) -> dict[str, str]:
        """What holds libraries to this part of the machine; they read it at their first computation."""
        # Several processes share a GPU's memory only if none of them takes all of it at once.
        sharing = {"TF_FORCE_GPU_ALLOW_GROWTH": "true", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
        card = {} if self.gpu is None else {"CUDA_VISIBLE_DEVICES": self.gpu}
        return thread_limits(len(self.cpus)) | sharing | card


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
    there = len(processors())
    cards = gpus() if device != "cpu" else []
    count = jobs or len(cards) or max(1, there // (threads or 1))
    count = max(1, min(count, runs))
    share = max(1, min(threads or there // count, there))
    cpus = quietest(count * share)
    return [
        Slot(
            cpus=tuple(cpus[(i * share + j) % len(cpus)] for j in range(share)),
            gpu=cards[i % len(cards)] if cards else None,
        )
        for i in range(count)
    ]
