"""Dark or light: the drawing is the stroke, not what it encloses."""

import numpy as np
import pytest

from mnist_lab.datasets.drawing import find
from mnist_lab.errors import DataError


def ring(inside, stroke, outside):
    rows, columns = np.mgrid[:200, :200]
    distance = np.hypot(rows - 100, (columns - 100) * 1.5)
    picture = np.where(distance < 40, inside, np.where(distance < 60, stroke, outside))
    return picture[..., np.newaxis].astype(np.uint8)


@pytest.mark.parametrize(("stroke", "paper"), [(30, 220), (220, 30), (120, 220), (220, 120)])
def test_the_inside_of_a_loop_is_not_the_drawing(stroke, paper):
    drawing = find(ring(paper, stroke, paper))
    assert drawing.light_on_dark == (stroke > paper)
    assert drawing.size == pytest.approx((120, 80), abs=4)
    assert drawing.doubts == ()


def test_what_is_hardly_darker_than_a_dark_table_gets_a_warning():
    picture = np.full((300, 300, 1), 210, np.uint8)
    picture[:, 200:] = 40
    picture[100:200, 240:246] = 29
    assert "hardly stands out" in " ".join(find(picture).doubts)


@pytest.mark.parametrize(
    ("box", "doubt"),
    [((slice(0, 120), slice(90, 110)), "touches the edge"), ((slice(70, 130), slice(70, 130)), "solid shape")],
)
def test_what_is_cut_off_or_not_a_stroke_gets_a_warning(box, doubt):
    picture = np.full((200, 200, 1), 220, np.uint8)
    picture[box] = 30
    assert doubt in " ".join(find(picture).doubts)


def test_two_strokes_far_apart_are_two_drawings():
    picture = np.full((200, 300, 1), 220, np.uint8)
    picture[50:150, 60:75] = picture[50:150, 220:235] = 30
    assert "2 separate drawings" in " ".join(find(picture).doubts)


def test_plain_paper_has_nothing_on_it():
    with pytest.raises(DataError, match="no drawing found"):
        find(np.full((200, 200, 1), 220, np.uint8))
