"""The machine: its description, and its peak in matrix multiplication."""

import os
import platform
import subprocess
import time
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from mnist_lab.system.hardware import gpus, processor_model, processors

PACKAGES = ("keras", "tensorflow", "jax", "numpy")
SIDE, REPETITIONS = 2048, 20


def describe(torch_python: str) -> dict[str, Any]:
    """Describe the machine, for readers to judge the seconds."""
    versions = {name: found for name in PACKAGES if (found := _version(name))}
    if torch := _ask(torch_python, "-c", "import torch; print(torch.__version__)"):
        versions["torch"] = torch
    return {
        "processor": processor_model(),
        "cpus": len(processors()),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "gpu": _ask("nvidia-smi", "--query-gpu=name", "--format=csv,noheader") if gpus() else None,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": versions,
    }


def matmul_peak() -> float:
    """Measure the best GFLOP/s of a float32 matrix product on all processors."""
    a, b = np.random.default_rng(0).random((2, SIDE, SIDE), dtype=np.float32)
    product = np.empty_like(a)
    best = float("inf")
    for _ in range(REPETITIONS):
        begun = time.perf_counter()
        np.matmul(a, b, out=product)
        best = min(best, time.perf_counter() - begun)
    return round(2 * SIDE**3 / best / 1e9, 1)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _ask(*command: str) -> str | None:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
