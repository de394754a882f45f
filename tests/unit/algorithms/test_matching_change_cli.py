"""`flask matching change`: the same steps on the command line, by a named administrator, with one line of error."""

# ruff: noqa: F811  (a fixture that a test names is not a redefinition)
from __future__ import annotations

import csv

import pytest

from app.domain.algorithms import registry as algorithms
from app.domain.algorithms.evaluations import kept
from app.domain.algorithms.upkeep import running
from app.extensions import db
from app.matching.catalogue import catalogue
from app.models import AlgorithmSwitch
from app.policy import policy
from demo.people import person
from tests.another_policy import another_policy  # noqa: F401  (a fixture)
from tests.conftest import models_directory
from tests.drawn_gallery import arrest_photograph
from tests.second_network import SECOND, second_entry, settings  # noqa: F401  (a fixture)

pytestmark = [
    pytest.mark.skipif(
        not (models_directory() / "centerface.onnx").is_file(), reason="the face models are not installed (make setup)"
    ),
    pytest.mark.clause("FAIR-2", "FAIR-3"),
]
BY = ("--by", "f.spruce")
WHY = ("--reason", "The vendor's later version.")


@pytest.fixture
def run(app, people):
    people.account("f.spruce")  # trained, as whoever changes the algorithm must be (ACC-4)
    return lambda *words: app.test_cli_runner().invoke(args=["matching", "change", *words])


@pytest.fixture
def labelled(tmp_path):
    """Three drawn people, two photographs each, as a CSV that says who is who."""
    folder = tmp_path / "labelled"
    folder.mkdir()
    with (folder / "labels.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "identity"])
        for seed in (7, 21, 22):
            for n in (0, 1):
                (folder / f"{seed}-{n}.jpg").write_bytes(arrest_photograph(seed, n))
                writer.writerow([f"{seed}-{n}.jpg", f"person {seed}"])
    return folder


def test_a_change_from_begin_to_settled(run, make, run_jobs, labelled):
    make.enrol([person(7), person(21)], photos=1)
    first = algorithms.active().sha256
    assert "No change runs." in run("status").output
    begun = run("begin", SECOND, *BY)
    assert begun.exit_code == 0, begun.output
    assert "target     0 of 2 photographs" in run("status").output
    run_jobs()
    told = run("status").output
    for part in ("target     2 of 2 photographs", "Nothing is left to embed.", "evaluated  not yet"):
        assert part in told
    early = run("cut-over", *WHY, *BY)
    assert early.exit_code == 1 and "both_evaluated" in early.output
    data = ("--identities", str(labelled / "labels.csv"), "--images", str(labelled), "--draws", "100")
    measured = run("evaluate", *data, *BY)
    assert measured.exit_code == 0, measured.output
    pair = [kept(digest)[0] for digest in (first, second_entry().sha256)]
    assert pair[0].data.sha256 == pair[1].data.sha256 == running().evaluated_on
    done = run("cut-over", *WHY, *BY)
    assert done.exit_code == 0 and f"in use is {SECOND}" in done.output
    db.session.rollback()
    assert db.session.query(AlgorithmSwitch).one().by.name == "f.spruce"
    settled = run("settle", *WHY, *BY)
    assert settled.exit_code == 0 and running() is None
    back = run("revert", *WHY, *BY)
    assert back.exit_code == 1 and "No change of the algorithm runs" in back.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("begin", "nobody-knows-it", *BY), "has no extractor"),
        (("begin", "dlib-resnet-v1", *BY), "is the algorithm in use already"),
        (("begin", "sface-2021dec", *BY), "is not installed"),
        (("begin", SECOND, "--by", "k.rowan"), "algorithm.change"),
        (("begin", SECOND, "--by", "nobody"), "not in the directory"),
        (("cut-over", *WHY, *BY), "No change of the algorithm runs"),
        (("cut-over", "--reason", "x", *BY), "5 to 300 characters"),
        (("evaluate", *BY), "either --identities or --pairs"),
    ],
)
def test_what_cannot_be_done_is_one_line(run, words, said):
    answer = run(*words)
    assert answer.exit_code == 1 and said in answer.output
    assert len(answer.output.strip().splitlines()) == 1, answer.output
    assert running() is None


@pytest.mark.clause("TRN-2")
def test_a_command_acts_for_a_person_and_waits_for_them_bypass(run, another_policy):
    """By the command line: whoever it acts for acknowledges the policy first, and is told so in a line."""
    another_policy()
    answer = run("begin", SECOND, *BY)
    assert answer.exit_code == 1 and policy().acknowledgement.refusal in answer.output
    assert "(policy-acknowledged)" in answer.output and running() is None


def test_status_says_that_the_embedding_stopped(run, make, run_jobs, monkeypatch):
    make.enrol([person(7)], photos=1)
    run("begin", SECOND, *BY)
    monkeypatch.delitem(catalogue().extractors, SECOND)
    run_jobs()
    stopped = run("status")
    assert stopped.exit_code == 1 and "The embedding has stopped" in stopped.output
    monkeypatch.setitem(catalogue().extractors, SECOND, second_entry())
    assert run("try-again", *BY).exit_code == 0
    run_jobs()
    assert "Nothing is left to embed." in run("status").output
