#!/usr/bin/env bash
# The main job from start to end against the bundled emulator: what ./dev demo runs.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
bin=${GDS_BIN:-$PWD/build/bin}
work=$(mktemp -d)
source_dir=$work/drive/claude/files
mirror=$work/mirror
emulator=

cleanup() {
    if [[ -n $emulator ]]; then
        kill "$emulator" || :
    fi
    rm -rf "$work"
}
trap cleanup EXIT

bold=
plain=
if [[ -t 1 ]]; then
    bold=$'\033[1m'
    plain=$'\033[0m'
fi
step() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
run() {
    printf '$ %s\n' "$*"
    "$@"
}
# Let the emulator look at its directory at once instead of within moments.
noticed() { curl -fsS -X POST -d '{}' "$url/_emulator/rescan" >/dev/null; }
gdrive_sync() {
    noticed
    printf '$ gdrive-sync %s\n' "$*"
    "$bin/gdrive-sync" "$@"
}
expect() {
    local wanted=$1 code=0
    shift
    "$@" || code=$?
    printf '(exit code %d)\n' "$code"
    if [[ $code -ne $wanted ]]; then
        printf 'demo: expected exit code %d\n' "$wanted" >&2
        exit 1
    fi
}
# The folders and files below a directory, without the mirror's own state.
show_tree() {
    printf '%s:\n' "$1"
    (cd "$2" && find . -mindepth 1 -path ./.gdrive-sync -prune -o -mindepth 1 -printf '%P\t%y\n' |
        sort | sed 's|^|  |; s|\td$|/|; s|\tf$||')
}

step "A folder in Google Drive: claude/files (the emulator shows a directory as My Drive)"
mkdir -p "$source_dir/reports" "$source_dir/site/css" "$mirror"
echo 'Welcome.' >"$source_dir/index.md"
echo 'Numbers of March' >"$source_dir/reports/march.txt"
echo 'Numbers of April' >"$source_dir/reports/april.txt"
echo 'body { margin: 0 }' >"$source_dir/site/css/main.css"
head -c 3000000 /dev/urandom >"$source_dir/site/photo.jpg"
"$bin/drive-emulator" --root "$work/drive" --client-id demo --client-secret demo \
    --refresh-token demo --ready-file "$work/ready" >"$work/emulator.log" &
emulator=$!
for _ in $(seq 100); do
    [[ -s $work/ready ]] && break
    sleep 0.1
done
url=$(grep -om1 'http://[0-9.:]*' "$work/ready")
export GDRIVE_SYNC_CLIENT_ID=demo GDRIVE_SYNC_CLIENT_SECRET=demo GDRIVE_SYNC_REFRESH_TOKEN=demo
export GDRIVE_SYNC_DRIVE_ENDPOINT=$url GDRIVE_SYNC_TOKEN_ENDPOINT=$url/token
export GDRIVE_SYNC_SOURCE=claude/files GDRIVE_SYNC_DEST=$mirror

show_tree "Drive, claude/files" "$source_dir"

step "The first sync: the folder becomes a directory"
gdrive_sync sync
show_tree "The mirror" "$mirror"

step "The source changes: one new, one edited, one renamed, one removed"
cd "$source_dir"
change() {
    printf 'in Drive: %s\n' "$*"
    bash -c "$*"
}
change "echo 'Numbers of May' >reports/may.txt"
change "echo 'Welcome, all.' >index.md"
change "mv site web"
change "rm reports/march.txt"
cd "$OLDPWD"

step "What a sync would do: a dry run (+ new, ~ changed, > renamed, - deleted)"
gdrive_sync diff
step "The sync: the renamed folder costs no download"
gdrive_sync sync
show_tree "The mirror" "$mirror"

step "Someone empties the folder in Drive: the guard holds"
mkdir "$work/aside"
mv "$source_dir"/* "$work/aside/"
echo "in Drive: claude/files holds nothing any more"
expect 4 gdrive_sync sync
show_tree "The mirror still holds everything" "$mirror"

step "The files come back in Drive: nothing has to be fetched again"
mv "$work/aside"/* "$source_dir/"
gdrive_sync sync
step "The mirror equals the source"
run diff -r --exclude=.gdrive-sync "$source_dir" "$mirror"
echo "equal"

step "What the mirror knows of itself"
gdrive_sync status
