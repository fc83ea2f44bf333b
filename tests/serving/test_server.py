"""What the server answers: to whom, to what, and what it never gives away."""

import html
import os
import re
import shutil
import socket
import threading

import pytest

from mnist_lab.errors import InputError, NewerFormatError
from mnist_lab.runs import lock
from mnist_lab.search.record import Budget, Objective, Reached, Search, Trial
from mnist_lab.serving import Site, listening, pages, server, site
from mnist_lab.sweeps import Observer
from mnist_lab.sweeps.queue import recorded
from tests.lab import until
from tests.run_folders import edit_metrics, finished_run, unfinished_run
from tests.serving.served import ask, serving
from tests.sweeps.test_queue import planned


def written(folder):
    """Write a finished, an interrupted and a failed run below `folder`, and return it."""
    finished = finished_run(folder)
    (finished.path / "log.txt").write_text("what it printed\n")
    unfinished_run(folder, "ablation/no_relu")
    unfinished_run(folder, "ablation/no_relu", seed=2, error="<b>It broke.</b>")
    return folder


@pytest.fixture
def results(tmp_path):
    """Runs to change."""
    return written(tmp_path / "results")


@pytest.fixture(scope="module")
def still(tmp_path_factory):
    """The same runs, served to tests that change nothing."""
    with serving(written(tmp_path_factory.mktemp("served") / "results")) as running:
        yield running


@pytest.fixture
def served(results):
    """The runs to change, served."""
    with serving(results) as running:
        yield running


@pytest.fixture(scope="module")
def place(still):
    """The address of the finished run's folder."""
    [folder] = (still.site.folder / "mlp_512").iterdir()
    return f"/mlp_512/{folder.name}"


def test_the_page_is_the_report_with_what_is_in_progress(still, place):
    answer = ask(still, "/")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "<title>results · mnist-lab, live</title>" in answer.text
    assert "1 experiment, 1 run on MNIST, 10,000 test images" in answer.text
    assert f'href="{place[1:]}/"' in answer.text
    assert "ablation/no_relu seed 1" in answer.text
    assert "&lt;b&gt;It broke.&lt;/b&gt;" in answer.text


def test_the_page_may_ask_its_own_server_and_nobody_else(still):
    policy = ask(still, "/").text.partition('http-equiv="Content-Security-Policy" content="')[2].partition('"')[0]
    assert policy.startswith("default-src 'none'; img-src data:; ")
    assert "connect-src 'self';" in policy
    assert policy.count("'sha256-") == 2


def test_what_is_in_progress_is_sent_again_only_if_it_has_changed(served, results, monkeypatch):
    monkeypatch.setattr(site, "PAUSE", 0.0)
    first = ask(served, "/progress")
    assert first.json.keys() == {"html", "curves", "page", "title"}
    same = ask(served, "/progress", If_None_Match=first.headers["ETag"])
    assert (same.status, same.body) == (304, b"")
    shutil.rmtree(results / "ablation")
    other = until(lambda: (got := ask(served, "/progress", If_None_Match=first.headers["ETag"])).status == 200 and got)
    assert "no_relu" not in other.json["html"]


def test_a_running_run_is_sent_with_its_curves(tmp_path):
    folder = unfinished_run(tmp_path, epochs=4)
    with lock.locked(folder.path), serving(tmp_path) as served:
        sent = ask(served, "/progress").json
    [(name, [curve])] = sent["curves"].items()
    assert name == f"running-mlp_512-{folder.id}"
    assert f'id="{name}"' in sent["html"]
    assert (curve["seed"], curve["epoch"]) == (1, [1, 2, 3, 4])
    assert "epoch 4 of 10, about" in sent["html"]
    assert f'<span class="score">validation {curve["val_accuracy"][-1]:.4f}</span>' in sent["html"]
    assert sent["title"] == f"1 running · {tmp_path.name} · mnist-lab"


def test_a_run_in_its_first_epoch_is_shown_without_curves(tmp_path):
    folder = unfinished_run(tmp_path)
    (folder.path / "history.jsonl").write_text("")
    with lock.locked(folder.path), serving(tmp_path) as served:
        sent = ask(served, "/progress").json
    assert sent["curves"] == {f"running-mlp_512-{folder.id}": []}
    assert '<span class="changed">first epoch</span>' in sent["html"]


def of_a_sweep(folder, *seeds, seconds):
    """What is sent while the first of a sweep's runs starts, each of which is expected to take `seconds`."""
    schedule = planned(folder, *seeds, seconds=seconds)
    with recorded(folder, "ablation", Observer()) as observer:
        observer.planned(schedule)
        observer.started(schedule.plan.todo[0])
        with serving(folder) as served:
            return ask(served, "/progress").json


