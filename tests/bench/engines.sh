#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Podman (Debian 13's) on proa and proamon, and on crun and conmon, interleaved: wall time, and CPU time of the
# whole machine meanwhile (so run it on a quiet one), of `podman run --rm`, `podman exec`, and of the start of
# 50 containers; then what share of it is the runtime's. Nothing is asserted.
set -eu
cd "$(dirname "$0")/../.."
top=$PWD
rounds=${ROUNDS:-15}
if [ -z "${IN_ARENA:-}" ]; then
	exec tests/ns/run -s -t 1200 -r "$(tests/tree.sh trixie)" env IN_ARENA=1 ROUNDS="$rounds" "$top/$0"
fi
BATS_TEST_DIRNAME=$top/bats/engines
bats_require_minimum_version() { :; }
. bats/engines/helpers.bash
image
install_pair /etc/containers
podman import -q /tmp/tiny.tar tiny >/dev/null 2>&1
gcc -O1 -DREAL="\"$top/build/proa\"" -DLOG='"/tmp/cpu"' -o /tmp/proa tests/bench/account.c
gcc -O1 -DREAL="\"$(command -v crun)\"" -DLOG='"/tmp/cpu"' -o /tmp/crun tests/bench/account.c

pair=("--runtime=$top/build/proa" "--conmon=$top/build/proamon")
theirs=("--runtime=$(command -v crun)" "--conmon=$(command -v conmon)")
accounted_pair=(--runtime=/tmp/proa "--conmon=$top/build/proamon")
accounted_theirs=(--runtime=/tmp/crun "--conmon=$(command -v conmon)")
cpu() { awk '/^cpu / {print ($2 + $3 + $4 + $7 + $8) * 10}' /proc/stat; }
declare -A wall work own
measure() { # measure KEY COMMAND...: adds up milliseconds
	local key=$1 w0 c0
	shift
	w0=$(date +%s%N) c0=$(cpu)
	"$@" >/dev/null 2>&1
	wall[$key]=$((${wall[$key]:-0} + ($(date +%s%N) - w0) / 1000000))
	work[$key]=$((${work[$key]:-0} + $(cpu) - c0))
}
fifty() { # fifty ARGS-NAME
	local -n a=$1
	local i
	for i in $(seq 50); do podman "${a[@]}" run -d --network none tiny sleep 1000; done
}
for name in pair theirs; do
	declare -n args=$name
	podman "${args[@]}" run -d --name "$name" tiny sleep 10000 >/dev/null
done
for _ in $(seq "$rounds"); do
	for name in pair theirs; do
		declare -n args=$name
		measure "run.$name" podman "${args[@]}" run --rm --network none tiny true
		measure "exec.$name" podman "${args[@]}" exec "$name" true
	done
done
for _ in 1 2; do
	for name in pair theirs; do
		measure "fifty.$name" fifty $name
		podman rm -fa -t 0 --filter ancestor=tiny >/dev/null 2>&1
	done
done
for name in pair theirs; do
	declare -n args=accounted_$name
	: >/tmp/cpu
	for _ in $(seq "$rounds"); do podman "${args[@]}" run --rm --network none tiny true; done
	own[run.$name]=$(awk -v n="$rounds" '{s += $1} END {print s / 1000 / n}' /tmp/cpu)
	podman "${args[@]}" run -d --name "$name" tiny sleep 10000 >/dev/null
	: >/tmp/cpu
	for _ in $(seq "$rounds"); do podman "${args[@]}" exec "$name" true; done
	own[exec.$name]=$(awk -v n="$rounds" '{s += $1} END {print s / 1000 / n}' /tmp/cpu)
	own[fifty.$name]=
done
podman rm -fa -t 0 >/dev/null 2>&1
printf '%-34s %10s %10s %6s %10s %10s %6s  %s\n' "" "wall, ms" "crun's" ratio "CPU, ms" "crun's" ratio "the runtime's own CPU, ms (crun's)"
for what in run exec fifty; do
	case $what in
	run) title='podman run --rm' n=$rounds ;;
	exec) title='podman exec' n=$rounds ;;
	fifty) title='50 times podman run -d' n=2 ;;
	esac
	awk -v t="$title" -v n="$n" -v w="${wall[$what.pair]}" -v v="${wall[$what.theirs]}" -v c="${work[$what.pair]}" \
		-v d="${work[$what.theirs]}" -v o="${own[$what.pair]}" -v p="${own[$what.theirs]}" 'BEGIN {
		printf "%-34s %10.1f %10.1f %6.2f %10.1f %10.1f %6.2f", t, w / n, v / n, w / v, c / n, d / n, c / d
		if (o != "") printf "  %.1f, %.0f %% (%.1f, %.0f %%)", o, 100 * o * n / c, p, 100 * p * n / d
		print ""
	}'
done
