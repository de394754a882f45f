"""How pages whose lists grow with the years answer on a small and on a large database; prints a table.

    python -m tests.bench.lists [--few 1000] [--many 20000] [--times 5]

One process, one request at a time, on the embedded services. The rows are written past the program
(tests/bulk_rows.py).
"""

from __future__ import annotations

import argparse
import sys

from demo.people import person
from tests.bench.pages import client_of, measured, portal
from tests.bulk_rows import Crowd
from tests.conftest import People, run_due_jobs
from tests.request_factory import RequestFactory

PAGES = (
    ("Home of a records officer", "b.juniper", "/"),
    ("Home of the privacy officer", "y.hazel", "/"),
    ("Records that are due", "b.juniper", "/retention"),
    ("All records", "y.hazel", "/retention?list=all"),
    ("Final review", "c.hawthorn", "/final-review"),
    ("Workload", "c.hawthorn", "/workload"),
    ("Figures", "c.hawthorn", "/workload/figures"),
    ("Searches", "c.hawthorn", "/searches"),
    ("Discussions", "s.alder", "/discussions"),
    ("Disclosures", "y.hazel", "/disclosures"),
)
#: of a thousand requests, how many are in which state: few are open at any time
SHARES = (
    ("reported", 0.94),
    ("closed", 0.04),
    ("peer_reviewed", 0.005),
    ("nominated", 0.005),
    ("approved", 0.005),
    ("documented", 0.005),
)


def grow(crowd: Crowd, count: int) -> None:
    """As many requests as said, half as many case records and disclosures, a few jobs of each request."""
    for state, share in SHARES:
        crowd.requests(state, max(1, round(count * share)))
    crowd.records(count // 2)
    crowd.disclosures("released", count // 2)
    crowd.disclosures("submitted", 20)
    for kind in ("mail", "check_image", "search"):
        crowd.jobs(kind, [f"{kind}-{crowd.given['job']}-{n}" for n in range(count)])


def main() -> None:
    """Measure every page twice, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--few", type=int, default=1000)
    parser.add_argument("--many", type=int, default=20_000)
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    with portal() as app:
        people = People()
        RequestFactory(app, people, run_due_jobs).enrol([person(7)])
        crowd = Crowd(*(people.account(name).id for name in ("d.lark", "k.rowan", "s.alder")))
        clients = {name: client_of(app, people, name) for _, name, _ in PAGES}
        found: list[list[str]] = []
        for count in (options.few, options.many - options.few):
            grow(crowd, count)
            for n, (label, name, address) in enumerate(PAGES):
                median, _, asked = measured(app, clients[name], address, options.times)
                if len(found) <= n:
                    found.append([label])
                found[n] += [f"{median:.0f}", str(asked)]
    head = f"| page | ms at {options.few:,} | statements | ms at {options.many:,} | statements |"
    rows = [f"| {' | '.join(row)} |" for row in found]
    sys.stdout.write("\n".join([head, "|---|---|---|---|---|", *rows]) + "\n")


if __name__ == "__main__":
    main()
