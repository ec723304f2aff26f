#!/usr/bin/env bash
# gdrive-sync beside rclone, against the bundled emulator; then registry-probe beside skopeo and curl,
# against docker-registry. With arguments only the one that they name: "registry [options]", or the
# options of the first; --help lists either's.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
export GDS_BIN=${GDS_BIN:-$PWD/build/bin}
if [[ ${1:-} == registry ]]; then
    shift
    exec python3 bench/registry.py "$@"
fi
python3 bench/compare.py "$@"
if (($# == 0)); then
    python3 bench/registry.py
fi
