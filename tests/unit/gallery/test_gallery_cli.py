"""`flask gallery …` and `flask matching …`: what they print, how they end, one line for what is wrong."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from app.cli.gallery_import import plain_cell
from app.domain.algorithms import networks
from app.domain.gallery.intake_manifest import NAME
from tests.drawn_gallery import needs_models, row, write_folder


@pytest.fixture
def run(app):
    """run("gallery", "status") -> result, with standard output and error apart."""
    runner = app.test_cli_runner()
    return lambda *args: runner.invoke(args=[str(arg) for arg in args])


def one_line(result) -> str:
    assert result.exit_code == 1, result.output
    [line] = [line for line in result.stderr.splitlines() if line]
    assert line.startswith("Error: ") and "Traceback" not in result.output
    return line


@needs_models
@pytest.mark.clause("CAP-3")
def test_an_import_with_refused_rows_ends_well_and_reports_each_without_formulas(run, tmp_path):
    rows = [row(1), row(2, status="sealed", person_number="=cmd|'/c calc'!A1"), row(3, 0, file="@absent.jpg")]
    folder = write_folder(tmp_path, rows)
    report = tmp_path / "report.csv"
    result = run("gallery", "import", folder, "--report", report)
    assert result.exit_code == 0, result.output
    assert "The import ran to its end: 1 enrolled, 0 already there, 0 held, 1 refused, 1 unreadable." in result.stdout
    assert "Import: 3 of 3" in result.stdout and "kept out by gallery-status: 1" in result.stdout
    with report.open(newline="", encoding="utf-8") as file:
        written = list(csv.DictReader(file))
    assert [(r["line"], r["rules"]) for r in written] == [("3", "gallery-status"), ("4", "intake-file")]
    assert written[0]["person_number"].startswith("'=") and written[1]["file"] == "'@absent.jpg"
    assert not [cell for line in written for cell in line.values() if cell[:1] in "=+-@"]
    assert report.stat().st_mode & 0o077 == 0
    again = run("gallery", "import", folder)
    assert again.exit_code == 0 and "0 enrolled, 1 already there" in again.stdout
    status = run("gallery", "status").stdout
    assert "people       1\n" in status and "photographs  1\n" in status and "generation   1\n" in status


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", "\r=1"])
def test_no_cell_starts_a_formula(text):
    assert plain_cell(text) == "'" + text and plain_cell("a=1") == "a=1"


@needs_models
def test_what_cannot_run_says_so_in_one_line(run, tmp_path):
    folder = tmp_path / "import"
    assert "There is no folder" in one_line(run("gallery", "import", folder))
    folder.mkdir()
    assert "There is no manifest" in one_line(run("gallery", "import", folder))
    folder = write_folder(tmp_path, [row(1)])
    assert "for the report" in one_line(run("gallery", "import", folder, "--report", tmp_path / "no" / "r.csv"))
    (folder / NAME).write_text("record_number,colour\n1,red\n")
    assert "unknown column colour" in one_line(run("gallery", "import", folder))
    assert "There is no record" in one_line(run("gallery", "remove", "R-1", "--reason", "sealed"))
    assert "is no reason" in one_line(run("gallery", "remove", "R-1", "--reason", "tidying"))
    assert "Say --admit or --refuse" in one_line(run("gallery", "decide", "0" * 32, "--reason", "a good one"))
    assert "No photograph is held" in one_line(run("gallery", "decide", "0" * 32, "--admit", "--reason", "a good one"))


@needs_models
def test_only_one_import_runs_at_a_time(run, tmp_path):
    from app.jobs.gallery.import_workers import alone

    folder = write_folder(tmp_path, [row(1)])
    with alone():
        assert "Another import is running" in one_line(run("gallery", "import", folder))


def test_without_models_an_import_says_what_to_do(app, tmp_path, settings):
    import dataclasses

    app.extensions["settings"] = dataclasses.replace(settings, models_dir=tmp_path / "none")
    folder = write_folder(tmp_path, [row(1)])
    result = app.test_cli_runner().invoke(args=["gallery", "import", str(folder)])
    assert "flask matching models install" in one_line(result)


@pytest.mark.clause("FAIR-2")
def test_models_are_listed_with_what_nist_says_of_each(run):
    listed = run("matching", "models", "list")
    assert listed.exit_code == 0
    assert "dlib-resnet-v1: " in listed.stdout and listed.stdout.count("has no NIST evaluation record") == 2
    assert "in the catalogue" in one_line(run("matching", "models", "install", "no-such-model"))
    assert "Name the model" in one_line(run("matching", "models", "install", "--file", "x.onnx"))


def test_missing_models_are_a_failure_of_the_status(app, tmp_path, settings):
    import dataclasses

    app.extensions["settings"] = dataclasses.replace(settings, models_dir=tmp_path / "none")
    result = app.test_cli_runner().invoke(args=["matching", "models", "status"])
    assert result.exit_code == 1 and "models install" in result.stderr
    assert "may not be used for casework" in result.stdout


@needs_models
@pytest.mark.long
def test_speed_is_measured_beside_the_bare_libraries(run, settings, monkeypatch):
    import tools.cli  # noqa: F401  (puts the command in its group, as the entry point does)
    from tools import bench_enrolment
    from tools.population import Population

    monkeypatch.setattr(bench_enrolment, "ROUNDS", 1)

    drawn = np.random.default_rng(1).normal(size=(300, 2, 128)).astype(np.float32)
    digest = networks.extractor().digest
    # the fit is there already: drawing thousands of faces takes half an hour
    Population.fit(drawn).save(settings.data_dir / "bench" / f"drawn-faces-{digest[:16]}.npz")
    asked = ("matching", "bench", "--json", "--size", "1000", "--searches", "3", "--index", "exact", "--index", "faiss")
    result = run(*asked)
    assert result.exit_code == 0, (result.output, result.exception)
    found = json.loads(result.stdout)
    [search] = found["search"]
    assert search["photographs"] == 1000 and search["milliseconds"]["faiss"]["p50"] > 0
    assert search["times_of"]["exact"]["exact"] == 1 and len(search["milliseconds"]) > 3
    assert found["enrolment"]["per_second"] > 0 and found["enrolment"]["two_workers_times_one"] > 0
