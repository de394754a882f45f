"""An import of very many records, killed twice with SIGKILL and run to its end: complete, and nothing twice.

    python -m tests.bench.killed_imports [RECORDS] [ROWS IN A CHUNK]

Noise pictures and stand-ins for the two networks (tests/noise_gallery.py); everything else is the product's own import.
100,000 records take some twenty minutes, most of them for keys and files that are flushed to the disk.
"""

from __future__ import annotations

import dataclasses
import sys
import tempfile
import time
from pathlib import Path

from flask_migrate import upgrade

from app.factory import create_app
from config.settings import Settings
from tests.noise_gallery import faults, photographs, run_and_kill, write_records


def main(records: int = 100_000, chunk_rows: int = 50) -> int:
    with tempfile.TemporaryDirectory(prefix="killed-imports-") as base:
        data = Path(base) / "data"
        settings = Settings.from_env({"CORROBORATE_MODE": "demonstration", "CORROBORATE_DATA_DIR": str(data)})
        settings = dataclasses.replace(settings, lease_seconds=5)
        data.mkdir(exist_ok=True)
        app = create_app(settings)
        with app.app_context():
            upgrade()
            print(f"drawing {records:,} noise pictures", flush=True)
            folder = write_records(Path(base) / "import", records)
            for at in (records // 3, 2 * records // 3, None):
                began = time.monotonic()
                code = run_and_kill(settings, folder, chunk_rows, at)
                from app.extensions import db

                there = photographs(db.engine)
                print(f"exit {code} with {there:,} photographs after {time.monotonic() - began:.0f} s", flush=True)
            found = faults(records)
            print("\n".join(found) or f"complete: {records:,} records, each once; the chain verifies")
            return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*(int(given) for given in sys.argv[1:])))
