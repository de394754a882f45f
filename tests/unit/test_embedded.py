"""The embedded services: they serve, they end, and no stray of a killed parent survives the next start."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import ldap3
import pytest
import redis
from flask import Flask
from flask_ldap3_login import AuthenticationResponseStatus, LDAP3LoginManager
from ldap3.core.exceptions import (
    LDAPInsufficientAccessRightsResult,
    LDAPUnwillingToPerformResult,
)

from config.embedded import Embedded
from config.settings import Settings
from demo import services
from demo.accounts import AccountsError, change_account, load_accounts
from demo.processes import Service, ServiceError, running

pytestmark = pytest.mark.timeout(90)

SUCCESS = AuthenticationResponseStatus.success
FAIL = AuthenticationResponseStatus.fail
DESIGN_GROUPS = {
    "investigators",
    "precinct-supervisors",
    "intelligence-bureau",
    "fr-examiners",
    "fr-supervisors",
    "executive-approvers",
    "privacy-officers",
    "records-officers",
    "integrity-officers",
    "auditors",
    "administrators",
    "agency-users",
}


def make_settings(data_dir: Path) -> Settings:
    return Settings.from_env({"CORROBORATE_MODE": "demonstration", "CORROBORATE_DATA_DIR": str(data_dir)})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return make_settings(tmp_path)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    settings = make_settings(tmp_path_factory.mktemp("directory"))
    with services.start_directory(settings):
        yield settings


@pytest.fixture
def manager(directory: Settings) -> Iterator[LDAP3LoginManager]:
    services.directory_state(directory).unlink(missing_ok=True)
    app = Flask(__name__)
    app.config.update(directory.ldap_config())
    manager = LDAP3LoginManager(app)
    app.ldap3_login_manager_server_pool.add(ldap3.Server(directory.ldap_url, get_info=ldap3.NONE, connect_timeout=5))
    with app.app_context():
        yield manager


def wait_until(condition: Callable[[], bool], seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


# accounts


@pytest.mark.clause("ACC-8")
def test_every_role_has_its_people() -> None:
    accounts = load_accounts()
    assert set(accounts.groups) == DESIGN_GROUPS
    assert all(accounts.members(group) for group in accounts.groups)
    trained = [person for person in accounts.members("fr-examiners") if person.trained]
    assert len(trained) >= 4, "an examiner, two peers and one to spare"
    assert len(accounts.members("fr-examiners")) > len(trained), "one whose training is missing"
    assert len({person.command for person in accounts.members("investigators")}) >= 3


def test_people_are_visibly_invented() -> None:
    for person in load_accounts().people.values():
        assert person.mail.endswith(".test")
        assert person.uid == f"{person.given_name[0]}.{person.surname}".lower()


def test_unknown_group_in_the_accounts_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "accounts.toml"
    file.write_text(
        'password = "x"\ngroups = {a = "A"}\n[people.p]\nname = ["P", "Q"]\nrank = "R"\ncommand = "C"\ngroups = ["b"]\n'
    )
    with pytest.raises(AccountsError, match="p is in b, which is not a group"):
        load_accounts(file)


def test_a_change_keeps_what_an_earlier_change_said(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    change_account(state, "d.lark", groups=["auditors"])
    change_account(state, "d.lark", disabled=True)
    lark = load_accounts(state=state).people["d.lark"]
    assert (lark.groups, lark.disabled) == (("auditors",), True)


# directory


@pytest.mark.clause("ACC-3", "ACC-8")
def test_sign_in_yields_rank_command_and_groups(manager: LDAP3LoginManager) -> None:
    answer = manager.authenticate("i.kestrel", load_accounts().password)
    assert answer.status is SUCCESS
    assert answer.user_info["title"] == ["Detective"]
    assert answer.user_info["departmentNumber"] == ["Intelligence Bureau"]
    assert answer.user_info["userAccountControl"] == ["512"]
    assert {group["cn"][0] for group in answer.user_groups} == {"investigators", "intelligence-bureau"}


@pytest.mark.clause("ACC-3")
@pytest.mark.parametrize(
    ("uid", "password"),
    [
        ("d.lark", "wrong"),
        ("d.lark", ""),
        ("nobody", "corroborate-demo"),
        ("*", "corroborate-demo"),
        ("z.dodo", "corroborate-demo"),
        ("", "corroborate-demo"),
        ("d.lark,ou=people", "corroborate-demo"),
    ],
)
def test_sign_in_is_refused(manager: LDAP3LoginManager, uid: str, password: str) -> None:
    assert manager.authenticate(uid, password).status is FAIL


@pytest.mark.clause("ACC-2")
def test_disabled_account_is_out_at_the_next_question(manager: LDAP3LoginManager, directory: Settings) -> None:
    password = load_accounts().password
    assert manager.authenticate("d.lark", password).status is SUCCESS
    change_account(services.directory_state(directory), "d.lark", disabled=True)
    assert manager.authenticate("d.lark", password).status is FAIL
    assert manager.get_user_info_for_username("d.lark")["userAccountControl"] == ["514"]
    change_account(services.directory_state(directory), "d.lark", disabled=False)
    assert manager.authenticate("d.lark", password).status is SUCCESS


@pytest.mark.clause("ACC-2")
def test_person_taken_out_of_a_group_loses_it_at_once(manager: LDAP3LoginManager, directory: Settings) -> None:
    change_account(services.directory_state(directory), "k.rowan", groups=[])
    answer = manager.authenticate("k.rowan", load_accounts().password)
    assert (answer.status, answer.user_groups) == (SUCCESS, [])


def test_unreadable_state_file_changes_nothing(manager: LDAP3LoginManager, directory: Settings) -> None:
    services.directory_state(directory).write_text("{")
    assert manager.authenticate("d.lark", load_accounts().password).status is SUCCESS


@pytest.mark.clause("ACC-8")
def test_no_search_returns_a_password(manager: LDAP3LoginManager) -> None:
    connection = manager.connection
    connection.search("dc=example,dc=test", "(objectClass=*)", attributes=["*", "userPassword"])
    assert len(connection.response) > 30
    assert not any(entry["attributes"].get("userPassword") for entry in connection.response)
    connection.search("dc=example,dc=test", "(userPassword=*)")
    assert connection.response == []


def test_searching_needs_a_bind_and_a_failed_bind_ends_the_former(directory: Settings) -> None:
    server = ldap3.Server(directory.ldap_url, get_info=ldap3.NONE, connect_timeout=5)
    with ldap3.Connection(server, raise_exceptions=True, receive_timeout=5) as anonymous:
        with pytest.raises(LDAPInsufficientAccessRightsResult):
            anonymous.search("ou=people,dc=example,dc=test", "(uid=*)")
    connection = ldap3.Connection(server, directory.ldap_bind_dn, directory.ldap_bind_password, receive_timeout=5)
    assert connection.bind()
    assert not connection.rebind(directory.ldap_bind_dn, "wrong")
    assert not connection.search("ou=people,dc=example,dc=test", "(uid=d.lark)")


def test_directory_is_read_only(manager: LDAP3LoginManager) -> None:
    connection = manager.make_connection(
        manager_config(manager, "LDAP_BIND_USER_DN"), manager_config(manager, "LDAP_BIND_USER_PASSWORD")
    )
    connection.read_only = False
    connection.bind()
    with pytest.raises(LDAPUnwillingToPerformResult):
        connection.delete("uid=d.lark,ou=people,dc=example,dc=test")
    with pytest.raises(LDAPUnwillingToPerformResult):
        connection.modify(
            "cn=auditors,ou=groups,dc=example,dc=test",
            {"member": [(ldap3.MODIFY_ADD, ["uid=d.lark,ou=people,dc=example,dc=test"])]},
        )


def manager_config(manager: LDAP3LoginManager, name: str) -> str:
    from flask import current_app

    return current_app.config[name]


def test_directory_survives_rubbish_and_clients_that_leave(directory: Settings, manager: LDAP3LoginManager) -> None:
    port = int(directory.ldap_url.rpartition(":")[2])
    for rubbish in (b"GET / HTTP/1.0\r\n\r\n", b"\x30\x84\xff\xff\xff\xff", b"\x00" * 200_000):
        with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
            client.sendall(rubbish)
    assert manager.authenticate("d.lark", load_accounts().password).status is SUCCESS


def test_many_searches_a_second(manager: LDAP3LoginManager) -> None:
    begun = time.monotonic()
    for _ in range(100):
        assert manager.get_user_info_for_username("d.lark")["uid"] == ["d.lark"]
    assert time.monotonic() - begun < 5


# processes


def test_redis_serves_and_ends_with_its_block(settings: Settings) -> None:
    with services.start_redis(settings) as child:
        client = redis.Redis.from_url(settings.redis_url)
        client.set("key", "value")
        assert client.get("key") == b"value"
        assert client.config_get("save")["save"] == ""
        assert client.config_get("appendonly")["appendonly"] == "no"
    assert not is_running(child.pid)


def test_redis_killed_and_started_again_is_empty(settings: Settings) -> None:
    with services.start_redis(settings) as child:
        redis.Redis.from_url(settings.redis_url).set("key", "value")
        child.kill()
        assert not child.alive()
    with services.start_redis(settings):
        assert redis.Redis.from_url(settings.redis_url).get("key") is None


def test_second_start_on_the_same_data_is_refused(settings: Settings) -> None:
    with services.start_redis(settings) as child:
        with pytest.raises(ServiceError, match="redis already runs on this data directory"):
            with services.start_redis(settings):
                pass
        assert child.alive()


PARENT = """
import sys, time
from config.settings import Settings
from demo import services, processes
processes._die_with_parent = {hook}
settings = Settings.from_env({{"CORROBORATE_MODE": "demonstration", "CORROBORATE_DATA_DIR": sys.argv[1]}})
with services.start_redis(settings) as child:
    print(child.pid, flush=True)
    time.sleep(60)
