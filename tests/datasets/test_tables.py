"""CSV files: Kaggle's, "MNIST in CSV", EMNIST's, and what is wrong with some."""

import contextlib
import gzip
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_lab import datasets
from mnist_lab.datasets import tables
from mnist_lab.errors import DataError

SIDE = 5
KAGGLE = ["label", *(f"pixel{n}" for n in range(SIDE * SIDE))]
IN_CSV = ["label", *(f"{row}x{column}" for row in range(1, SIDE + 1) for column in range(1, SIDE + 1))]


def images(rows, seed=0):
    made = np.random.default_rng(seed).integers(0, 256, (rows, SIDE, SIDE, 1), np.uint8)
    made[:, 0, 0], made[:, 0, 1] = 255, 0
    return made


def labels(rows):
    return np.arange(rows) * 7 % 10


def table(path, pictures, named=None, header=KAGGLE, delimiter=","):
    """Writes a CSV file, with the labels in the first column if there are any."""
    rows = [list(map(str, picture.ravel())) for picture in pictures]
    if named is not None:
        rows = [[str(label), *row] for label, row in zip(named, rows, strict=True)]
    lines = [delimiter.join(row) for row in ([header] if header else []) + rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_kaggles_training_file_yields_a_stratified_test_part_with_a_note(tmp_path):
    pictures = images(100)
    table(tmp_path / "train.csv", pictures, labels(100))
    table(tmp_path / "test.csv", images(20, seed=1), header=KAGGLE[1:])
    (tmp_path / "sample_submission.csv").write_text("ImageId,Label\n1,0\n2,0\n")
    loaded = datasets.load(str(tmp_path))
    assert (len(loaded.x_train), len(loaded.x_test)) == (80, 20)
    assert np.bincount(loaded.y_test).tolist() == [2] * 10
    assert loaded.notes == (
        "Skipped sample_submission.csv: its name has neither train nor test.",
        "test.csv has no labels, so it is not used.",
        "No labelled test part: 20 of the 100 images, stratified by class, are set aside for testing,"
        " the same in every run.",
    )


def test_the_rows_that_are_set_aside_and_those_that_stay_are_all_rows_with_their_labels(tmp_path):
    pictures = images(2500)
    path = table(tmp_path / "train.csv", pictures, labels(2500))
    loaded = datasets.load(str(path))
    found = {
        image.tobytes(): label
        for images, labels in loaded.parts.values()
        for image, label in zip(images, labels, strict=True)
    }
    assert found == {image.tobytes(): label for image, label in zip(pictures, labels(2500), strict=True)}
    assert datasets.load(str(path)).sha256 == loaded.sha256


@pytest.mark.parametrize("names", [("mnist_train.csv", "mnist_test.csv"), ("fashion-mnist_train.csv.gz",) * 2])
def test_mnist_in_csv_is_read_from_its_two_files(tmp_path, names):
    train, test = names[0], names[1].replace("train", "test")
    for name, rows in ((train, 40), (test, 20)):
        path = table(tmp_path / name, images(rows, seed=rows), labels(rows), header=IN_CSV)
        if name.endswith(".gz"):
            path.write_bytes(gzip.compress(path.read_bytes()))
    loaded = datasets.load(str(tmp_path))
    np.testing.assert_array_equal(loaded.x_train, images(40, seed=40))
    np.testing.assert_array_equal(loaded.y_test, labels(20))
    assert loaded.notes == ()


def test_a_test_file_beside_the_training_file_that_was_named_is_mentioned(tmp_path):
    path = table(tmp_path / "mnist_train.csv", images(40), labels(40))
    table(tmp_path / "mnist_test.csv", images(20), labels(20))
    loaded = datasets.load(str(path))
    assert len(loaded.x_train) + len(loaded.x_test) == 40
    assert "mnist_test.csv was not read; to use it as the test part, give the folder instead" in loaded.notes[0]


@pytest.mark.parametrize(("file", "name"), [("train.csv", "kaggle"), ("letters_train.csv", "letters_train")])
def test_data_are_named_after_their_folder_if_their_file_says_only_that_it_is_for_training(file, name, tmp_path):
    path = table(tmp_path / "kaggle" / file, images(40), labels(40))
    assert datasets.load(str(path)).name == name


def test_a_validation_file_is_the_validation_part(tmp_path):
    for name, rows in (("train", 40), ("valid", 10), ("test", 20)):
        table(tmp_path / f"{name}.csv", images(rows, seed=rows), labels(rows))
    loaded = datasets.load(str(tmp_path))
    np.testing.assert_array_equal(loaded.x_val, images(10, seed=10))


def test_emnists_tables_have_no_header_and_are_turned_upright_and_named_by_their_mapping(tmp_path):
    for part, rows in (("train", 40), ("test", 20)):
        table(tmp_path / f"emnist-letters-{part}.csv", images(rows), labels(rows) + 1, header=None)
    (tmp_path / "emnist-letters-mapping.txt").write_text("".join(f"{n} {64 + n} {96 + n}\n" for n in range(1, 11)))
    loaded = datasets.load(str(tmp_path))
    np.testing.assert_array_equal(loaded.x_train, images(40).swapaxes(1, 2))
    np.testing.assert_array_equal(loaded.y_train, labels(40))
    assert loaded.classes == tuple("ABCDEFGHIJ")
    assert "upright" in loaded.source
    assert "emnist-letters-train.csv has no header; its first column is used as the labels." in loaded.notes


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "bom"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["unix", "windows"])
def test_what_spreadsheets_write_is_read(tmp_path, delimiter, mark, end):
    path = table(tmp_path / "train.csv", images(40), labels(40), delimiter=delimiter)
    text = path.read_text()
    path.write_text(mark + text.replace("\n", end) + end, encoding="utf-8", newline="")
    loaded = datasets.load(str(path))
    assert len(loaded.classes) == 10
    assert {image.tobytes() for image in loaded.x_train} <= {image.tobytes() for image in images(40)}


