#!/bin/sh
# Put the packages of tests/NAME/node/package-lock.json into .venv/node/NAME, unless they are there: deploy/node.sh NAME.
set -eu
cd "$(dirname "$0")/.."
from=tests/$1/node into=.venv/node/$1
cmp -s "$from/package-lock.json" "$into/installed" && exit 0
mkdir -p "$into"
cp "$from/package.json" "$from/package-lock.json" "$into"
echo "ordinance: installing the packages of $from" >&2
npm ci --prefix "$into" --no-audit --no-fund --ignore-scripts --loglevel=error >&2
cp "$from/package-lock.json" "$into/installed"
