#!/usr/bin/env bash
# Real servers for `make test-services`: installs as root what is missing, or says in one line how to.
set -euo pipefail

missing=()
need() { # PACKAGE COMMAND...: the package is missing when none of the commands is found
    local package=$1 command
    shift
    for command in "$@"; do
        if PATH="$PATH:/usr/sbin" command -v "$command" >/dev/null || [ -x "$command" ]; then return; fi
    done
    missing+=("$package")
}

need postgresql postgres /usr/lib/postgresql/*/bin/postgres
need redis-server redis-server
need slapd slapd
need ldap-utils ldapsearch
need chromium chromium google-chrome
need poppler-utils pdftoppm

if [ ${#missing[@]} = 0 ]; then exit 0; fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "services: install ${missing[*]} (Debian: apt-get install ${missing[*]}), then run make again" >&2
    exit 1
fi
echo "services: installing ${missing[*]}"
apt-get update -qq
# RUNLEVEL=1 keeps Debian from starting the servers; the tests start their own, on sockets and loopback.
DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
