"""``flask policy check`` tells of an enforced clause without rule, code or test, and of forbidden names."""

from collections import defaultdict
from pathlib import Path

import pytest

from app import clauses
from app.clauses import enforces, registry
from app.policy.absence import forbidden_names
from app.policy.check import gaps, marked_tests
from app.policy.clause_table import seen
from app.policy.loader import DEFAULT_DIRECTORY
from app.policy.types import Policy

ROOT = DEFAULT_DIRECTORY.parents[1]
WHOLE = {"clause": "X-1", "status": "enforced", "rules": ["r"], "enforcement": ["m:f"], "seen": ["“No.”"]}
WHOLE["tests"] = ["tests/a.py::test_it", "tests/a.py::test_another_route_bypass"]


def test_an_enforced_clause_with_rule_code_and_test_has_no_gap() -> None:
    assert list(gaps(WHOLE)) == []


@pytest.mark.parametrize(
    ("column", "said"),
    [("rules", "no rule"), ("enforcement", "no enforcement point"), ("tests", "no test"), ("seen", "nobody sees")],
)
def test_each_gap_is_told(column: str, said: str) -> None:
    (gap,) = gaps({**WHOLE, column: []})
    assert gap.startswith("X-1: marked enforced, but ")
    assert said in gap


def test_a_test_that_tries_no_way_around_is_no_bypass_test() -> None:
    (gap,) = gaps({**WHOLE, "tests": ["tests/a_bypass.py::test_it", "tests/a.py::test_a_bypass_of_it"]})
    assert gap == "X-1: marked enforced, but no test whose name ends in _bypass tries to get around it"


def test_a_clause_that_refuses_nothing_is_read_as_its_rules(rules: Policy) -> None:
    assert seen(rules, ["homicide"]) == ["“Case records of a homicide are kept permanently.”"]
    assert seen(rules, []) == [] == seen(rules, ["no-such-rule"])


def test_a_pending_clause_owes_nothing() -> None:
    empty: dict[str, list[str]] = {"rules": [], "enforcement": [], "tests": [], "seen": []}
    assert list(gaps({**WHOLE, "status": "pending", **empty})) == []


def test_marks_are_found_on_functions_classes_and_modules(tmp_path: Path) -> None:
    folder = tmp_path / "tests" / "unit"
    folder.mkdir(parents=True)
    (folder / "test_a.py").write_text(
        "import pytest\n"
        "@pytest.mark.clause('A-1', 'A-2')\ndef test_one(): ...\n"
        "@pytest.mark.clause('A-3')\ndef helper(): ...\n"
        "@pytest.mark.clause('A-4')\nclass TestIt:\n    def test_two(self): ...\n"
        "def test_three():\n    text = 'pytest.mark.clause(A-9)'\n"
    )
    (folder / "test_b.py").write_text("import pytest\npytestmark = [pytest.mark.clause('B-1')]\ndef test_x(): ...\n")
    (folder / "test_c.py").write_text("import pytest\npytestmark = pytest.mark.clause('C-1')\n")
    assert marked_tests(tmp_path / "tests") == {
        "A-1": ["tests/unit/test_a.py::test_one"],
        "A-2": ["tests/unit/test_a.py::test_one"],
        "A-4": ["tests/unit/test_a.py::TestIt::test_two"],
        "B-1": ["tests/unit/test_b.py::test_x"],
    }


def test_enforces_records_and_returns_the_thing_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    # a register of the test's own: the process's is what the policy check reads
    monkeypatch.setattr(clauses, "_points", defaultdict(set))

    def guard() -> int:
        return 7

    assert enforces("ZZ-1", "ZZ-2")(guard) is guard
    assert any(point.endswith("guard") for point in registry()["ZZ-2"])
    with pytest.raises(TypeError):
        registry()["ZZ-1"] = ()  # type: ignore[index]
    with pytest.raises(ValueError, match="at least one clause"):
        enforces()
    with pytest.raises(ValueError, match="at least one clause"):
        enforces(guard)  # type: ignore[arg-type]


@pytest.mark.clause("CAP-7", "CAP-8")
def test_the_program_has_no_camera_and_no_other_biometric(rules: Policy) -> None:
    assert forbidden_names(rules, ROOT / "app") == []


@pytest.mark.clause("CAP-7", "CAP-8")
@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("import cv2\ncv2.VideoCapture(0)\n", "no-live-analysis"),
        ("from cv2 import VideoCapture\n", "no-live-analysis"),
        ("import picamera2\n", "no-live-analysis"),
        ("import a.rtsp.b\n", "no-live-analysis"),
        ("from deepface import DeepFace\n", "no-other-biometrics"),
        ("def estimate_age(face): ...\n", "no-other-biometrics"),
        ("gait = 1\n", "no-other-biometrics"),
    ],
)
def test_a_camera_or_estimator_is_noticed(rules: Policy, tmp_path: Path, code: str, rule: str) -> None:
    source = tmp_path / "app"
    source.mkdir()
    (source / "peek.py").write_text(code)
    found = forbidden_names(rules, source)
    assert found
    assert all(line.startswith("app/peek.py:") and rule in line for line in found)


def test_words_in_texts_do_not_count(rules: Policy, tmp_path: Path) -> None:
    (tmp_path / "notes.py").write_text('"""No rtsp, no gait."""\nwords = "VideoCapture"  # picamera\n')
    assert forbidden_names(rules, tmp_path) == []


@pytest.mark.clause("CAP-8", "CAP-7")
@pytest.mark.parametrize(
    "code",
    [
        "helper = importlib.import_module('deepface')\n",
        "helper = __import__('gait.walks')\n",
        "measure = getattr(helper, 'predict_age')\n",
        "net = cv2.dnn.readNet('models/genderage.onnx')\n",
        "net = readNet(model='models/age_net.caffemodel')\n",
        "from deepface import DeepFace as quality\n",
        "class AgeNet: ...\n",
        "class GenderAgeHead: ...\n",
        "def estimateAge(face): ...\n",
        "def how_old(face, predict_age=True): ...\n",
        "analyze(face, predict_emotion=True)\n",
        "my_estimate_age_2 = lambda face: 40\n",
        "read = lambda voiceprint: voiceprint\n",
        "camera = open_stream('rtsp://camera/1')\n",
    ],
)
def test_an_estimator_by_another_spelling_or_by_its_name_in_a_string_is_noticed_bypass(
    rules: Policy, tmp_path: Path, code: str
) -> None:
    source = tmp_path / "app"
    source.mkdir()
    (source / "quality.py").write_text(code)
    assert forbidden_names(rules, source), code


@pytest.mark.clause("CAP-8")
def test_no_package_that_is_installed_with_the_program_measures_anything_else_bypass(rules: Policy) -> None:
    """By another route: what the source does not name could come with a dependency."""
    lines = [*(ROOT / "requirements.lock").read_text().splitlines(), "deepface==0.0.93"]
    packages = {line.partition("==")[0].strip().replace("-", "_").lower() for line in lines if "==" in line}
    barred = {name.lower() for name in rules.absences["no-other-biometrics"].names}
    assert len(packages) > 50
    assert packages & barred == {"deepface"}, "the one added here, and no other"
