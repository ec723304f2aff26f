#!/usr/bin/env bash
# gdrive-sync beside rclone, against the bundled emulator; then registry-probe beside skopeo and curl,
# against docker-registry, and its scan of registries of three sizes. With arguments only the one that
# they name: "registry [options]", "scan [options]", or the options of the first; --help lists them.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
export GDS_BIN=${GDS_BIN:-$PWD/build/bin}
if [[ ${1:-} == registry || ${1:-} == scan ]]; then
    name=$1
    shift
    exec python3 "bench/$name.py" "$@"
fi
python3 bench/compare.py "$@"
if (($# == 0)); then
    python3 bench/registry.py
    python3 bench/scan.py
fi
