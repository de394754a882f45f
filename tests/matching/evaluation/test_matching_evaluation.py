"""`flask matching evaluate`: labels read strictly, numbers printed and kept beside the algorithm."""

from __future__ import annotations

import io
import json
import os
import re
import stat
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader

from app.domain.algorithms.evaluations import CAUTION, kept
from demo.people import mugshot, person
from tests.drawn_gallery import encoded, needs_models


@pytest.fixture
def run(app):
    runner = app.test_cli_runner()
    return lambda *args: runner.invoke(args=["matching", "evaluate", *(str(arg) for arg in args)])


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Path:
    """Two pictures each of three drawn people, in a folder for each, and one file that is no picture."""
    folder = tmp_path_factory.mktemp("drawn")
    for seed in (1, 2, 3):
        (folder / f"p{seed}").mkdir()
        for n in (0, 1):
            (folder / f"p{seed}" / f"{n}.jpg").write_bytes(encoded(mugshot(person(seed), n)))
    return folder


@pytest.fixture
def labels(tmp_path, drawn):
    """labels(header, *lines) -> a CSV; without lines the six photographs with the site “n” or “s”."""

    def write(header: str = "file,identity,site", *lines: str) -> Path:
        rows = lines or header.endswith("site") * [
            f"p{seed}/{n}.jpg,p{seed},{'n' if seed < 3 else 's'}" for seed in (1, 2, 3) for n in (0, 1)
        ]
        path = tmp_path / "labels.csv"
        path.write_text("\n".join([header, *rows]) + "\n", "utf-8")
        return path

    return write


def one_line(result) -> str:
    assert result.exit_code == 1, result.output
    [line] = [line for line in result.stderr.splitlines() if line]
    assert line.startswith("Error: ") and "Traceback" not in result.output
    return line


@needs_models
def test_identities_are_measured_and_kept(run, labels, drawn, settings):
    csv = labels()
    result = run("--identities", csv, "--images", drawn, "--group", "site", "--json", "--draws", 100)
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    data = found["data"]
    assert (data["photographs"], data["people"], data["genuine_pairs"], data["impostor_pairs"]) == (6, 3, 3, 12)
    assert [rank["rank"] for rank in found["identification"]["ranks"]] == [1, 5, 10, 25]
    assert found["identification"]["ranks"][0]["found"]["value"] == 1.0
    assert [at["resolved"] for at in found["verification"]["at"]] == [False, False], "twelve pairs tell no FAR of 1 %"
    north, south = found["groups"]["site"]
    assert (north["name"], north["people"], north["genuine_pairs"], north["impostor_pairs"]) == ("n", 2, 2, 4)
    assert (south["people"], south["impostor_pairs"], south["fmr"], south["small"]) == (1, 0, None, True)
    assert found["caution"] == CAUTION and found["software"]["scikit-learn"]
    [file] = (settings.data_dir / "evaluations" / found["algorithm"]["sha256"]).iterdir()
    assert file.name.endswith(f"-{data['sha256']}.json")
    [entry] = kept(found["algorithm"]["sha256"])
    assert dict(entry.headline)["Rank 1"].startswith("100.0 % (29.2 to 100.0)")
    told = run("--identities", csv, "--images", drawn, "--draws", 100).stdout
    assert re.search(r"^Found at rank 1 or better  +100\.0 % \(29\.2 to 100\.0\)", told, re.M)
    assert "too few pairs for this FAR" in told and "few people: fewer than 30" in told and CAUTION in told