def test_the_queue_of_a_sweep_is_shown_with_the_time_left(tmp_path):
    sent = of_a_sweep(tmp_path, 1, 2, 3, seconds=120.0)
    assert "Sweep ablation" in sent["html"]
    assert "0 of 3 runs done, about 6 min left" in sent["html"]
    assert "2 waiting" in sent["html"]
    assert "Starting: mlp_512 seed 1" in sent["html"]
    assert sent["title"].startswith("0/3 · ")


def test_a_time_left_of_zero_is_not_shown(tmp_path):
    assert "0 of 1 run done</p>" in of_a_sweep(tmp_path, 1, seconds=0.2)["html"]


def test_runs_that_finish_join_the_page(served, results, monkeypatch):
    monkeypatch.setattr(site, "PAUSE", 0.0)
    before = ask(served, "/progress").json["page"]
    finished_run(results, "ablation/nodes_256")
    behind = until(
        lambda: (sent := ask(served, "/progress").json)["html"].count("The report below does not include") and sent,
        pause=0,
    )
    assert behind["page"] == before
    after = until(lambda: (sent := ask(served, "/progress").json)["page"] != before and sent)
    assert "does not include" not in after["html"]
    assert "nodes_256" in ask(served, "/").text


def test_a_report_that_cannot_be_computed_is_named_and_the_last_one_stays(served, results, monkeypatch):
    monkeypatch.setattr(site, "PAUSE", 0.0)
    edit_metrics(finished_run(results, "ablation/nodes_256"), format=99)
    sent = until(lambda: (sent := ask(served, "/progress").json)["html"].count("not up to date") and sent)
    assert "written by a newer mnist-lab (format 99" in sent["html"]
    assert "1 experiment, 1 run" in ask(served, "/").text


def test_a_report_that_takes_long_follows_later(results, monkeypatch):
    monkeypatch.setattr(site, "FIRST", 0.0)
    monkeypatch.setattr(threading.Thread, "start", lambda thread: None)
    text = Site(results).page()
    assert "0 experiments, 0 runs" in text
    assert "The report below does not include 1 finished run yet; it is being updated." in text


def test_a_run_of_a_newer_version_is_refused_at_the_start(results):
    edit_metrics(finished_run(results, "ablation/nodes_256"), format=99)
    with pytest.raises(NewerFormatError):
        Site(results)


def test_damaged_runs_are_named_and_the_others_shown(results):
    (finished_run(results, "ablation/nodes_256").path / "metrics.json").write_text("{")
    with serving(results) as served:
        text = ask(served, "/").text
    assert "metrics.json: damaged" in text
    assert "1 experiment, 1 run" in text


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_without_runs_is_not_an_error(tmp_path, there):
    folder = tmp_path / "results"
    if there:
        folder.mkdir()
    with serving(folder) as served:
        text = ask(served, "/").text
    assert "No runs yet." in text
    assert ("does not exist at the moment" in text) != there
    assert "How to read this" not in text


def test_a_folder_that_disappears_is_reported_as_missing(served, results, monkeypatch):
    monkeypatch.setattr(site, "PAUSE", 0.0)
    shutil.rmtree(results)
    sent = until(lambda: (sent := ask(served, "/progress").json)["html"].count("does not exist") and sent)
    assert "no_relu" not in sent["html"]
    until(lambda: "0 experiments, 0 runs" in ask(served, "/").text)


# Who gets an answer


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "localhost:9000", "127.0.0.1:1"])
def test_the_names_of_this_machine_are_answered_on_whatever_port_a_tunnel_has(still, host):
    assert ask(still, "/progress", Host=host).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:80",
        "127.0.0.1:80@evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "0.0.0.0",
        "[::1]",
        "",
    ],
)
@pytest.mark.parametrize("path", ["/", "/progress", "/nowhere"])
def test_a_name_that_was_made_to_mean_this_machine_is_refused(still, host, path):
    answer = ask(still, path, Host=host)
    assert (answer.status, answer.headers["Content-Type"]) == (403, "text/plain; charset=utf-8")
    assert answer.text == f"Forbidden: expected the host 127.0.0.1 or localhost, received {host}.\n"


@pytest.mark.parametrize(
    ("hosts", "received"),
    [(b"", b"none"), (b"Host: localhost\r\nHost: evil.example\r\n", b"localhost, evil.example")],
)
def test_a_request_without_a_host_or_with_two_is_refused(still, hosts, received):
    with socket.create_connection(("127.0.0.1", still.server_port), timeout=30) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n" + hosts + b"Connection: close\r\n\r\n")
        answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert b"received %b." % received in answer


def test_it_listens_on_this_machine_only(still):
    assert still.socket.getsockname()[0] == "127.0.0.1"


