"""Finds the drawing in a picture or photograph: its ink, without shadows, paper, printed lines and surroundings.

`background` measures ink relative to the paper, `threshold` separates the two, `lines` removes printed lines, `parts`
groups the strokes that belong to the drawing, `finding` decides between dark and light ink, and `doubts` lists reasons
why it may be the wrong drawing.

The steps are standard ones, most of them in SciPy. scikit-image would replace about forty lines (Otsu's threshold and
the reconstruction) for 57 MB of packages, and its reconstruction took three times as long as the one here. OpenCV has
no reconstruction. With either, choosing the digit and the warnings would still need our own code.
"""

from mnist_lab.datasets.drawing.finding import Drawing, find, nothing_on_it
from mnist_lab.datasets.drawing.threshold import FAINTEST

__all__ = ["FAINTEST", "Drawing", "find", "nothing_on_it"]
