#!/usr/bin/env bash
# Writes the locks: exact versions with hashes for every Linux and Python from 3.11 on, no index addresses.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ ! -x var/lock-tools/bin/uv ]; then
    mkdir -p var
    "${PYTHON:-python3}" -m venv var/lock-tools
    var/lock-tools/bin/python -m pip install --quiet --disable-pip-version-check uv
fi

# Configuration of this machine (its own indexes or wheel folders) must not reach the lock.
compile() {
    env -u UV_INDEX_URL -u UV_DEFAULT_INDEX -u UV_EXTRA_INDEX_URL -u UV_INDEX -u UV_FIND_LINKS \
        var/lock-tools/bin/uv --no-config pip compile --quiet --universal --python-version 3.11 --only-binary :all: \
        --generate-hashes --no-header --no-emit-index-url --no-emit-find-links "$@"
}

compile --extra demonstration --extra test -o requirements.lock pyproject.toml "$@"
compile -o scripts/node.lock scripts/node.in "$@"
if grep -nE '://|file:| @ ' requirements.lock scripts/node.lock; then
    echo "lock: an address got into the lock; see the lines above" >&2
    exit 1
fi
