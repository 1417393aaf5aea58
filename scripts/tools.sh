#!/usr/bin/env bash
# Makes sure of the tools that a target needs:  tools.sh build | bench | test
# Installs what is missing by the system's package manager when it may (root on Debian); otherwise prints the command.
set -euo pipefail

need=()
have() { command -v "$1" >/dev/null 2>&1; }
want() { have "$1" || need+=("$2"); }

if ! have cargo; then
    echo "studyhall needs Rust 1.90 or newer (cargo). Install it from your system's packages or by rustup." >&2
    exit 1
fi
want cc gcc
want make make
[[ ${1:-build} == build ]] || want python3 python3
if [[ ${1:-build} == test ]]; then
    python3 -m pip --version >/dev/null 2>&1 || need+=(python3-pip)
    python3 -c 'import ensurepip' >/dev/null 2>&1 || need+=(python3-venv)
    want node nodejs
    have npm || need+=(npm)
    have chromium || need+=(chromium)
    want redis-server redis-server
    # What the files of deploy/ are for: tests start the proxies, and have the others read their files.
    want nginx nginx-light
    want haproxy haproxy
    want promtool prometheus
    want systemd-analyze systemd
    want openssl openssl
    # The server that the CQL store is tested on: its jars come by Maven, and it runs on Java 17.
    ls -d /usr/lib/jvm/java-17-openjdk* >/dev/null 2>&1 || need+=(openjdk-17-jre-headless)
    want mvn maven
fi

# A tester of the HTTP API, in a folder of its own beside the builds.
api_tester() {
    [[ ${1:-build} == test && ! -x target/tools/api/bin/schemathesis ]] || return 0
    python3 -m venv target/tools/api
    target/tools/api/bin/pip install --quiet --disable-pip-version-check schemathesis==4.32.5
}
if [[ ${#need[@]} -eq 0 ]]; then
    api_tester "$@"
    exit 0
fi

install="apt-get install -y ${need[*]}"
if have apt-get && [[ $(id -u) -eq 0 ]]; then
    echo "installing: ${need[*]}" >&2
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${need[@]}" >/dev/null
else
    echo "missing: ${need[*]}. Install with: sudo $install" >&2
    exit 1
fi
api_tester "$@"
