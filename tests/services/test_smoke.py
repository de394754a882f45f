"""Each real server answers, and OpenLDAP says the same about people as the embedded directory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import rq
import sqlalchemy as sa
from flask import Flask
from rq.serializers import JSONSerializer

from app.access.directory import DirectoryUnavailable, authenticate, init_directory, lookup, members
from config.settings import Settings
from demo import services
from demo.accounts import load_accounts

pytestmark = pytest.mark.timeout(120)

PASSWORD = load_accounts().password


def demonstration(data_dir: Path, **environment: str) -> Settings:
    return Settings.from_env(
        {"CORROBORATE_MODE": "demonstration", "CORROBORATE_DATA_DIR": str(data_dir), **environment}
    )


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    settings = demonstration(tmp_path_factory.mktemp("embedded"))
    with services.start_directory(settings):
        yield settings


@pytest.fixture(params=["embedded", "openldap"])
def directory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Both directories in turn, inside an application that uses the portal's own directory code."""
    if request.param == "embedded":
        settings = request.getfixturevalue("embedded")
    else:
        settings = demonstration(tmp_path, **request.getfixturevalue("ldap_environment"))
    with application(settings).app_context():
        yield settings


def application(settings: Settings) -> Flask:
    app = Flask(__name__)
    app.extensions["settings"] = settings
    init_directory(app)
    return app


def test_postgresql_gives_each_test_an_empty_database(postgresql_url: str) -> None:
    engine = sa.create_engine(postgresql_url)
    with engine.begin() as connection:
        assert sa.inspect(connection).get_table_names() == []
        connection.execute(sa.text("CREATE TABLE kept (id integer PRIMARY KEY)"))
        assert "PostgreSQL" in str(connection.scalar(sa.text("SELECT version()")))
    engine.dispose()


def test_redis_takes_a_job_of_ids_only(redis_url: str) -> None:
    connection = redis.Redis.from_url(redis_url)
    assert connection.dbsize() == 0
    queue = rq.Queue("default", connection=connection, serializer=JSONSerializer)
    job = queue.enqueue("app.jobs.identification.search.run", 7)
    assert queue.fetch_job(job.id).args == [7]


@pytest.mark.clause("ACC-3", "ACC-8")
def test_sign_in_yields_name_rank_command_and_roles(directory: Settings) -> None:
    entry = authenticate("i.kestrel", PASSWORD)
    assert entry is not None
    assert (entry.name, entry.display_name) == ("i.kestrel", "Ines Kestrel")
    assert (entry.title, entry.command, entry.enabled) == ("Detective", "Intelligence Bureau", True)
    assert "investigator" in entry.roles


@pytest.mark.clause("ACC-3")
@pytest.mark.parametrize(
    ("name", "password"),
    [("d.lark", "wrong"), ("d.lark", ""), ("nobody", PASSWORD), ("*", PASSWORD), ("z.dodo", PASSWORD)],
)
def test_sign_in_is_refused(directory: Settings, name: str, password: str) -> None:
    assert authenticate(name, password) is None


@pytest.mark.clause("ACC-2", "ACC-8")
def test_lookup_tells_disabled_absent_and_without_groups(directory: Settings) -> None:
    disabled, groupless = lookup("z.dodo"), lookup("p.puffin")
    assert disabled is not None
    assert not disabled.enabled
    assert groupless is not None
    assert groupless.roles == frozenset()
    assert lookup("nobody") is None


@pytest.mark.clause("ACC-8")
def test_members_of_a_role_are_those_of_its_group(directory: Settings) -> None:
    expected = sorted(person.uid for person in load_accounts().members("fr-examiners"))
    assert members("examiner") == expected


@pytest.mark.clause("ACC-10")
def test_a_certificate_of_an_unknown_authority_is_refused(tmp_path: Path, ldap_environment: dict[str, str]) -> None:
    del ldap_environment["LDAP_CA_FILE"]
    with application(demonstration(tmp_path, **ldap_environment)).app_context():
        with pytest.raises(DirectoryUnavailable):
            lookup("d.lark")
