"""The quality and pose of each repository photograph: kept at intake, gone with the photograph, made good later."""

from __future__ import annotations

from dataclasses import fields

import pytest
from sqlalchemy import select

from app.domain.algorithms import networks
from app.domain.gallery.photograph_quality import unmeasured
from app.domain.peers import foils
from app.extensions import db
from app.imaging import decode
from app.matching.quality.measures import VERSION, Quality, measure
from app.models import GalleryPhoto
from app.storage import BlobCorrupt
from app.unit_of_work import unit_of_work
from tests.drawn_gallery import arrest_photograph, import_people, needs_models


def photos() -> list[GalleryPhoto]:
    db.session.rollback()
    return list(db.session.scalars(select(GalleryPhoto).order_by(GalleryPhoto.id)))


@needs_models
@pytest.mark.clause("CAP-8", "SRC-4")
def test_intake_keeps_the_quality_and_pose_of_each_photograph_as_numbers(app, tmp_path):
    import_people(tmp_path, [1])
    bgr = decode(arrest_photograph(1)).bgr
    [face] = networks.detector().detect(bgr)
    kept = photos()[0].quality
    assert set(kept) == {"version", "measures", "scores", "pose"} and kept["version"] == VERSION
    assert set(kept["measures"]) == {field.name for field in fields(Quality)} == set(kept["scores"])
    expected = measure(bgr, face)
    assert kept["measures"]["inter_eye"] == pytest.approx(expected.inter_eye, abs=1e-3)
    assert kept["measures"]["yaw"] == pytest.approx(abs(kept["pose"]["yaw"]), abs=0.01)
    assert set(kept["pose"]) == {"yaw", "pitch", "roll"} and -90 < kept["pose"]["yaw"] < 90


@needs_models
@pytest.mark.clause("CAP-3")
def test_a_photograph_that_left_keeps_no_numbers_and_one_without_gets_them(app, tmp_path):
    import_people(tmp_path, [1])
    first, second = photos()
    before = second.quality
    run = app.test_cli_runner().invoke
    assert run(args=["gallery", "remove", first.record_number, "--reason", "sealed"]).exit_code == 0
    assert "every photograph is kept" in run(args=["gallery", "measure"]).output
    with unit_of_work():
        from app import audit

        photos_here = db.session.scalars(select(GalleryPhoto)).all()
        photos_here[1].quality = {**before, "version": "0"}
        audit.record("gallery.measured", photos=0, version="0")
    assert unmeasured() == [second.id]
    result = run(args=["gallery", "measure"])
    assert result.exit_code == 0 and "1 photographs measured" in result.output
    first, second = photos()
    assert first.quality is None and second.quality == before
    with unit_of_work():
        from app import audit

        second.quality = None
        audit.record("gallery.measured", photos=0, version="0")
    assert unmeasured() == [second.id]


@needs_models
@pytest.mark.clause("SRC-4")
def test_foils_are_chosen_by_the_kept_measures_and_measured_only_without_them(app, tmp_path, monkeypatch):
    import_people(tmp_path, [1])
    photo = photos()[0]
    [face] = networks.detector().detect(decode(arrest_photograph(1)).bgr)
    expected = foils.portrait(photo)
    assert expected.quality == Quality(**photo.quality["measures"])
    looked: list[object] = []
    monkeypatch.setattr(foils, "measured_face", lambda bgr: looked.append(bgr) or (face, expected.quality))
    assert foils.portrait(photo) == expected and looked == []
    photo.quality = {**photo.quality, "version": "0"}
    assert foils.portrait(photo) == expected and len(looked) == 1, "other formulas made them"
    monkeypatch.setattr(foils, "stored", lambda _photo: (_ for _ in ()).throw(BlobCorrupt("damaged")))
    assert foils.portrait(photo) is None, "what cannot be opened is shown to nobody"
    db.session.rollback()
