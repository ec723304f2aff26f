#!/usr/bin/env bash
# Makes the image of the programs that this build directory already has, for the tests beside it.
# The root that it is built on is kept, so that a second run needs no archive.
set -euo pipefail

build=$1
output=$2
mkdir -p "$output"
cmake --install "$build" --strip --prefix "$output/programs" >/dev/null
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
tools/image.sh --programs "$output/programs" --base-archive "$output/base.tar" \
    --output "$output"
