"""A second face network for tests of changes: the bundled one with its output turned into 96 other numbers.

It is a network of its own as far as the portal can tell: another file, digest and number of dimensions, other scores.
"""

from __future__ import annotations

import atexit
import dataclasses
import hashlib
import shutil
import tempfile
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from app.domain.algorithms import changes
from app.extensions import db
from app.matching.catalogue import Extractor, NistDataset, NistDemographics, NistEvaluation, catalogue
from app.models import Template
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from demo.people import person
from tests.conftest import models_directory

SECOND = "fictitious-second"
DIMS = 96
PEOPLE = [person(seed) for seed in (7, 21, 22)]
WHY = "The vendor's later version was evaluated."


@cache
def _network() -> bytes:
    first = catalogue().extractors["dlib-resnet-v1"]
    model = onnx.load(models_directory() / first.file)
    turn = np.linalg.qr(np.random.default_rng(5).normal(size=(first.dims, first.dims)))[0][:, :DIMS]
    graph, name = model.graph, model.graph.output[0].name
    graph.initializer.append(numpy_helper.from_array(turn.astype(np.float32), "turn"))
    graph.node.append(helper.make_node("MatMul", [name, "turn"], ["turned"]))
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info("turned", onnx.TensorProto.FLOAT, ["n", DIMS]))
    return model.SerializeToString(deterministic=True)


@cache
def second_entry() -> Extractor:
    """Its catalogue entry, without any evaluation."""
    first = catalogue().extractors["dlib-resnet-v1"]
    return msgspec.structs.replace(
        first,
        name="Fictitious second network",
        developer="Example Vendor (fictitious)",
        version="9",
        description="For tests only.",
        file="fictitious_second.onnx",
        sha256=hashlib.sha256(_network()).hexdigest(),
        conversion="none",
        member_sha256=None,
        sources=(),
        check=None,
        dims=DIMS,
    )


def fictitious_record(entry: Extractor, due: date, **changes: Any) -> NistEvaluation:
    """A record as NIST's would be entered, of an algorithm that nobody submitted: for tests only."""
    values: dict[str, Any] = {
        "developer": "Example Vendor (fictitious)",
        "algorithm_id": "fictitious_000",
        "track": "FRTE 1:N",
        "submission_date": date(2020, 1, 2),
        "report_edition_date": date(2020, 3, 4),
        "report_url": "https://frte.example/fictitious",
        "report_sha256": "f" * 64,
        "datasets": (
            NistDataset(
                gallery_type="mugshot",
                probe_type="webcam (fictitious)",
                gallery_size=1000,
                fnir_at_fpir_0_003=0.05,
                fnir_rank1_investigation=0.01,
            ),
        ),
        "template_bytes": 512,
        "template_ms": 10.0,
        "search_ms": 1.0,
        "demographics": NistDemographics(
            source="Fictitious report",
            false_positive_differential=2.0,
            false_negative_differential=1.5,
            groups=("A", "B"),
        ),
        "artefact_sha256": entry.sha256,
        "artefact_version": entry.version,
        "equals_evaluated_version": True,
        "reviewed_by": "Nobody (fictitious)",
        "reviewed_on": due - timedelta(days=300),
        "next_review_due": due,
        **changes,
    }
    return NistEvaluation(**values)


@cache
def _models() -> Path:
    """One folder for the whole run, so that a network is loaded once."""
    models = Path(tempfile.mkdtemp(prefix="two-networks-"))
    atexit.register(shutil.rmtree, models, ignore_errors=True)
    for path in models_directory().glob("*.onnx"):
        (models / path.name).symlink_to(path.resolve())
    (models / second_entry().file).write_bytes(_network())
    return models


def two_networks(settings: Any) -> Any:
    """The settings with a models folder that also holds the second network; put its entry into the catalogue too."""
    return dataclasses.replace(settings, models_dir=_models())


@pytest.fixture
def settings(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The settings of a test that imports this: with the second network installed, and in the catalogue."""
    monkeypatch.setitem(catalogue().extractors, SECOND, second_entry())
    return two_networks(settings)


# The steps of a change ---------------------------------------------------------------------------------------


def begin(admin):
    with unit_of_work():
        return changes.begin(SECOND, admin)


def evaluate(change, admin, data="d" * 64):
    """Both measured on the same photographs, as the command line has it."""
    numbers = [
        {"data": {"sha256": data}, "algorithm": {"sha256": digest}}
        for digest in (change.source_digest, change.target_digest)
    ]
    with unit_of_work():
        changes.evaluated(change, admin, *numbers)


def step(verb, change, admin, reason=WHY):
    with unit_of_work():
        return verb(change, admin, reason)


def refused(verb, change, admin, reason=WHY) -> str:
    with pytest.raises(Refused) as refusal:
        step(verb, change, admin, reason)
    return refusal.value.rule_id


def ready(make, admin, run_jobs):
    """A change whose repository is embedded, and both evaluated."""
    make.enrol(PEOPLE, photos=2)
    change = begin(admin)
    run_jobs()
    evaluate(change, admin)
    return change


def templates(digest) -> int:
    return db.session.query(Template).filter_by(algorithm_digest=digest).count()
