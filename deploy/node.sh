#!/bin/sh
# Put the packages of tests/pages/node/package-lock.json into .venv/node, unless they are there.
set -eu
cd "$(dirname "$0")/.."
from=tests/pages/node into=.venv/node
cmp -s "$from/package-lock.json" "$into/installed" && exit 0
mkdir -p "$into"
cp "$from/package.json" "$from/package-lock.json" "$into"
echo 'ordinance: installing axe-core' >&2
npm ci --prefix "$into" --no-audit --no-fund --ignore-scripts --loglevel=error >&2
cp "$from/package-lock.json" "$into/installed"
