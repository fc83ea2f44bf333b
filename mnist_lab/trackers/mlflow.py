"""Logs to MLflow through its client: at the address in MLFLOW_TRACKING_URI, or wherever MLflow is configured to."""

import logging
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from typing_extensions import override

from mnist_lab.history import Record
from mnist_lab.runs import Run
from mnist_lab.trackers.tracker import PREFIX, Subject, Tracker, confusion, of_epoch, of_run, pictures, seconds

# Read by the import. By default, MLflow waits minutes for a server that is down, and sends usage data to its makers.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

from mlflow import MlflowClient
from mlflow.entities import Metric, Param

for _chatty in ("mlflow", "alembic"):  # they announce every table of a new database
    logging.getLogger(_chatty).setLevel(logging.WARNING)

EXPERIMENT = "mnist-lab"
"""MLflow's experiment for the runs, unless MLFLOW_EXPERIMENT_NAME names another."""
_STARTED = f"{PREFIX}started"
"""The tag with the start time of the run that was logged completely."""
_METRICS, _PARAMETERS, _LONGEST = 1000, 100, 6000
"""The most metrics and parameters that MLflow takes per request, and characters per parameter."""


class MLflow(Tracker):
    """Logs to an MLflow store.

    Args:
        store: its address; None for MLflow's own setting.
    """

    title = "MLflow"

    def __init__(self, store: str | None = None) -> None:
        self._client = MlflowClient(store)
        self._id = ""

    @override
    def has(self, run: Run) -> bool:
        return any(one.data.tags.get(_STARTED) == run.measured.run.started for one in self._logged(Subject.of(run)))

    @override
    def begin(self, subject: Subject) -> None:
        for logged in self._logged(subject):
            if _STARTED not in logged.data.tags:
                self._client.delete_run(logged.info.run_id)
        started = _ms(subject.started or time.time())
        created = self._client.create_run(self._experiment(), started, subject.tags, subject.title)
        self._id = created.info.run_id
        parameters = [Param(name, str(value)[:_LONGEST]) for name, value in subject.parameters().items()]
        for i in range(0, len(parameters), _PARAMETERS):
            self._client.log_batch(self._id, params=parameters[i : i + _PARAMETERS])

    @override
    def epoch(self, record: Record, at: float) -> None:
        self._log(of_epoch(record), at)

    @override
    def finish(self, run: Run) -> None:
        client = self._client
        self._log(of_run(run), time.time())
        for file in pictures(run).values():
            client.log_artifact(self._id, str(file), "plots")
        if matrix := confusion(run):
            classes = list(run.measured.dataset.names)
            client.log_dict(self._id, {"classes": classes, "confusion": matrix}, "confusion.json")
        for name in ("model.keras", "config.yaml", "mistakes.json"):
            if (file := run.folder.path / name).is_file():
                client.log_artifact(self._id, str(file))
        client.set_terminated(self._id, end_time=_ms(seconds(run.measured.run.finished)))
        client.set_tag(self._id, _STARTED, run.measured.run.started)

    @override
    def abandon(self) -> None:
        self._client.set_terminated(self._id, "KILLED")

    @override
    def where(self) -> str:
        return f"mlflow ui --backend-store-uri {self._client.tracking_uri}"

    def _log(self, reported: Iterable[tuple[str, float, int]], at: float) -> None:
        metrics = [Metric(name, value, _ms(at), step) for name, value, step in reported]
        for i in range(0, len(metrics), _METRICS):
            self._client.log_batch(self._id, metrics=metrics[i : i + _METRICS])

    def _experiment(self) -> str:
        """Return the experiment's id; it is created if missing.

        Its files go beside a database, not into the current directory as MLflow's do.
        """
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or EXPERIMENT
        if there := self._client.get_experiment_by_name(name):
            return there.experiment_id
        _, sqlite, database = self._client.tracking_uri.partition("sqlite:///")
        files = (Path(database).absolute().parent / "mlruns" / name).as_uri() if sqlite else None
        return self._client.create_experiment(name, files)

    def _logged(self, subject: Subject) -> list[Any]:
        """Return MLflow's runs for this run and its repetitions."""
        same = " and ".join(f"tags.`{name}` = '{value}'" for name, value in subject.tags.items())
        return list(self._client.search_runs([self._experiment()], same))


def _ms(at: float) -> int:
    return round(at * 1000)
