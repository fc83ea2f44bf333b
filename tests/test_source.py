"""What a run says of the code that it was made with."""

import os
import subprocess

from mnist_lab.experiment import source


def test_asking_for_the_state_of_the_checkout_writes_nothing_there(tmp_path, monkeypatch):
    def git(*arguments):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True, capture_output=True)

    (tmp_path / "__init__.py").write_text("")
    git("init")
    git("add", ".")
    git("-c", "user.name=me", "-c", "user.email=me@example.org", "commit", "-m", "All of it")
    os.utime(tmp_path / "__init__.py", (0, 0))  # which `git status` would note in the index
    before = (tmp_path / ".git" / "index").read_bytes()
    monkeypatch.setattr(source, "_PACKAGE", tmp_path)
    assert source.git_state()["git_dirty"] is False
    assert (tmp_path / ".git" / "index").read_bytes() == before