"""


def killed_parent(data_dir: Path, hook: str) -> int:
    """Starts a parent with a Redis, kills the parent, and answers the Redis's process id."""
    command = [sys.executable, "-c", PARENT.format(hook=hook), str(data_dir)]
    parent = subprocess.Popen(command, cwd=services.ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert parent.stdout is not None
        return int(parent.stdout.readline())
    finally:
        parent.kill()
        parent.wait(10)
        parent.stdout.close()


def test_children_end_with_a_killed_parent(settings: Settings) -> None:
    pid = killed_parent(settings.data_dir, "processes._die_with_parent")
    assert wait_until(lambda: not is_running(pid))


def test_stray_of_a_killed_parent_is_ended_by_the_next_start(settings: Settings) -> None:
    pid = killed_parent(settings.data_dir, "lambda: None")
    assert is_running(pid), "without the kernel's help the child outlives its parent"
    with services.start_redis(settings) as child:
        assert not is_running(pid)
        assert child.pid != pid
        assert redis.Redis.from_url(settings.redis_url).ping()


def test_recycled_process_id_is_left_alone(settings: Settings) -> None:
    stranger = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        record = Embedded(settings.data_dir).run_dir / "redis.pid"
        record.parent.mkdir(parents=True)
        record.write_text(f'{{"pid": {stranger.pid}, "started": 1}}')
        with services.start_redis(settings):
            assert stranger.poll() is None
    finally:
        os.killpg(stranger.pid, signal.SIGKILL)
        stranger.wait(10)


def service(tmp_path: Path, code: str, ready: bool) -> Service:
    return Service("example", [sys.executable, "-c", code], dict(os.environ), tmp_path, lambda _: ready, 1.0)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("print('no such disk'); raise SystemExit(3)", "example ended at once: no such disk"),
        ("import time; time.sleep(60)", "example was not ready after 1 seconds"),
    ],
)
def test_service_that_does_not_serve_is_named_with_its_last_line(tmp_path: Path, code: str, message: str) -> None:
    with pytest.raises(ServiceError, match=message):
        with running(service(tmp_path, code, ready=False), tmp_path, tmp_path / "log"):
            pass