def test_no_page_from_elsewhere_may_show_or_read_an_answer(still, place):
    for path in ("/", "/progress", f"{place}/", f"{place}/log.txt", "/nowhere"):
        headers = ask(still, path).headers
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in headers


# Methods


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_nothing_but_get_and_head_is_allowed(still, method):
    answer = ask(still, "/", method, "a body" if method != "TRACE" else None)
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert answer.text == f"Method Not Allowed: expected GET or HEAD, received {method}.\n"


def test_an_unknown_method_is_not_implemented(still):
    answer = ask(still, "/", "BREW")
    assert (answer.status, answer.text) == (501, "Not Implemented: Unsupported method ('BREW').\n")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_request_that_cannot_be_read_is_refused_in_plain_text(still):
    with socket.create_connection(("127.0.0.1", still.server_port), timeout=30) as connection:
        connection.sendall(b"GET /<script> HTTP/1.1 x\r\n\r\n")
        answer = connection.makefile("rb").read()
    assert b"Bad request" in answer
    assert b"<" not in answer


@pytest.mark.parametrize("path", ["/", "/progress", "{}/", "{}/log.txt", "/nowhere"])
def test_head_returns_the_headers_of_get_and_no_body(still, place, path):
    path = path.format(place)
    got, head = ask(still, path), ask(still, path, "HEAD")
    assert head.body == b""
    assert got.body != b""
    assert {k: v for k, v in head.headers.items() if k != "Date"} == {
        k: v for k, v in got.headers.items() if k != "Date"
    }


# Files


def test_the_files_of_a_run_are_listed_and_read(still, place):
    listed = ask(still, f"{place}/")
    assert listed.headers["Content-Type"] == "text/html; charset=utf-8"
    assert '<a href="log.txt">log.txt</a>' in listed.text
    file = ask(still, f"{place}/log.txt")
    assert (file.headers["Content-Type"], file.text) == ("text/plain; charset=utf-8", "what it printed\n")
    assert "sandbox" in file.headers["Content-Security-Policy"]
    assert ask(still, f"{place}/log.txt?x=1").status == 200


def test_a_folder_without_a_slash_is_redirected_to_itself(still, place):
    answer = ask(still, place)
    assert (answer.status, answer.headers["Location"]) == (301, f"{place}/")


def test_files_that_a_browser_does_not_show_are_downloaded(still, place):
    (still.site.folder / place[1:] / "model.keras").write_bytes(bytes(300_000))
    (still.site.folder / place[1:] / "page.html").write_text("<script>alert(1)</script>")
    for name, size in (("model.keras", 300_000), ("page.html", 25)):
        answer = ask(still, f"{place}/{name}")
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Disposition"] == "attachment"
        assert len(answer.body) == size


@pytest.mark.parametrize(
    "path",
    [
        "{}/../../../secret.txt",
        "{}/..%2f..%2f..%2fsecret.txt",
        "{}/%2e%2e/%2e%2e/%2e%2e/secret.txt",
        "{}/..\\..\\..\\secret.txt",
        "{}//../secret.txt",
        "{}/%00",
        "{}/log.txt%00.png",
        "{}/.hidden",
        "{}/nothing.txt",
        "{}/log.txt/",
        "/../secret.txt",
        "/secret.txt",
        "/notes.txt",
        "/mlp_512/",
        "/mlp_512/notes.txt",
        "/.sweeps/",
        "/etc/passwd",
        "/%2fetc%2fpasswd",
        "//etc/passwd",
        "/..",
        "/progress/",
        "*",
    ],
)
def test_nothing_but_the_files_of_runs_is_given_away(still, place, path):
    results = still.site.folder
    for where in (results.parent / "secret.txt", results / "notes.txt", results / "mlp_512" / "notes.txt"):
        where.write_text("secret")
    (results / place[1:] / ".hidden").write_text("secret")
    answer = ask(still, path.format(place))
    assert answer.status == 404
    assert answer.text == "Not Found: there is no such page.\n"


def test_no_link_is_followed_to_a_file(still, place, tmp_path):
    secret, folder = tmp_path / "secret.txt", still.site.folder / place[1:]
    secret.write_text("secret")
    (folder / "link.txt").symlink_to(secret)
    (folder / "inner.txt").symlink_to(folder / "log.txt")
    (folder / "below").symlink_to(tmp_path)
    assert "link.txt" not in ask(still, f"{place}/").text
    for name in ("link.txt", "inner.txt", "below", "below/secret.txt"):
        assert ask(still, f"{place}/{name}").status == 404


