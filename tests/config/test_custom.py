"""What a configuration says about a network that a Python function builds."""

import pytest

from mnist_lab.config import describe, differences, fingerprint, load_config, to_yaml

MARK = "ab" * 32


def config(**model):
    return load_config({"data": {"dataset": "digits"}, "model": {"kind": "custom", **model}})


def mark(of):
    return fingerprint(of, dataset_sha256="0", backend="jax")


def test_its_hash_decides_which_run_it_is_and_the_names_of_its_layers_do_not():
    assert mark(config(sha256=MARK, layers=["Dense"])) == mark(config(sha256=MARK, layers=["Other"]))
    assert mark(config(sha256=MARK)) != mark(config(sha256="cd" * 32))


def test_it_is_written_and_read_unchanged(tmp_path):
    (tmp_path / "config.yaml").write_text(to_yaml(config(sha256=MARK, layers=["Flatten", "Dense"])))
    assert load_config(tmp_path / "config.yaml").model == config(sha256=MARK, layers=["Flatten", "Dense"]).model


def test_its_differences_from_others_are_described_in_words():
    mlp = load_config({"data": {"dataset": "digits"}, "model": {"kind": "mlp", "nodes": [8, 8]}})
    assert describe(differences(mlp, config(sha256=MARK))) == "mlp 8, 8 -> custom network"
    assert describe(differences(config(sha256=MARK), config(sha256="cd" * 32))) == "another custom network"
    assert differences(config(sha256=MARK), config(sha256=MARK)) == []


@pytest.mark.parametrize(
    ("layers", "handicapped"), [(["Dense"], False), (["Dense", "Dropout"], True), (["GaussianNoise"], True)]
)
def test_layers_that_act_only_in_training_are_recognized_by_their_names(layers, handicapped):
    assert bool(config(layers=layers).handicaps) is handicapped
