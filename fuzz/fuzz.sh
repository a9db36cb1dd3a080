#!/bin/sh
# Runs fuzz targets for so many seconds each: fuzz/fuzz.sh SECONDS [TARGET...]
# One line per target; a crash is made small, kept as fuzz/corpus/TARGET/found-HASH, and ends with 1.
set -eu
cd "$(dirname "$0")/.."
seconds=$1
shift
host=$(rustc -vV | sed -n 's/^host: //p')
work=target/fuzz
[ $# -gt 0 ] || set -- $(ls fuzz/fuzz_targets | sed -n 's/\.rs$//p')
# One by one: other programs of the package, built for the fuzzer, would lack its runtime.
for target in "$@"; do
    cargo fuzz build --fuzz-dir fuzz --sanitizer none --features libfuzzer "$target"
done
crashed=0
printf '%-18s %10s %8s %6s %8s %6s %s\n' target execs execs/s cov corpus rss_mb crashes
for target in "$@"; do
    program=target/$host/release/$target
    mkdir -p "$work/corpus/$target" "$work/artifacts/$target" "fuzz/corpus/$target"
    rm -f "$work/artifacts/$target"/*
    log=$work/$target.log
    ended=0
    nice "$program" -max_total_time="$seconds" -max_len=65536 -timeout=20 -rss_limit_mb=1024 -malloc_limit_mb=512 \
        -print_final_stats=1 -verbosity=1 -artifact_prefix="$work/artifacts/$target/" \
        "$work/corpus/$target" "fuzz/corpus/$target" >"$log" 2>&1 || ended=$?
    stat() { sed -n "s/^stat::$1: *//p" "$log" | tail -1; }
    cov=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -1)
    crashes=0
    for artifact in "$work/artifacts/$target"/*; do
        [ -f "$artifact" ] || continue
        case $artifact in */slow-unit-*) continue ;; esac
        crashes=$((crashes + 1))
        small=$work/$target.small
        cp "$artifact" "$small"
        "$program" -minimize_crash=1 -max_total_time=30 -timeout=20 -exact_artifact_path="$small" "$artifact" \
            >>"$log" 2>&1 || true
        cp "$small" "fuzz/corpus/$target/found-$(sha256sum "$small" | cut -c1-12)"
    done
    [ "$ended" = 0 ] || [ "$crashes" != 0 ] || crashes="ended with $ended, see $log"
    printf '%-18s %10s %8s %6s %8s %6s %s\n' "$target" "$(stat number_of_executed_units)" \
        "$(stat average_exec_per_sec)" "${cov:--}" "$(find "$work/corpus/$target" -type f | wc -l)" \
        "$(stat peak_rss_mb)" "$crashes"
    [ "$crashes" = 0 ] || { crashed=1; grep -m3 -E 'panicked|ERROR|SUMMARY' -A1 "$log" || true; }
done
exit $crashed
