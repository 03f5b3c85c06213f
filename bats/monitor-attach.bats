#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Attached clients: what they get, and that none of them can hold anything up.
load helpers
load monitor

@test "packets: one byte that names the stream, at most 8192 of data" {
	FAKE="read x <$TMP/go; $SPEW 100 200000; echo err >&2"
	mkfifo "$TMP/go"
	export FAKE
	mon_start
	is "$(stat -c '%a %F' "$BUNDLE/attach")" "700 socket"
	timeout 20 "$ENGINE" packets "$BUNDLE/attach" >"$TMP/packets" 3>&- &
	sleep 0.3
	echo >"$TMP/go"
	mon_wait
	wait
	is "$(awk '$2 > 8192 || ($1 != 2 && $1 != 3)' "$TMP/packets")" ""
	is "$(awk '$1 == 2 {n += $2} END {print n}' "$TMP/packets")" 200000
	is "$(awk '$1 == 3 {n += $2} END {print n}' "$TMP/packets")" 4
	[ ! -e "$BUNDLE/attach" ]
}

@test "ten clients, 20 MB, slow and fast: each gets every byte, in order" {
	FAKE="read x <$TMP/go; $SPEW 100 20000000"
	mkfifo "$TMP/go"
	export FAKE
	mon_start
	for i in 1 2 3 4 5 6 7 8; do
		"$ENGINE" attach "$BUNDLE/attach" </dev/null >"$TMP/got$i" 3>&- &
	done
	for i in 9 10; do
		"$ENGINE" attach "$BUNDLE/attach" </dev/null 3>&- | (sleep 0.7; cat >"$TMP/got$i") 3>&- &
	done
	sleep 0.3
	echo >"$TMP/go"
	mon_wait 400
	wait
	$SPEW 100 20000000 >"$TMP/want"
	for i in 1 2 3 4 5 6 7 8 9 10; do cmp "$TMP/want" "$TMP/got$i"; done
	is "$(record .attachClientsDropped)" null
	log_text "$TMP/log" | cmp - "$TMP/want"
	rm -f "$TMP"/got* "$TMP/log"
}

@test "a client that reads nothing: log, container and exit file go on, and it is dropped with a note" {
	FAKE="read x <$TMP/go; $SPEW 100 30000000; exit 5"
	mkfifo "$TMP/go"
	export FAKE
	mon_start
	"$ENGINE" mute "$BUNDLE/attach" 60 3>&- &
	MUTE=$!
	sleep 0.3
	echo >"$TMP/go"
	mon_wait 300
	is "$(exit_code)" 5
	is "$(record .attachClientsDropped)" 1
	is "$(wc -l <"$TMP/log")" 300000
	kill $MUTE
}

@test "... and conmon, in whose place we stand, waits for it for ever" {
	command -v conmon >/dev/null || lacks "conmon"
	FAKE="read x <$TMP/go; $SPEW 100 3000000; exit 5"
	mkfifo "$TMP/go"
	export FAKE
	MONITOR=conmon mon_start
	"$ENGINE" mute "$BUNDLE/attach" 60 3>&- &
	MUTE=$!
	sleep 0.3
	echo >"$TMP/go"
	sleep 3
	[ ! -e "$TMP/exit/c1" ]
	[ "$(wc -l <"$TMP/log")" -lt 30000 ]
	kill $MUTE
	mon_wait
}

@test "a client stopped for a while gets everything when it goes on" {
	FAKE="read x <$TMP/go; $SPEW 100 3000000; exit 5"
	mkfifo "$TMP/go"
	export FAKE
	mon_start
	"$ENGINE" attach "$BUNDLE/attach" </dev/null >"$TMP/got" 3>&- &
	sleep 0.3
	pkill -STOP -f "engine attach $BUNDLE"
	echo >"$TMP/go"
	wait_for 5 test -e "$TMP/exit/c1"
	pkill -CONT -f "engine attach $BUNDLE"
	mon_wait
	wait
	is "$(stat -c %s "$TMP/got")" 3000000
}

@test "stdin: every byte arrives, also when the container reads late; then end of file" {
	real_bundle
	script 'sleep 0.5; sha1sum'
	RUNTIME=$PROA mon_start -i --runtime-arg --root --runtime-arg "$ROOT"
	"$PROA" --root "$ROOT" start c1
	$SPEW 77 3000000 | timeout 20 "$ENGINE" attach "$BUNDLE/attach" >"$TMP/got"
	mon_wait
	is "$(cat "$TMP/got")" "$($SPEW 77 3000000 | sha1sum)"
	"$PROA" --root "$ROOT" delete c1
}

