"""Small line charts as SVG, in the colours of the surrounding page."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import isfinite

WIDTH, HEIGHT = 330, 170
LEFT, RIGHT, TOP, BOTTOM = 48, 10, 24, 22
"""The margins around the lines."""
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#B0568C", "#E69F00", "#56B4E9")
"""After Okabe and Ito, with a darker purple; readable on white and on black."""


@dataclass(frozen=True)
class Line:
    """Values by epoch, from 1; those that are not finite are left out."""

    name: str
    values: Sequence[float]
    dashed: bool = False


def chart(title: str, lines: Sequence[Line]) -> str:
    """Draw the lines with their names and the ends of both axes; empty if there is nothing to draw."""
    every = [value for line in lines for value in line.values if isfinite(value)]
    if not every:
        return ""
    low, high = min(every), max(every)
    epochs = max(len(line.values) for line in lines)

    def place(i: int, value: float) -> str:
        x = LEFT + (WIDTH - LEFT - RIGHT) * (i / (epochs - 1) if epochs > 1 else 0.5)
        y = TOP + (HEIGHT - TOP - BOTTOM) * ((high - value) / (high - low) if high > low else 0.5)
        return f"{x:.1f},{y:.1f}"

    drawn, names, bottom = [], [], HEIGHT - BOTTOM
    for number, line in enumerate(lines):
        colour = COLOURS[number % len(COLOURS)]
        points = [place(i, value) for i, value in enumerate(line.values) if isfinite(value)]
        style = f'stroke="{colour}" stroke-width="2" fill="none"' + (' stroke-dasharray="5 3"' if line.dashed else "")
        if len(points) > 1:
            drawn.append(f'<polyline points="{" ".join(points)}" {style}/>')
        elif points:
            x, y = points[0].split(",")
            drawn.append(f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>')
        names.append(f'<tspan fill="{colour}">{escape(line.name)}</tspan>')
    axes = f'<path d="M{LEFT},{TOP}V{bottom}H{WIDTH - RIGHT}" stroke="currentColor" fill="none" opacity="0.5"/>'
    words = [
        f'<text x="4" y="14" font-weight="bold">{escape(title)} {" ".join(names)}</text>',
        f'<text x="{LEFT - 4}" y="{TOP + 8}" text-anchor="end">{high:.4g}</text>',
        f'<text x="{LEFT - 4}" y="{bottom}" text-anchor="end">{low:.4g}</text>',
        f'<text x="{LEFT}" y="{HEIGHT - 6}">epoch 1</text>',
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 6}" text-anchor="end">{epochs}</text>',
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'role="img" aria-label="{escape(title)} by epoch" fill="currentColor" font-size="11" '
        f'style="max-width: 100%">{axes}{"".join(drawn)}{"".join(words)}</svg>'
    )
