"""SLURM, through submitit: submits job arrays, whose states other processes can query later.

The state of a task comes from the result file that submitit writes, else from `squeue`, `sacct` (where SLURM has
accounting), `scontrol` (which keeps ended jobs for some minutes), and SLURM's messages in the task's log.
"""

import contextlib
import getpass
import io
import os
import pickle
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mnist_lab.config.clusters import SlurmOptions
from mnist_lab.errors import InputError, SetupError
from mnist_lab.system.installation import extra_command

ANSWER = 60
"""Seconds that SLURM may take to answer."""
WHY = {
    "TIMEOUT": "out of time",
    "OUT_OF_MEMORY": "out of memory",
    "NODE_FAIL": "its node failed",
    "BOOT_FAIL": "its node failed to boot",
    "PREEMPTED": "preempted by another job",
    "CANCELLED": "cancelled",
    "DEADLINE": "could not start before its deadline",
    "FAILED": "ended with an error",
    "COMPLETED": "ended without a result",
}
"""SLURM's states of ended jobs, in words for users. Source: the manual page of squeue."""
QUEUED = ("PENDING", "REQUEUED", "REQUEUE_HOLD", "SPECIAL_EXIT", "RESV_DEL_HOLD", "REQUEUE_FED", "CONFIGURING")
_LOGGED = {
    "DUE TO TIME LIMIT": "TIMEOUT",
    "exceeded memory limit": "OUT_OF_MEMORY",
    "oom-kill": "OUT_OF_MEMORY",
    "oom_kill": "OUT_OF_MEMORY",
    "DUE TO NODE FAILURE": "NODE_FAIL",
    "DUE TO PREEMPTION": "PREEMPTED",
    "CANCELLED AT": "CANCELLED",
}
"""The state by what slurmstepd writes to the log of a task that it ends."""


@dataclass(frozen=True)
class Status:
    """The state of a task."""

    state: Literal["queued", "running", "ended"]
    why: str = ""
    """The reason why it waits, or ended without a result."""
    node: str = ""
    result: Any = None
    """The value that its function returned."""


