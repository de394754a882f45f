"""The page of imports: figures for administrators, and no face, name or number of a record (CAP-3, ACC-7)."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from app.domain.algorithms import networks
from app.domain.gallery import imports
from app.domain.gallery.intake_sources import source_of
from app.jobs.gallery import import_workers
from tests.noise_gallery import NoiseDetector, NoiseExtractor, write_records


@pytest.fixture
def folder(app, monkeypatch, tmp_path):
    detector, extractor = NoiseDetector(), NoiseExtractor()
    monkeypatch.setattr(networks, "detector", lambda: detector)
    monkeypatch.setattr(networks, "extractor", lambda: extractor)
    monkeypatch.setattr(imports, "CHUNK_ROWS", 5)
    return write_records(tmp_path / "import", 12)


def spoil(folder) -> None:
    lines = (folder / "manifest.csv").read_text().splitlines()
    lines[1] = lines[1].replace(",arrest,", ",license,")
    lines[2] = lines[2].replace(",yes,", ",no,")
    lines[3] = lines[3].replace("0000002.png", "absent.png")
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n")


@pytest.mark.clause("CAP-3", "ACC-7")
def test_an_administrator_sees_how_many_entered_and_what_kept_the_others_out(folder, sign_in) -> None:
    client = sign_in("f.spruce")
    assert "Nothing was imported yet" in client.get("/imports").get_data(as_text=True)
    spoil(folder)
    of = import_workers.run(source_of(folder))
    html = client.get("/imports").get_data(as_text=True)
    page = BeautifulSoup(html, "html5lib")
    became, kept_out = page.select("table")
    rows = [row.get_text(" ", strip=True) for row in became.select("tbody tr")]
    assert rows == ["9 Enrolled", "2 Refused by a rule", "1 File or image unreadable"]
    rows = [row.get_text(" ", strip=True) for row in kept_out.select("tbody tr")]
    assert len(rows) == 3 and any("charged with a crime" in row and row.endswith("gallery-charged") for row in rows)
    assert "1 There is no such file, or it cannot be read. intake-file" in rows
    assert of.uid in html and page.select_one("progress")["value"] == "12"
    assert "hx-trigger" not in html, "nothing moves any more"
    for secret in ("N-0000", "Q-0000", "Noise", "<img", ".png", "absent", str(folder)):
        assert secret not in html


def test_a_running_import_asks_for_itself_again_and_a_stopped_one_says_so(folder, sign_in, monkeypatch) -> None:
    client = sign_in("f.spruce")
    imports.begin(source_of(folder))
    html = client.get("/imports").get_data(as_text=True)
    assert 'hx-trigger="every 3s"' in html and ">Running<" in html and 'http-equiv="refresh"' in html
    part = client.get("/imports", headers={"HX-Request": "true"}).get_data(as_text=True)
    assert part.strip().startswith('<div id="imports"') and "<html" not in part
    from datetime import timedelta

    from app.domain.gallery import imports_overview
    from app.models.base import now

    monkeypatch.setattr(imports_overview, "now", lambda: now() + timedelta(minutes=5))
    html = client.get("/imports").get_data(as_text=True)
    assert ">Stopped<" in html and "hx-trigger" not in html
