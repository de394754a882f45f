"""Files that leave the portal: whole ones from memory, large ones piece by piece, in the range that was asked for.

A web server asks for the pieces when the view has long returned and its session of the database is closed. So a piece
comes from a plain object that was opened before, and is made in an empty context: whatever reaches for the session, the
request or the application fails at once, in a test as in service.
"""

from __future__ import annotations

import fcntl
import io
import socket
import struct
import termios
import time
from collections.abc import Callable, Generator, Iterator
from contextvars import Context
from dataclasses import dataclass
from typing import Any

from flask import Response, request, send_file
from werkzeug.exceptions import RequestedRangeNotSatisfiable

PIECE_BYTES = 256 * 1024
#: how long one piece may take: a browser that takes less is cut off, and may go on where it stopped
SEND_SECONDS = 60.0
#: how long the last bytes may be on their way
ARRIVAL_SECONDS = 60.0
#: a browser that throws away what just came says so within this time
SETTLING_SECONDS = 0.2
POLL_SECONDS = 0.02
#: tcp(7), tcp_info.tcpi_state: both ends open; the other end has said that it sends nothing more
ESTABLISHED, CLOSE_WAIT = 1, 8


class Withheld(Exception):
    """Raised when the rest of a file may no longer leave; the connection ends before the whole file was sent."""


@dataclass(frozen=True, slots=True)
class Cleared:
    """The leave to serve a file: `app.domain.serving.clear` asked what it shows, and alone makes these."""

    kind: str


@dataclass(frozen=True, slots=True)
class Download:
    """A file that is sent piece by piece. `read(first, stop)` yields its bytes from `first` to before `stop`.

    `read` uses nothing of Flask and no session. The digest names the version, so that a browser resumes this file only.
    to_the_end: its arrival counts, so that no range leaves out its last byte: whoever guesses that byte would have the
    file, and it would not count.
    """

    name: str
    media_type: str
    size: int
    sha256: str
    read: Callable[[int, int], Iterator[bytes]]
    to_the_end: bool = False


def whole_file(cleared: Cleared, data: bytes, media_type: str, name: str, *, inline: bool = False) -> Response:
    """A file in memory: saved as `name`, or shown by the browser. No cache keeps it (ACC-11).

    A range is answered with all of it (RFC 9110, 14.2): what was recorded as handed out before is what leaves.
    """
    _insist(cleared)
    file = io.BytesIO(data)
    answer = send_file(file, media_type, as_attachment=not inline, download_name=name, conditional=False)
    answer.content_length = len(data)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def picture(cleared: Cleared, data: bytes) -> Response:
    """A PNG or JPEG that the browser shows on a page. No cache keeps it (ACC-11)."""
    _insist(cleared)
    answer = Response(data, mimetype="image/png" if data.startswith(b"\x89PNG") else "image/jpeg")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Content-Disposition"] = "inline"
    return answer


def _insist(cleared: Cleared) -> None:
    if not isinstance(cleared, Cleared):
        raise TypeError("a file is served after app.domain.serving.clear was asked, never without")


def asked_range(download: Download) -> tuple[int, int] | None:
    """(first, stop) of the bytes the request asks for, all of them by default; None when the file has none of these.

    A range of another version (If-Range), several ranges at once, and a range that stops short of an end that counts
    are answered with the whole file (RFC 9110, 14.2).
    """
    wanted, version = request.range, request.if_range
    other = (version.etag, version.date) != (None, None) and version.etag != download.sha256
    if wanted is None or wanted.units != "bytes" or len(wanted.ranges) != 1 or other:
        return 0, download.size
    span = wanted.range_for_length(download.size)
    short = span is not None and span[1] != download.size
    return (0, download.size) if download.to_the_end and short else span


def send(
    cleared: Cleared,
    download: Download,
    *,
    before_last: Callable[[], None] | None = None,
    arrived: Callable[[], None] | None = None,
    left: Callable[[int], None] | None = None,
) -> Response:
    """The file, or the range of it that is asked for; 416 for bytes that it does not have.

    Where the range holds the file's last byte, `before_last` is called before the last piece is sent and may raise
    Withheld; `arrived` once the other end has all of it, and not when the transfer broke off: then `left` is told how
    many bytes of the file were handed over at most. None of them has a context of the application.
    """
    _insist(cleared)
    span = asked_range(download)
    if span is None:
        raise RequestedRangeNotSatisfiable(download.size)
    first, stop = span
    part = span != (0, download.size)
    connection = request.environ.get("gunicorn.socket")
    last = stop == download.size
    pieces = _watched(download.read(first, stop), stop - first, connection, before_last if last else None)
    sent = _followed(pieces, connection, arrived if last else None, left, first)
    answer = Response(_Alone(sent), 206 if part else 200, mimetype=download.media_type)
    answer.headers.set("Content-Disposition", "attachment", filename=download.name)
    answer.content_length = stop - first
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Accept-Ranges"] = "bytes"
    # a proxy that took the file faster than the browser does would hide a transfer that breaks off
    answer.headers["X-Accel-Buffering"] = "no"
    answer.set_etag(download.sha256)
    if part:
        answer.headers["Content-Range"] = f"bytes {first}-{stop - 1}/{download.size}"
    return answer


def _watched(
    pieces: Iterator[bytes], length: int, connection: Any, before_last: Callable[[], None] | None
) -> Iterator[bytes]:
    if connection is not None:
        connection.settimeout(SEND_SECONDS)
    sent = 0
    for piece in pieces:
        for begun in range(0, len(piece), PIECE_BYTES):
            chunk = piece[begun : begun + PIECE_BYTES]
            sent += len(chunk)
            if sent >= length and before_last is not None:
                before_last()
            yield chunk


def _followed(
    pieces: Iterator[bytes],
    connection: Any,
    arrived: Callable[[], None] | None,
    left: Callable[[int], None] | None,
    first: int,
) -> Generator[bytes]:
    upto, whole = first, False
    try:
        for piece in pieces:
            upto += len(piece)
            yield piece
        whole = (arrived is None and left is None) or has_arrived(connection)
    finally:
        if not whole and left is not None:
            left(upto)
    if whole and arrived is not None:
        arrived()


def has_arrived(connection: Any) -> bool:
    """Whether the other end of a connection took all that was sent. Waits for what is on its way.

    A write returns when the kernel has the bytes, megabytes before the browser has them. Where the kernel cannot be
    asked (no connection of gunicorn's, no TCP, not Linux), the write has to do.
    """
    tcp = getattr(connection, "family", None) in (socket.AF_INET, socket.AF_INET6)
    if not tcp or not hasattr(socket, "TCP_INFO"):
        return True
    late, settled = time.monotonic() + ARRIVAL_SECONDS, None
    while True:
        try:
            state = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
            waiting = struct.unpack("i", fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, b"\0" * 4))[0]
        except OSError:
            return False
        moment = time.monotonic()
        if state not in (ESTABLISHED, CLOSE_WAIT):
            return False
        if waiting == 0:
            if state == CLOSE_WAIT or (settled is not None and moment >= settled):
                return True
            settled = settled or moment + SETTLING_SECONDS
        elif moment >= late:
            return False
        time.sleep(POLL_SECONDS)


class _Alone:
    """An iterator whose every step runs in one context of its own, empty at the start."""

    def __init__(self, pieces: Generator[bytes]) -> None:
        self._pieces, self._context = pieces, Context()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return self._context.run(next, self._pieces)

    def close(self) -> None:
        """Called by the server in any case: after a transfer that broke off nothing of the rest is done."""
        self._context.run(self._pieces.close)