@pytest.mark.parametrize("quoted", [False, True])
def test_labels_may_be_text_in_any_column_beside_numbers_of_the_rows(tmp_path, quoted):
    names = ["cat", "dog, large" if quoted else "dog"] * 10
    label = '"{}"' if quoted else "{}"
    lines = ["id," + ",".join(KAGGLE[1:]) + ",class"]
    for row, (picture, name) in enumerate(zip(images(20), names, strict=True)):
        lines.append(f"{row},{','.join(map(str, picture.ravel()))},{label.format(name)}")
    path = tmp_path / "train.csv"
    path.write_text("\n".join(lines))
    loaded = datasets.load(str(path))
    assert loaded.classes == tuple(sorted(set(names)))
    assert loaded.image_shape == (SIDE, SIDE, 1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_pixels_from_0_to_1_become_the_bytes_that_they_were(tmp_path, dtype):
    path = table(tmp_path / "train.csv", images(40).astype(dtype) / 255, labels(40))
    loaded = datasets.load(str(path))
    assert {image.tobytes() for image in loaded.x_train} <= {image.tobytes() for image in images(40)}


def test_columns_that_are_named_by_numbers_are_a_header(tmp_path):
    path = table(tmp_path / "train.csv", images(40), labels(40), header=["label", *map(str, range(SIDE * SIDE))])
    loaded = datasets.load(str(path))
    assert len(loaded.x_train) + len(loaded.x_test) == 40


@pytest.mark.parametrize("start", ["counted", "first image"])
def test_names_that_pandas_made_up_are_a_header_with_the_labels_first(tmp_path, start):
    counted = [str(n) for n in range(SIDE * SIDE + 1)]
    first_image = ["0", *(f"0.{n}" for n in range(1, SIDE * SIDE)), "17"]
    header = counted if start == "counted" else first_image
    loaded = datasets.load(str(table(tmp_path / "letters.csv", images(40), labels(40), header=header)))
    assert {image.tobytes() for part in (loaded.x_train, loaded.x_test) for image in part} == {
        image.tobytes() for image in images(40)
    }
    assert loaded.notes[0] == ("letters.csv has numbers as a header; its first column is used as the labels.")


def test_rows_of_fractions_are_not_taken_for_a_header(tmp_path):
    pictures = np.tile(np.linspace(0, 1, SIDE * SIDE).round(1).reshape(1, SIDE, SIDE, 1), (40, 1, 1, 1))
    loaded = datasets.load(str(table(tmp_path / "letters.csv", pictures, labels(40), header=None)))
    assert len(loaded.x_train) + len(loaded.x_test) == 40


def test_a_header_that_numpy_marked_as_a_comment_is_read(tmp_path):
    rows = np.column_stack([labels(40), images(40).reshape(40, -1)])
    np.savetxt(tmp_path / "letters.csv", rows, fmt="%d", delimiter=",", header=",".join(KAGGLE))
    assert datasets.load(str(tmp_path / "letters.csv")).classes == tuple(map(str, range(10)))


def test_without_a_header_labels_in_the_last_column_are_not_mistaken_for_pixels(tmp_path):
    rows = np.column_stack([np.zeros(40, int), images(40).reshape(40, -1)[:, 1:], labels(40)])
    np.savetxt(tmp_path / "letters.csv", rows, fmt="%d", delimiter=",")
    with pytest.raises(DataError, match=r"first column is used as the labels, but it is 0 in every row\.\nIf the lab"):
        datasets.load(str(tmp_path / "letters.csv"))


@pytest.mark.parametrize("header", [KAGGLE, IN_CSV], ids=["pixel0", "1x1"])
def test_columns_of_pixels_are_put_in_the_order_of_their_names(tmp_path, header):
    order = np.random.default_rng(0).permutation(SIDE * SIDE)
    mixed = ["label", *(header[1 + i] for i in order)]
    pictures = images(40)
    table(tmp_path / "a/train.csv", pictures, labels(40), header=header)
    table(tmp_path / "b/train.csv", pictures.reshape(40, -1)[:, order], labels(40), header=mixed)
    plain, put = (datasets.load(str(tmp_path / folder)) for folder in "ab")
    assert put.sha256 == plain.sha256
    assert "The columns of train.csv were put in the order of the numbers in their names." in put.notes
    assert not any("order" in note for note in plain.notes)


def _changed(line, cell, value):
    def change(lines):
        cells = lines[line].split(",")
        cells[cell : cell + 1] = value
        lines[line] = ",".join(cells)
        return "\n".join(lines)

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_changed(3, 7, ["256"]), r"line 4, column 8 \(pixel6\): expected a pixel of 0 to 255, received '256'"),
        (_changed(3, 7, ["-1"]), r"line 4, column 8 .* received '-1'"),
        (_changed(3, 7, [""]), r"line 4, column 8 .* received nothing"),
        (_changed(3, 7, ["nan"]), r"line 4, column 8 .* received 'nan'"),
        (_changed(3, 7, ["x"]), r"line 4, column 8 .* received 'x'"),
        (_changed(3, 7, []), "line 4: expected 26 values as in the first line, received 25"),
        (_changed(3, 7, ["1", "2"]), "line 4: expected 26 values as in the first line, received 27"),
        (_changed(3, 0, [""]), "line 4: expected a label in column 1, received nothing"),
        (_changed(3, 0, ["-3"]), "labels start at 0, received -3"),
        (_changed(3, 0, ["1.5"]), "expected whole numbers as labels, received fractions"),
        (lambda lines: "\n".join(lines[:1]), "there are no rows in it"),
        (
            lambda lines: "\n".join(line[: line.rindex(",")] for line in lines),
            r"square .* received 24, which is not a square",
        ),
        (
            lambda lines: "\n".join(line.partition(",")[2] for line in lines),
            "there is no column of labels; it has 25 col",
        ),
        (lambda lines: "\n".join(line.partition(",")[2] for line in lines[1:]), "there is no column of labels"),
        (lambda lines: "path,label\na.png,1\nb.png,2", "not a table of labelled images; it has 2 columns: path, label"),
        (lambda lines: "", "the file is empty"),
        (lambda lines: "\n", "the first line is empty"),
        (lambda lines: "x" * 200_000, r"not a table of labelled images; it has 1 columns: x{40}\."),
        (
            lambda lines: "\n".join(["digit," + ",".join(map(str, range(25))), *lines[1:]]),
            "no column of labels; it has 26",
        ),
    ],
)
def test_a_table_that_is_not_understood_is_refused_with_the_place(tmp_path, change, message):
    path = table(tmp_path / "train.csv", images(40), labels(40))
    path.write_text(change(path.read_text().splitlines()))
    with pytest.raises(DataError, match=message) as caught:
        datasets.load(str(path))
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("content", ["label,a\n".encode("utf-16"), b"\x89PNG\r\n\x1a\n\0\0\0", b"\x1f\x8bbroken"])
def test_a_file_that_is_not_text_is_a_data_error(tmp_path, content):
    (tmp_path / "train.csv").write_bytes(content)
    with pytest.raises(DataError, match=r"train\.csv: "):
        datasets.load(str(tmp_path / "train.csv"))


