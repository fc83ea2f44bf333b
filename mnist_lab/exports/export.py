"""Exports the networks of finished runs: writes them to a temporary path, checks them there, then moves them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from mnist_lab import backends
from mnist_lab.datasets import Progress
from mnist_lab.errors import ExportError, InputError
from mnist_lab.exports import apart, placement
from mnist_lab.exports.agreement import Agreement, compare
from mnist_lab.exports.culprit import naming_layers
from mnist_lab.exports.formats import FORMATS, Format, Quantization
from mnist_lab.exports.trained import Trained
from mnist_lab.prediction import check_model
from mnist_lab.runs import Run
from mnist_lab.system.streams import captured_stderr


@dataclass(frozen=True)
class Exported:
    """An exported file, which predicts what its runs predict."""

    path: Path
    runs: tuple[Run, ...]
    form: Format
    agreements: tuple[Agreement, ...]
    """One per run."""
    size: int
    """Size in bytes; for a folder, of all its files."""

    def as_dict(self) -> dict[str, Any]:
        """Return the facts for JSON."""
        found = zip(self.runs, self.agreements, strict=True)
        return {
            "path": str(self.path),
            "format": self.form.name,
            "bytes": self.size,
            "runs": [{"run": str(run.folder.path), **agreement.as_dict()} for run, agreement in found],
        }


@dataclass(frozen=True)
class Export:
    """A file to write."""

    runs: tuple[Run, ...]
    form: Format
    path: Path
    quantize: Quantization | None = None
    data_dir: Path | None = None

    def write(self, progress: Progress | None = None) -> Exported:
        """Write the file to a temporary path, compare it with the runs, and move it into place.

        If Keras is already running on a backend other than TensorFlow, or on a GPU, a separate process does the export.

        Args:
            progress: shows a download of the data set, which the check needs.

        Raises:
            InputError: a model is damaged, the format does not support a layer, or the data set is not available.
            ExportError: the file does not predict what a run predicts; nothing was written.
        """
        if apart.needed():
            return apart.call(self.write)
        networks = [Trained(run, self.data_dir, progress) for run in self.runs]
        expected = [network.expected for network in networks]
        writer = self.form.writer()
        with placement.put_in_place(self.path, self.form) as part:
            # Converters report their work as warnings.
            with backends.in_turn, captured_stderr(), naming_layers(networks, self.form):
                writer.write(networks, part, self.quantize)
                found = [writer.predicted(part, i, each.images) for i, each in enumerate(expected)]
            agreements = tuple(
                compare(each, predicted, quantized=self.quantize is not None)
                for each, predicted in zip(expected, found, strict=True)
            )
            for run, agreement in zip(self.runs, agreements, strict=True):
                if agreement.problem:
                    raise ExportError(
                        f"{run.folder.path}: the exported network does not predict what the run predicts: "
                        f"{agreement.problem} (compared with {agreement.source}). {self.path} was not written."
                    )
            size = sum(file.stat().st_size for file in (part, *part.rglob("*")) if file.is_file())
        return Exported(self.path, self.runs, self.form, agreements, size)


def plan(
    runs: Iterable[Run],
    form: str,
    *,
    output: Path | None = None,
    quantize: Quantization | None = None,
    force: bool = False,
    data_dir: Path | None = None,
) -> Sequence[Export]:
    """Return the files to write for the runs (at least one), after all checks that need no export.

    `output` is as for `placement.targets`; `force` replaces existing files.

    Raises:
        InputError: the format is unknown or not installed, or cannot be quantized; a run has no saved model, or is
            named twice; or a file exists.
    """
    if form not in FORMATS:
        raise InputError(f"format: expected {' or '.join(FORMATS)}, received {form!r:.60}.")
    chosen = FORMATS[form]
    chosen.check_installed()
    if quantize and quantize not in get_args(Quantization):
        raise InputError(f"quantize: expected {' or '.join(get_args(Quantization))}, received {quantize!r:.60}.")
    if quantize and not chosen.quantizes:
        others = " and ".join(form.name for form in FORMATS.values() if form.quantizes)
        raise InputError(f"--quantize {quantize}: {form} does not support it; {others} do.")
    found = list(runs)
    for run in found:
        check_model(run)
    seen: set[Path] = set()
    for run in found:
        if (folder := run.folder.path.resolve()) in seen:
            raise InputError(f"{run.folder.path}: named twice.", "Name each run once.")
        seen.add(folder)
    exports = [
        Export(group, chosen, path, quantize, data_dir) for group, path in placement.targets(found, chosen, output)
    ]
    for export in exports:
        placement.check_target(export.path, chosen, force=force)
    return exports
