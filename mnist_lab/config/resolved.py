"""A configuration written out in full, and its fingerprint."""

import hashlib
import io
import json
import re
from collections.abc import Sequence

import yaml

from mnist_lab.config.layers import Custom
from mnist_lab.config.schema import AFFECT_RESULTS, Config, class_key


def fingerprint(config: Config, *, dataset_sha256: str, backend: str, classes: Sequence[str] = ()) -> str:
    """SHA-256 (hex) of all settings that affect the results, except the seed.

    Values equal to their defaults are excluded, so that keys added later do not invalidate finished runs.

    Args:
        config: the configuration, with class weights by class name.
        dataset_sha256: the hash of the data set's arrays.
        backend: Keras' backend.
        classes: the names of the classes, if they are known. Class weights are hashed in this order, unless the names
            are just 0, 1, 2, ...
    """
    facts = config.model_dump(mode="json", exclude_defaults=True, include=set(AFFECT_RESULTS))
    facts["data"].pop("dataset")  # its hash counts, not where it is
    if isinstance(config.model, Custom):
        facts["model"].pop("layers", None)  # they follow from what `sha256` covers
    weights = config.train.class_weight
    if isinstance(weights, dict) and any(name != str(index) for index, name in enumerate(classes)):
        facts["train"]["class_weight"] = [weights.get(class_key(name), 1.0) for name in classes]
    if start := config.train.initial_weights:
        facts["train"]["initial_weights"] = start.sha256 or start.run  # their content counts, not where it is
    facts |= {"dataset_sha256": dataset_sha256, "backend": backend}
    return hashlib.sha256(json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def to_yaml(config: Config) -> str:
    """Return the configuration as YAML with all defaults; loading it yields an equal configuration."""
    values = config.model_dump(mode="json", exclude_none=True)
    node = _Dumper(io.StringIO(), sort_keys=False).represent_data(values)
    _lay_out(node, 0)
    return yaml.serialize(node, Dumper=_Dumper, allow_unicode=True, width=10_000)


class _Dumper(yaml.SafeDumper):
    """Quotes text that would be read back as something else.

    That is text that starts like a number (PyYAML writes YAML 1.1, where a plain `1e-3` is text), and text with
    Unicode line breaks, which need escapes.
    """

    def represent_str(self, data: str) -> yaml.ScalarNode:
        quote = "'" if re.match(r"[-+.0-9]", data) else None
        if re.search("[\x85\u2028\u2029\ufeff]", data):
            quote = '"'
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=quote)


_Dumper.add_representer(str, _Dumper.represent_str)


def _lay_out(node: yaml.Node, depth: int) -> None:
    """Put each key of a section and each entry of a list of mappings on a line of its own."""
    match node:
        case yaml.MappingNode():
            node.flow_style = depth > 1
            below = [value for _, value in node.value]
        case yaml.SequenceNode():
            node.flow_style = depth > 2 or not any(isinstance(item, yaml.MappingNode) for item in node.value)
            below = [] if node.flow_style else node.value
            depth = max(depth, 1)
        case _:
            return
    for item in below:
        _lay_out(item, depth + 1)
