import dataclasses
import gzip
import json
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from mnist_lab import datasets
from mnist_lab.cli.data import data
from mnist_lab.datasets.dataset import ROLES
from mnist_lab.datasets.known import Mirror
from mnist_lab.errors import DataError


@pytest.fixture(autouse=True)
def nowhere(monkeypatch, tmp_path):
    """A machine with no data and no way to download any; commands run in an empty folder."""
    for variable in ("HOME", "USERPROFILE", "XDG_CACHE_HOME", "KERAS_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path / "home"))
    monkeypatch.delenv("MNIST_LAB_DATA", raising=False)
    for variable in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


@pytest.fixture
def own(tmp_path):
    """A user's own data set: three classes of 4 x 6 images in colour."""
    images = np.random.default_rng(0).integers(0, 256, (9, 4, 6, 3), np.uint8)
    labels = np.arange(9) % 3
    path = tmp_path / "own.npz"
    np.savez(path, x_train=images, y_train=labels, x_test=images[:3], y_test=labels[:3])
    return path


def run(*arguments):
    return CliRunner().invoke(data, [str(argument) for argument in arguments])


def ok(*arguments):
    result = run(*arguments)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


def test_list_says_what_is_there_and_how_to_get_the_rest():
    text = ok("list")
    for expected in ("60,000 + 10,000", "UCI digits (not MNIST)", "CC BY 4.0", "bundled with mnist-lab"):
        assert expected in text
    assert "To download one: mnist-lab data fetch NAME" in text


def test_list_as_json_has_every_known_set():
    rows = {row["name"]: row for row in json.loads(ok("list", "--json"))}
    assert set(rows) == set(datasets.KNOWN)
    assert rows["digits"]["genuine"] is True
    assert rows["mnist"]["source"] is None
    assert rows["fashion_mnist"]["classes"][8] == "Bag"


def test_list_shows_damage_in_its_row_and_goes_on(tmp_path):
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(b"short"))
    text = ok("list", "--data-dir", tmp_path)
    assert "is not complete" in text
    assert "bundled with mnist-lab" in text


def test_a_tilde_that_no_shell_has_expanded_is_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_LAB_DATA", "~/nowhere")
    assert f"{tmp_path / 'home' / 'nowhere'}: no such folder (from MNIST_LAB_DATA)" in ok("list", "--json")


def test_the_home_folder_of_an_unknown_user_is_refused():
    result = run("list", "--data-dir", "~nobody_of_that_name/data")
    assert result.exit_code == 2
    assert "~nobody_of_that_name/data: there is no such home folder" in result.stderr


def test_verify_counts_hashes_and_judges():
    text = ok("verify", "digits")
    for expected in ("1,437 training and 360 test images, 28x28, 10 classes", "sha256", "genuine  yes"):
        assert expected in text


def test_verify_as_json_has_the_hash_and_the_count_of_each_class(own):
    facts = json.loads(ok("verify", own, "--json"))
    assert facts["genuine"] is False
    assert facts["image_shape"] == [4, 6, 3]
    assert facts["classes"] == [{"name": name, "train": 3, "test": 1} for name in "012"]
    assert len(facts["sha256"]) == 64


def test_verify_by_name_fails_if_the_data_are_not_what_they_are_called(tmp_path, own):
    (tmp_path / "mnist").mkdir()
    own.rename(tmp_path / "mnist" / "mnist.npz")
    result = run("verify", "mnist", "--data-dir", tmp_path)
    assert result.exit_code == 2
    assert "NOT VERIFIED: the SHA-256 hashes of x_train" in result.stdout


