import dataclasses
import gzip
import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from mnist_lab import datasets
from mnist_lab.datasets import download
from mnist_lab.datasets.known import GZIPPED_IDX, KNOWN, Mirror
from mnist_lab.errors import DataError
from mnist_lab.system.directories import cache_dir
from tests.datasets.dataset_files import ROLES, arrays, idx_bytes, write_idx


def _npz(data):
    buffer = io.BytesIO()
    np.savez(buffer, **data)
    return buffer.getvalue()


@pytest.fixture
def mirrors(monkeypatch, mnist, server, data):
    """An npz mirror and two IDX mirrors, all sound."""
    server.files["/keras/mnist.npz"] = _npz(data)
    for base in ("one", "two"):
        for name, role in zip(GZIPPED_IDX, ROLES, strict=True):
            server.files[f"/{base}/{name}"] = gzip.compress(idx_bytes(data[role]), mtime=0)
    known = dataclasses.replace(
        mnist,
        mirrors=(
            Mirror(f"{server.base}/keras/", ("mnist.npz",)),
            Mirror(f"{server.base}/one/"),
            Mirror(f"{server.base}/two/"),
        ),
    )
    monkeypatch.setitem(KNOWN, "mnist", known)
    return known


def _cache():
    return cache_dir() / "mnist"


