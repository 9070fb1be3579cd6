# Sourced: packages of other suites of Debian than this system's, from where this system has its own,
# checked by Debian's keys, without a word to the system's own package lists.
# shellcheck shell=bash

# other_suites WORK SUITE...: an empty folder WORK in which other_apt works on these suites. Ends with 3
# when this system does not know where packages come from.
other_suites() {
    other=$1
    shift
    rm -rf "$other"
    mkdir -p "$other"/{lists/partial,archives/partial,debs,tree} || return 1
    local suite archive key=/usr/share/keyrings/debian-archive-keyring.gpg
    archive=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' \
        'Component: main' | head -1)
    if [ -z "$archive" ]; then
        echo "this system has no list of Debian's packages: apt-get update makes one"
        return 3
    fi
    # The date of a mirror that stands still is no fault of its packages.
    for suite; do
        echo "deb [check-valid-until=no signed-by=$key] $archive $suite main"
    done >"$other/sources.list"
    : >"$other/preferences"
    : >"$other/status"
}

other_apt() {
    local command=$1
    shift
    "apt-$command" -q -o Dir::Etc::SourceList="$other/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::Etc::Preferences="$other/preferences" -o Dir::Etc::PreferencesParts=/dev/null \
        -o Dir::State="$other" -o Dir::State::Lists="$other/lists" -o Dir::State::status="$other/status" \
        -o Dir::Cache="$other" -o Dir::Cache::archives="$other/archives" \
        -o Acquire::Languages=none -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false \
        -o Acquire::Retries=2 -o Acquire::http::Timeout=30 -o APT::Sandbox::User=root \
        -o APT::Architecture=amd64 -o APT::Architectures="${other_architectures:-amd64}" "$@"
}
