"""Every index against the definition of a ranked list, on galleries full of ties, copies and exceptions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.matching.eligibility import ALL, Eligible
from app.matching.errors import MixedModels
from app.matching.types import GalleryBatch, Template
from tests.matching.indexes import MODEL, OTHER, Gallery, entries_of, told_apart, unit

PEOPLE = [f"p{n:02d}" for n in range(13)]


@pytest.fixture(scope="module", params=["exact", "faiss", "milvus"])
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def empty(kind, tmp_path_factory):
    """Makes an empty gallery; FAISS with blocks of seven rows, so that every gallery has several."""
    options = {}
    if kind == "milvus":
        pytest.importorskip("milvus_lite", reason="Milvus Lite is not installed (pip install .[test])")
        options["milvus_uri"] = str(tmp_path_factory.mktemp("milvus") / "gallery.db")

    made = []

    def make(dims):
        if kind == "milvus" and made:
            made[-1].drop()
        gallery = Gallery(kind, dims, **options)
        if kind == "faiss":
            gallery.index.block_rows, gallery.index._threads = 7, 2
        made.append(gallery.index)
        return gallery

    yield make
    if kind == "milvus":
        made[-1].drop()


def examples(kind, count):
    """Milvus Lite needs a hundred times as long for a gallery as the others."""
    return max(2, count // 8) if kind == "milvus" else count


@st.composite
def cases(draw):
    """Few distinct directions, so that ties are the rule; some almost equal, so that rounding could swap them."""
    dims = draw(st.integers(2, 5))
    raw = st.lists(st.integers(-2, 2), min_size=dims, max_size=dims).filter(any)
    pool = [unit(v) for v in draw(st.lists(raw, min_size=1, max_size=5))]
    shift = np.linspace(1, 2, dims) * draw(st.sampled_from([3e-7, 2e-5, 4e-4]))
    probe = pool[0]
    pool = told_apart([*pool, *(unit(v + shift) for v in pool)], probe)
    count = draw(st.integers(0, 40))
    vectors = [draw(st.sampled_from(pool)) for _ in range(count)]
    entries = entries_of(vectors, [draw(st.sampled_from(PEOPLE)) for _ in range(count)])
    some = st.sets(st.sampled_from([e.photo_id for e in entries])) if entries else st.just(set())
    return dims, entries, probe, draw(st.integers(1, 15)), draw(some), draw(some)


def run(kind, count, strategy, test):
    """Hypothesis with a number of examples that depends on the index."""
    # without the phase that makes a failing example smaller: a bug costs seconds, not minutes
    settings(
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        max_examples=examples(kind, count),
        deadline=None,
        derandomize=kind == "milvus",
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )(given(strategy)(test))()


@pytest.mark.clause("CAP-3", "CAP-6")
def test_same_list_as_the_definition(kind, empty):
    def test(case):
        dims, entries, probe, k, some, gone = case
        gallery = empty(dims)
        gallery.add(entries, 1)
        assert len(gallery.index) == len(entries)
        assert gallery.listed(probe, k) == gallery.expected(probe, k)
        assert gallery.listed(probe, k, some) == gallery.expected(probe, k, some.__contains__)
        hidden = Eligible.all_but({*some, "unknown"})
        assert gallery.listed(probe, k, hidden) == gallery.expected(probe, k, lambda photo: photo not in some)

        back = [gallery.held[photo] for photo in gone]
        assert gallery.remove([*gone, "unknown"], 2) == len(gone)
        assert gallery.index.photo_ids == gallery.held.keys()
        assert gallery.index.holding([*gone, *list(gallery.held)[:3], "unknown"]) == set(list(gallery.held)[:3])
        assert gallery.listed(probe, k) == gallery.expected(probe, k)
        gallery.add(back, 3)
        assert gallery.listed(probe, k, ALL) == gallery.expected(probe, k)
        assert gallery.index.generation == 3

    run(kind, 30, cases(), test)


def test_close_neighbors_of_squeezed_templates(kind, empty):
    """128 numbers, high cosines, and differences that half precision and float32 sums cannot tell apart."""

    def test(seed):
        rng = np.random.default_rng(seed)
        center = rng.normal(size=128)
        apart = rng.normal(size=(150, 128)) * np.geomspace(1e-3, 0.2, 150)[:, None]
        vectors = unit(center + apart)
        gallery = empty(128)
        gallery.add(entries_of(vectors, [f"p{n:03d}" for n in rng.integers(0, 70, 150)]), 1)
        for k in (1, 20, 500):
            assert gallery.listed(unit(center), k) == gallery.expected(unit(center), k)

    run(kind, 8, st.integers(0, 10_000), test)


def test_many_photographs_of_one_person_hide_nobody(kind, empty):
    rng = np.random.default_rng(5)
    probe = unit(rng.normal(size=16))
    near = unit(probe + 0.01 * rng.normal(size=(400, 16)))
    far = unit(rng.normal(size=(12, 16)))
    gallery = empty(16)
    gallery.add(entries_of([*near, *far], ["many"] * 400 + PEOPLE[:12]), 1)
    for k in (1, 5, 13, 50):
        assert gallery.listed(probe, k) == gallery.expected(probe, k)


def test_ineligible_photographs_crowd_nobody_out(kind, empty):
    rng = np.random.default_rng(6)
    probe, other = unit(rng.normal(size=(2, 16)))
    entries = entries_of([probe] * 300 + [other], ["sealed"] * 300 + ["lawful"])
    gallery = empty(16)
    gallery.add(entries, 1)
    only = [entries[-1].photo_id]
    assert [person for person, _ in gallery.listed(probe, 1, set(only))] == ["lawful"]
    hidden = Eligible.all_but([entry.photo_id for entry in entries[:-1]])
    assert [person for person, _ in gallery.listed(probe, 1, hidden)] == ["lawful"]


def test_an_empty_gallery_lists_nobody(kind, empty):
    gallery = empty(4)
    probe = unit([1, 2, 3, 4])
    assert gallery.listed(probe, 3) == []
    assert gallery.index.remove(["x"], generation=1) == 0
    gallery.add(entries_of([probe], ["a"]), 2)
    gallery.remove(list(gallery.held), 3)
    assert (gallery.listed(probe, 3), len(gallery.index)) == ([], 0)


@pytest.mark.clause("FAIR-2")
def test_what_may_not_be_in_one_search_is_refused_and_changes_nothing(kind, empty):
    vectors = unit(np.random.default_rng(7).normal(size=(3, 8)))
    gallery = empty(8)
    gallery.add(entries_of(vectors[:1], ["a"]), 4)
    index, probe = gallery.index, Template(vectors[0], MODEL)
    other = entries_of(vectors[1:], ["b", "c"], first=1, model=OTHER)
    with pytest.raises(MixedModels, match=OTHER):
        index.search(Template(vectors[0], OTHER), 1)
    with pytest.raises(MixedModels):
        index.add([*entries_of(vectors[1:2], ["d"], first=9), *other], generation=5)
    with pytest.raises(MixedModels):
        index.add_batch(GalleryBatch(["b"], ["9"], vectors[:1], OTHER), generation=5)
    with pytest.raises(ValueError, match="only once"):
        index.add([*entries_of(vectors[1:], ["b", "c"], first=1), gallery.held["000-0"]], generation=5)
    with pytest.raises(ValueError, match="only once"):
        index.add_batch(GalleryBatch(["b", "b"], ["9", "9"], vectors[:2], MODEL), generation=5)
    with pytest.raises(ValueError, match="cannot go back"):
        index.remove(["000-0"], generation=3)
    with pytest.raises(ValueError, match="cannot go back"):
        index.add(entries_of(vectors[1:2], ["b"], first=1), generation=3)
    with pytest.raises(ValueError, match="at least one"):
        index.search(probe, 0)
    with pytest.raises(ValueError, match="4 numbers"):
        index.search(Template(unit([1, 0, 0, 0]), MODEL), 1)
    assert (len(index), index.generation) == (1, 4)
    assert gallery.listed(vectors[0], 5) == gallery.expected(vectors[0], 5)


def test_equal_scores_are_ordered_by_id_wherever_they_stand(kind, empty):
    same = unit(np.random.default_rng(8).normal(size=16))
    people = [f"p{n:02d}" for n in range(59, -1, -1)]
    gallery = empty(16)
    entries = entries_of([same] * 60, people)
    for generation, start in enumerate(range(0, 60, 25), 1):
        gallery.add(entries[start : start + 25], generation)
    ranks = gallery.index.search(Template(same, MODEL), 10)
    assert [rank.person_id for rank in ranks] == sorted(people)[:10]
    assert len({rank.score for rank in ranks}) == 1
