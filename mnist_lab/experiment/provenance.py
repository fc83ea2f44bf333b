"""`environment.json`: what is needed to judge or reproduce the numbers of a run."""

import os
import platform
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_lab.backends import Backend
from mnist_lab.system.hardware import processor_model
from mnist_lab.system.installation import installed_version
from mnist_lab.version import __version__

if TYPE_CHECKING:
    from mnist_lab.training import Trainer

_PACKAGE = Path(__file__).resolve().parents[1]


def provenance(backend: Backend, trainer: "Trainer") -> dict[str, object]:
    """Return versions, backend, device, threads and machine, how steps are compiled, and mnist-lab's commit."""
    packages = ["keras", backend.name, "numpy", "matplotlib"]
    return {
        "backend": backend.name,
        "device": backend.device,
        "devices": list(backend.devices),
        "threads": backend.threads,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "node": platform.node(),
        "machine": platform.machine(),
        "processor": processor_model(),
        "processors": os.cpu_count(),
        "mnist_lab": __version__,
        **{name: installed_version(name) for name in packages},
        "jit_compile": bool(trainer.network.jit_compile),
        "steps_per_execution": int(trainer.network.steps_per_execution),
        **git_state(),
    }


def git_state() -> dict[str, object]:
    """Return the commit of the checkout with the package, and whether it has uncommitted changes; else empty."""
    if _git("ls-files", "--error-unmatch", "__init__.py") is None:
        return {}
    return {"git_commit": _git("rev-parse", "HEAD"), "git_dirty": bool(_git("status", "--porcelain", "--", "."))}


def _git(*arguments: str) -> str | None:
    # Without this option, `git status` rewrites the index, and leaves a lock if it is killed or the disk is full.
    command = ["git", "--no-optional-locks", *arguments]
    try:
        done = subprocess.run(command, cwd=_PACKAGE, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
