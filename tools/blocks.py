"""The parts of a Markdown file that a command writes, each between two comments that say which."""

import re


def put(text: str, name: str, block: str, *, by: str) -> str:
    """`text` with `block` between the markers of that name.

    Args:
        text: the whole file.
        name: of the block.
        block: what is to stand there; may be empty.
        by: the command that writes it.

    Raises:
        ValueError: the markers are not there, or more than once.
    """
    start, end = f"<!-- {name}: written by {by} -->", f"<!-- end of {name} -->"
    pattern = re.compile(f"({re.escape(start)}\n).*?({re.escape(end)})", re.DOTALL)
    if len(pattern.findall(text)) != 1:
        raise ValueError(f"expected one {start} followed by {end}")
    return pattern.sub(lambda match: f"{match[1]}{block}\n{match[2]}", text)
