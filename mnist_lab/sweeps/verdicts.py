"""Whether a sweep has enough seeds for significant differences, checked before training."""

from collections.abc import Iterable

from mnist_lab.analysis.holm import holm
from mnist_lab.analysis.paired import smallest_p
from mnist_lab.analysis.power import ALPHA, least_seeds
from mnist_lab.config import Config
from mnist_lab.config.sweeps.declaration import SEEDS
from mnist_lab.text.quantities import count


def too_few_seeds(configs: Iterable[Config], setting: str = SEEDS) -> list[str]:
    """Return a warning for each base from which some experiments cannot differ significantly, for lack of seeds.

    Folds of cross-validation are compared by another test, which has no smallest p. `setting` requests more seeds, with
    `%d` for their number.
    """
    seeds: dict[str, set[int]] = {}
    first: dict[str, Config] = {}
    for config in configs:
        seeds.setdefault(str(config.experiment), set()).add(config.seed)
        first.setdefault(str(config.experiment), config)
    compared: dict[str, list[str]] = {}
    for name, config in first.items():
        base = first.get(str(config.base))
        if base and base is not config and config.data.comparable(base.data) and not config.data.validation.fold:
            compared.setdefault(str(config.base), []).append(name)
    return [
        sentence
        for base, arms in compared.items()
        if (sentence := too_few(base, [len(seeds[base] & seeds[arm]) for arm in arms], setting))
    ]


def too_few(base: str, shared: list[int], setting: str) -> str:
    """Return the warning for one base, given how many seeds each experiment shares with it; empty if they suffice.

    `setting` is as for `too_few_seeds`.
    """
    possible = holm([smallest_p(n) if n else 1.0 for n in shared])
    too_few = [n for n, p in zip(shared, possible, strict=True) if p > ALPHA]
    if not too_few:
        return ""
    most, least = max(too_few), least_seeds(len(shared))
    if len(too_few) == len(shared):
        which, seeds = "", count(most, "seed")
    else:
        which, seeds = f" for {len(too_few)} of {len(shared)} experiments", f"{count(most, 'seed')} in common"
    what = f"Too few seeds to reach significance against {base}{which}"
    return f"{what}: {seeds}, at least {least} needed ({setting % least})."