@needs_models
def test_a_folder_for_each_person_and_listed_pairs_say_the_same(run, labels, drawn):
    in_folders = json.loads(run("--identities", drawn, "--json", "--draws", 100).stdout)
    csv = labels("file,identity", *(f"p{s}/{n}.jpg,p{s}" for s in (3, 1, 2) for n in (1, 0)))
    in_csv = json.loads(run("--identities", csv, "--images", drawn, "--json", "--draws", 100).stdout)
    assert in_csv["data"] == in_folders["data"], "order and names of files are no part of the data set"
    assert in_csv["verification"] == in_folders["verification"]
    photos = [f"p{seed}/{n}.jpg" for seed in (1, 2, 3) for n in (0, 1)]
    rows = [
        f"{a},{b},{'Yes' if a[:2] == b[:2] else 'No'},{'x' if '1.jpg' in b else ''}"
        for i, a in enumerate(photos)
        for b in photos[i + 1 :]
    ]
    csv = labels("file_x,file_y,Decision,light", *rows)
    told = json.loads(run("--pairs", csv, "--images", drawn, "--group", "light", "--json", "--draws", 100).stdout)
    assert told["verification"] == in_folders["verification"] and told["identification"] is None
    assert told["data"]["people"] == 3
    [light] = told["groups"]["light"]
    assert (light["genuine_pairs"], light["impostor_pairs"]) == (3, 6)


@needs_models
def test_what_has_no_face_is_listed_and_kept_without_its_name(run, labels, drawn, tmp_path, settings):
    images = tmp_path / "images"
    images.mkdir()
    for path in drawn.glob("*/*.jpg"):
        (images / f"{path.parent.name}-{path.name}").write_bytes(path.read_bytes())
    (images / "Smith-blank.png").write_bytes(b"no picture")
    (images / "again.jpg").write_bytes((images / "p1-0.jpg").read_bytes())
    rows = [f"{path.name},{path.name[:2]}" for path in sorted(images.glob("p*.jpg"))]
    csv = labels("file,identity", *rows, "Smith-blank.png,p1", "again.jpg,p1")
    result = run("--identities", csv, "--images", images, "--draws", 100)
    assert re.search(r"^  Smith-blank\.png  +cannot be read", result.stdout, re.M)
    assert re.search(r"^  again\.jpg  +the same file as another", result.stdout, re.M)
    assert re.search(r"^Photographs, people  +6, 3", result.stdout, re.M)
    [file] = (settings.data_dir / "evaluations").glob("*/*.json")
    assert "Smith" not in file.read_text("utf-8") and "p1" not in file.read_text("utf-8")
    assert len(json.loads(file.read_text("utf-8"))["data"]["failures"]) == 2
    csv = labels("file,identity", *rows, "again.jpg,p2")
    assert "the same file, but labelled as two people" in one_line(run("--identities", csv, "--images", images))


@needs_models
def test_the_report_stands_alone_and_says_whose_numbers_these_are(run, labels, drawn, tmp_path, app):
    folder = tmp_path / "out" / "report"
    result = run("--identities", labels(), "--images", drawn, "--group", "site", "--draws", 100, "--report", folder)
    assert result.exit_code == 0, result.output
    html, pdf = (folder / "evaluation.html").read_text("utf-8"), (folder / "evaluation.pdf").read_bytes()
    numbers = json.loads((folder / "evaluation.json").read_text("utf-8"))
    page = BeautifulSoup(html, "lxml")
    assert "memory:" not in html and "http" not in re.sub(r"data:[^\"]+", "", html).replace("http-equiv", "")
    drawings = [image["src"] for image in page.select("img")]
    assert len(drawings) == 6 and all(src.startswith("data:image/svg+xml;base64,") for src in drawings)
    assert all(image.get("alt") for image in page.select("img"))
    pages = [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages]
    assert all(CAUTION in text for text in pages) and CAUTION in page.get_text()
    for text in (page.get_text(), " ".join(pages)):
        for digest in (numbers["algorithm"]["sha256"], numbers["detector"]["sha256"], numbers["data"]["sha256"]):
            assert digest in text.replace(" ", "") or digest in text
        assert "It is no evaluation by NIST" in text and "seed 1" in text and "By site" in text
        assert "Fewer than 30 people" in text and "None: a face was found in every photograph." in text
    assert stat.S_IMODE((folder / "evaluation.html").stat().st_mode) == 0o600
    status = app.test_cli_runner().invoke(args=["matching", "models", "status"]).stdout
    assert f"on the data set {numbers['data']['sha256']}" in status and "TAR at FAR 0.01 100.0 % (29.2" in status
    taken = tmp_path / "taken"
    taken.write_text("a file")
    assert "cannot be written" in one_line(run("--identities", drawn, "--draws", 100, "--report", taken))


