"""`flask policy …`: the rules, their versions, and whether each enforced clause is really enforced."""

from __future__ import annotations

import json
from pathlib import Path

import click

from app import audit
from app.access.scoping import SCOPES
from app.audit.policy_texts import keep, kept, versions
from app.calendar import day_of
from app.cli.base import Group, Place
from app.cli.enforcement_points import enforcement_points
from app.cli.tables import show as show_table
from app.domain.identification.recipes import worked_faults
from app.policy import policy
from app.policy.check import check, matrix
from app.policy.clause_table import clauses_page
from app.policy.name_types import names_module
from app.policy.proof import Enforced, Report, report
from app.policy.texts import digests_of, read_texts
from app.policy.workflow_table import workflows_page
from app.unit_of_work import unit_of_work
from app.workflow.registry import CONDITIONS, SEPARATIONS

group = Group("policy", help="The rules and their enforcement.")
ROOT = Path(__file__).resolve().parents[2]


@group.command("show")
@click.argument("clause_id", required=False)
def show(clause_id: str | None) -> None:
    """Print the policy version, or one clause and the rules that cite it."""
    if clause_id is None:
        click.echo(f"policy version {policy().version}")
        show_table((clause.id, clause.status, clause.text) for clause in policy().clauses.values())
        return
    try:
        clause = policy().clause(clause_id)
    except KeyError as error:
        raise click.ClickException(str(error.args[0])) from None
    click.echo(f"{clause.id} ({clause.status})\n{clause.text}\n{clause.does}")
    for rule in policy().citing(clause_id):
        click.echo(f"  {rule}")


def check_program(root: Path) -> list[str]:
    """Every gap between the policy and the whole program, a sentence each; none when sound."""
    points, faults = enforcement_points()
    faults = faults + check(root, points, {"edit": worked_faults})
    return faults or list(proof(root).faults)


def proof(root: Path) -> Report:
    """Return how the stored proof stands to rules, program and tests as they are now."""
    scopes = {model.__name__: scope for model, scope in SCOPES.items()}
    return report(policy(), Enforced(CONDITIONS, SEPARATIONS, scopes, enforcement_points()[0]), root)


@group.command("check")
def check_command() -> None:
    """Fail if an enforced clause lacks a rule, an enforcement point or a test, or a rule lacks one that misses it."""
    faults = check_program(ROOT)
    for fault in faults:
        click.echo(fault, err=True)
    if faults:
        raise click.ClickException(f"{len(faults)} faults")
    enforced = sum(1 for clause in policy().clauses.values() if clause.status == "enforced")
    click.echo(f"{len(policy().clauses)} clauses, {enforced} enforced, each with rule, enforcement point and test")
    click.echo(proof(ROOT).summary())


@group.command("matrix")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def matrix_command(as_json: bool) -> None:
    """Print clause -> rules -> enforcement -> tests."""
    rows = matrix(ROOT, enforcement_points()[0])
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        click.echo(
            f"{row['clause']:8} {row['status']:9} rules {len(row['rules'])}, "
            f"enforcement {len(row['enforcement'])}, tests {len(row['tests'])}"
        )


@group.command("versions")
def versions_command() -> None:
    """List the policy versions that records name, the newest first, and whether their texts are kept."""
    show_table(
        (row.digest, day_of(row.first_seen).isoformat() if row.first_seen else "", _standing(row.digest))
        for row in versions()
    )


def _standing(digest: str) -> str:
    found = kept(digest)
    if found is None or found.only_digest:
        return "only its digest is known"
    return found.fault or f"{len(found.texts)} files kept and signed"


@group.command("keep")
@click.argument("directory", type=Place(exists=True, file_okay=False))
def keep_command(directory: Path) -> None:
    """Add the texts of an earlier version, from a folder with its rule files, to the record that names its digest."""
    try:
        found = digests_of(read_texts(directory))
    except OSError as error:
        raise click.ClickException(f"{directory}: {error.strerror}") from None
    known = {row.digest: row for row in versions()}
    digest = next((digest for digest in found if digest in known), None)
    if digest is None:
        raise click.ClickException(f"no record names a version that the rule files in {directory} are the texts of")
    if known[digest].manifest is not None:
        click.echo(f"policy version {digest}: its texts are kept already")
        return
    with unit_of_work() as session:
        keep(session, *found[digest])
        audit.record("policy.kept", version=digest)
    click.echo(f"policy version {digest}: {len(found[digest][0])} files kept and signed")


@group.command("workflows")
@click.option("--write", is_flag=True, help="Write docs/workflows.md instead of printing it.")
def workflows_command(write: bool) -> None:
    """Print every workflow with its diagram, states, steps and rules, as Markdown."""
    if write:
        (ROOT / "docs" / "workflows.md").write_text(workflows_page(policy()), encoding="utf-8")
        return
    click.echo(workflows_page(policy()), nl=False)


@group.command("names")
@click.option("--write", is_flag=True, help="Write app/policy/names.py instead of printing it.")
def names_command(write: bool) -> None:
    """Print the names of events, capabilities, verbs and states as the types that the type checker reads."""
    if write:
        (ROOT / "app" / "policy" / "names.py").write_text(names_module(policy()), encoding="utf-8")
        return
    click.echo(names_module(policy()), nl=False)


@group.command("clauses")
@click.option("--write", is_flag=True, help="Write docs/clauses.md instead of printing it.")
def clauses_command(write: bool) -> None:
    """Print every clause with its rules, enforcement, tests, bypass tests and what people see, as Markdown."""
    page = clauses_page(policy(), matrix(ROOT, enforcement_points()[0]))
    if write:
        (ROOT / "docs" / "clauses.md").write_text(page, encoding="utf-8")
        return
    click.echo(page, nl=False)