class Slurm:
    """Submits calls as the tasks of a job array.

    Args:
        folder: for submitit's files, which every node must see: scripts, pickled calls and results, logs.
        options: options of the jobs.

    Raises:
        SetupError: submitit is not installed.
    """

    def __init__(self, folder: Path, options: SlurmOptions) -> None:
        try:
            import submitit  # noqa: F401
        except ImportError:
            why = "--cluster slurm needs submitit, which is not installed."
            raise SetupError(why, f"Install it: {extra_command('slurm')}") from None
        self.folder = folder
        self.options = options

    def submit(self, name: str, function: Callable[..., Any], calls: Sequence[tuple[Any, ...]]) -> list[str]:
        """Submit one call of `function` per task; return the ids of the tasks, such as `4711_0`.

        Raises:
            SetupError: SLURM is not installed.
            InputError: sbatch rejects an option; the message quotes it.
        """
        import submitit
        from submitit.core.utils import FailedJobError, FailedSubmissionError

        options = self.options
        if options.engine == "slurm" and not (shutil.which("sbatch") and shutil.which("srun")):
            raise SetupError(
                "--cluster slurm: there is no `sbatch` here.", "Run this command on a login node of the SLURM cluster."
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        before = set(self.folder.iterdir())
        executor = submitit.AutoExecutor(self.folder / "%j", cluster=options.engine)
        executor.update_parameters(
            name=name, timeout_min=options.time, cpus_per_task=options.cpus, gpus_per_node=options.gpus or None,
            slurm_partition=options.partition, slurm_account=options.account, slurm_qos=options.qos,
            slurm_mem=options.mem, slurm_constraint=options.constraint, slurm_nodelist=options.nodelist,
            slurm_exclude=options.exclude, slurm_array_parallelism=options.parallel,
            slurm_signal_delay_s=options.stop_before, slurm_wckey=None, slurm_setup=list(options.setup) or None,
            slurm_additional_parameters=dict(options.options) or None, local_setup=list(options.setup),
        )  # fmt: skip
        try:
            with contextlib.redirect_stderr(io.StringIO()), executor.batch():  # the error quotes sbatch
                jobs = [executor.submit(function, *call) for call in calls]
            return [job.job_id for job in jobs]
        except (FailedJobError, FailedSubmissionError) as error:
            for file in set(self.folder.iterdir()) - before:  # the script and the pickled calls
                if file.is_file():
                    file.unlink(missing_ok=True)
            self.remove_folder()
            said = [line.removeprefix("sbatch: error: ") for line in str(error).splitlines() if line.strip()]
            raise InputError(
                "sbatch failed: " + " ".join(said),
                "Set options in a YAML file given to --cluster, or check with `sinfo` that SLURM is up.",
            ) from None

    def statuses(self, ids: Iterable[str]) -> dict[str, Status]:
        """Return the states of these tasks, by id."""
        ids = list(ids)
        found = {task: status for task in ids if (status := self._result(task))}
        left = [task for task in ids if task not in found]
        if self.options.engine == "local":
            return found | {task: _local(task) for task in left}
        states = _squeue() if left else {}
        if states is None:  # whether tasks have ended is unknown, and one that has not must not be resubmitted
            return found | {task: Status("queued", "SLURM does not answer") for task in left}
        for ask in (_sacct, _scontrol):
            if missing := [task for task in left if task not in states]:
                states |= {task: state for task, state in ask(missing).items() if task in missing}
        for task in left:
            state, why, node = states.get(task, ("", "", ""))
            if state in WHY or not state:
                found[task] = Status("ended", self._why(task, state, why), node)
            elif state in QUEUED:
                found[task] = Status("queued", why, node)
            else:
                found[task] = Status("running", "", node)
        return found

    def remove_folder(self) -> None:
        """Remove the folder if no files are left in it."""
        for folder in (self.folder / "%j", self.folder):  # a process of submitit's local engine creates `%j`
            with contextlib.suppress(OSError):
                folder.rmdir()

    def _result(self, task: str) -> Status | None:
        path = self.folder / task / f"{task}_0_result.pkl"
        with contextlib.suppress(OSError, EOFError, pickle.UnpicklingError):
            kind, result = pickle.loads(path.read_bytes())
            if kind == "success":
                return Status("ended", result=result)
            return Status("ended", str(result).strip().splitlines()[-1])
        return None

    def _why(self, task: str, state: str, detail: str) -> str:
        log, stderr = "", self.folder / task / f"{task}_0_log.err"
        with contextlib.suppress(OSError):
            lines = stderr.read_text(encoding="utf-8", errors="replace").splitlines()
            log = "\n".join(line for line in lines if line.startswith("slurmstepd"))
        logged = next((name for words, name in _LOGGED.items() if words in log), "")
        if logged and state in ("", "FAILED", "COMPLETED", "CANCELLED"):
            state = logged
        if not state:
            return "ended without a result, and SLURM no longer knows why"
        more = f", {detail}" if detail and state == "FAILED" else ""
        return f"{WHY[state]} ({state}{more})"


def job_of(task: str) -> str:
    """Return the id of the job array that a task belongs to."""
    return task.partition("_")[0]


def _answer(*command: str) -> list[str] | None:
    """Return the lines that a command of SLURM prints; None if it fails, as `sacct` does without accounting."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run(command, capture_output=True, text=True, timeout=ANSWER, check=False)
        if done.returncode == 0:
            return done.stdout.splitlines()
    return None


def _squeue() -> dict[str, tuple[str, str, str]] | None:
    """State, reason and node of the user's tasks that have not ended; None if SLURM does not answer."""
    lines = _answer("squeue", "--noheader", "--array", f"--user={getpass.getuser()}", "--format=%i|%T|%r|%N")
    if lines is None:
        return None
    found = {}
    for line in lines:
        task, state, why, node = line.strip().split("|", 3)
        found[task] = state, "" if why == "None" else why, node
    return found


def _sacct(tasks: Sequence[str]) -> dict[str, tuple[str, str, str]]:
    jobs = ",".join(sorted(set(map(job_of, tasks))))
    found = {}
    for line in _answer("sacct", "-X", "-n", "-P", "--format=JobID,State,ExitCode,NodeList", f"--jobs={jobs}") or ():
        task, state, code, node = line.strip().split("|", 3)
        found[task] = state.split()[0], f"exit code {code}", node
    return found


def _scontrol(tasks: Sequence[str]) -> dict[str, tuple[str, str, str]]:
    found = {}
    for job in sorted(set(map(job_of, tasks))):
        for line in _answer("scontrol", "--oneliner", "show", "job", job) or ():
            facts = dict(re.findall(r"(\w+)=(\S*)", line))
            element = f"{job}_{facts['ArrayTaskId']}" if "ArrayTaskId" in facts else facts.get("JobId", "")
            why = facts.get("Reason", "")
            state = facts.get("JobState", "")
            detail = f"exit code {facts.get('ExitCode')}" if state == "FAILED" else "" if why == "None" else why
            found[element] = state, detail, facts.get("NodeList", "")
    return found


def _local(task: str) -> Status:
    """Return the state of a task of submitit's local engine, whose ids are process ids."""
    try:
        os.kill(int(task), 0)
    except ProcessLookupError:
        return Status("ended", "ended without a result")
    return Status("running")