@test "--leave-stdin-open: the next client goes on where one left" {
	real_bundle
	script 'read a; read b; echo "$a and $b"'
	RUNTIME=$PROA mon_start -i --leave-stdin-open --runtime-arg --root --runtime-arg "$ROOT"
	"$PROA" --root "$ROOT" start c1
	echo one | timeout 1 "$ENGINE" attach "$BUNDLE/attach" >/dev/null || true
	echo two | timeout 10 "$ENGINE" attach "$BUNDLE/attach" >"$TMP/got"
	mon_wait
	is "$(cat "$TMP/got")" "one and two"
	"$PROA" --root "$ROOT" delete c1
}

@test "--socket-dir-path: a short way to the socket of a deep bundle" {
	FAKE="read x <$TMP/go; echo hi"
	mkfifo "$TMP/go"
	mkdir "$TMP/short"
	export FAKE
	local deep=$TMP/bundle/$(printf 'd%.0s' $(seq 100))/$(printf 'e%.0s' $(seq 100))
	mkdir -p "$deep"
	timeout 20 "$ENGINE" monitor -w -- "$PROAMON" --api-version 1 -c c1 -u u1 -r "$FAKE_RUNTIME" -b "$deep" -p "$TMP/pidfile" \
		-l "k8s-file:$TMP/log" --exit-dir "$TMP/exit" --socket-dir-path "$TMP/short" --conmon-pidfile "$TMP/monitor.pid" >"$TMP/heard"
	[ -S "$TMP/short/u1/attach" ]
	"$ENGINE" attach "$TMP/short/u1/attach" </dev/null >"$TMP/got" 3>&- &
	sleep 0.3
	echo >"$TMP/go"
	mon_wait
	wait
	is "$(cat "$TMP/got")" hi
	[ ! -e "$TMP/short/u1" ]
}

@test "more clients than descriptors: no busy loop, the container goes on" {
	FAKE="read x <$TMP/go; echo hi; exit 3"
	mkfifo "$TMP/go"
	export FAKE
	(ulimit -n 40; mon_start)
	MONITOR_PID=$(cat "$TMP/monitor.pid")
	mkfifo "$TMP/go2"
	"$ENGINE" pairs 60 "$BUNDLE/attach" <>"$TMP/go2" >/dev/null 2>&1 3>&- &
	sleep 1
	local a b
	a=$(awk '{print $14 + $15}' "/proc/$MONITOR_PID/stat")
	sleep 2
	b=$(awk '{print $14 + $15}' "/proc/$MONITOR_PID/stat")
	[ $((b - a)) -le 2 ]
	echo >"$TMP/go"
	mon_wait
	is "$(exit_code)" 3
	pkill -f "engine pairs" || true
}

@test "an idle monitor is not woken at all, and its memory does not grow with clients or logs" {
	FAKE="read x <$TMP/go; $SPEW 100 20000000; read x <$TMP/go"
	mkfifo "$TMP/go"
	export FAKE
	mon_start
	local keeper pss0 pss1 w0 w1
	keeper=$(keeper_of "$MONITOR_PID")
	wakes() { awk '/ctxt_switches/ {n += $2} END {print n}' "/proc/$MONITOR_PID/status" "/proc/$keeper/status"; }
	pss() { awk '/^Pss:/ {n += $2} END {print n}' "/proc/$MONITOR_PID/smaps_rollup" "/proc/$keeper/smaps_rollup"; }
	sleep 1.5
	pss0=$(pss)
	w0=$(wakes)
	sleep 4
	w1=$(wakes)
	is "$w1" "$w0"
	[ "$pss0" -lt 120 ] || { echo "PSS of monitor and keeper: $pss0 KiB" >&2; false; }
	for i in $(seq 20); do "$ENGINE" attach "$BUNDLE/attach" </dev/null >/dev/null 3>&- & done
	sleep 0.3
	echo >"$TMP/go"
	wait_for 20 sh -c "[ \$(wc -l <$TMP/log) = 200000 ]"
	sleep 2
	pss1=$(pss)
	[ "$pss1" -lt $((pss0 + 20)) ] || { echo "PSS before $pss0, after $pss1 KiB" >&2; false; }
	echo >"$TMP/go"
	mon_wait
	wait
}
