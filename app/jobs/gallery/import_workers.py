"""The workers on an import's chunks: this process, further processes, or the portal's running workers.

Processes claim chunks from the outbox as workers do, without the queue, so that an import needs no Redis. Each has the
threads of a worker (`CORROBORATE_NETWORK_THREADS`, one unless set).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from multiprocessing.process import BaseProcess

from redis.exceptions import RedisError

from app.domain.algorithms import networks
from app.domain.gallery import imports
from app.domain.gallery import verbs as gallery
from app.domain.gallery.intake_manifest import IntakeError
from app.domain.gallery.intake_sources import Source
from app.extensions import db, settings
from app.jobs import handlers
from app.jobs.runner import perform
from app.matching.threads import configure_threads
from app.models import GalleryImport
from app.outbox.send import connection
from app.storage.durable import make_directory
from app.unit_of_work import end_reading, wait
from config.settings import Settings

OnProgress = Callable[[GalleryImport], object]
#: chunks on their way to running workers at once
HANDED_OVER = 16
_PAUSE = 0.5


def run(source: Source, on_progress: OnProgress = lambda _: None, *, workers: int = 1) -> GalleryImport:
    """Import a list with `workers` processes of this machine, one of them this one; returns the finished import.

    `on_progress` is called with the import again and again; what it reported stays whatever follows. Raises IntakeError
    when another import runs, a process died or a chunk was given up; MatchingError when the models are missing;
    StorageError.
    """
    with alone():
        of = _begun(source)
        on_progress(of)
        imports.take_back(of, all_local=True)
        helpers = [_start(of) for _ in range(workers - 1)]
        try:
            process_chunks(of, on_progress)
            for helper in helpers:
                _await(helper, of, on_progress)
        finally:
            for helper in helpers:
                helper.terminate()
                helper.join()
        return _ended(of)


def run_by_portal(source: Source, on_progress: OnProgress = lambda _: None) -> GalleryImport:
    """Import a list by the portal's running workers, and wait for the end. Raises as `run` does."""
    try:
        connection().ping()
    except RedisError as error:
        raise IntakeError(f"The queue cannot be reached ({error}); import without --running.") from None
    with alone():
        of = _begun(source)
        on_progress(of)
        imports.take_back(of, all_local=True)
        imports.hand_over(of, HANDED_OVER)
        while not imports.finish(of) and imports.trouble(of) is None:
            on_progress(of)
            wait(2 * _PAUSE)
        on_progress(of)
        return _ended(of)


def _begun(source: Source) -> GalleryImport:
    networks.detector(), networks.extractor()
    handlers.load()
    gallery.finish_erasures()
    imports.destroy_spent_keys()
    return imports.begin(source)


def _ended(of: GalleryImport) -> GalleryImport:
    cause = imports.trouble(of)
    if cause is not None:
        raise IntakeError(f"Some records could not be taken in: {cause} Run the import again to go on.")
    if not imports.finish(of):
        raise IntakeError("The import is not complete: run it again to go on.")
    return of


def process_chunks(of: GalleryImport, on_progress: OnProgress = lambda _: None, *, parent: int | None = None) -> None:
    """Take up chunk after chunk until none is left to take up, or one was given up.

    parent: the process that asked for it; when that has died, this one ends as well.
    """
    while parent is None or os.getppid() == parent:
        db.session.rollback()
        if imports.trouble(of) is not None:
            return
        job = imports.next_job(of)
        if job is not None:
            perform(job)
            db.session.refresh(of)
            on_progress(of)
        elif imports.waiting(of):
            wait(_PAUSE)
        else:
            return


def _start(of: GalleryImport) -> BaseProcess:
    # spawned: OpenCV's threads do not survive a fork
    helper = get_context("spawn").Process(target=_helper, args=(settings(), of.uid, os.getpid()), daemon=True)
    helper.start()
    return helper


def _helper(chosen: Settings, import_uid: str, parent: int) -> None:
    from app.factory import create_app

    with create_app(chosen).app_context():
        configure_threads(chosen.network_threads)
        handlers.load()
        of = db.session.query(GalleryImport).filter_by(uid=import_uid).one()
        process_chunks(of, parent=parent)


def _await(helper: BaseProcess, of: GalleryImport, on_progress: OnProgress) -> None:
    while helper.is_alive():
        end_reading()
        helper.join(_PAUSE)
        db.session.refresh(of)
        on_progress(of)
    if helper.exitcode:
        raise IntakeError(f"A worker process ended by itself ({helper.exitcode}); run the import again to go on.")


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Allow one import at a time on this machine. Raises IntakeError at once instead of waiting."""
    make_directory(settings().data_dir)
    with (settings().data_dir / ".gallery-import.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise IntakeError("Another import is running; wait until it has ended.") from None
        yield
