"""Write-once encrypted files: images, documents, templates, each under the data key of its request or person.

A blob is written before the transaction that refers to it commits. If that transaction rolls back, the blob
is an orphan: in the store but in no row. `BlobStore.iter_ids` finds those for the clean-up job.

Format: one box of the key store, or, above SEGMENT_BYTES, a version byte and one box for each segment, sealed with its
place and whether it is the last: so a part is read alone, and none can be left out, added or moved.
"""

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.clauses import enforces
from app.storage import durable
from app.storage.errors import BlobCorrupt, BlobTooLarge, Tampered, UnknownBlob
from app.storage.keys import BOX_OVERHEAD, KeyStore

#: a disclosure package holds every original of a case (package.max_bytes of its rules); all else is far smaller
MAX_BLOB_BYTES = 256 * 1024 * 1024

SEGMENT_BYTES = 1024 * 1024
_BOXED = SEGMENT_BYTES + BOX_OVERHEAD
_SEGMENTED = b"\x02"

ABSENT = "The stored file is absent: never written, or destroyed."
OTHER_SIZE = "The stored file is not the one its record describes: the sizes differ."
ALTERED = "The stored file was altered or damaged: its check failed."

_BLOB_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class BlobRef:
    """What a row keeps of a blob: its random id, and the plain content's SHA-256 (hex) and size in bytes."""

    id: str
    sha256: str
    size: int


