"""What a run records about the code that produced it."""

import os
import subprocess

from mnist_lab.experiment import provenance


def test_asking_for_the_state_of_the_checkout_writes_nothing_there(tmp_path, monkeypatch):
    def git(*arguments):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True, capture_output=True)

    (tmp_path / "__init__.py").write_text("")
    git("init")
    git("add", ".")
    git("-c", "user.name=me", "-c", "user.email=me@example.org", "commit", "-m", "All of it")
    os.utime(tmp_path / "__init__.py", (0, 0))  # which `git status` would note in the index
    before = (tmp_path / ".git" / "index").read_bytes()
    monkeypatch.setattr(provenance, "_PACKAGE", tmp_path)
    assert provenance.git_state()["git_dirty"] is False
    assert (tmp_path / ".git" / "index").read_bytes() == before
