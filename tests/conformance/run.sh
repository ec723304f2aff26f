#!/usr/bin/env bash
# Checks the agent's requests and the emulator's answers against Google's published description of
# Drive v3, and drives the emulator with Google's own Python client. Both are fetched, not kept here.
# Arguments go to unittest: run.sh -k Paging
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly here
readonly build=${GDS_BUILD:-$here/../../build}
readonly venv=$build/conformance/venv
readonly packages=(google-api-python-client requests pysocks)

if ! "$venv/bin/python" -c 'import googleapiclient, google_auth_httplib2, requests, socks' 2>/dev/null; then
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}"
fi
"$venv/bin/pip" list --disable-pip-version-check --format=freeze | grep -i '^google'

export GDS_BIN=$build/bin
# The client leaves its sockets to the garbage collector.
exec "$venv/bin/python" -W ignore::ResourceWarning -m unittest discover --start-directory "$here" --pattern '*_test.py' \
    --verbose "$@"
