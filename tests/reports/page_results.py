"""Results for tests of the page: a base with arms on one data set, a separate experiment on another."""

from pathlib import Path

from PIL import Image

from mnist_lab.reports import Study, collect, groups, study, write_page
from tests.run_folders import MNIST, finished_run, give_mistakes

INTRUDER = '<script>window.intruded = 1</script> & "so" \'</script><img src=x onerror=alert(1)>'
OTHER = {"name": "usps", "title": "USPS", "sha256": "f" * 64, "genuine": True}


def compared(results: Path) -> Study:
    """The runs in a folder."""
    return study("results", groups(collect([results]).runs))


def mistakes() -> list[dict]:
    """Three fours predicted as nines."""
    return [{"index": i, "label": 4, "predicted": 9, "confidence": 0.9} for i in (3, 5, 8)]


def two_data_sets(folder: Path) -> Path:
    """Write runs into `folder` / results, and their page; return the page's path."""
    results = folder / "results"
    for seed in range(1, 7):
        run = finished_run(results, seed=seed, test=0.98 + 0.0005 * (seed % 3))
        finished_run(results, "ablation/no_relu", seed=seed, test=0.92 + 0.001 * (seed % 2), description=INTRUDER)
        if seed == 1:
            give_mistakes(run, mistakes())
            Image.new("P", (30, 20)).save(run.path / "mistakes.png")
    finished_run(results, "ablation/nodes_1024", test=0.981, parameters=1_863_690, seconds=120.0)
    finished_run(results, "ablation/nodes_256", test=0.979, parameters=269_322, seconds=9.0, train__epochs=4)
    finished_run(results, "quickstart", dataset=MNIST | OTHER, total=360, test=0.9)
    return write_page(results, compared(results))
