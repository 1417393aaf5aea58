#!/bin/sh
# Gets what the browser tests need: node's packages by the lock, and Chromium by the system's package manager.
# Exit 0: all there. Exit 3: Chromium cannot be had here.
set -eu
cd "$(dirname "$0")"

command -v node >/dev/null 2>&1 || { echo "node (20 or newer) is needed: apt-get install nodejs npm" >&2; exit 3; }
[ -f node_modules/.package-lock.json ] && [ ! package-lock.json -nt node_modules/.package-lock.json ] || npm ci --silent

[ -n "${CHROMIUM_BIN:-}" ] && exit 0
command -v chromium >/dev/null 2>&1 && exit 0

as_root=""
[ "$(id -u)" -eq 0 ] || { command -v sudo >/dev/null 2>&1 && as_root="sudo -n"; }
install() {
    if command -v apt-get >/dev/null 2>&1; then
        $as_root apt-get update && $as_root apt-get install -y --no-install-recommends chromium
    elif command -v dnf >/dev/null 2>&1; then
        $as_root dnf install -y chromium
    elif command -v apk >/dev/null 2>&1; then
        $as_root apk add chromium
    elif command -v pacman >/dev/null 2>&1; then
        $as_root pacman -S --noconfirm chromium
    else
        return 1
    fi
}
echo "installing chromium with the system's package manager" >&2
install >&2 || { echo "chromium could not be installed; name one with CHROMIUM_BIN" >&2; exit 3; }
