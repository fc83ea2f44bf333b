"""Which backend a configuration means that names none."""

import pytest

from mnist_lab import backends
from mnist_lab.config import backend


@pytest.mark.parametrize("installed", [("tensorflow", "jax"), ("jax",), ("jax", "torch")], ids=" ".join)
@pytest.mark.parametrize("variable", [None, "jax"])
def test_it_is_the_one_that_the_run_will_choose(
    variable: str | None, installed: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    if variable:
        monkeypatch.setenv("KERAS_BACKEND", variable)
    for module in (backend, backends):
        monkeypatch.setattr(module, "find_spec", lambda name: name in installed)
    assert backend.default_backend() == backends.choose(None)
