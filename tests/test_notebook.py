"""In the kernel of a real notebook: the example, what is displayed automatically, and what can go wrong."""

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from tests.lab import ROOT, environment

EXAMPLE = ROOT / "docs" / "notebook.ipynb"


def executed(notebook, folder, monkeypatch):
    """The notebook after its cells were run in a kernel of its own, without the tester's configuration."""
    monkeypatch.setattr("os.environ", environment(JUPYTER_PLATFORM_DIRS="1", IPYTHONDIR=str(folder / ".ipython")))
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    return notebook


def cells(*sources):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])


def kinds(cell):
    """The richest form of each output of a cell."""
    return [
        next(kind for kind in ("image/png", "text/html", "text/plain", "text") if kind in output.get("data", output))
        for output in cell.outputs
    ]


def test_the_example_is_saved_without_outputs():
    assert not any(cell.get("outputs") for cell in nbformat.read(EXAMPLE, as_version=4).cells)


@pytest.mark.thorough
def test_the_example_runs_from_its_first_cell_to_its_last(tmp_path, monkeypatch):
    notebook = executed(nbformat.read(EXAMPLE, as_version=4), tmp_path, monkeypatch)
    shown = [kinds(cell) for cell in notebook.cells if cell.cell_type == "code"]
    progress, rich, plain, picture = ["text/html"], ["text/html"], ["text/plain"], ["image/png"]
    assert shown == [
        progress + rich, plain, plain, picture, progress + rich, plain, progress + rich, rich, plain,
    ]  # fmt: skip
    assert not [output for cell in notebook.cells for output in cell.get("outputs", []) if "name" in output]
    assert len(list((tmp_path / "notebook_results").rglob("metrics.json"))) == 6


def test_a_deleted_current_directory_is_reported(tmp_path, monkeypatch):
    lost = tmp_path / "lost"
    notebook = cells(
        f"import os, shutil; os.makedirs({str(lost)!r}); os.chdir({str(lost)!r}); shutil.rmtree({str(lost)!r})",
        "import mnist_lab; mnist_lab.run('quickstart')",
    )
    with pytest.raises(CellExecutionError, match="The current directory of this process no longer exists"):
        executed(notebook, tmp_path, monkeypatch)
