#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each fuzzer for some seconds over its corpus, as TAP: run.sh SECONDS
cd "$(dirname "$0")/../.." || exit 1
seconds=${1:-5} n=0 bad=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for src in tests/fuzz/*.c; do
	name=$(basename "$src" .c)
	n=$((n + 1))
	mkdir -p "$work/$name"
	if build/fuzz/$name -max_total_time="$seconds" -max_len=32768 -rss_limit_mb=4096 -timeout=10 -print_final_stats=1 \
		-artifact_prefix="$work/" "$work/$name" tests/fuzz/corpus/$name >"$work/log" 2>&1; then
		echo "ok $n - $name: $(awk '/number_of_executed_units/{print $2}' "$work/log") inputs"
	else
		echo "not ok $n - $name"
		tail -30 "$work/log" | sed 's/^/# /'
		for f in "$work"/crash-* "$work"/timeout-* "$work"/oom-*; do
			[ -f "$f" ] && base64 -w0 "$f" | head -c 4000 | sed 's/^/# input: /' && echo
		done
		bad=1
	fi
done
echo "1..$n"
exit $bad
