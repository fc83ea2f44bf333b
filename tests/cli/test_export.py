"""`mnist-lab export` of a run on JAX from a process that uses JAX."""

import json

import pytest

from tests.lab import files, good


@pytest.mark.thorough
def test_a_network_trained_on_jax_is_exported_by_a_process_on_tensorflow(finished, tmp_path):
    done = good("export", finished.folder, "--format", "litert", "--json", cwd=tmp_path)
    [one] = json.loads(done.out)
    assert one["path"] == "small-seed1.tflite"
    [checked] = one["runs"]
    assert checked["compared_with"] == "predictions.npz"
    assert checked["largest_difference"] <= checked["tolerance"]
    assert files(tmp_path) == {"small-seed1.tflite"}