class BlobStore:
    """Encrypted content in a directory, named by random ids and by nothing a user chose.

    ``max_bytes`` bounds both what is accepted and the memory a read can take.
    """

    def __init__(self, directory: Path, keystore: KeyStore, max_bytes: int = MAX_BLOB_BYTES) -> None:
        self._directory = Path(directory)
        self._keystore = keystore
        self._max_bytes = max_bytes
        durable.make_directory(self._directory)

    @enforces("ACC-10")
    def put(self, key_id: str, data: bytes) -> BlobRef:
        """Encrypt and store content under a new id, never over another.

        Raises BlobTooLarge, DiskFailure and KeyStore's errors.
        """
        if len(data) > self._max_bytes:
            raise BlobTooLarge(f"The content is larger than the {self._max_bytes} bytes the store accepts.")
        blob_id = secrets.token_hex(16)
        path = self._path(blob_id)
        box = self._seal(blob_id, key_id, data)
        durable.make_directory(path.parent)
        durable.write_once(path, box)
        return BlobRef(blob_id, hashlib.sha256(data).hexdigest(), len(data))

    def get(self, blob_id: str, key_id: str, sha256: str) -> bytes:
        """Return the plain content, having checked that it is what was stored and what the row promises.

        Raises UnknownBlob, BlobCorrupt (damaged, altered, under another key or of another digest), and
        KeyStore's errors about the key itself (KeyDestroyed, UnknownKey, WrongMasterKey).
        """
        data = self._whole(blob_id, key_id)
        _compare(hashlib.sha256(data).hexdigest(), sha256)
        return data

    @enforces("ACC-10")
    def reader(self, blob_id: str, key_id: str, sha256: str, size: int) -> Callable[[int, int], Iterator[bytes]]:
        """Return what reads parts of a blob of this plain size and digest, a segment in memory at a time.

        All of it is read once for the digest, before anything is given out; then each part is checked as it is read.

        It yields the bytes from its first argument to before its second, and raises, as this does at once, UnknownBlob,
        BlobCorrupt and the errors of `get` about the key: the file and its key are looked at for each segment.
        """

        def read(first: int, stop: int) -> Iterator[bytes]:
            for place in range(first // SEGMENT_BYTES, -(-stop // SEGMENT_BYTES)):
                begun = place * SEGMENT_BYTES
                yield self._segment(blob_id, key_id, place, size)[max(first - begun, 0) : stop - begun]

        if self._part(blob_id, 0, len(_SEGMENTED)) != _SEGMENTED:
            # a short one, or one from before there were segments
            data = self._whole(blob_id, key_id)
            if len(data) != size:
                raise BlobCorrupt(OTHER_SIZE)
            _compare(hashlib.sha256(data).hexdigest(), sha256)
            return lambda first, stop: iter((data[first:stop],))
        digest = hashlib.sha256()
        for piece in read(0, size):
            digest.update(piece)
        _compare(digest.hexdigest(), sha256)
        return read

    def _segment(self, blob_id: str, key_id: str, place: int, size: int) -> bytes:
        at, end = len(_SEGMENTED) + place * _BOXED, _stored_size(size)
        box = self._part(blob_id, at, _BOXED)
        if durable.size_of(self._path(blob_id)) != end:
            raise BlobCorrupt(OTHER_SIZE)
        try:
            return self._keystore.decrypt(key_id, box, _purpose(blob_id, place, at + _BOXED >= end))
        except Tampered as fault:
            raise BlobCorrupt(ALTERED) from fault

    def _part(self, blob_id: str, begin: int, length: int) -> bytes:
        try:
            return durable.read_part(self._path(blob_id), begin, length)
        except FileNotFoundError:
            raise UnknownBlob(ABSENT) from None

    def _whole(self, blob_id: str, key_id: str) -> bytes:
        try:
            box = durable.read(self._path(blob_id), self._most)
        except FileNotFoundError:
            raise UnknownBlob(ABSENT) from None
        if len(box) > self._most:
            raise BlobCorrupt("The stored file is damaged: it is larger than any the store accepts.")
        try:
            return self._open(blob_id, key_id, box)
        except Tampered as fault:
            raise BlobCorrupt(ALTERED) from fault

    def _seal(self, blob_id: str, key_id: str, data: bytes) -> bytes:
        if len(data) <= SEGMENT_BYTES:
            return self._keystore.encrypt(key_id, data, _purpose(blob_id))
        view, boxes = memoryview(data), [_SEGMENTED]
        for place, at in enumerate(range(0, len(data), SEGMENT_BYTES)):
            aad = _purpose(blob_id, place, at + SEGMENT_BYTES >= len(data))
            boxes.append(self._keystore.encrypt(key_id, bytes(view[at : at + SEGMENT_BYTES]), aad))
        return b"".join(boxes)

    def _open(self, blob_id: str, key_id: str, box: bytes) -> bytes:
        """Raises Tampered."""
        if box[:1] != _SEGMENTED:
            return self._keystore.decrypt(key_id, box, _purpose(blob_id))
        plain = []
        for place, at in enumerate(range(len(_SEGMENTED), len(box), _BOXED)):
            aad = _purpose(blob_id, place, at + _BOXED >= len(box))
            plain.append(self._keystore.decrypt(key_id, box[at : at + _BOXED], aad))
        return b"".join(plain)

    @property
    def _most(self) -> int:
        return max(_stored_size(self._max_bytes), self._max_bytes + BOX_OVERHEAD)

    def sealed_under(self, blob_id: str, key_id: str) -> bool:
        """Whether a whole blob of this id is stored and opens with this key: so an orphan tells whose it was.

        Raises KeyStore's errors about the key itself.
        """
        try:
            self._open(blob_id, key_id, durable.read(self._path(blob_id), self._most))
        except (FileNotFoundError, Tampered):
            return False
        return True

    def destroy(self, blob_id: str) -> None:
        """Overwrite and remove a blob. Idempotent. Raises UnknownBlob for an ill-formed id only."""
        durable.wipe(self._path(blob_id))

    def exists(self, blob_id: str) -> bool:
        """Whether a blob of this id is stored (readable or not)."""
        return self._path(blob_id).exists()

    def iter_ids(self, older_than: float = 0.0) -> Iterator[str]:
        """Ids of the blobs written more than ``older_than`` seconds ago, in no particular order.

        Whoever looks for orphans passes an age well above the longest transaction, since a blob just
        written may belong to one that has yet to commit. Ids of writes that a crash cut short are included.
        """
        newest = time.time() - older_than
        for path in self._directory.glob("??/*"):
            blob_id = path.name.removesuffix(durable.PART_SUFFIX)
            if not _BLOB_ID.fullmatch(blob_id):
                continue
            try:
                written = path.stat().st_mtime
            except FileNotFoundError:
                continue
            # A finished blob may for an instant also have its part: name it once.
            if written <= newest and (path.name == blob_id or not path.with_name(blob_id).exists()):
                yield blob_id

    def _path(self, blob_id: str) -> Path:
        if not _BLOB_ID.fullmatch(blob_id):
            raise UnknownBlob("This is not the id of a stored file.")
        return self._directory / blob_id[:2] / blob_id


def _compare(found: str, recorded: str) -> None:
    if not hmac.compare_digest(found.encode(), recorded.encode()):
        raise BlobCorrupt("The stored file is not the one its record describes: the digests differ.")


def _stored_size(size: int) -> int:
    """Return how many bytes the store keeps for so many plain ones."""
    if size <= SEGMENT_BYTES:
        return size + BOX_OVERHEAD
    return len(_SEGMENTED) + size + BOX_OVERHEAD * -(-size // SEGMENT_BYTES)


def _purpose(blob_id: str, place: int | None = None, last: bool = False) -> bytes:
    """Name a blob, or a segment of one by its place and whether it is the last."""
    whole = b"blob:" + blob_id.encode()
    return whole if place is None else whole + f":{place}:{'last' if last else 'more'}".encode()
