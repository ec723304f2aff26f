#!/usr/bin/env bash
# gdrive-sync and rclone side by side, against the bundled emulator; --help lists the options.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
export GDS_BIN=${GDS_BIN:-$PWD/build/bin}
exec python3 bench/compare.py "$@"
