"""The sweep's world, built once for all tests of a process."""

from __future__ import annotations

import pytest

from demo.accounts import change_account
from demo.services import directory_state
from tests.conftest import fresh_settings, models_directory, run_due_jobs
from tests.sweep.personas import GROUPS, PERSONAS
from tests.sweep.world import World


@pytest.fixture(scope="session")
def built_world(session_settings, empty_data, tmp_path_factory) -> World:
    if not (models_directory() / "centerface.onnx").is_file():
        pytest.skip("the face models are not installed (flask matching models install)")
    data = tmp_path_factory.mktemp("world") / "data"
    set_groups(session_settings)
    world = World.build(fresh_settings(session_settings, empty_data, data), data, run_due_jobs)
    world.keep()
    world.restore()
    return world


def set_groups(settings) -> None:
    """Give the personas the groups that no account of the demonstration has by itself."""
    for persona, groups in GROUPS.items():
        change_account(directory_state(settings), PERSONAS[persona], groups=groups)


@pytest.fixture
def world(built_world: World, session_settings) -> World:
    """The world as built, whatever the test before changed."""
    set_groups(session_settings)
    built_world.restore()
    return built_world
