"""`mnist-lab reproduce`: a real run repeated, and what is reported of a result that is equal, close, or different."""

import json
import shutil

import pytest

from mnist_lab.experiment.reproduction import compare, repeated
from mnist_lab.runs import load_run
from tests.lab import Case, files, in_one_process, invoked, read_history, read_json, write

TINY = """\
data: {dataset: digits, subset: 300}
model: {kind: mlp, nodes: [16], dropout: 0.2}
train: {epochs: 2, batch_size: 32, restore_best: val_loss}
"""


# As evidence is kept: without model and probabilities, from older code.
KEEP = """\
import json, shutil
from pathlib import Path

[run] = Path("results/tiny").iterdir()
kept = Path(shutil.copytree(run, "kept"))
for name in ("model.keras", "predictions.npz", "batches.npz", "log.txt"):
    (kept / name).unlink()
environment = kept / "environment.json"
older = {"numpy": "1.0", "git_commit": "0" * 40, "git_dirty": False}
environment.write_text(json.dumps(json.loads(environment.read_text()) | older))
"""


@pytest.fixture(scope="module")
def reproduced(tmp_path_factory):
    """A run, its repetition, and the repetition of a copy kept as evidence is, which then replaces the first."""
    cwd = tmp_path_factory.mktemp("reproduce")
    write(cwd / "tiny.yaml", TINY)
    trained, words, kept = in_one_process(
        [
            Case(["run", "tiny.yaml", "--quiet"]),
            Case(["reproduce", "tiny", "--quiet"]),
            Case(["reproduce", "kept", "--into", "results/.reproduced", "--quiet", "--json"], before=KEEP),
        ],
        cwd,
    )
    assert trained.code == 0, trained.text
    [run] = (cwd / "results" / "tiny").iterdir()
    return {"cwd": cwd, "run": run, "words": words, "kept": kept}


def test_on_the_same_machine_it_is_the_same_to_the_bit(reproduced):
    answer, run = reproduced["words"], reproduced["run"]
    assert answer.code == 0, answer.text
    assert "tiny, seed 1: reproduced, bit for bit" in answer.out
    assert "history, metrics, mistakes, probabilities, weights" in answer.out
    repetition = reproduced["cwd"] / "results" / ".reproduced" / "tiny" / run.name
    assert f"Repeated run: results/.reproduced/tiny/{run.name}" in answer.out
    assert files(repetition) == files(run)
    written = [[file.stat().st_mtime_ns for file in folder.iterdir()] for folder in (run, repetition)]
    assert max(written[0]) < min(written[1])


def test_repetitions_can_be_repeated_and_do_not_count_as_runs(reproduced):
    assert reproduced["kept"].code == 0, reproduced["kept"].text
    listed = invoked("list", reproduced["cwd"] / "results", "--json")
    assert [run["folder"] for run in json.loads(listed.out)] == [str(reproduced["run"])]


def test_a_run_that_is_kept_without_its_model_is_compared_by_the_files_it_has(reproduced):
    assert reproduced["kept"].code == 0, reproduced["kept"].text
    answer = json.loads(reproduced["kept"].out)
    assert answer["verdict"] == "identical"
    assert answer["compared"] == {"history": True, "metrics": True, "mistakes": True}
    changed = {change["what"]: (change["before"], change["after"]) for change in answer["changed"]}
    assert changed["numpy"][0] == "1.0"
    assert "python" not in changed
    assert answer["original"]["test"] == read_json(reproduced["run"] / "metrics.json")["test"]


def test_a_finished_run_s_place_is_not_taken(reproduced):
    cwd = reproduced["cwd"]
    taken = invoked("reproduce", cwd / "kept", "--into", cwd / "results")
    assert taken.code == 2
    assert "--into" in taken.err


@pytest.fixture
def pair(reproduced, tmp_path):
    """The run and a copy to change, both without the model."""
    copies = [shutil.copytree(reproduced["run"], tmp_path / name / reproduced["run"].name) for name in ("a", "b")]
    for copy in copies:
        (copy / "model.keras").unlink()
    return copies


def change(folder, *, wrong, loss=0.001, **dataset):
    """Change the mistakes and numbers of a run."""
    mistakes = [{"index": index, "label": 1, "predicted": 2, "confidence": 0.9} for index in wrong]
    write(folder / "mistakes.json", json.dumps(mistakes))
    history = read_history(folder)
    history[-1]["loss"] += loss
    write(folder / "history.jsonl", "".join(json.dumps(record) + "\n" for record in history))
    metrics = read_json(folder / "metrics.json")
    metrics["dataset"] |= dataset
    test = metrics["test"]
    test |= {"wrong": len(mistakes), "correct": test["total"] - len(mistakes)}
    test["accuracy"] = test["correct"] / test["total"]
    write(folder / "metrics.json", json.dumps(metrics))


