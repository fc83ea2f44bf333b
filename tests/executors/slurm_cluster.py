"""A real SLURM of one node, on ports and in folders of its own, for machines where Debian's slurm-wlm is installed."""

import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

CONFIG = """\
ClusterName=lab
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU={share}
ReturnToService=2
SlurmctldPort={controller}
SlurmdPort={node}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
SchedulerParameters=sched_interval=1,batch_sched_delay=0,sched_min_interval=0
KillWait=5
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol")


@contextmanager
def one_node(folder: Path) -> "Iterator[SlurmCluster]":
    """A cluster for a test, which is skipped if there can be none, or fails with MNIST_LAB_SLURM=required."""
    refuse = pytest.fail if os.environ.get("MNIST_LAB_SLURM") == "required" else pytest.skip
    absent = [program for program in PROGRAMS if not shutil.which(program)]
    if os.getuid() != 0:
        refuse("no SLURM: slurmd needs root")
    elif absent:
        refuse(f"no SLURM: not installed: {', '.join(absent)}")
    cluster = SlurmCluster(folder)
    try:
        try:
            cluster.start()
        except (OSError, TimeoutError) as error:
            refuse(f"no SLURM: {error}")
        yield cluster
    finally:
        cluster.close()


class SlurmCluster:
    """A cluster of one node; SLURM's commands find it by the environment `variables`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.variables = {"SLURM_CONF": str(folder / "slurm.conf")}
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start the cluster.

        Raises:
            OSError: a program cannot be started.
            TimeoutError: the cluster does not come up.
        """
        folder = self.folder
        folder.chmod(0o755)
        (folder / "state").mkdir()
        (folder / "spool").mkdir()
        key = folder / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o400)
        host = socket.gethostname().partition(".")[0]
        with ExitStack() as stack:
            ports = [stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for _ in range(2)]
        memory = int(0.9 * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**20)  # training needs 1 GB
        (folder / "slurm.conf").write_text(
            CONFIG.format(
                memory=memory,
                share=memory // (os.cpu_count() or 1),
                host=host,
                user="root",
                folder=folder,
                controller=ports[0],
                node=ports[1],
                cpus=os.cpu_count(),
            )
        )
        self.processes.append(
            self._start(
                "munged", "--foreground", "--force", f"--socket={folder}/munge.socket", f"--key-file={key}",
                f"--pid-file={folder}/munge.pid", f"--log-file={folder}/munge.log", f"--seed-file={folder}/munge.seed",
            )
        )  # fmt: skip
        self._until(lambda: (folder / "munge.socket").exists())
        for program in ("slurmctld", "slurmd"):
            self.processes.append(self._start(program, "-D"))
        self._until(lambda: "idle" in self.command("sinfo", "--noheader", "--format=%T"))

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{command[0]}.out").open("wb") as log:
            return subprocess.Popen(
                command, env=os.environ | self.variables, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )

    def command(self, *command: str) -> str:
        done = subprocess.run(command, env=os.environ | self.variables, capture_output=True, text=True, check=False)
        return done.stdout

    def _until(self, what) -> None:
        begun = time.monotonic()
        while not what():
            if time.monotonic() - begun > 60:
                logs = "\n".join(f"{log.name}: {log.read_text()[-1000:]}" for log in self.folder.glob("*.out"))
                raise TimeoutError(f"it does not start\n{logs}")
            time.sleep(0.1)

    def close(self) -> None:
        with suppress(OSError):
            self.command("scancel", "--user=root")
            time.sleep(1)
        for process in reversed(self.processes):
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()