def test_verify_takes_the_folder_from_the_variable(tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_LAB_DATA", str(tmp_path / "absent"))
    result = run("verify", "mnist")
    assert isinstance(result.exception, DataError)
    assert "MNIST_LAB_DATA" in result.exception.message


def test_verify_downloads_nothing():
    result = run("verify", "mnist")
    assert isinstance(result.exception, DataError)
    assert "Tried to download" not in str(result.exception)
    assert "mnist-lab data fetch mnist" in str(result.exception)


def test_fetch_without_network_names_every_mirror():
    result = run("fetch", "mnist")
    assert isinstance(result.exception, DataError)
    for host in ("storage.googleapis.com/tensorflow", "ossci-datasets", "cvdf-datasets"):
        assert host in result.exception.message


@pytest.fixture
def mirror(monkeypatch, tmp_path, own):
    """A server with the data set `own`, which passes for MNIST."""
    loaded = datasets.load(str(own))
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    monkeypatch.setattr(SimpleHTTPRequestHandler, "log_message", lambda *_: None)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_port}/"
        published = dataclasses.replace(
            datasets.KNOWN["mnist"],
            array_sha256=tuple(loaded.digests[role] for role in ROLES),
            mirrors=(Mirror(base, ("own.npz",)),),
        )
        monkeypatch.setitem(datasets.KNOWN, "mnist", published)
        monkeypatch.setenv("no_proxy", "*")
        yield base
        server.shutdown()


def test_fetch_shows_its_progress_on_stderr_and_its_result_on_stdout(mirror, tmp_path):
    result = run("fetch", "mnist", "--data-dir", tmp_path / "stick")
    assert result.exit_code == 0, result.output
    assert result.stderr.startswith(f"downloading {mirror}own.npz (")
    assert result.stdout == f"MNIST is available and verified: {tmp_path / 'stick' / 'mnist' / 'own.npz'}\n"


def test_a_quiet_fetch_shows_no_progress(mirror):
    assert run("fetch", "mnist", "--quiet").stderr == ""


def test_fetching_what_is_already_there_downloads_nothing():
    assert "verified" in ok("fetch", "digits")


@pytest.mark.parametrize("source", ["digits", "own"])
def test_a_converted_data_set_is_the_same_data_set(source, own, nowhere):
    given = own if source == "own" else source
    said = ok("convert", given, "below.npz")
    before, after = datasets.load(str(given)), datasets.load(str(nowhere / "below.npz"))
    assert after.sha256 == before.sha256
    assert after.classes == before.classes
    for (images, labels), (others, theirs) in zip(before.parts.values(), after.parts.values(), strict=True):
        np.testing.assert_array_equal(images, others)
        np.testing.assert_array_equal(labels, theirs)
    assert said.startswith(f"below.npz: {len(before.x_train):,} training and {len(before.x_test):,} test images, ")


def test_a_conversion_keeps_the_validation_part_and_the_names_of_the_classes(tmp_path, own, nowhere):
    with np.load(own) as archive:
        arrays = dict(archive)
    names = np.array(["cat", "dog", "Ärger"])
    arrays = {name: names[array] if name[0] == "y" else array for name, array in arrays.items()}
    np.savez(tmp_path / "named.npz", **arrays, x_val=arrays["x_test"], y_val=arrays["y_test"])
    ok("convert", tmp_path / "named.npz", "out.npz")
    before, after = (datasets.load(str(path)) for path in (tmp_path / "named.npz", nowhere / "out.npz"))
    assert (after.sha256, after.classes) == (before.sha256, before.classes)
    assert len(after.y_val) == 3


def test_convert_resizes_and_converts_to_greyscale(own, nowhere):
    assert ok("convert", own, "out.npz", "--resize", "8x9", "--grey").endswith("images, 8x9, 3 classes\n")
    assert datasets.load(str(nowhere / "out.npz")).image_shape == (8, 9, 1)


def test_verify_and_show_resize_and_convert_to_greyscale_as_convert_does(own, nowhere):
    facts = json.loads(ok("verify", own, "--resize", "8x9", "--grey", "--json"))
    assert facts["image_shape"] == [8, 9, 1]
    assert " images, 8x9, " in ok("verify", own, "--resize", "8x9", "--grey")
    ok("show", own, "--index", "0", "--resize", "8x9", "--grey")
    [picture] = nowhere.iterdir()
    with Image.open(picture) as image:
        assert (image.size, image.mode) == ((9, 8), "L")


