"""The FAISS index of a process as an encrypted file: a restart reads it instead of decrypting every template.

Each snapshot has a data key of its own, named in its file name. Destroying that key makes the codes in it unreadable,
wherever copies of the file lie (ACC-10), and so it is destroyed as soon as any photograph in it leaves (CAP-3).
FAISS is loaded only by what needs it: a photograph leaves in processes that never search.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import structlog

from app.clauses import enforces
from app.domain.gallery.repository_index import RepositoryIndex
from app.extensions import settings, stores
from app.matching.errors import MatchingError
from app.storage.errors import StorageError

log = structlog.get_logger()


def _folder() -> Path:
    return settings().data_dir / "index"


@enforces("ACC-10")
def save(repository: RepositoryIndex) -> Path | None:
    """Write a snapshot and forget earlier ones of its network; returns None for a kind of index that needs none.

    Raises OSError and StorageError.
    """
    from app.matching.index import faiss_snapshot
    from app.matching.index.faiss import FaissIndex

    index = repository.index
    if not isinstance(index, FaissIndex):
        return None
    keys, key_id = stores().keys, stores().keys.create()
    _folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    path = _folder() / f"{index.model_digest[:16]}-{key_id}.snapshot"
    faiss_snapshot.save(index, path, lambda content, purpose: keys.encrypt(key_id, content, purpose))
    for other in _all(index.model_digest[:16]):
        if other != path:
            _forget(other)
    return path


def restore(repository: RepositoryIndex) -> bool:
    """Fill an empty index from the latest snapshot of its network; says whether there was one that could be used.

    What changed since then is for ``refresh`` to find. One that cannot be read is forgotten: the database has all.
    """
    from app.matching.index import faiss_snapshot
    from app.matching.index.faiss import FaissIndex

    index = repository.index
    if not isinstance(index, FaissIndex) or len(index):
        return False
    for path in sorted(_all(index.model_digest[:16]), key=lambda found: -found.stat().st_mtime):
        key_id = _key_id(path)
        try:
            faiss_snapshot.load(index, path, partial(stores().keys.decrypt, key_id))
        except (MatchingError, StorageError, ValueError) as error:
            log.warning("snapshot_not_used", cause=str(error))
            _forget(path)
        else:
            return True
    return False


@enforces("CAP-3")
def forget() -> int:
    """Destroy every snapshot, key first; says how many there were."""
    found = _all()
    for path in found:
        _forget(path)
    return len(found)


def _all(start: str = "") -> list[Path]:
    return list(_folder().glob(f"{start}*.snapshot"))


def _key_id(path: Path) -> str:
    return path.stem.rsplit("-", 1)[1]


def _forget(path: Path) -> None:
    stores().keys.destroy(_key_id(path))
    path.unlink(missing_ok=True)
