#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# proamon beside Debian's conmon, interleaved: memory, CPU, time. Its keeper counts as part of it. Logs go
# to a tmpfs, so that no disk is measured. Nothing is asserted.
set -u
cd "$(dirname "$0")/../.." || exit 1
rounds=${ROUNDS:-9}
bytes=${BYTES:-200000000}
top=$PWD
work=$(mktemp -d /tmp/proa-bench.XXXXXX)
mount -t tmpfs -o size=1g tmpfs "$work" || exit 1
trap 'cd /; pkill -KILL -f "$work/" 2>/dev/null; sleep 0.2; umount -l "$work"; rmdir "$work"' EXIT
gcc -O2 -static -o "$work/load" tests/bench/monload.c || exit 1
monitors=proamon
command -v conmon >/dev/null && monitors="conmon proamon"
path() { [ "$1" = proamon ] && echo "$top/build/proamon" || command -v "$1"; }

go() { # go MONITOR ID [OPTION...]: starts one, its container waits for GO
	local m=$1 id=$2
	shift 2
	mkdir -p "$work/$id/bundle" "$work/$id/exit"
	export GO=$work/$id/go END=$work/$id/end
	[ -p "$GO" ] || mkfifo "$GO" "$END"
	"$top/build/engine" monitor -w -- "$(path "$m")" --api-version 1 -c c -u 0123456789abcdef -r "$work/load" -b "$work/$id/bundle" \
		-p "$work/$id/pid" --exit-dir "$work/$id/exit" --full-attach -P "$work/$id/monitor.pid" -l "k8s-file:$work/$id/log" "$@" \
		>/dev/null 2>&1
	pid=$(cat "$work/$id/monitor.pid")
	pids="$pid $(pgrep -P "$pid" -x proamon-keeper)"
}
alive() { # (a zombie waits for pid 1, which is not ours to measure)
	local stat
	read -r stat 2>/dev/null <"/proc/$1/stat" && [ "${stat#*) Z}" = "$stat" ]
}
over() { # over ID: until its exit file is there and the monitor gone
	while [ ! -e "$work/$1/exit/c" ] || alive "$pid"; do sleep 0.01; done
	rm -rf "${work:?}/$1"
}
settled() { # until the monitor has used no CPU for 0.2 s
	local a= b
	while b=$("$work/load" cpu $pids) && [ "$a" != "$b" ]; do
		a=$b
		sleep 0.2
	done
}
declare -A got
keep() { got[$1]="${got[$1]:-} $2"; }
for _ in $(seq "$rounds"); do
	for m in $monitors; do
		# idle, once its start has settled
		MONLOAD=exit go "$m" idle
		sleep 1.6
		keep pss.$m "$("$work/load" pss $pids)"
		keep start.$m "$("$work/load" cpu $pids)"
		echo >"$work/idle/go"
		echo >"$work/idle/end"
		over idle
		# a container that ends at once
		unset GO END
		mkdir -p "$work/e/bundle" "$work/e/exit"
		t=$(date +%s%N)
		MONLOAD=exit "$top/build/engine" monitor -w -- "$(path "$m")" --api-version 1 -c c -u 0123456789abcdef -r "$work/load" \
			-b "$work/e/bundle" -p "$work/e/pid" --exit-dir "$work/e/exit" --full-attach -P "$work/e/monitor.pid" -l "k8s-file:$work/e/log" >/dev/null 2>&1
		pid=$(cat "$work/e/monitor.pid")
		while alive "$pid"; do :; done
		keep span.$m $((($(date +%s%N) - t) / 1000))
		rm -rf "$work/e"
		# the same without a monitor
		t=$(date +%s%N)
		MONLOAD=exit "$work/load" create --pid-file "$work/pid" >/dev/null 2>&1
		pid=$(cat "$work/pid")
		while alive "$pid"; do :; done
		keep span.none $((($(date +%s%N) - t) / 1000))
		for line in 100 8000; do
			MONLOAD="spew $line $bytes" go "$m" log
			before=$("$work/load" cpu $pids)
			echo >"$work/log/go"
			settled
			keep log$line.$m $(($("$work/load" cpu $pids) - before))
			echo >"$work/log/end"
			keep partial$line.$m "$(grep -c ' stdout P ' "$work/log/log")"
			keep lost$line.$m $((bytes - $(awk '{n += length($0) - 45 + ($3 == "F")} END {printf "%d", n}' "$work/log/log")))
			over log
		done
		MONLOAD="lines 1000" go "$m" lag
		before=$("$work/load" cpu $pids)
		"$work/load" lag "$work/lag/log" 1000 >"$work/lags" &
		echo >"$work/lag/go"
		wait $!
		read -r p50 p90 <"$work/lags"
		keep lag50.$m "$p50"
		keep lag90.$m "$p90"
		echo >"$work/lag/end"
		over lag
		MONLOAD="spew 8000 $((bytes / 2))" go "$m" attach
		"$work/load" drain "$work/attach/bundle/attach" >"$work/drained" &
		sleep 0.1
		before=$("$work/load" cpu $pids)
		echo >"$work/attach/go"
		settled
		keep attachcpu.$m $(($("$work/load" cpu $pids) - before))
		echo >"$work/attach/end"
		wait $!
		read -r n us <"$work/drained"
		keep attachlost.$m $((bytes / 2 - n))
		keep attach.$m "$us"
		over attach
	done
done
median() { tr ' ' '\n' <<<"$1" | grep . | sort -n | awk '{v[NR]=$1} END{print v[int((NR+1)/2)]}'; }
row() { # row KEY WHAT
	local mine theirs
	mine=$(median "${got[$1.proamon]}")
	theirs=$(median "${got[$1.conmon]:-}")
	printf '%-52s %10s %10s %8s\n' "$2" "$mine" "${theirs:--}" \
		"$(awk -v a="$mine" -v b="${theirs:-0}" 'BEGIN{if (b > 0) printf "%.2f", a / b; else printf "-"}')"
}
printf '%-52s %10s %10s %8s   (median of %s)\n' "" proamon conmon ratio "$rounds"
row pss "idle memory, PSS, KiB"
row start "CPU until idle, us"
none=$(median "${got[span.none]}")
for m in $monitors; do got[added.$m]=$(($(median "${got[span.$m]}") - none)); done
row added "added to the life of a container that ends at once, us"
row log100 "CPU for $((bytes / 1000000)) MB in lines of 100, us"
row partial100 "... partial records"
row lost100 "... bytes that are not in the log"
row log8000 "CPU for $((bytes / 1000000)) MB in lines of 8000, us"
row partial8000 "... partial records"
row lost8000 "... bytes that are not in the log"
row lag50 "age of a line at the log's reader, p50, us"
row lag90 "... p90"
row attach "$((bytes / 2000000)) MB to log and an attached client, us"
row attachcpu "... CPU, us"
row attachlost "... bytes that did not reach the client"
echo "size: $(stat -c %s build/proamon) bytes"
