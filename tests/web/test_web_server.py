"""The portal under the web server it is shipped with: several processes, threads, TLS, and faults that stop it once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from app.access.sessions import FAILURES
from config.settings import Settings
from demo.services import portal_command
from tests.certificates import self_signed
from tests.conftest import fresh_settings
from tests.real_portal import RealPortal, real_portal

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def kept(session_settings: Settings, empty_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings with a database that all tests of this module share."""
    return fresh_settings(session_settings, empty_data, tmp_path_factory.mktemp("served") / "data")


@pytest.fixture(scope="module")
def portal(kept: Settings) -> Iterator[RealPortal]:
    """As the demonstration starts it: two processes of four threads each."""
    with real_portal(kept) as running:
        assert (running.settings.web_workers, running.settings.web_threads) == (2, 4)
        yield running


def answered_by(portal: RealPortal) -> list[int]:
    """The process of each line of the access log."""
    lines = portal.child.log.read_text("utf-8").splitlines()
    return [int(line.split("<")[1].split(">")[0]) for line in lines if '"GET /' in line or '"POST /' in line]


@pytest.mark.clause("ACC-3")
def test_a_session_is_the_same_in_every_process(portal) -> None:
    one, other = portal.workers()
    with portal.only(one):
        visitor = portal.visitor("d.lark")
        token = visitor.token("/report-misuse")
    with portal.only(other):
        assert "Dana Lark" in visitor.get("/").text
        said = {"csrf_token": token, "what": "Somebody searched for a neighbor."}
        taken = visitor.session.post(f"{portal.base}/report-misuse", data=said, timeout=60)
        assert taken.status_code == 200 and taken.history, taken.text
    with portal.only(one):
        assert visitor.post("/sign-out", page="/report-misuse").status_code == 200
    with portal.only(other):
        assert visitor.get("/", allow_redirects=False).headers["Location"].startswith("/sign-in")
    assert set(answered_by(portal)) >= {one, other}


@pytest.mark.clause("ACC-3")
def test_failures_to_sign_in_are_counted_over_all_processes(portal) -> None:
    statuses = []
    for attempt in range(FAILURES + 1):
        with portal.only(portal.workers()[attempt % 2]):
            statuses.append(portal.visitor().sign_in("m.heron", "not this").status_code)
    assert statuses == [401] * (FAILURES - 1) + [429] * 2
    for worker in portal.workers():
        with portal.only(worker):
            assert portal.visitor().sign_in("m.heron").status_code == 429, "the right password does not unlock it"


@pytest.mark.clause("ACC-2")
def test_whoever_leaves_the_directory_is_out_in_every_process(portal, change_person) -> None:
    visitor = portal.visitor("d.lark")
    change_person("d.lark", disabled=True)
    for worker in portal.workers():
        with portal.only(worker):
            assert visitor.get("/", allow_redirects=False).status_code == 302


def test_processes_and_threads_write_at_the_same_time(portal) -> None:
    """Each request writes an event; none is refused by a locked database, and the chain holds."""
    visitors = [portal.visitor(name) for name in ("h.larch", "w.sparrow")] * 8
    with ThreadPoolExecutor(len(visitors)) as pool:
        answers = list(pool.map(lambda visitor: visitor.get("/audit").status_code, visitors * 4))
    assert answers == [200] * len(visitors) * 4
    assert set(answered_by(portal)) == set(portal.workers())
    environ = {**os.environ, **portal.settings.environment()}
    verify = [sys.executable, "-m", "flask", "--app", "wsgi", "audit", "verify"]
    checked = subprocess.run(verify, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert int(checked.stdout.split()[0]) >= len(answers)


@pytest.mark.clause("ACC-10")
def test_the_access_log_holds_no_question(portal) -> None:
    visitor = portal.visitor("b.juniper")
    assert visitor.get("/disclosures/register?person=Robin+Sandpiper").status_code == 200
    log = portal.child.log
    answered = '"GET /disclosures/register HTTP/1.1" 200'
    deadline = time.monotonic() + 15  # the line is written once the answer is out
    while answered not in log.read_text("utf-8") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert answered in log.read_text("utf-8")
    assert "Sandpiper" not in log.read_text("utf-8")


@pytest.mark.clause("ACC-10")
def test_it_serves_with_the_certificate_and_the_processes_that_the_settings_say(kept, tmp_path) -> None:
    cert, key = self_signed(tmp_path)
    with real_portal(replace(kept, data_dir=tmp_path), tls_cert=cert, tls_key=key, web_workers=3) as running:
        answer = running.visitor("d.lark").get("/")
        assert answer.url.startswith("https://") and "Dana Lark" in answer.text
        assert "max-age" in answer.headers["Strict-Transport-Security"]
        assert len(running.workers()) == 3
        taken = started(running.settings.environment())
    assert taken.returncode == 1
    assert "Connection in use" in taken.stderr


def started(environ: dict[str, str], checkout: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """What comes of starting the web server of a checkout; it must end by itself."""
    command = [part.replace(str(ROOT / "config"), str(checkout / "config")) for part in portal_command()]
    return subprocess.run(
        command, cwd=checkout, env={**os.environ, **environ}, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [("WEB_WORKERS", "none"), ("SECRET_KEY", None), ("TLS_CERT", __file__), ("CORROBORATE_MODE", "production")],
)
def test_a_wrong_setting_stops_it_once_with_a_line_for_it(kept, name, value) -> None:
    environ = kept.environment() | {"CORROBORATE_MODE": "casework"}
    if value is None:
        del environ[name]
    else:
        environ[name] = value
    ended = started(environ)
    assert ended.returncode == 2
    told = [line for line in ended.stderr.splitlines() if line.startswith(f"{name}: ")]
    assert len(told) == 1, ended.stderr
    assert "Booting worker" not in ended.stderr and "Traceback" not in ended.stderr


def test_rules_that_do_not_hold_together_stop_it_once(kept, tmp_path) -> None:
    """The application is made before any process is forked, not in each of them for ever."""
    for name in ("app", "config"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("vendor", "__pycache__"))
    shutil.copy(ROOT / "wsgi.py", tmp_path)
    (tmp_path / "config" / "policy" / "roles.toml").write_text("[[role]]\n")
    ended = started(kept.environment(), tmp_path)
    assert ended.returncode == 2
    assert ended.stderr.count("The policy cannot be used") == 1, ended.stderr
    assert "Booting worker" not in ended.stderr