def test_a_run_folder_that_becomes_a_link_is_closed(served, results, place, tmp_path):
    assert ask(served, f"{place}/log.txt").status == 200
    folder = results / place[1:]
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    assert ask(served, f"{place}/log.txt").status == 404
    assert ask(served, f"{place}/").status == 404


def test_a_run_behind_a_link_is_in_the_report_and_its_files_are_not(results, tmp_path):
    elsewhere = finished_run(tmp_path / "elsewhere", "ablation/nodes_256")
    (results / "linked").symlink_to(tmp_path / "elsewhere")
    with serving(results) as served:
        text = ask(served, "/").text
        assert "2 experiments, 2 runs" in text
        assert f"{elsewhere.id}/" not in text
        assert ask(served, f"/linked/ablation/nodes_256/{elsewhere.id}/metrics.json").status == 404


def test_special_files_are_not_opened(still, place):
    os.mkfifo(still.site.folder / place[1:] / "pipe.txt")
    (still.site.folder / place[1:] / "folder.txt").mkdir()
    assert ask(still, f"{place}/pipe.txt").status == 404
    assert ask(still, f"{place}/folder.txt").status == 404


def test_a_single_run_can_be_served_with_its_files(results, place):
    with serving(results / place[1:]) as served:
        assert "1 experiment, 1 run" in ask(served, "/").text
        assert ask(served, "/log.txt").text == "what it printed\n"
        assert ask(served, "/../log.txt").status == 404


def test_some_of_very_many_runs_are_listed_and_the_others_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "LISTED", 1)
    for seed in (1, 2, 3):
        unfinished_run(tmp_path, seed=seed)
        unfinished_run(tmp_path, "ablation/no_relu", seed=seed, error="It broke.")
    with serving(tmp_path) as served:
        sent = ask(served, "/progress").json["html"]
    assert (sent.count("mlp_512 seed"), sent.count("no_relu seed"), sent.count("and 2 more runs")) == (1, 1, 2)


def test_searches_are_listed_with_their_pages(tmp_path):
    reached = Reached(epoch=1, val_accuracy=0.9, val_loss=0.1, clock=1.0)
    search = Search(
        name="quick", base="mlp_512", data="MNIST", train_images=1, validation_images=1, space=(),
        objectives=(Objective(direction="maximize", measure="val_accuracy"),), sampler="tpe", budget=Budget(epochs=1),
        seed=1, trials=(Trial(number=1, values={}, state="finished", reached=(reached,)),), best=1,
    )  # fmt: skip
    for name in ("quick", "other"):
        (tmp_path / name).mkdir()
        search.write(tmp_path / name)
    (tmp_path / "other" / "search.json").write_text("{")
    unfinished_run(tmp_path / "quick", "ablation/no_relu")
    unfinished_run(tmp_path / "other", "ablation/no_relu")
    (tmp_path / "quick" / "search.html").write_text("its page")
    (tmp_path / "other" / "search.html").write_text("no page")
    with serving(tmp_path) as served:
        sent = ask(served, "/progress").json["html"]
        assert '<a href="quick/search.html">quick</a>: 1 trial, best validation accuracy 0.9000 in trial 1' in sent
        assert sent.count("/search.html") == 1
        assert sent.count("no_relu seed 1") == 1, "a trial that was stopped is not interrupted"
        page = ask(served, "/quick/search.html")
        assert (page.text, page.headers["Content-Type"]) == ("its page", "text/html; charset=utf-8")
        assert "sandbox allow-scripts" in page.headers["Content-Security-Policy"]
        for path in ("/quick/search.json", "/quick/", "/other/search.html", "/search.html", "/quick/x/search.html"):
            assert ask(served, path).status == 404


def test_names_in_other_scripts_are_reached(tmp_path):
    config = {"name": "größe=ü,x+1/цифры", "data": {"dataset": "mnist"}, "model": {"kind": "mlp", "nodes": [4]}}
    folder = finished_run(tmp_path, config)
    (folder.path / "log.txt").write_text("its log")
    with serving(tmp_path) as served:
        text = ask(served, "/").text
        [address] = re.findall(rf'href="([^"]+{folder.id}/)"', text)
        assert f"größe=ü,x+1/цифры/{folder.id}" in ask(served, f"/{html.unescape(address)}").text
        assert ask(served, f"/{html.unescape(address)}log.txt").text == "its log"


# Ports


def test_a_port_in_use_is_left_for_the_next_free_one(still):
    with listening(still.site, still.server_port) as other:
        assert other.server_port > still.server_port


def test_ports_that_are_all_in_use_are_named(still, monkeypatch):
    monkeypatch.setattr(server, "TRIED", 1)
    port = still.server_port
    with pytest.raises(InputError, match=f"The ports from {port} to {port} are in use"):
        listening(still.site, port)
