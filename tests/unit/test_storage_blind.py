"""Blind indexes: found with the key store, useless without it, apart for each column."""

from __future__ import annotations

import os

import pytest

from app.storage import KeyStore, blind_index, blind_indexes

pytestmark = pytest.mark.clause("ACC-10")


def test_an_index_is_found_again_and_says_nothing_across_columns_or_installations(tmp_path):
    keys = KeyStore(tmp_path / "a", os.urandom(32))
    index = blind_index(keys, "gallery_photo.record_number", "R-1001")
    assert len(index) == 40 and "1001" not in index
    assert index == blind_index(keys, "gallery_photo.record_number", "R-1001")
    assert blind_indexes(keys, "gallery_photo.record_number", ["R-1", "R-1001"])[1] == index
    others = {
        blind_index(keys, "sealed_record.record_number", "R-1001"),
        blind_index(keys, "gallery_photo.record_number", "r-1001"),
        blind_index(KeyStore(tmp_path / "b", os.urandom(32)), "gallery_photo.record_number", "R-1001"),
    }
    assert len(others) == 3 and index not in others
    # no column's name with a value reads as another column with another value
    assert blind_index(keys, "a.b", "cd") != blind_index(keys, "a.bc", "d")


def test_numbers_are_still_found_after_a_change_of_the_master_key(tmp_path):
    old, new = os.urandom(32), os.urandom(32)
    index = blind_index(KeyStore(tmp_path, old), "gallery_photo.record_number", "R-1001")
    changing = KeyStore(tmp_path, new, old)
    changing.rewrap()
    changing.end_rewrap()
    assert blind_index(KeyStore(tmp_path, new), "gallery_photo.record_number", "R-1001") == index
