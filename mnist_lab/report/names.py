"""Names of experiments, as short as they can be."""

from collections.abc import Iterable


def short_names(names: Iterable[str]) -> dict[str, str]:
    """For each name the shortest end of its path that no other name has: `nodes_256` for `ablation/nodes_256`."""
    ends = {name: ["/".join(name.split("/")[-k:]) for k in range(1, name.count("/") + 2)] for name in names}
    every = [end for of_name in ends.values() for end in of_name]
    return {name: next((end for end in of_name if every.count(end) == 1), name) for name, of_name in ends.items()}