def _files(folder):
    """The names of all files below a folder, except for the lock."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and path.name != ".mnist.lock")


def _asked(server):
    return [path for path, _ in server.requests]


def test_a_download_is_verified_kept_and_not_repeated(mirrors, server, data):
    loaded = datasets.load("mnist")
    assert loaded.genuine
    np.testing.assert_array_equal(loaded.x_test, data["x_test"])
    assert _asked(server) == ["/keras/mnist.npz"]
    assert _files(_cache().parent) == ["mnist.npz"]
    assert datasets.load("mnist", download=False).genuine
    assert len(server.requests) == 1


def test_progress_is_reported_up_to_the_last_byte(mirrors, server):
    seen = []
    datasets.load("mnist", progress=lambda *step: seen.append(step))
    size = len(server.files["/keras/mnist.npz"])
    assert seen[0] == (f"{server.base}/keras/mnist.npz", 0, size)
    assert seen[-1] == (f"{server.base}/keras/mnist.npz", size, size)


def test_a_mirror_without_the_file_is_followed_by_the_next(mirrors, server):
    del server.files["/keras/mnist.npz"]
    del server.files["/one/t10k-images-idx3-ubyte.gz"]
    assert datasets.load("mnist").genuine
    assert _asked(server)[-4:] == [f"/two/{name}" for name in GZIPPED_IDX]
    assert _files(_cache().parent) == sorted(GZIPPED_IDX)


@pytest.mark.parametrize("wrong", [_npz(arrays(seed=5)), b"<html>log in first</html>"], ids=["data", "html"])
def test_wrong_bytes_are_thrown_away_and_the_next_mirror_is_tried(mirrors, server, wrong):
    server.files["/keras/mnist.npz"] = wrong
    loaded = datasets.load("mnist")
    assert loaded.genuine
    assert not list(_cache().parent.rglob("*.npz"))


def test_a_broken_connection_is_resumed_where_it_broke(mirrors, server):
    server.break_after["/keras/mnist.npz"] = 1024
    loaded = datasets.load("mnist")
    assert loaded.genuine
    assert server.requests[:2] == [("/keras/mnist.npz", None), ("/keras/mnist.npz", "bytes=1024-")]
    assert set(_asked(server)) == {"/keras/mnist.npz"}


def test_a_later_call_resumes_what_an_earlier_one_left(mirrors, server, monkeypatch):
    whole = server.files["/keras/mnist.npz"]
    server.break_after["/keras/mnist.npz"] = 1024
    for base in ("one", "two"):
        server.files.pop(f"/{base}/{GZIPPED_IDX[0]}")
    monkeypatch.setattr(download, "ATTEMPTS", 1)
    with pytest.raises(DataError, match="the connection was lost 1 time; 1,024 bytes received"):
        datasets.load("mnist")
    (part,) = _cache().parent.rglob("*.part")
    assert part.read_bytes() == whole[:1024]
    server.break_after.clear()
    server.requests.clear()
    assert datasets.load("mnist").genuine
    assert server.requests == [("/keras/mnist.npz", "bytes=1024-")]
    assert not list(_cache().parent.rglob("*.part"))


def _part(server):
    part = _cache().with_name("mnist.download") / f"127.0.0.1_{server.server_port}_keras" / "mnist.npz.part"
    part.parent.mkdir(parents=True)
    return part


def test_a_server_that_knows_no_ranges_sends_all_of_it_again(mirrors, server):
    server.no_ranges = True
    _part(server).write_bytes(server.files["/keras/mnist.npz"][:500])
    assert datasets.load("mnist").genuine
    assert server.requests == [("/keras/mnist.npz", "bytes=500-")]


@pytest.mark.parametrize("length", [500, 10**6], ids=["shorter", "longer"])
def test_a_left_over_part_of_another_file_does_not_spoil_the_download(mirrors, server, length):
    _part(server).write_bytes(b"x" * length)
    assert datasets.load("mnist").genuine
    assert set(_asked(server)) == {"/keras/mnist.npz"}


def test_a_mirror_that_sends_more_than_the_data_set_can_have_is_given_up(mirrors, server):
    server.files["/keras/mnist.npz"] += bytes(mirrors.most_bytes)
    assert datasets.load("mnist").genuine
    assert _files(_cache().parent) == sorted(GZIPPED_IDX)


def test_a_redirection_is_followed(mirrors, server):
    server.files["/moved/mnist.npz"] = server.files.pop("/keras/mnist.npz")
    server.moved["/keras/mnist.npz"] = "/moved/mnist.npz"
    _part(server).write_bytes(server.files["/moved/mnist.npz"][:500])
    assert datasets.load("mnist").genuine
    assert server.requests == [("/keras/mnist.npz", "bytes=500-"), ("/moved/mnist.npz", "bytes=500-")]


def test_the_proxy_of_the_environment_is_used(mirrors, server, monkeypatch):
    address = "http://mnist.example/"
    monkeypatch.setitem(KNOWN, "mnist", dataclasses.replace(mirrors, mirrors=(Mirror(address, ("mnist.npz",)),)))
    monkeypatch.setenv("http_proxy", server.base)
    monkeypatch.delenv("no_proxy")
    server.files[f"{address}mnist.npz"] = server.files["/keras/mnist.npz"]
    assert datasets.load("mnist").genuine
    assert _asked(server) == [f"{address}mnist.npz"]


def test_a_mirror_that_does_not_answer_is_given_up(mirrors, server):
    server.stalled.add("/keras/mnist.npz")
    assert datasets.load("mnist").genuine
    assert _asked(server).count("/keras/mnist.npz") == 1


def test_when_all_mirrors_fail_the_error_says_why_for_each_and_leaves_nothing(mirrors, server):
    server.stalled.add("/keras/mnist.npz")
    server.files["/one/train-images-idx3-ubyte.gz"] = b"wrong"
    del server.files["/two/train-images-idx3-ubyte.gz"]
    with pytest.raises(DataError) as caught:
        datasets.load("mnist")
    text = str(caught.value)
    assert "/keras/mnist.npz: no answer within 0.5 s" in text
    assert "/one/: sent damaged files" in text
    assert "/two/train-images-idx3-ubyte.gz: HTTP 404" in text
    for way in ("--data-dir", "mnist-lab data fetch mnist --data-dir", "data set `digits`"):
        assert way in text
    assert _files(_cache().parent) == []


def test_a_refused_connection_is_reported_as_one(mnist):
    with pytest.raises(DataError, match=r"http://127\.0\.0\.1:9/mnist\.npz: .*refused"):
        datasets.load("mnist")


def test_without_download_no_server_is_asked(mirrors, server):
    with pytest.raises(DataError, match="not on this machine"):
        datasets.load("mnist", download=False)
    assert server.requests == []


def test_a_damaged_cache_is_replaced(mirrors, data):
    (write_idx(_cache(), data) / GZIPPED_IDX[0]).write_bytes(b"damage")
    assert datasets.load("mnist").genuine
    assert [path.name for path in _cache().iterdir()] == ["mnist.npz"]


def test_fetch_puts_the_files_into_the_folder_asked_for(mirrors, server, tmp_path, data):
    write_idx(_cache(), data)
    fetched = datasets.fetch("mnist", tmp_path / "stick")
    assert fetched.genuine
    assert _files(tmp_path / "stick") == ["mnist.npz"]
    assert (tmp_path / "stick" / "mnist" / "mnist.npz").is_file()
    datasets.fetch("mnist", tmp_path / "stick")
    assert len(server.requests) == 1


def test_fetch_never_writes_over_the_users_own_files(mirrors, server, tmp_path):
    folder = write_idx(tmp_path / "mnist", arrays(seed=3))
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(DataError, match="not match MNIST"):
        datasets.fetch("mnist", tmp_path)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    assert server.requests == []


def test_many_at_once_download_once(mirrors, server):
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: datasets.load("mnist"), range(8)))
    assert all(each.genuine for each in results)
    assert len(server.requests) == 1


def test_a_folder_that_cannot_be_written_is_an_error(mirrors, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        datasets.fetch("mnist", tmp_path / "file" / "below")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_reported_and_not_blamed_on_the_mirror(mirrors, server):
    _part(server).symlink_to("/dev/full")
    with pytest.raises(DataError, match=r"mnist\.npz\.part: cannot be written: No space left on device"):
        datasets.load("mnist")