def test_convert_replaces_a_file_only_with_force(own, nowhere):
    (nowhere / "out.npz").write_text("mine")
    refused = run("convert", own, "out.npz")
    assert str(refused.exception) == "out.npz: already exists.\n--force replaces it."
    assert (nowhere / "out.npz").read_text() == "mine"
    ok("convert", own, "out.npz", "--force")
    assert datasets.load(str(nowhere / "out.npz")).image_shape == (4, 6, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["out.zip"], "expected a file ending in .npz, received 'out.zip'"),
        (
            ["out.npz", "--resize", "big"],
            "expected a number of pixels, or height x width such as 28x32, received 'big'",
        ),
        (["out.npz", "--resize", "0"], "received '0'"),
    ],
)
def test_convert_refuses_what_it_cannot_write(own, nowhere, arguments, message):
    result = run("convert", own, *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert list(nowhere.iterdir()) == []


def test_convert_creates_the_folder_of_the_file(own, nowhere):
    ok("convert", own, "new/folder/out.npz")
    assert (nowhere / "new" / "folder" / "out.npz").is_file()


def test_a_conversion_that_fails_leaves_nothing(nowhere):
    result = run("convert", nowhere / "absent.csv", "new/out.npz")
    assert isinstance(result.exception, DataError)
    assert list(nowhere.iterdir()) == []


@pytest.fixture
def validated(tmp_path, own):
    """The data set `own` with a validation part."""
    with np.load(own) as archive:
        arrays = dict(archive)
    np.savez(tmp_path / "with.npz", **arrays, x_val=arrays["x_train"][:6], y_val=arrays["y_train"][:6])
    return tmp_path / "with.npz"


def test_verify_counts_a_validation_part(validated):
    assert "9 training, 6 validation and 3 test images" in ok("verify", validated)
    facts = json.loads(ok("verify", validated, "--json"))
    assert facts["classes"][0] == {"name": "0", "train": 3, "validation": 2, "test": 1}


def test_whether_data_of_ones_own_are_genuine_is_no_question(own):
    assert "  genuine  not applicable: this is your own data set\n" in ok("verify", own)


def test_show_writes_a_sample_and_prints_its_path(nowhere):
    assert ok("show", "digits") == "digits-train.png\n"
    with Image.open(nowhere / "digits-train.png") as image:
        assert min(image.size) > 200


def test_show_draws_one_image_as_text_and_as_a_picture(nowhere):
    text = ok("show", "digits", "--split", "test", "--index", "3", "--output", "below/three.png")
    lines = text.splitlines()
    assert lines[0] == "UCI digits (not MNIST), test image 3, label 7"
    assert lines[-1] == "below/three.png"
    assert 15 <= len(lines) - 2 <= 20
    assert {character for line in lines[1:-1] for character in line} > {"@", "#", " "}
    with Image.open(nowhere / "below" / "three.png") as image:
        assert image.format == "PNG"
        assert (np.asarray(image) == datasets.load("digits").x_test[3, ..., 0]).all()


def test_show_works_for_a_users_own_colour_images(own, nowhere):
    ok("show", own, "--index", "2")
    assert (nowhere / "own-train-2.png").exists()


def test_show_draws_the_validation_part_if_there_is_one(validated, own):
    assert ok("show", validated, "--split", "validation", "--index", "5").endswith("with-validation-5.png\n")
    refused = run("show", own, "--split", "validation")
    assert (refused.exit_code, "own has no validation part" in refused.stderr) == (2, True)


def test_show_of_a_missing_image_says_which_images_there_are(nowhere):
    result = run("show", "digits", "--split", "test", "--index", "360")
    assert result.exit_code == 2
    assert "has images 0 to 359" in result.output
    assert list(nowhere.iterdir()) == []