def test_stop_ends_grandchildren_and_those_who_ignore_the_request(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("demo.processes.STOP_SECONDS", 1.0)
    code = (
        "import signal, subprocess, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "child = subprocess.Popen(['sleep', '60']); open('grandchild', 'w').write(str(child.pid));"
        "time.sleep(60)"
    )
    written = tmp_path / "grandchild"
    waiting = replace(
        service(tmp_path, code, ready=True), ready=lambda _: written.exists() and written.read_text() != ""
    )
    with running(replace(waiting, ready_seconds=10), tmp_path, tmp_path / "log") as child:
        grandchild = int(written.read_text())
        assert is_running(grandchild)
    assert not is_running(child.pid)
    assert wait_until(lambda: not is_running(grandchild), 5)


def test_taken_directory_port_is_a_clear_line(settings: Settings) -> None:
    port = int(settings.ldap_url.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)):
        with pytest.raises(ServiceError, match=rf"directory ended at once: .*{port}"):
            with services.start_directory(settings):
                pass


def test_portal_moves_to_a_free_port_and_says_so_in_its_address(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        wanted = replace(settings, listen_port=port, public_url=f"http://127.0.0.1:{port}")
        moved = services.on_free_port(wanted)
        assert moved.listen_port > port
        assert moved.public_url == f"http://127.0.0.1:{moved.listen_port}"
        with pytest.raises(ServiceError, match=f"port {port} is taken"):
            with services.start_portal(wanted):
                pass


def test_check_names_the_service_that_died(settings: Settings) -> None:
    with services.start_redis(settings) as child:
        demonstration = services.Running(settings, (child,))
        demonstration.check()
        child.kill()
        with pytest.raises(ServiceError, match="redis has died"):
            demonstration.check()


@pytest.mark.long
@pytest.mark.parametrize(
    ("spoiled", "said"),
    [
        ("data", "The portal cannot use "),
        ("data/corroborate.sqlite", "The database cannot be used"),
    ],
    ids=["the folder is a file", "the database is none"],
)
def test_a_demonstration_without_usable_data_ends_with_one_sentence(tmp_path: Path, spoiled: str, said: str) -> None:
    (tmp_path / spoiled).parent.mkdir(exist_ok=True)
    (tmp_path / spoiled).write_text("neither a folder nor a database" * 100)
    ended = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "demo", "--exit"],
        cwd=Path(__file__).resolve().parents[2],
        env=os.environ | {"CORROBORATE_MODE": "demonstration", "CORROBORATE_DATA_DIR": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ended.returncode != 0
    assert "Traceback" not in ended.stderr
    assert said in ended.stderr.splitlines()[-1]
    assert "CORROBORATE_DATA_DIR" in ended.stderr.splitlines()[-1]
