"""Runs put together in groups, each told against its base, in order, and set apart by what they were tested on."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from mnist_lab.config import Config, describe, differences
from mnist_lab.errors import InputError
from mnist_lab.report.group import NOT_RUN, UNREADABLE, Data, Group
from mnist_lab.runs import Measured, Run


@dataclass(frozen=True)
class Section:
    """The groups that were trained and tested on the same data; only these are compared."""

    heading: str
    """The data, in words; unlike any other section's."""
    data: Data
    groups: tuple[Group, ...]

    @property
    def bases(self) -> tuple[str, ...]:
        """The names that groups of it have as their base, in order."""
        return tuple(dict.fromkeys(group.base for group in self.groups if group.base))


def groups(runs: Sequence[Run]) -> list[Group]:
    """Put runs of one experiment and one configuration together, and the groups in order: arms after their base.

    What a group changes is told against the group of its base experiment (`Config.base`) that it has most in common
    with; an experiment without a base that was run in several configurations has the plainest of them as its base.
    Of several runs with the same seed the first counts.

    Raises:
        InputError: a run's metrics are damaged.
    """
    found: dict[tuple[str, str], dict[int, tuple[Run, Measured]]] = {}
    for run in runs:
        result = run.measured
        seeds = found.setdefault((result.run.experiment, result.run.fingerprint), {})
        seeds.setdefault(result.run.seed, (run, result))
    configurations = Counter(experiment for experiment, _ in found)
    made = [
        _group(experiment, fingerprint, [seeds[seed] for seed in sorted(seeds)], several=configurations[experiment] > 1)
        for (experiment, fingerprint), seeds in found.items()
    ]
    return list(_in_order(_against_their_bases(made)))


def same_test_images(groups: Sequence[Group]) -> bool:
    """Whether all runs of `groups`, which are of one section, were tested on the very same images.

    Where seeds draw them (`data.test_subset`), runs with the same seed were.
    """
    drawn = any(group.draws_test_images for group in groups)
    return not drawn or len({seed for group in groups for seed in group.seeds}) == 1


def sections(groups: Iterable[Group]) -> list[Section]:
    """Set groups apart that were trained or tested on different data; all of a data set before parts of it."""

    def rank(group: Group) -> tuple[object, ...]:
        data = group.data
        return data.title, data.sha256, data.subset is not None, data.subset or 0, -data.test_images

    apart = [tuple(some) for _, some in groupby(sorted(groups, key=rank), key=rank)]
    headings = Counter(some[0].data.heading for some in apart)
    return [Section(_unlike(some[0].data, headings), some[0].data, some) for some in apart]


def _unlike(data: Data, headings: Counter[str]) -> str:
    return data.heading if headings[data.heading] == 1 else f"{data.heading} (SHA-256 {data.sha256[:8]})"


def _group(experiment: str, fingerprint: str, runs: Sequence[tuple[Run, Measured]], *, several: bool) -> Group:
    return Group(
        experiment,
        fingerprint,
        tuple(run for run, _ in runs),
        tuple(result for _, result in runs),
        next(_readable(run for run, _ in runs), None),
        f"{experiment} ({fingerprint[:8]})" if several else experiment,
    )


def _readable(runs: Iterable[Run]) -> Iterator[Config]:
    for run in runs:
        try:
            yield run.config
        except InputError:
            continue


def _against_their_bases(groups: Sequence[Group]) -> list[Group]:
    by_experiment: dict[str, list[Group]] = {}
    for group in sorted(groups, key=_plainness):
        by_experiment.setdefault(group.experiment, []).append(group)
    compared = [_compared(group, by_experiment) for group in groups]
    names, bases = {group.name for group in compared}, {group.base for group in compared}
    return [replace(group, is_base=group.name in bases and group.base not in names) for group in compared]


def _plainness(group: Group) -> tuple[object, ...]:
    """Of several configurations of one experiment the one that departs least from its file comes first."""
    reference = group.results[0].reference
    return len(reference.departures) if reference else 0, -group.n, group.fingerprint


def _compared(group: Group, by_experiment: dict[str, list[Group]]) -> Group:
    if group.config is None:
        return replace(group, changed=UNREADABLE)
    base = group.config.base
    if base is None or base == group.experiment:
        base, candidates = group.experiment, by_experiment[group.experiment][:1]
        if candidates == [group]:
            return group
    else:
        candidates = by_experiment.get(base, [])
    changes = [(differences(other.config, group.config), other) for other in candidates if other.config]
    if not changes:
        return replace(group, base=base, changed=NOT_RUN)
    fewest, nearest = min(changes, key=lambda pair: len(pair[0]))
    return replace(group, base=nearest.name, changed=describe(fewest) or "nothing")


def _in_order(groups: Sequence[Group]) -> Iterator[Group]:
    """Each base followed by its arms and these by theirs; else by name, numbers in it as numbers."""
    names = {group.name for group in groups}
    arms: dict[str | None, list[Group]] = {}
    for group in sorted(groups, key=lambda group: _natural(group.name)):
        arms.setdefault(group.base if group.base in names else None, []).append(group)
    waiting = arms.pop(None, [])[::-1]
    # In a circle of bases nobody comes first, so whoever is left then does.
    while waiting or arms:
        if not waiting:
            waiting = arms.pop(next(iter(arms)))[::-1]
        group = waiting.pop()
        yield group
        waiting += arms.pop(group.name, [])[::-1]


def _natural(text: str) -> list[tuple[int, str]]:
    parts = re.split(r"(\d+)", text)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
