#!/bin/sh
# Install the programs that suites with real parts need, from Debian's packages, unless they are there; and those that are
# named: system.sh buildah:buildah
set -eu
programs='chromium:chromium chromedriver:chromium-driver npm:npm redis-server:redis-server psql:postgresql promtool:prometheus zsh:zsh fish:fish strace:strace ip:iproute2'
missing=''
for each in $programs "$@"; do
    command -v "${each%%:*}" >/dev/null 2>&1 || missing="$missing ${each#*:}"
done
[ -n "$missing" ] || exit 0
echo "ordinance: installing$missing" >&2
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    export DEBIAN_FRONTEND=noninteractive
    log=$(mktemp)
    # The lists may be old, or were never fetched.
    if apt-get install -qq -y --no-install-recommends $missing >"$log" 2>&1 ||
        { apt-get update -qq >"$log" 2>&1 && apt-get install -qq -y --no-install-recommends $missing >"$log" 2>&1; }; then
        rm -f "$log"
        exit 0
    fi
    echo "ordinance: apt-get could not install$missing: $(grep -m1 '^E:' "$log" || echo "see $log")" >&2
    exit 1
fi
echo "ordinance: as root on Debian:  apt-get install$missing" >&2
exit 1
