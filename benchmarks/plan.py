"""What to measure, and in which order: contenders take turns, so that a slowdown of the machine affects all."""

from collections.abc import Collection, Sequence
from math import ceil

from benchmarks import ablation, growth
from benchmarks.contenders import CONTENDERS, REFERENCE, Contender, Setting
from benchmarks.nets import NETS
from benchmarks.store import Job

PARTS = ("nets", "ablation", "growth")
NAMES = (*PARTS, *NETS, *CONTENDERS)
"""The values of `--only`."""

SWEEPERS = (REFERENCE, "family-tensorflow", "family-jax", "lab-tensorflow", "lab-jax")
GROWER = "lab-tensorflow"


def jobs(
    setting: Setting, *, only: Collection[str] = (), repeats: int = 3, epochs: int | None = None, full: bool = False
) -> list[Job]:
    """All measurements, in order: part by part; within a part, the contenders take turns in every repeat.

    Args:
        setting: the data, the device and the interpreter with PyTorch.
        only: names of parts, networks and contenders to keep; all of a kind if none of it is named. Networks without a
            part imply the part `nets`.
        repeats: repeats of dense networks and the ablation; CNNs are measured two thirds as often, growth once.
        epochs: epochs of every training, in place of the networks' own.
        full: whether to train for the recipes' epochs.
    """
    parts = [part for part in PARTS if part in only] or (["nets"] if any(name in NETS for name in only) else PARTS)
    contenders = [CONTENDERS[name] for name in _named(CONTENDERS, only) if not setting.missing(CONTENDERS[name])]
    planned: list[Job] = []
    if "nets" in parts:
        planned += _nets(setting, _named(NETS, only), contenders, repeats=repeats, epochs=epochs, full=full)
    if "ablation" in parts:
        length = epochs or (ablation.RECIPE_EPOCHS if full else ablation.EPOCHS)
        sweepers = [contender for contender in contenders if contender.name in SWEEPERS]
        for repeat in range(1, repeats + 1):
            planned += [_job(setting, "ablation", "ablation", who, length, repeat) for who in _turned(sweepers, repeat)]
    if "growth" in parts:
        growers = [contender for contender in contenders if contender.name == GROWER]
        planned += [
            _job(setting, "growth", what, who, size, 1)
            for what, sizes in growth.SIZES.items()
            for size in sizes
            if what != "rows" or size <= setting.data.rows
            for who in growers
        ]
    return planned


def _nets(
    setting: Setting,
    names: Sequence[str],
    contenders: Sequence[Contender],
    *,
    repeats: int,
    epochs: int | None,
    full: bool,
) -> list[Job]:
    planned = []
    for repeat in range(1, repeats + 1):
        for net in map(NETS.__getitem__, names):
            if net.convolves and repeat > ceil(2 * repeats / 3):
                continue
            length = epochs or (net.recipe_epochs if full else net.epochs)
            able = [contender for contender in contenders if contender.takes(net, gpu=setting.device == "gpu")]
            planned += [_job(setting, "nets", net.name, who, length, repeat) for who in _turned(able, repeat)]
    return planned


def _job(setting: Setting, part: str, subject: str, who: Contender, size: int, repeat: int) -> Job:
    return Job(part, subject, who.name, size, repeat, setting.data.name, setting.device)


def _named(known: Collection[str], only: Collection[str]) -> list[str]:
    return [name for name in known if name in only] or list(known)


def _turned(contenders: Sequence[Contender], repeat: int) -> list[Contender]:
    """Return the contenders, beginning with another one in each repeat."""
    first = (repeat - 1) % max(1, len(contenders))
    return [*contenders[first:], *contenders[:first]]
