"""The exact index against brute force written another way, ties, eligibility, mixed networks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from app.matching.errors import MixedModels
from app.matching.index.exact import ExactIndex
from app.matching.types import GalleryTemplate, Template

MODEL, OTHER = "a" * 64, "b" * 64


def gallery(vectors, persons, model=MODEL):
    return [
        GalleryTemplate(person, f"{person}-{i}", Template(vector, model))
        for i, (vector, person) in enumerate(zip(vectors, persons, strict=True))
    ]


def index_of(entries, dims):
    index = ExactIndex(MODEL, dims)
    index.add(entries, generation=1)
    return index


def brute_force(probe, entries, k, eligible):
    """Straight from the definition, in Python's own arithmetic."""
    people = {}
    for entry in entries:
        if entry.photo_id in eligible:
            cosine = float(sum(float(a) * float(b) for a, b in zip(entry.template.vector, probe, strict=True)))
            people.setdefault(entry.person_id, []).append((-cosine, entry.photo_id))
    order = sorted((min(photos), person) for person, photos in people.items())
    order = sorted(order, key=lambda item: (round(item[0][0], 12), item[1]))
    return [(person, sorted(people[person])) for _, person in order[:k]]


@st.composite
def galleries(draw):
    """Few distinct directions, so that ties are the rule and not the exception."""
    dims = draw(st.integers(2, 5))
    pool = draw(
        st.lists(st.lists(st.integers(-2, 2), min_size=dims, max_size=dims).filter(any), min_size=1, max_size=6)
    )
    pool = [np.array(v, np.float32) / np.float32(np.linalg.norm(v)) for v in pool]
    count = draw(st.integers(0, 40))
    vectors = [pool[draw(st.integers(0, len(pool) - 1))] for _ in range(count)]
    persons = [f"p{draw(st.integers(0, 12)):02d}" for _ in range(count)]
    entries = gallery(vectors, persons)
    eligible = {e.photo_id for e in entries if draw(st.booleans())}
    return dims, entries, eligible, pool[0], draw(st.integers(1, 15))


@settings(max_examples=80, deadline=None)
@given(galleries())
def test_same_list_as_brute_force_with_ties(case):
    dims, entries, eligible, probe, k = case
    ranks = index_of(entries, dims).search(Template(probe, MODEL), k, eligible)
    expected = brute_force(probe, entries, k, eligible)
    assert [rank.person_id for rank in ranks] == [person for person, _ in expected]
    for rank, (_, photos) in zip(ranks, expected, strict=True):
        assert {photo for photo, _ in rank.photos} == {photo for _, photo in photos}
        assert rank.score == pytest.approx(-photos[0][0], abs=1e-9)
        assert rank.photo_id == rank.photos[0][0]
    assert [rank.rank for rank in ranks] == list(range(1, len(ranks) + 1))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 30))
def test_same_list_as_brute_force_without_ties(seed, k):
    rng = np.random.default_rng(seed)
    raw = rng.normal(size=(201, 128))
    unit = (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)
    entries = gallery(unit[1:], [f"p{n:03d}" for n in rng.integers(0, 90, 200)])
    index = index_of(entries, 128)
    ranks = index.search(Template(unit[0], MODEL), k, index.photo_ids)
    expected = brute_force(unit[0], entries, k, index.photo_ids)
    assert [rank.person_id for rank in ranks] == [person for person, _ in expected]


def test_euclidean_and_cosine_order_unit_vectors_alike(unit_vectors):
    """The reason the faster metric may be used; scikit-learn's two metrics against each other."""
    vectors = unit_vectors(3000, 128, seed=3)
    probe = unit_vectors(1, 128, seed=4)
    found = [
        NearestNeighbors(algorithm="brute", metric=metric).fit(vectors).kneighbors(probe, 100)
        for metric in ("euclidean", "cosine")
    ]
    assert np.array_equal(found[0][1], found[1][1])
    np.testing.assert_allclose(found[0][0] ** 2 / 2, found[1][0], atol=1e-6)


def test_equal_scores_are_ordered_by_id_wherever_they_stand(unit_vectors):
    same = unit_vectors(1, 16)[0]
    entries = gallery([same] * 60, [f"p{n:02d}" for n in range(59, -1, -1)])
    ranks = index_of(entries, 16).search(Template(same, MODEL), 10, {e.photo_id for e in entries})
    assert [rank.person_id for rank in ranks] == [f"p{n:02d}" for n in range(10)]
    assert len({rank.score for rank in ranks}) == 1


@pytest.mark.clause("CAP-3")
def test_ineligible_photographs_crowd_nobody_out(unit_vectors):
    """The nearest hundred may not be seen; the person behind them is still found, at rank 1."""
    probe, other = unit_vectors(2, 16)
    entries = gallery([probe] * 100 + [other], ["sealed"] * 100 + ["lawful"])
    ranks = index_of(entries, 16).search(Template(probe, MODEL), 1, {"lawful-100"})
    assert [(rank.person_id, rank.rank) for rank in ranks] == [("lawful", 1)]


