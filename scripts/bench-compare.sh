#!/usr/bin/env bash
# Compares the micro-benches of two revisions:  bench-compare.sh REV_A REV_B [FILTER] [--rounds N] [--quick]
# Both are built in trees of their own below target/bench-compare and run in turns; the table ends with B / A.
set -euo pipefail

if [[ $# -lt 2 ]]; then
    sed -n '2,3s/^# //p' "$0" >&2
    exit 2
fi
here=$(dirname "$0")
"$here/tools.sh" bench
exec python3 "$here/bench.py" compare "$@"
