"""What only the Milvus index does, on Milvus Lite: it outlives its client, and removal rewrites its files."""

from __future__ import annotations

import numpy as np
import pytest

from app.matching.errors import MatchingError, MixedModels
from app.matching.index.choice import open_index
from tests.matching.indexes import MODEL, Gallery, entries_of, unit

pytest.importorskip("milvus_lite", reason="Milvus Lite is not installed (pip install .[test])")
parquet = pytest.importorskip("pyarrow.parquet")


@pytest.fixture
def gallery(tmp_path):
    made = Gallery("milvus", 16, milvus_uri=str(tmp_path / "gallery.db"))
    vectors = unit(np.random.default_rng(4).normal(size=(60, 16)))
    made.add(entries_of(vectors, [f"p{i % 20}" for i in range(60)]), 7)
    yield made
    made.index.drop()


def vectors_in(folder):
    """Every template in the files of Milvus Lite, as the bytes of its numbers."""
    tables = [parquet.read_table(path) for path in folder.rglob("*.parquet")]
    held = [row for table in tables if "vector" in table.column_names for row in table["vector"].to_pylist()]
    return {np.array(row, np.float32).tobytes() for row in held}


@pytest.mark.clause("CAP-3")
def test_the_removed_are_in_no_file_any_more(gallery, tmp_path):
    """Deleting alone leaves a row where it was, marked: Milvus must write its files anew."""
    gone = list(gallery.held)[10:14]
    codes = {gallery.held[photo].template.vector.tobytes() for photo in gone}
    gallery.index._client.flush(gallery.index._name)
    assert codes <= vectors_in(tmp_path)
    assert gallery.remove(gone, 8) == 4
    assert len(vectors_in(tmp_path) - {np.array([1, 0], np.float32).tobytes()}) == 56
    assert not codes & vectors_in(tmp_path)
    raw = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert not any(code in raw for code in codes)
    probe = unit(np.ones(16))
    assert gallery.listed(probe, 30) == gallery.expected(probe, 30)


def test_another_client_finds_what_the_first_one_kept(gallery, tmp_path):
    gallery.remove(list(gallery.held)[:1], 9)
    gallery.index = open_index("milvus", MODEL, 16, milvus_uri=str(tmp_path / "gallery.db"))
    assert (gallery.index.generation, len(gallery.index)) == (9, 59)
    probe = unit(np.ones(16))
    assert gallery.listed(probe, 5) == gallery.expected(probe, 5)


def test_a_gallery_of_other_templates_is_not_opened(gallery, tmp_path):
    with pytest.raises(MixedModels):
        open_index("milvus", MODEL, 8, milvus_uri=str(tmp_path / "gallery.db"))


def test_no_server_is_one_clear_sentence():
    with pytest.raises(MatchingError, match="Milvus"):
        open_index("milvus", MODEL, 8, milvus_uri="http://127.0.0.1:9")
    with pytest.raises(ValueError, match="address"):
        open_index("milvus", MODEL, 8)
