#!/bin/sh
# Tests the page: its pure modules under node, then in a real Chromium against a server that misbehaves, then against
# the real binary (STUDYHALL_BIN, built when it is not named). Prints "N passed, N failed" as its last line.
# Without Chromium the browser's tests are skipped with the reason; with CI=true that is an error.
#   run.sh [unit|mocked|real ...]     only these parts
set -eu
cd "$(dirname "$0")"
parts="${*:-unit mocked real}"

case "$parts" in
unit) ;;
*)
    status=0
    ./setup.sh || status=$?
    if [ "$status" -ne 0 ]; then
        if [ "${CI:-}" = "true" ]; then
            echo "the browser tests cannot run here" >&2
            exit 1
        fi
        echo "skipped: the browser tests, because Chromium is not here and cannot be installed" >&2
        parts="unit"
    fi
    [ -n "${CHROMIUM_BIN:-}" ] || CHROMIUM_BIN="$(command -v chromium || true)"
    export CHROMIUM_BIN
    ;;
esac

case " $parts " in
*" real "*)
    if [ -z "${STUDYHALL_BIN:-}" ]; then
        root="$(cd ../.. && pwd)"
        (cd "$root" && cargo build --quiet --bin studyhall)
        STUDYHALL_BIN="${CARGO_TARGET_DIR:-$root/target}/debug/studyhall"
    fi
    export STUDYHALL_BIN
    ;;
esac

files=""
for part in $parts; do
    for file in "$part"/*.test.js; do files="$files $file"; done
done
# shellcheck disable=SC2086 # the names of our own files hold no spaces
exec node --test --test-concurrency=1 --test-reporter=./kit/reporter.js --test-reporter-destination=stdout $files
