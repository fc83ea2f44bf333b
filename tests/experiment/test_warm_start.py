"""A run can start from the weights of a finished one, which count by their content, not by their place."""

import shutil
from contextlib import suppress

import pytest

from mnist_lab import datasets, experiment, load_config
from mnist_lab.config import describe, differences
from mnist_lab.errors import InputError
from mnist_lab.experiment import Observer, identify
from mnist_lab.runs.weights import read_weights, weights_sha256
from mnist_lab.system.signals import Interruption
from tests.conftest import BACKEND

SOURCE = {
    "name": "source",
    "data": {"dataset": "digits", "subset": 300, "test_subset": 60, "validation": {"split": "stratified"}},
    "model": {"kind": "mlp", "nodes": [12], "batch_norm": True},
    "train": {"batch_size": 50, "epochs": 1},
    "runtime": {"backend": BACKEND, "device": "cpu"},
}
FINE = {"name": "fine", "train": {"batch_size": 50, "epochs": 1, "initial_weights": "source"}}


def config_of(**changes):
    return load_config(SOURCE | FINE, {key.replace("__", "."): value for key, value in changes.items()})


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A results folder with the source and another run with the same layers."""
    results = tmp_path_factory.mktemp("trained")
    experiment.run(load_config(SOURCE), results=results)
    experiment.run(load_config(SOURCE | {"name": "other", "seed": 2}), results=results)
    return results


@pytest.fixture
def results(trained, tmp_path):
    return shutil.copytree(trained, tmp_path / "results")


def source_of(results):
    [folder] = (results / "source").iterdir()
    return folder


class Stopped(Observer):
    """Ends the run as soon as the network is built, with its initial weights."""

    def begun(self, plan):
        self.plan = plan
        raise KeyboardInterrupt


def begin(results, **changes):
    """The plan of a run that ends before its first epoch."""
    observer = Stopped()
    with suppress(Interruption):
        experiment.run(config_of(**changes), results=results, observer=observer)
    return observer.plan


def identity(results, **changes):
    return identify(config_of(**changes), datasets.load(config_of().data), results)


def test_the_network_starts_from_the_weights_of_the_run(results):
    unchanged = {"train__optimizer": {"name": "sgd", "learning_rate": 1e-30}}
    fine = experiment.run(config_of(**unchanged), results=results)
    source = read_weights(source_of(results) / "model.keras")
    weights = read_weights(fine.folder.path / "model.keras")
    learned = [name for name, values in source.items() if values.ndim == 2]
    assert len(learned) == 2
    for name in learned:
        assert (weights[name] == source[name]).all()
    log = (fine.folder.path / "log.txt").read_text()
    assert f"Initial weights: those of {source_of(results)}." in log


def test_the_configuration_records_the_folder_and_the_hash(results):
    settled = identity(results).config.train.initial_weights
    assert settled.run == str(source_of(results))
    assert settled.sha256 == weights_sha256(source_of(results) / "model.keras")


@pytest.mark.parametrize("reference", ["source", "id", "folder"])
def test_a_run_is_named_by_experiment_id_or_folder(reference, results):
    source = source_of(results)
    name = {"source": "source", "id": source.name, "folder": str(source)}[reference]
    assert identity(results, train__initial_weights=name).fingerprint == identity(results).fingerprint


def test_the_fingerprint_follows_the_weights_and_not_their_place(results, tmp_path):
    before = identity(results)
    moved = source_of(results).rename(tmp_path / source_of(results).name)
    assert identity(results, train__initial_weights=str(moved)).fingerprint == before.fingerprint
    assert identity(results, train__initial_weights="other").fingerprint != before.fingerprint
    assert identity(results, train__initial_weights=None).fingerprint != before.fingerprint


def test_a_finished_run_is_recognized_without_the_run_that_it_started_from(results):
    before = identity(results)
    shutil.rmtree(source_of(results))
    again = identify(before.config, datasets.load(before.config.data), results)
    assert again.fingerprint == before.fingerprint
    with pytest.raises(InputError, match="no finished run"):
        experiment.run(before.config, results=results)


def test_weights_that_have_changed_since_are_refused(results):
    before = identity(results)
    [other] = (results / "other").iterdir()
    shutil.copy(other / "model.keras", before.config.train.initial_weights.run)
    with pytest.raises(InputError, match=r"model.keras has changed: expected weights with the hash"):
        identify(before.config, datasets.load(before.config.data), results)


def test_layers_that_do_not_fit_are_both_named(results):
    with pytest.raises(InputError) as caught:
        begin(results, model__nodes=[9])
    assert caught.value.message == (
        f"train.initial_weights: the layers of {source_of(results)} do not fit: "
        "expected dense_1 (784, 9) and (9,), received dense_1 (784, 12) and (12,)."
    )
    assert not (results / "fine").exists()


def test_a_network_with_more_layers_does_not_fit(results):
    with pytest.raises(InputError, match=r"expected dense_2 \(12, 5\) and \(5,\), received dense_2 \(12, 10\)"):
        begin(results, model__nodes=[12, 5])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda file: file.unlink(), "has no model.keras"),
        (lambda file: file.write_bytes(file.read_bytes()[:500]), "this is not one, or it is damaged"),
        (lambda file: shutil.rmtree(file.parent), "train.initial_weights: source: no finished run"),
    ],
    ids=["no model", "damaged", "no run"],
)
def test_a_run_whose_weights_cannot_be_read_is_refused_before_anything_is_written(change, message, results):
    change(source_of(results) / "model.keras")
    with pytest.raises(InputError, match=message):
        experiment.run(config_of(), results=results)
    assert not (results / "fine").exists()


def test_a_difference_is_described_by_the_run(results):
    plain, warm = identity(results, train__initial_weights=None).config, identity(results).config
    assert describe(differences(plain, warm)) == f"+ initial weights source/{source_of(results).name}"