@pytest.mark.clause("CAP-3")
def test_an_ineligible_photograph_of_a_listed_person_is_not_shown(unit_vectors):
    probe, other = unit_vectors(2, 16)
    entries = gallery([probe, other], ["one", "one"])
    (rank,) = index_of(entries, 16).search(Template(probe, MODEL), 5, {"one-1"})
    assert [photo for photo, _ in rank.photos] == ["one-1"]


def test_many_photographs_of_one_person_take_one_place(unit_vectors):
    probe, second, third = unit_vectors(3, 16)
    entries = gallery([probe] * 500 + [second, third], ["many"] * 500 + ["b", "c"])
    index = index_of(entries, 16)
    ranks = index.search(Template(probe, MODEL), 3, index.photo_ids)
    assert {rank.person_id for rank in ranks} == {"many", "b", "c"}
    assert ranks[0].person_id == "many"
    assert len(ranks[0].photos) == 500


def test_fewer_people_than_asked_for_and_none_at_all(unit_vectors):
    vectors = unit_vectors(3)
    probe = Template(vectors[0], MODEL)
    index = index_of(gallery(vectors, ["a", "b", "b"]), 8)
    assert len(index.search(probe, 25, index.photo_ids)) == 2
    assert index.search(probe, 25, set()) == []
    assert ExactIndex(MODEL, 8).search(probe, 25, {"x"}) == []


@pytest.mark.clause("CAP-3")
def test_removed_photographs_are_gone_at_once(unit_vectors):
    vectors = unit_vectors(4)
    probe = Template(vectors[0], MODEL)
    index = index_of(gallery(vectors, ["a", "a", "b", "c"]), 8)
    everyone = index.photo_ids
    assert index.search(probe, 5, everyone)[0].photo_id == "a-0"
    assert index.remove(["a-0", "unknown"], generation=2) == 1
    assert index.remove(["a-0"], generation=2) == 0
    assert index.generation == 2
    photos = {photo for rank in index.search(probe, 5, everyone) for photo, _ in rank.photos}
    assert photos == {"a-1", "b-2", "c-3"}


@pytest.mark.clause("CAP-3")
def test_a_removal_is_seen_even_when_the_same_rows_are_asked_for(unit_vectors):
    vectors = unit_vectors(60, 32)
    index = index_of(gallery(vectors, [f"p{n:02d}" for n in range(60)]), 32)
    order = [f"p{n:02d}-{n}" for n in range(60)]
    assert index.search(Template(vectors[0], MODEL), 1, set(order[:50]))[0].person_id == "p00"
    index.remove(order[:1], generation=2)
    assert index.search(Template(vectors[50], MODEL), 1, set(order[1:51]))[0].person_id == "p50"


def test_added_photographs_are_found_at_once(unit_vectors):
    vectors = unit_vectors(3)
    entries = gallery(vectors, ["a", "b", "c"])
    index = index_of(entries[:2], 8)
    assert len(index.search(Template(vectors[2], MODEL), 5, index.photo_ids)) == 2
    index.add(entries[2:], generation=2)
    assert index.search(Template(vectors[2], MODEL), 5, index.photo_ids)[0].person_id == "c"


@pytest.mark.clause("FAIR-2")
def test_templates_of_another_network_are_refused(unit_vectors):
    vectors = unit_vectors(2)
    index = index_of(gallery(vectors[:1], ["a"]), 8)
    with pytest.raises(MixedModels, match=OTHER):
        index.search(Template(vectors[0], OTHER), 1, index.photo_ids)
    with pytest.raises(MixedModels):
        index.add([*gallery(vectors[1:], ["c"]), *gallery(vectors[1:], ["b"], OTHER)], generation=2)
    assert (len(index), index.generation) == (1, 1)


def test_bad_requests_change_nothing(unit_vectors):
    vectors = unit_vectors(2)
    entries = gallery(vectors, ["a", "b"])
    index = index_of(entries, 8)
    with pytest.raises(ValueError, match="only once"):
        index.add(entries[:1], generation=2)
    with pytest.raises(ValueError, match="cannot go back"):
        index.remove(["a-0"], generation=0)
    with pytest.raises(ValueError, match="at least one"):
        index.search(entries[0].template, 0, index.photo_ids)
    with pytest.raises(ValueError, match="4 numbers"):
        index.search(Template(unit_vectors(1, 4)[0], MODEL), 1, index.photo_ids)
    assert (len(index), index.generation) == (2, 1)


@pytest.mark.parametrize("vector", [[1.0, 1.0], [np.nan, 0.0], [[1.0, 0.0]], []])
def test_a_template_is_one_row_of_length_one(vector):
    with pytest.raises(ValueError, match="length 1"):
        Template(np.array(vector), MODEL)
