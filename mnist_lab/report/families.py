"""The experiments that share a base: what they are tested in together."""

from collections.abc import Iterable, Mapping

from mnist_lab.analysis.family import Tested, tested
from mnist_lab.report.group import Group


def families(groups: Iterable[Group], bases: Mapping[str, Group]) -> list[list[Group]]:
    """The arms of each base, in their order.

    Args:
        groups: experiments that were tested on the same images.
        bases: the base of each group that has one, by the group's name.
    """
    found: dict[str, list[Group]] = {}
    for group in groups:
        if group.name in bases:
            found.setdefault(bases[group.name].name, []).append(group)
    return list(found.values())


def gaps(groups: Iterable[Group], bases: Mapping[str, Group]) -> dict[str, Tested]:
    """The gap between training and validation accuracy of every arm, tested against that of its base, by its name.

    Args:
        groups: as for `families`.
        bases: as for `families`.
    """
    return {
        arm.name: test
        for arms in families(groups, bases)
        for arm, test in zip(
            arms, tested([(bases[arm.name].gap_by_seed, arm.gap_by_seed) for arm in arms]), strict=True
        )
    }
