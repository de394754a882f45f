"""Indexes under test, a store of float32 templates, and what a search must answer, from the definition."""

from __future__ import annotations

import math

import numpy as np

from app.matching.index.choice import open_index
from app.matching.types import GalleryTemplate, Template

MODEL, OTHER = "a" * 64, "b" * 64


class Rows(dict):
    """Templates by photograph, as the product's database gives them."""

    def rows(self, photo_ids):
        return {photo: self[photo] for photo in photo_ids if photo in self}


def entries_of(vectors, persons, first=0, model=MODEL):
    """Photograph ``first`` + i is of person persons[i]; ids are short texts and tell nothing of the order."""
    return [
        GalleryTemplate(person, f"{(i * 7919) % 1000:03d}-{i}", Template(vector, model))
        for i, (vector, person) in enumerate(zip(vectors, persons, strict=True), first)
    ]


class Gallery:
    """An index and its store, filled together."""

    def __init__(self, kind, dims, **options):
        self.store = Rows()
        self.index = open_index(kind, MODEL, dims, rows=self.store, **options)
        self.held = {}

    def add(self, entries, generation):
        self.store.update((entry.photo_id, entry.template.vector) for entry in entries)
        self.index.add(entries, generation=generation)
        self.held.update((entry.photo_id, entry) for entry in entries)

    def remove(self, photos, generation):
        removed = self.index.remove(photos, generation=generation)
        for photo in photos:
            self.held.pop(photo, None)
            self.store.pop(photo, None)
        return removed

    def listed(self, probe, k, *eligible):
        """A search's answer as (person, photographs in order), checked for what every answer must be."""
        ranks = self.index.search(Template(probe, MODEL), k, *eligible)
        assert [rank.rank for rank in ranks] == list(range(1, len(ranks) + 1))
        for rank in ranks:
            assert (rank.photo_id, rank.score) == rank.photos[0]
            for photo, score in rank.photos:
                assert math.isclose(score, exact(self.held[photo].template.vector, probe), abs_tol=1e-12)
        return [(rank.person_id, [photo for photo, _ in rank.photos]) for rank in ranks]

    def expected(self, probe, k, may=lambda _photo: True):
        """The same from the definition: every photograph compared, sorted, cut."""
        people = {}
        for entry in self.held.values():
            if may(entry.photo_id):
                score = exact(entry.template.vector, probe)
                people.setdefault(entry.person_id, []).append((-score, entry.photo_id))
        order = sorted((min(photos)[0], person) for person, photos in people.items())
        return [(person, [photo for _, photo in sorted(people[person])]) for _, person in order[:k]]


def exact(one, other):
    """The scalar product, rounded once: a double holds the product of two float32 numbers, and fsum adds exactly."""
    return math.fsum((np.asarray(one, np.float64) * np.asarray(other, np.float64)).tolist())


def told_apart(vectors, probe, least=1e-12):
    """Those of the vectors whose scores a double's own rounding cannot swap."""
    kept = {}
    for vector in vectors:
        score = exact(vector, probe)
        if all(abs(score - other) > least for other in kept):
            kept[score] = vector
    return list(kept.values())


def unit(raw):
    raw = np.asarray(raw, np.float64)
    return (raw / np.linalg.norm(raw, axis=-1, keepdims=True)).astype(np.float32)
