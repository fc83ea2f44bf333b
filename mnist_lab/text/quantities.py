"""Counts, durations and sizes as text."""

import re


def count(number: int, noun: str) -> str:
    """Format a number with its noun: `1 seed`, `3 seeds`, `10,000 seeds`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def such_as(number: int, example: object) -> str:
    """Return what follows the description of several things, one of which is `example`, or of the only one."""
    return f", such as {example}" if number > 1 else f" ({example})"


def data_set(title: str, subset: int | None) -> str:
    """Name a data set, with how many images of it were drawn for training if not all: `MNIST (subset of 2,000)`."""
    if not subset:
        return title
    before = f"{title.removesuffix(')')}, " if title.endswith(")") else f"{title} ("
    return f"{before}subset of {subset:,})"


def duration(seconds: float) -> str:
    """Format a measured duration: `0.31 s`, `45.3 s`, `12 min 05 s`, `3 h 20 min`."""
    if round(seconds, 2) < 1:
        return f"{seconds:.2f} s" if seconds >= 0.005 else "< 0.01 s"
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else hours(minutes)


def estimate(seconds: float) -> str:
    """Format an estimated duration: `45 s`, `12 min`, `3 h 20 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else hours(minutes)


def hours(minutes: int) -> str:
    """Hours and minutes: `3 h 20 min`."""
    return f"{minutes // 60} h {minutes % 60:02} min"


def megabytes(size: float) -> str:
    """Format a size in bytes: `0.4 MB`, `15 MB`, `1,250 MB`."""
    amount = size / 1e6
    return f"{amount:.1f} MB" if amount < 10 else f"{amount:,.0f} MB"


def file_size(size: float) -> str:
    """Format a file size in bytes: `12 kB`, `1.2 MB`."""
    return f"{max(1, round(size / 1000))} kB" if size < 999_500 else megabytes(size)


def percent(share: float) -> str:
    """Format a share of 1 with one decimal: `89.8 %`; what is not quite certain is not called 100 %."""
    return "> 99.9 %" if 0.9995 <= share < 1 else f"{100 * share:.1f} %"


def parameters(trainable: int, total: int) -> str:
    """`7,852 parameters (7,770 trainable)`; the trainable ones are only mentioned if not all are."""
    return count(total, "parameter") + (f" ({trainable:,} trainable)" if trainable != total else "")


def image_size(shape: tuple[int, int, int]) -> str:
    """Height, width and whether in colour: `28x28`, `32x32 colour`."""
    height, width, channels = shape
    return f"{height}x{width}" if channels == 1 else f"{height}x{width} colour"


def natural_order(text: str) -> list[tuple[int, str]]:
    """Return a sort key that compares the numbers in a text as numbers: `seed2` before `seed10`."""
    parts = re.split(r"([0-9]+)", text)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
