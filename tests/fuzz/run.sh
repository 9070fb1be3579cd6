#!/bin/bash
# Every fuzz target for ten seconds (a codec five), or for ten minutes with --long; with names, only those.
# With --build alone it only builds them.
# A crash is left in .cache/fuzz/TARGET.crashes: put it into tests/data, where it stays a seed.
set -u
cd "$(dirname "$0")/../.." || exit 2
. tests/setup/toolchain.sh
need_cargo || exit 2
tests/setup/packages.sh g++ || exit 2

long=
[ "${1:-}" != --long ] || { long=yes; shift; }
codecs=(g711 g722 g726 gsm g729 g7231 amrwb opus comfort_noise caller_id)
core=(message description media_packet browser dtls translate sound srtp stream hdlc lapd q931 isdn elements)
if [ $# -gt 0 ]; then targets=("$@"); else targets=("${core[@]}" "${codecs[@]}"); fi
# A codec finds its way from nothing; browser and dtls make at the start what they begin with.
declare -A seeds=([message]=sip [description]=sdp [media_packet]=rtp [srtp]=srtp [stream]=sip)

# Coverage feedback is a pass of LLVM. No sanitizer: the only unsafe code is that of the vector kernels,
# which tests hold against their scalar twins.
host=$(rustc -vV | sed -n 's/^host: //p')
target_dir=${CARGO_TARGET_DIR:-$PWD/target}/fuzz
flags="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4"
flags="$flags -Cllvm-args=-sanitizer-coverage-inline-8bit-counters"
flags="$flags -Cllvm-args=-sanitizer-coverage-pc-table"
flags="$flags -Cllvm-args=-sanitizer-coverage-trace-compares"
flags="$flags -Cllvm-args=-simplifycfg-branch-fold-threshold=0"
RUSTFLAGS=$flags cargo build --locked --release -q --target "$host" --target-dir "$target_dir" \
    --manifest-path tests/fuzz/Cargo.toml || exit 1
[ "${1:-}" != --build ] || exit 0

# fuzz TARGET: one of them, for its time.
fuzz() {
    local corpus=.cache/fuzz/$1 crashes=.cache/fuzz/$1.crashes log=.cache/fuzz/$1.log seconds=10 runs
    mkdir -p "$corpus" "$crashes"
    [[ " ${codecs[*]} " != *" $1 "* ]] || seconds=5
    [ -z "$long" ] || seconds=600
    if "$target_dir/$host/release/$1" -max_total_time=$seconds -timeout=5 -rss_limit_mb=2048 \
        -max_len=8192 -print_final_stats=1 -artifact_prefix="$crashes/" \
        "$corpus" ${seeds[$1]:+"tests/data/${seeds[$1]}"} >"$log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: //p' "$log")
        echo "ok $1: $runs inputs in $seconds s, $(ls "$corpus" | wc -l) kept"
    else
        tail -30 "$log"
        echo "FAIL $1: see $log and $crashes"
        return 1
    fi
}

# As many at once as there are processors.
passed=0 failed=0 running=0
ended() {
    if wait -n; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
    running=$((running - 1))
}
for target in "${targets[@]}"; do
    [ $running -lt "$(nproc)" ] || ended
    fuzz "$target" &
    running=$((running + 1))
done
while [ $running -gt 0 ]; do ended; done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
