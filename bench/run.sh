#!/usr/bin/env bash
# Measurements, each of which prints a table (docs/benchmarks.md). Without arguments all of them run, at
# sizes that end within some ten minutes; "NAME [options]" runs one, and "NAME --help" lists its options.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
export GDS_BIN=${GDS_BIN:-$PWD/build/bin}

usage() {
    cat <<'USAGE'
usage: ./dev bench [NAME [options]]        ./dev bench NAME --help lists the options

gdrive-sync beside rclone and what bounds both:
  tick          runs with nothing new, with one change and with a few
  listing       every folder listed, with a latency
  first         a first sync of small files, with and without a latency
  big           a big file, and the same bytes as eight

gdrive-sync alone:
  growth        requests, time, memory and database as the tree grows
  instructions  counted under valgrind, to compare two builds

the others:
  start         how long each program takes to start
  registry      registry-probe beside skopeo and curl
  scan          registry-probe's scan of registries of three sizes
USAGE
}

run() {
    local name=$1
    shift
    case $name in
        tick | listing | first | big) python3 bench/compare.py "$name" "$@" ;;
        growth | instructions | start | registry | scan) python3 "bench/$name.py" "$@" ;;
        help | -h | --help) usage ;;
        *)
            usage >&2
            exit 2
            ;;
    esac
}

if (($# > 0)); then
    run "$@"
    exit
fi
# Those that make many files come before those that remove many.
for name in start first growth tick listing big instructions registry scan; do
    run "$name"
done
