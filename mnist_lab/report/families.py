"""The experiments that share a base: what they are tested in together."""

from collections.abc import Iterable, Mapping, Sequence

from mnist_lab.analysis.family import Tested, tested
from mnist_lab.report.group import Group
from mnist_lab.report.grouping import sections

Family = Sequence[tuple[Group, Group]]
"""Comparisons that are corrected together: of each the base and the arm."""


def families(groups: Iterable[Group], bases: Mapping[str, Group]) -> list[Family]:
    """A family for each base, its arms in their order.

    Args:
        groups: experiments that were tested on the same images.
        bases: the base of each group that has one, by the group's name.
    """
    found: dict[str, list[tuple[Group, Group]]] = {}
    for group in groups:
        if group.name in bases:
            found.setdefault(bases[group.name].name, []).append((bases[group.name], group))
    return list(found.values())


def chosen_families(base: Group, arms: Sequence[Group], results: Sequence[Group]) -> list[Family]:
    """The families of arms that somebody chose to compare with `base`, so that choosing few does not correct for less.

    Arms whose base it is in `results` too belong to the family that a report of these would test them in; all others
    are a family of their own.

    Args:
        base: what the arms are compared with.
        arms: those that were chosen.
        results: all experiments of the results that they were chosen from, as `grouping.groups` gives them.
    """
    there = [group for section in sections(results) for group in section.groups if group.data == base.data]
    known = next((group for group in there if _same(group, base)), None)
    of_base = [group for group in there if known and group.base == known.name]
    among = [arm for arm in arms if any(_same(arm, group) for group in of_base)]
    names = {arm.name for arm in among}
    family = [(known, group) for group in of_base if known and not any(_same(arm, group) for arm in among)]
    found = [[*family, *((base, arm) for arm in among)], [(base, arm) for arm in arms if arm.name not in names]]
    return [some for some in found if some]


def gaps(families: Iterable[Family]) -> dict[str, Tested]:
    """The gap between training and validation accuracy of every arm, tested against that of its base, by its name."""
    return {
        arm.name: test
        for family in families
        for (_, arm), test in zip(
            family, tested([(base.gap_by_seed, arm.gap_by_seed) for base, arm in family]), strict=True
        )
    }


def _same(one: Group, other: Group) -> bool:
    return (one.experiment, one.fingerprint) == (other.experiment, other.fingerprint)
