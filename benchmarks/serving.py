"""The cost of the live page of many runs: processor time for the report, and while a browser shows the page.

    python -m benchmarks.serving --runs 1000

The runs are copies of the published ones, under other names and seeds; one of them is in progress, with an epoch every
few seconds. Prints one line of JSON. Linux only: reads /proc.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from benchmarks.process import ROOT
from mnist_lab.runs import lock

PUBLISHED = ROOT / "results" / "published"
EPOCH = 4.0
"""Seconds between two epochs of the run in progress."""


def write(results: Path, runs: int) -> None:
    """Copy published runs until there are `runs`; each complete set of copies is a family."""
    there = sorted((PUBLISHED / "ablation").glob("*/seed*")) + sorted((PUBLISHED / "mlp_512").glob("seed*"))
    for number in range(runs):
        family, place = divmod(number, len(there))
        source = there[place]
        experiment = source.parent.relative_to(PUBLISHED).as_posix()
        target = results / f"family_{family}" / experiment / source.name
        shutil.copytree(source, target)
        config = (source / "config.yaml").read_text(encoding="utf-8")
        named = re.sub(r"(?m)^(experiment|base): ", rf"\1: family_{family}/", config)
        (target / "config.yaml").write_text(named, encoding="utf-8")
        metrics = json.loads((source / "metrics.json").read_bytes())
        metrics["run"]["experiment"] = f"family_{family}/{experiment}"
        (target / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")


def processor_seconds(pid: int) -> float:
    """Return the processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def asked(url: str, tag: str) -> tuple[int, str]:
    """Request `url`; return the status of the answer and its tag."""
    request = urllib.request.Request(url, headers={"If-None-Match": tag} if tag else {})
    try:
        with urllib.request.urlopen(request) as answer:
            answer.read()
            return answer.status, answer.headers.get("ETag", "")
    except urllib.error.HTTPError as error:
        return error.code, tag


def content(url: str) -> bytes:
    """Return the body of the answer."""
    with urllib.request.urlopen(url) as answer:
        return answer.read()


def measure(results: Path, rate: float, seconds: float) -> dict[str, float]:
    """Serve a folder, and request the progress `rate` times a second."""
    running = next(results.rglob("seed*")).parent / "seed99-00000000"
    shutil.copytree(next(running.parent.glob("seed*")), running)
    (running / "metrics.json").unlink()
    epoch = json.loads((running / "history.jsonl").read_text().splitlines()[-1])
    words = [sys.executable, "-m", "mnist_lab", "serve", results, "--port", "0"]
    begun = time.monotonic()
    with lock.locked(running), subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        found = re.search(r"http://\S+/", server.stdout.readline())
        assert found
        started = time.monotonic() - begun
        while b"not in the report" in content(f"{found[0]}progress"):
            time.sleep(0.5)
        reported = processor_seconds(server.pid)
        used, begun, next_epoch, tag, answers = processor_seconds(server.pid), time.monotonic(), 0.0, "", []
        while (passed := time.monotonic() - begun) < seconds:
            if passed > next_epoch:
                next_epoch += EPOCH
                epoch["epoch"] += 1
                with (running / "history.jsonl").open("a") as history:
                    history.write(json.dumps(epoch) + "\n")
            status, tag = asked(f"{found[0]}progress", tag)
            answers.append(status)
            time.sleep(1 / rate)
        share = (processor_seconds(server.pid) - used) / (time.monotonic() - begun)
        server.terminate()
    return {
        "start_seconds": round(started, 1),
        "report_processor_seconds": round(reported, 1),
        "requests": len(answers),
        "changed": answers.count(200),
        "processor_percent": round(100 * share, 2),
    }


def main() -> None:
    """Measure, then print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=3.0, help="requests per second")
    parser.add_argument("--seconds", type=float, default=30.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), options.runs)
        measured = measure(Path(folder), options.rate, options.seconds)
    print(json.dumps({"runs": options.runs, **measured}))


if __name__ == "__main__":
    main()
