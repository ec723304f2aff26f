#!/usr/bin/env bash
# Makes the container image without a daemon: what ./dev image runs. Needs root.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
base=
archive=
programs=
output=build/image

usage() {
    cat <<'USAGE'
usage: ./dev image [option ...]

  --base IMAGE         build on this image, from a registry: Debian 12, best by digest. Without it
                       a root of Debian's packages is made on this machine
  --base-archive FILE  keep that root in FILE, and take it from there if it exists
  --programs DIR       put in these programs, installed there, instead of compiling them in the base
  --output DIR         where gdrive-sync.oci.tar and gdrive-sync.spdx.json go (build/image)

The revision and the time of what is made are those of the commit, or SOURCE_DATE_EPOCH.
USAGE
}

die() {
    printf 'image: %s\n' "$*" >&2
    exit 1
}
say() { printf '\n== %s\n' "$*" >&2; }

while (($# > 0)); do
    case $1 in
        --base | --base-archive | --programs | --output)
            (($# > 1)) || die "$1 needs a value"
            case $1 in
                --base) base=$2 ;;
                --base-archive) archive=$2 ;;
                --programs) programs=$2 ;;
                --output) output=$2 ;;
            esac
            shift 2
            ;;
        -h | --help)
            usage
            exit 0
            ;;
        *)
            usage >&2
            exit 2
            ;;
    esac
done
((EUID == 0)) || die "this needs root: it makes the root directory of another system"

# What is built lies in a storage of its own, gone at the end.
mkdir -p "$output"
work=$(mktemp -d "$output/work.XXXXXX")
work=$(realpath "$work")
# Within a container's own overlay there can be no other one.
driver=overlay
[[ $(stat --file-system --format %T "$work") != overlayfs ]] || driver=vfs
tool() { buildah --storage-driver "$driver" --root "$work/storage" --runroot "$work/run" "$@"; }
cleanup() {
    tool rm --all >/dev/null 2>&1 || :
    # The driver may have mounted its directory upon itself.
    umount "$work/storage/overlay" 2>/dev/null || :
    rm -rf --one-file-system "$work"
}
trap cleanup EXIT

# Debian's archives as this machine reaches them, one a line as in sources.list.
debian_sources() {
    # The $(names) are for apt.
    # shellcheck disable=SC2016
    apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
        'Created-By: Packages' 'Origin: Debian' | grep -E ' bookworm[^ ]* main$' | sort -u
}

# A minimal Debian with the packages that the image's files come from.
make_root() {
    say "Making a root of Debian's packages"
    # apt names only those whose lists it has.
    debian_sources >"$work/sources.list" || { apt-get update --quiet >&2 && debian_sources; } \
        >"$work/sources.list" || die "apt knows no archive of Debian 12"
    apt-config dump --no-empty --format '%F "%v";%n' Acquire |
        grep -iE '^Acquire::(Check-|http|https|ForceIPv)' >"$work/apt.conf" || :
    mmdebstrap --quiet --variant=minbase --aptopt="$work/apt.conf" \
        --include="$(./dev packages runtime | paste -sd,)" \
        bookworm "$work/root.tar" - <"$work/sources.list"
    mv "$work/root.tar" "$1"
}

from_git() { git log -1 --format="$1" 2>/dev/null || :; }

if [[ -z $base ]]; then
    base=localhost/debian:12
    archive=${archive:-$work/base.tar}
    [[ -s $archive ]] || make_root "$archive"
    tool tag "$(tool pull --quiet "tarball:$archive")" "$base"
fi

say "Building the image"
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(from_git %ct)}
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(date +%s)}
revision=$(from_git %H)
options=(--isolation chroot --identity-label=false --timestamp "$SOURCE_DATE_EPOCH")
options+=(--build-arg "BASE=$base" --build-arg "REVISION=${revision:-unknown}")
options+=(--build-arg "SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH")
[[ -z $programs ]] || options+=(--build-context "programs=$(realpath "$programs")")
image=localhost/gdrive-sync
tool bud "${options[@]}" --tag "$image" . >&2

say "Writing $output"
container=$(tool from "$image")
cp "$(tool mount "$container")/usr/share/sbom/gdrive-sync.spdx.json" "$output/gdrive-sync.spdx.json"
rm -f "$output/gdrive-sync.oci.tar"
tool push --quiet --digestfile "$work/digest" "$image" \
    "oci-archive:$output/gdrive-sync.oci.tar:gdrive-sync" >/dev/null
printf '%s\n' "$output/gdrive-sync.oci.tar" "$output/gdrive-sync.spdx.json" "$(<"$work/digest")"
