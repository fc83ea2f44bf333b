"""Which run a configuration describes, and what is reported if it is finished."""

import json

from mnist_lab import datasets, load_config
from mnist_lab.experiment import identify, run
from mnist_lab.runs import formats
from tests.experiment.small_run import Notes
from tests.run_folders import SMALL, UCI, finished_run


def test_a_finished_run_whose_classes_were_renamed_since_is_shown_with_a_note(tmp_path):
    config = load_config(SMALL)
    backend = identify(config, datasets.load("digits"), tmp_path).config.runtime.backend
    folder = finished_run(tmp_path, config, dataset=UCI, backend=backend)
    same, renamed = Notes(), Notes()
    run(config, results=tmp_path, observer=same)
    metrics = json.loads((folder.path / "metrics.json").read_text())
    metrics["dataset"]["class_names"][7] = "sept"
    formats.write_json(folder.path / "metrics.json", metrics)
    run(config, results=tmp_path, observer=renamed)
    assert set(renamed.notes) - set(same.notes) == {
        "Finished runs show the names that the classes had then: sept (now 7)."
    }
