"""The policy version follows every byte and name of the rule files, and nothing else."""

from pathlib import Path

from app.policy.loader import load
from app.policy.texts import rule_files


def test_the_version_is_stable_and_a_sha256(copy: Path) -> None:
    version = load(copy).version
    assert len(version) == 64
    assert load(copy).version == version


def test_every_rule_file_counts(copy: Path) -> None:
    before = load(copy).version
    for path in rule_files(copy):
        content = path.read_bytes()
        path.write_bytes(content + b"\n# A remark of the lawyer's.\n")
        assert load(copy).version != before, path.name
        path.write_bytes(content)
    assert load(copy).version == before


def test_an_overlay_counts(broken, copy: Path) -> None:
    before = load(copy).version
    law = '[law]\nid = "law"\ntitle = "Law"\ncitation = "1"\neffective = 2026-01-01\n'
    assert load(broken("overlays/a.toml", "", law)).version != before
    with_a = load(copy).version
    (copy / "overlays" / "a.toml").rename(copy / "overlays" / "b.toml")
    assert load(copy).version != with_a


def test_examples_readmes_and_line_ends_do_not_count(copy: Path) -> None:
    before = load(copy).version
    (copy / "examples" / "requests/uses.toml").unlink()
    (copy / "README.md").write_text("Other words.")
    for path in rule_files(copy):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert load(copy).version == before
