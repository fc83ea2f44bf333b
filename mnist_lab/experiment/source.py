"""Which state of mnist-lab's own code a run was made with."""

import subprocess
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def git_state() -> dict[str, object]:
    """The commit of the checkout that the package is in, and whether it has changes; empty if it is in none."""
    if _git("ls-files", "--error-unmatch", "__init__.py") is None:
        return {}
    return {"git_commit": _git("rev-parse", "HEAD"), "git_dirty": bool(_git("status", "--porcelain", "--", "."))}


def _git(*arguments: str) -> str | None:
    # Else `git status` writes its index anew, and leaves a lock in the checkout if it dies, as on a full disk.
    command = ["git", "--no-optional-locks", *arguments]
    try:
        done = subprocess.run(command, cwd=_PACKAGE, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
