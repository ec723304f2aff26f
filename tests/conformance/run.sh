#!/usr/bin/env bash
# Checks what is here against what others publish, which is fetched, not kept here:
#   the agent's requests and the emulator's answers against Google's description of Drive v3, and the
#   emulator with Google's own Python client;
#   the manifests with kustomize and against Kubernetes' and the operators' descriptions, the
#   Terraform modules with Terraform.
# --quick is the second alone, --cluster the manifests in a control plane of this machine's own. Other
# arguments go to unittest: run.sh -k Paging
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly here
build=${GDS_BUILD:-$here/../../build}
export GDS_BUILD=$build
readonly drive_packages=(google-api-python-client requests pysocks)
readonly deploy_packages=(grpcio-tools==1.85.1 PyYAML==6.0.4)

die() {
    printf 'conformance: %s\n' "$*" >&2
    exit 1
}

# A Python with the packages; what it is for names it.
python_with() {
    local venv=$build/conformance/$1
    shift
    # What is there already is not fetched again.
    [[ -x $venv/bin/pip ]] || python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "$@"
    printf '%s\n' "$venv/bin/python"
}

# go 1.24 or newer: the tools are built by it.
need_go() {
    local version
    version=$(go env GOVERSION 2>/dev/null) || die "go is not here; these tests need 1.24 or newer"
    printf 'go1.24\n%s\n' "$version" | sort --version-sort --check=quiet ||
        die "go is too old: $version; these tests need 1.24 or newer"
}

drive() {
    local python
    python=$(python_with drive "${drive_packages[@]}")
    "$python" -m pip list --disable-pip-version-check --format=freeze | grep -i '^google'
    # The client leaves its sockets to the garbage collector.
    GDS_BIN=$build/bin "$python" -W ignore::ResourceWarning -m unittest discover \
        --start-directory "$here" --pattern '*_test.py' --verbose "$@"
}

# Terraform's provider, where the Go module proxy serves it and the caller has named none.
find_provider() {
    KUBERNETES_PROVIDER_MIRROR=${KUBERNETES_PROVIDER_MIRROR:-$("$1" "$here/deploy/real_provider.py")}
    export KUBERNETES_PROVIDER_MIRROR
}

deploy() {
    local python
    need_go
    python=$(python_with deploy "${deploy_packages[@]}")
    find_provider "$python"
    "$python" -m unittest discover --start-directory "$here/deploy" --pattern '*_test.py' \
        --verbose "$@"
}

cluster() {
    local python
    need_go
    command -v etcd >/dev/null || die "etcd is not here: ./dev deps cluster"
    python=$(python_with deploy "${deploy_packages[@]}")
    find_provider "$python"
    # Nothing can stand in for a provider that has to apply.
    local tests='cluster_test.py'
    [[ -z ${KUBERNETES_PROVIDER_MIRROR:-} ]] || tests='*_test.py'
    PYTHONPATH=$here/deploy:$here/../k8s "$python" -m unittest discover --start-directory "$here/cluster" \
        --pattern "$tests" --verbose "$@"
}

case ${1:-} in
    --quick)
        shift
        deploy "$@"
        ;;
    --cluster)
        shift
        cluster "$@"
        ;;
    *)
        drive "$@"
        deploy "$@"
        ;;
esac