@pytest.mark.parametrize(
    ("first", "second", "verdict", "p"),
    [
        (range(20), range(20), "within noise", 1.0),
        (range(20), range(1, 22), "within noise", 1.0),
        (range(20), range(14, 32), "within noise", 0.845),
        (range(5), range(11), "within noise" if 2 * 0.5**6 > 0.05 else "different", 2 * 0.5**6),
        (range(20), range(60), "different", 2 * 0.5**40),
    ],
)
def test_other_mistakes_are_noise_unless_mcnemar_says_otherwise(first, second, verdict, p, pair):
    change(pair[0], wrong=first)
    change(pair[1], wrong=second, loss=0.002)
    done = compare(*map(load_run, pair))
    assert done.mistakes.p == pytest.approx(p, abs=0.02)
    assert done.verdict == verdict
    assert not done.compared["history"]


def test_durations_do_not_count(pair):
    history = [record | {"seconds": 99.0} for record in read_history(pair[1])]
    write(pair[1] / "history.jsonl", "".join(json.dumps(record) + "\n" for record in history))
    assert compare(*map(load_run, pair)).verdict == "identical"


def test_a_loss_that_is_nan_in_both_is_the_same(pair):
    for folder in pair:
        history = [record | {"val_loss": None} for record in read_history(folder)]
        write(folder / "history.jsonl", "".join(json.dumps(record) + "\n" for record in history))
    assert compare(*map(load_run, pair)).verdict == "identical"


def test_one_bit_is_a_difference(pair):
    history = read_history(pair[1])
    history[0]["loss"] = history[0]["loss"] * (1 + 2**-52)
    write(pair[1] / "history.jsonl", "".join(json.dumps(record) + "\n" for record in history))
    assert compare(*map(load_run, pair)).verdict == "within noise"


def test_other_data_cannot_be_within_noise(pair):
    change(pair[1], wrong=range(5), sha256="f" * 64)
    done = compare(*map(load_run, pair))
    assert done.verdict == "different"
    assert done.mistakes is None
    assert done.changed[0].what == "data"


def test_it_runs_on_the_device_and_backend_of_the_run(pair):
    write(pair[0] / "environment.json", json.dumps({"device": "gpu", "threads": 3}))
    run = load_run(pair[0])
    runtime = repeated(run, backend=None, device=None, threads=None).runtime
    assert (runtime.device, runtime.backend, runtime.threads) == ("gpu", "jax", run.config.runtime.threads)
    assert repeated(run, backend="torch", device="cpu", threads=1).runtime.device == "cpu"


@pytest.mark.parametrize("name", ["mistakes.json", "history.jsonl", "environment.json"])
def test_a_run_that_lacks_what_is_compared_is_refused_before_anything_is_trained(name, pair, tmp_path):
    (pair[0] / name).unlink()
    done = invoked("reproduce", pair[0], "--into", tmp_path / "again")
    assert done.code == 2
    assert f"there is no {name}" in done.err
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("mistakes.json", b"[]"),
        ("predictions.npz", b"PK\x03\x04"),
        ("predictions.npz", None),
        ("model.keras", b"PK\x03\x04"),
        ("model.keras", None),
    ],
)
def test_a_damaged_file_or_a_folder_in_its_place_is_refused_before_anything_is_trained(name, content, pair, tmp_path):
    file = pair[0] / name
    file.unlink(missing_ok=True)
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    done = invoked("reproduce", pair[0], "--into", tmp_path / "again")
    assert done.code == 2
    assert str(file) in done.err
    assert not (tmp_path / "again").exists()


def answer_for(pair, monkeypatch):
    """The answer of `reproduce` for the original of a pair, with its repetition in place of a training."""
    original, repetition = map(load_run, pair)
    monkeypatch.setattr("mnist_lab.experiment.reproduction.train", lambda *_, **__: repetition)
    return invoked("reproduce", original.folder.path, "--quiet")


def test_a_different_result_ends_with_1(pair, monkeypatch):
    change(pair[1], wrong=range(100, 160))
    done = answer_for(pair, monkeypatch)
    assert done.code == 1
    assert "NOT reproduced" in done.out
    assert "more than chance explains" in done.out


def test_the_same_mistakes_and_a_library_that_is_not_used_are_called_so(pair, monkeypatch):
    for folder, backend in zip(pair, ("tensorflow", "jax"), strict=True):
        change(folder, wrong=range(20))
        write(folder / "environment.json", json.dumps({"backend": backend, backend: "1.0"}))
    mistakes = json.loads((pair[1] / "mistakes.json").read_text())
    mistakes[0]["confidence"] = 0.8
    write(pair[1] / "mistakes.json", json.dumps(mistakes))
    done = answer_for(pair, monkeypatch)
    assert done.code == 0
    assert "the same 20 images, with other probabilities" in done.out
    assert "tensorflow: 1.0 -> not used" in done.out
    assert "jax: not used -> 1.0" in done.out


def test_ctrl_c_says_that_the_same_command_restarts_the_repetition(pair, tmp_path, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt("The same command, without --force, resumes from the last checkpoint.")

    monkeypatch.setattr("mnist_lab.experiment.reproduction.train", interrupted)
    done = invoked("reproduce", pair[0], "--into", tmp_path / "again", "--quiet")
    assert done.code == 130
    assert done.err == "Interrupted. The same command restarts the repetition.\n"