@needs_models
def test_one_seed_gives_one_answer(run, drawn):
    first, again, other = (
        json.loads(run("--identities", drawn, "--json", "--draws", 100, "--seed", seed).stdout) for seed in (5, 5, 6)
    )
    assert first["intervals"] == {"level": 0.95, "draws_of_people": 100, "seed": 5}
    del first["date"], again["date"]
    assert first == again and first["data"] == other["data"]


@pytest.mark.clause("CAP-8")
@pytest.mark.parametrize("column", ["gender", "Site", "identity", "file"])
def test_a_group_comes_from_a_column_that_is_there_or_not_at_all(run, labels, drawn, column):
    line = one_line(run("--identities", labels(), "--images", drawn, "--group", column))
    assert f"no column {column} for groups, and none is ever estimated (CAP-8)" in line


@pytest.mark.clause("CAP-8")
def test_a_folder_has_no_groups(run, drawn):
    assert "has no column site" in one_line(run("--identities", drawn, "--group", "site"))


@pytest.mark.parametrize(
    ("kind", "lines", "said"),
    [
        ("--identities", ["name", "x"], "must have the columns file and identity"),
        ("--identities", ["file,identity"], "has no rows"),
        ("--identities", ["file,identity", "../secret.jpg,1"], "There is no photograph ../secret.jpg"),
        ("--identities", ["file,identity", "p1/0.jpg,"], "line 2: file, identity must all be given"),
        ("--identities", ["file,identity", "p1/0.jpg,1", "p1/0.jpg,2"], "lists p1/0.jpg twice"),
        ("--identities", ["file,identity,site", "p1/0.jpg,1,"], "says nothing in its column site"),
        ("--identities", ["file,identity,site", *(f"{i}.jpg,{i},{i}" for i in range(51))], "51 groups apart"),
        ("--pairs", ["file_x,file_y", "a,b"], "file_x, file_y and decision"),
        ("--pairs", ["file_x,file_y,decision", "p1/0.jpg,p1/1.jpg,Perhaps"], "“Perhaps” is neither Yes nor No"),
        ("--pairs", ["file_x,file_y,decision", "p1/0.jpg,p1/0.jpg,Yes"], "a photograph with itself"),
        ("--pairs", ["file_x,file_y,decision", "a,b,Yes", "b,a,Yes"], "lists a pair twice"),
        ("--pairs", ["file_x,file_y,decision", "a,b,Yes", "b,c,Yes", "c,a,No"], "says No of c and a"),
    ],
)
def test_labels_that_cannot_be_used_say_so_in_one_line(run, labels, drawn, kind, lines, said):
    more = ["--group", "site"] if "site" in lines[0] else []
    assert said in one_line(run(kind, labels(*lines), "--images", drawn, *more))


def test_what_is_missing_is_said_in_one_line(run, labels, drawn, tmp_path):
    assert "either --identities or --pairs" in one_line(run())
    assert "either --identities or --pairs" in one_line(run("--pairs", "x", "--identities", "y"))
    assert "--images" in one_line(run("--identities", labels()))
    assert "cannot be read" in one_line(run("--identities", tmp_path / "none.csv", "--images", drawn))
    (tmp_path / "empty").mkdir()
    assert "no folder of photographs" in one_line(run("--identities", tmp_path / "empty"))
    latin = tmp_path / "latin.csv"
    latin.write_bytes("file,identity\nmüller.jpg,1\n".encode("latin-1"))
    assert "is not UTF-8 CSV" in one_line(run("--identities", latin, "--images", drawn))


@needs_models
def test_one_photograph_a_person_measures_nothing(run, labels, drawn):
    csv = labels("file,identity", "p1/0.jpg,1", "p2/0.jpg,2")
    assert "Nothing can be measured" in one_line(run("--identities", csv, "--images", drawn))


@needs_models
@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_registry_that_cannot_be_written_is_one_line(run, drawn, settings):
    settings.data_dir.chmod(0o500)
    try:
        assert "cannot be kept" in one_line(run("--identities", drawn, "--draws", 100))
    finally:
        settings.data_dir.chmod(0o700)
