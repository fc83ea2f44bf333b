from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, so that messages name files as a user at a terminal sees them."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
