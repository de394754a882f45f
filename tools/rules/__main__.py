"""`python -m tools.rules`: takes away every condition, separation, scope and bound in turn; a test must miss it.

All of them unless `--changed` or `--only` says otherwise. The map of coverage and what was found so far stand in
var/rules: a run that was stopped goes on where it was. What was found is kept in tests/rules/proof.json.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence, Set
from pathlib import Path

import click

from app.policy import policy
from app.policy.check import marked_tests
from app.policy.proof import Provable, Report, kept_in, report, write
from tools.rules.mutants import enforced, everything
from tools.rules.results import found_in

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "var" / "rules"
REACH = WORK / "reach.jsonl"
#: tests that serve other ends, or build a world of minutes: whatever they would miss, a test at its own level must
LEFT_OUT = ("tests/browser", "tests/services", "tests/bench", "tests/sweep", "tests/migrations", "tests/matching")
#: what makes the fixtures that all share, and what claims the clauses of the rules themselves when it runs
ALWAYS = ("tests/policy/retention/test_workflow_retention.py", "tests/rules/test_facts.py")
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", "not long")


@click.command(help=__doc__)
@click.option("--changed", is_flag=True, help="Only what is not proven as it is now, and the sample.")
@click.option("--sample", default=0, help="So many of the others, drawn by the seed.")
@click.option("--seed", default=0, show_default=True)
@click.option("--only", multiple=True, help="Only those whose name holds this text; may be given again.")
@click.option("--minutes", type=float, help="Begin nothing after so many minutes.")
@click.option("--jobs", default=2, show_default=True, help="Processes at a time.")
@click.option("--map/--no-map", "mapped", default=True, help="Measure first which tests reach what.")
def main(
    changed: bool, sample: int, seed: int, only: Sequence[str], minutes: float | None, jobs: int, mapped: bool
) -> None:
    begun = time.time()
    end = begun + minutes * 60 if minutes else 0.0
    WORK.mkdir(parents=True, exist_ok=True)
    proven = _proven() if changed else frozenset()
    wanted = _wanted(proven, sample, seed, only)
    done = found_in(WORK.glob("part-*.jsonl"))
    left = [one for one in wanted if one.id not in done or not done[one.id].by or done[one.id].rule != one.digest]
    modules = _modules(left, everywhere=not changed)
    click.echo(f"{len(wanted)} parts of the rules, {len(left)} left; {len(modules)} modules of tests")
    unmapped = [one for one in left if one.id not in proven]
    if unmapped and mapped:
        parts = _modules(unmapped, everywhere=not changed)
        whole = _run(
            [*PYTEST, "-p", "tools.rules.reach", "--reach", str(REACH), *parts], (begun + end) / 2 if end else 0.0
        )
        if not whole:  # the test that would miss it may be one that was not measured
            left = [one for one in left if one.id in proven]
            modules = _modules(left, everywhere=False)
            click.echo(f"{len(unmapped)} are not tried: their tests could not be measured in half of the time.")
    if left:
        _kill(left, modules, jobs, end)
    _keep()
    if not _told(wanted, in_time=minutes is None):
        raise SystemExit(1)
    for path in WORK.glob("part-*.jsonl"):
        path.unlink()


def _proven() -> frozenset[str]:
    """Return what is proven as it is now; of that a sample is tried again, before the test it died of."""
    return frozenset(name for name, stands in _report().standings.items() if stands in ("dead", "equivalent"))


def _wanted(proven: Set[str], sample: int, seed: int, only: Sequence[str]) -> list[Provable]:
    every = [one for one in everything() if not only or any(text in one.id for text in only)]
    those = sorted(one.id for one in every if one.id in proven)
    drawn = set(random.Random(seed).sample(those, min(sample, len(those))))  # noqa: S311  (no secret)
    return [one for one in every if one.id not in proven or one.id in drawn]


def _modules(wanted: Iterable[Provable], *, everywhere: bool) -> list[str]:
    """Return the modules of tests to be looked at: that of the test a mutant died of, else all that claim."""
    claimed, kept = marked_tests(ROOT / "tests"), kept_in(ROOT)
    found = set(ALWAYS)
    for one in wanted:
        known = kept.get(one.id)
        if known is not None and known.by and known.rule == one.digest and not everywhere:
            found.add(known.by.partition("::")[0])
        else:
            found |= {test.partition("::")[0] for clause in one.clauses for test in claimed.get(clause, ())}
    return sorted(path for path in found if not path.startswith(LEFT_OUT) and (ROOT / path).is_file())


def _run(command: Sequence[str], end: float) -> bool:
    """Run to its end or until the time is over; what it found until then is kept. Whether it came to its end."""
    try:
        subprocess.run(command, cwd=ROOT, check=False, timeout=max(end - time.time(), 1) if end else None)
    except subprocess.TimeoutExpired:
        click.echo("The time is over.", err=True)
        return False
    return True


def _kill(left: Sequence[Provable], modules: Sequence[str], jobs: int, end: float) -> None:
    """Share the mutants among so many processes."""
    running = []
    for number in range(jobs):
        names, part = WORK / f"mutants-{number}", WORK / f"part-{number}.jsonl"
        names.write_text("\n".join(one.id for one in left[number::jobs]))
        command = [*PYTEST, "-p", "tools.rules.killing", "--reach", str(REACH), "--part", str(part)]
        command += ["--mutants", str(names), "--until", str(end), f"--basetemp={WORK / f'tmp-{number}'}", *modules]
        running.append(subprocess.Popen(command, cwd=ROOT))
    try:
        failed = [process.wait() for process in running]
    finally:
        for process in running:
            process.kill()
        for number in range(jobs):
            shutil.rmtree(WORK / f"tmp-{number}", ignore_errors=True)
    if any(failed):
        click.echo("A process broke off; run again to go on.", err=True)


def _keep() -> None:
    known = {one.id for one in everything()}
    found = {**kept_in(ROOT), **found_in(WORK.glob("part-*.jsonl"))}
    write(ROOT, {name: kept for name, kept in found.items() if name in known})


def _report() -> Report:
    return report(policy(), enforced(), ROOT)


def _told(wanted: Sequence[Provable], *, in_time: bool) -> bool:
    """Tell what lives, or was not reached; whether all that was wanted is dead.

    in_time: there was no limit of time, so that what was not reached is a fault as well.
    """
    stands = _report()
    lives = [one.id for one in wanted if stands.standings[one.id] not in ("dead", "equivalent")]
    for name in lives:
        click.echo(f"{name}: {stands.standings[name]}", err=True)
    click.echo(f"{len(wanted) - len(lives)} of {len(wanted)} dead or equivalent. In all: {stands.summary()}")
    return not [name for name in lives if in_time or stands.standings[name] == "survived"]


if __name__ == "__main__":
    main()