def test_colour_in_rows_is_refused_with_the_reason(tmp_path):
    path = tmp_path / "train.csv"
    path.write_text("\n".join([",".join(["label", *(f"p{n}" for n in range(75))]), *[",".join(["1"] * 76)] * 3]))
    with pytest.raises(DataError, match=r"received 75 = 3 x 5 x 5: it is unclear whether the channels come first"):
        datasets.load(str(path))


def test_too_few_rows_to_set_some_aside_are_refused(tmp_path):
    path = table(tmp_path / "train.csv", images(10), labels(10))
    with pytest.raises(DataError, match="no labelled test part, and 10 rows are too few to set some aside for it"):
        datasets.load(str(path))


def test_two_training_files_are_ambiguous(tmp_path):
    for name in ("emnist-letters-train.csv", "emnist-digits-train.csv"):
        table(tmp_path / name, images(20), labels(20), header=None)
    with pytest.raises(DataError, match=r"which of these is meant\? emnist-digits-train.csv, emnist-letters-train.csv"):
        datasets.load(str(tmp_path))


def test_a_large_table_takes_no_more_memory_than_its_images_and_a_part_of_it(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "_PART", 50_000)
    path = tmp_path / "train.csv"
    row = ",".join(["200"] * 784)
    path.write_text("\n".join(f"{n % 10},{row}" for n in range(10_000)))
    tracemalloc.start()
    try:
        loaded = datasets.load(str(path))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(loaded.x_train) == 8_000
    assert peak < 2 * 10_000 * 784


def test_a_table_with_more_pixels_than_the_limit_is_refused_before_they_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "MOST_BYTES", 900)
    path = table(tmp_path / "train.csv", images(40), labels(40))
    with pytest.raises(DataError, match="42 lines of 25 pixels; at most 900 bytes are read"):
        datasets.load(str(path))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_whatever_is_in_a_table_it_is_read_or_refused(tmp_path_factory, data):
    path = table(tmp_path_factory.mktemp("table") / "train.csv", images(20), labels(20))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(content)))
        content[at : at + data.draw(st.integers(0, 40))] = data.draw(
            st.binary(max_size=8) | st.sampled_from([b",", b"\n", b'"', b"nan", b"1e400", b";", b"\r", b"label", b"\0"])
        )
    path.write_bytes(content)
    with contextlib.suppress(DataError):
        assert len(datasets.load(str(path)).classes) > 1
