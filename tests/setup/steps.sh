# Sourced: runs steps one after another, adds up what they counted, and says at the end what failed.
# shellcheck shell=bash

LOGS=${CARGO_TARGET_DIR:-target}/test-logs
passed=0 failed=0 skipped=0
failures=()
skips=()
mkdir -p "$LOGS"

# step NAME COMMAND...: runs it to the end whatever happens, showing what it says.
# A step that counts nothing is one test; one that ends badly without a failure counted is one too.
step() {
    local name=$1 began=$SECONDS status=0 ok bad left
    local log=$LOGS/${name// /-}.log line
    shift
    echo "=== $name"
    "$@" </dev/null 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    read -r ok bad left < <(count "$log")
    if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
    if [ "$status" -eq 0 ] && [ $((ok + bad + left)) -eq 0 ]; then ok=1; fi
    passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + left))
    [ "$bad" -eq 0 ] || failures+=("$name: $bad failed, exit code $status, see $log")
    while read -r line; do skips+=("$name: $line"); done < <(plain "$log" | grep -a '^skip ')
    echo "=== $name: $ok passed, $bad failed, $left skipped in $((SECONDS - began)) s"
}

# begin NAME COMMAND...: a step that has only what other steps leave of the processors, until `step` is to
# show it by `ended NAME`.
begin() {
    local log=$LOGS/${1// /-}.begun
    shift
    rm -f "$log.status"
    # What runs beside does not hear of an interrupt by itself.
    trap 'trap "" TERM; kill 0; exit 130' INT
    { chrt --idle 0 "$@" </dev/null >"$log" 2>&1; echo $? >"$log.status"; } &
}

# ended NAME: waits for what was begun, shows what it said, and ends as it did.
ended() {
    local log=$LOGS/${1// /-}.begun
    while [ ! -s "$log.status" ]; do sleep 0.2; done
    cat "$log"
    return "$(cat "$log.status")"
}

# left_out NAME WHY: a step that this machine cannot do.
left_out() {
    skipped=$((skipped + 1))
    skips+=("$1: $2")
    echo "=== $1: skipped, $2"
}

# A log without colours, and without what cargo test puts before the line of a test that runs alone.
plain() {
    sed 's/\x1b\[[0-9;]*m//g; s/^test [^ ]* \.\.\. skip /skip /' "$1"
}

# The closing lines of cargo test, vitest, node --test, and of our own runners (`3 passed, 0 failed`).
# For cargo a test that found nothing to compare with has passed; it has said so in a line of its own,
# `skip TEST: WHAT: WHY`, and is counted as skipped here.
count() {
    plain "$1" | awk '
        /^skip / { if (!($2 in said)) { said[$2]; lacking++ } next }
        /^test result: / {
            if (lacking > $4) lacking = $4
            ok += $4 - lacking; bad += $6; left += $8 + lacking
            split("", said); lacking = 0
            next
        }
        /^ *Tests  / {
            for (i = 2; i <= NF; i++) {
                if ($i ~ /^passed/) ok += $(i - 1)
                if ($i ~ /^failed/) bad += $(i - 1)
                if ($i ~ /^skipped/) left += $(i - 1)
            }
            next
        }
        /^(ℹ|#) pass [0-9]+$/ { ok += $3; next }
        /^(ℹ|#) fail [0-9]+$/ { bad += $3; next }
        /^(ℹ|#) skipped [0-9]+$/ { left += $3; next }
        /^[0-9]+ passed, [0-9]+ failed/ { ok += $1; bad += $3; left += $5 }
        END { print ok + 0, bad + 0, left + 0 }'
}

# Formats, lints, documents and licences.
lints() {
    step "format" cargo fmt --all --check
    step "clippy" cargo clippy --locked --workspace --all-targets -q -- -D warnings
    step "documentation" env RUSTDOCFLAGS="-D warnings" \
        cargo doc --locked --workspace --no-deps -q
    step "licences and sources" tests/setup/deny.sh
    step "web admin: packages" install_webui
    step "web admin: check" npm --prefix webui run check
}

# The end of the run: what was left out, what failed, and the count as the last line.
total() {
    local line
    echo
    for line in ${skips[@]+"${skips[@]}"}; do echo "left out: $line"; done
    for line in ${failures[@]+"${failures[@]}"}; do echo "FAILED: $line"; done
    echo "took $((SECONDS / 60)) min $((SECONDS % 60)) s"
    if [ "$skipped" -gt 0 ]; then
        echo "$passed passed, $failed failed, $skipped skipped"
    else
        echo "$passed passed, $failed failed"
    fi
    [ "$failed" -eq 0 ]
}
