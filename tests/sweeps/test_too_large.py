"""A network that is too large for the machine does not affect the rest of the sweep."""

import pytest

from tests.lab import Case, in_one_process, write

BASE = "data: {dataset: digits, subset: 200, test_subset: 50}\ntrain: {epochs: 1, batch_size: 50}\n"


@pytest.mark.thorough
def test_it_is_reported_in_the_plan_and_the_others_are_trained(tmp_path):
    write(tmp_path / "configs" / "sizes" / "good.yaml", f"{BASE}model: {{kind: mlp, nodes: [4]}}\n")
    write(tmp_path / "configs" / "sizes" / "giant.yaml", f"{BASE}model: {{kind: mlp, nodes: [4, 700000000000]}}\n")
    sweep = ["sweep", "configs/sizes", "--jobs", "1"]
    more = [*sweep, "--seeds", "1..3", "--dry-run"]
    planned, trained, again = in_one_process([Case([*sweep, "--dry-run"]), Case(sweep), Case(more)], tmp_path)
    reason = "configs/sizes/giant.yaml: model.layers[2].dense: the weights and gradients of shape (4, 700000000000)"
    assert planned.code == 2
    assert reason in planned.err
    assert "too large" in planned.out
    assert "\n1 of 2 runs to train: " in planned.out
    assert "(from a short benchmark)" in planned.out
    assert "\n2 of 6 runs to train: " in again.out
    assert "(from finished runs on this machine)" in again.out
    assert trained.code == 1
    assert reason in trained.err
    assert [path.parent.parent.name for path in tmp_path.rglob("metrics.json")] == ["good"]
    assert [path.parent.parent.name for path in tmp_path.rglob("error.txt")] == ["giant"]
