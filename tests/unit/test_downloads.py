"""Files sent piece by piece: without a context, in ranges, and what counts as arrived."""

from __future__ import annotations

import dataclasses
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from flask import Flask, current_app, g, request

from app.extensions import db
from app.models import Account
from app.web import downloads
from app.web.downloads import Cleared, Download, Withheld, has_arrived, send

DATA = bytes(range(256)) * 4096
CLEARED = Cleared("test")


def of(read) -> Download:
    return Download("list.csv", "text/csv", len(DATA), "a" * 64, read)


def piecewise(first: int, stop: int) -> Iterator[bytes]:
    for begun in range(first, stop, 300_000):
        yield DATA[begun : min(begun + 300_000, stop)]


@pytest.mark.parametrize(
    "reach",
    [
        lambda: db.session.query(Account).all(),
        lambda: current_app.config["SECRET_KEY"],
        lambda: request.args,
        lambda: g.actor,
    ],
)
def test_what_is_sent_cannot_reach_for_session_application_or_request(app: Flask, reach) -> None:
    """Under a web server it could not either; a context that a test keeps open must not hide that."""

    def read(first: int, stop: int) -> Iterator[bytes]:
        reach()
        yield b""

    with app.test_request_context("/"):
        answer = send(CLEARED, of(read))
        with pytest.raises(RuntimeError, match="context"):
            b"".join(answer.response)


@pytest.mark.parametrize(
    ("asked", "span"),
    [
        (None, (0, len(DATA))),
        ("bytes=10-", (10, len(DATA))),
        ("bytes=10-19", (10, 20)),
        ("bytes=-5", (len(DATA) - 5, len(DATA))),
        ("bytes=0-999999999", (0, len(DATA))),
        ("bytes=0-1,5-6", (0, len(DATA))),
        ("lines=1-2", (0, len(DATA))),
        ("bytes=x", (0, len(DATA))),
    ],
)
def test_the_range_that_is_asked_for(app: Flask, asked, span) -> None:
    with app.test_request_context("/", headers={"Range": asked} if asked else {}):
        answer = send(CLEARED, of(piecewise))
        assert b"".join(answer.response) == DATA[slice(*span)]
        assert answer.status_code == (200 if span == (0, len(DATA)) else 206)
        assert answer.content_length == span[1] - span[0]


@pytest.mark.parametrize("asked", [None, "bytes=500000-", "bytes=-1"])
def test_arrival_is_told_after_the_last_byte_and_asked_about_before_it(app: Flask, asked) -> None:
    told: list[str] = []
    with app.test_request_context("/", headers={"Range": asked} if asked else {}):
        told_last, told_all = (lambda: told.append("asked")), (lambda: told.append("arrived"))
        answer = send(CLEARED, of(piecewise), before_last=told_last, arrived=told_all)
        pieces = iter(answer.response)
        got = next(pieces)
        assert "arrived" not in told
        got += b"".join(pieces)
    assert told == ["asked", "arrived"]


@pytest.mark.parametrize("asked", ["bytes=0-10", f"bytes=0-{len(DATA) - 2}"])
def test_a_range_without_the_last_byte_is_no_arrival(app: Flask, asked) -> None:
    with app.test_request_context("/", headers={"Range": asked}):
        answer = send(CLEARED, of(piecewise), before_last=pytest.fail, arrived=pytest.fail)
        b"".join(answer.response)


@pytest.mark.parametrize(
    ("asked", "first"),
    [("bytes=0-10", 0), (f"bytes=0-{len(DATA) - 2}", 0), ("bytes=7-7", 0), ("bytes=500000-", 500000), ("bytes=-5", -5)],
)
def test_no_range_leaves_out_an_end_that_counts_bypass(app: Flask, asked, first) -> None:
    told: list[str] = []
    download = dataclasses.replace(of(piecewise), to_the_end=True)
    with app.test_request_context("/", headers={"Range": asked}):
        answer = send(CLEARED, download, arrived=lambda: told.append("arrived"))
        assert b"".join(answer.response) == DATA[first:]
        assert answer.status_code == (206 if first else 200)
    assert told == ["arrived"]


def test_a_transfer_that_breaks_off_is_no_arrival(app: Flask) -> None:
    with app.test_request_context("/"):
        answer = send(CLEARED, of(piecewise), arrived=pytest.fail)
        next(iter(answer.response))
        answer.close()


def test_the_last_piece_can_be_withheld(app: Flask) -> None:
    def withhold() -> None:
        raise Withheld("It lapsed meanwhile.")

    got = b""
    with app.test_request_context("/"):
        answer = send(CLEARED, of(piecewise), before_last=withhold, arrived=pytest.fail)
        with pytest.raises(Withheld):
            for piece in answer.response:
                got += piece
    assert 0 < len(got) < len(DATA)


@pytest.fixture
def ends(monkeypatch) -> Iterator[tuple[socket.socket, socket.socket]]:
    """(server's, browser's) end of a connection over loopback whose buffers hold little."""
    monkeypatch.setattr(downloads, "ARRIVAL_SECONDS", 5.0)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 300_000)
        browser = socket.socket()
        browser.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        browser.connect(listening.getsockname())
        server, _ = listening.accept()
        with server, browser:
            yield server, browser


def read_all(browser: socket.socket, size: int) -> None:
    while size:
        size -= len(browser.recv(min(size, 65536)))


def test_what_the_browser_has_read_has_arrived(ends) -> None:
    server, browser = ends
    server.sendall(DATA[:100_000])
    reader = threading.Thread(target=read_all, args=(browser, 100_000))
    reader.start()
    assert has_arrived(server)
    reader.join()


def test_a_browser_that_closes_when_it_has_all_of_it_has_it(ends) -> None:
    server, browser = ends
    server.sendall(DATA[:1000])
    read_all(browser, 1000)
    browser.close()
    assert has_arrived(server)


def test_what_lies_in_the_buffers_when_the_browser_goes_has_not_arrived(ends) -> None:
    server, browser = ends
    server.sendall(DATA[:100_000])  # returns at once: the kernel has it all
    browser.close()
    assert not has_arrived(server)


def test_a_browser_that_throws_away_the_last_piece_does_not_have_it(ends) -> None:
    server, browser = ends
    server.sendall(DATA[:1000])
    threading.Timer(0.05, browser.close).start()  # received by its kernel, never read
    assert not has_arrived(server)


def test_a_browser_that_stops_reading_does_not_have_it(ends, monkeypatch) -> None:
    monkeypatch.setattr(downloads, "ARRIVAL_SECONDS", 0.5)
    server, _ = ends
    server.sendall(DATA[:100_000])
    begun = time.monotonic()
    assert not has_arrived(server)
    assert time.monotonic() - begun < 5


def test_where_the_kernel_cannot_be_asked_the_write_counts() -> None:
    one, other = socket.socketpair()
    with one, other:
        assert has_arrived(one) and has_arrived(None)


@pytest.mark.clause("CAP-3")
def test_nothing_is_served_without_the_leave_to_serve_it(app: Flask) -> None:
    from app.web.downloads import picture, whole_file

    with app.test_request_context("/"):
        for serve in (
            lambda: send(None, of(piecewise)),
            lambda: whole_file(True, DATA, "application/pdf", "a.pdf"),
            lambda: picture("cleared", DATA),
        ):
            with pytest.raises(TypeError, match="never without"):
                serve()
