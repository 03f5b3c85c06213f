#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A monitor that is killed loses nothing: what the container writes meanwhile waits in its pipes, its
# status in the keeper, and `proamon --resume BUNDLE` goes on.
load helpers
load monitor

resume() {
	timeout 10 "$PROAMON" --resume "$BUNDLE" --conmon-pidfile "$TMP/monitor.pid" </dev/null
}

@test "killed and resumed: logs, clients, ctl, exit status and exit command go on" {
	printf '#!/bin/sh\ncp %s/exit/c1 %s/seen\n' "$TMP" "$TMP" >"$TMP/cmd"
	chmod +x "$TMP/cmd"
	FAKE="echo one; read x <$TMP/go; echo two; read x <$TMP/go; echo three; exit 7"
	mkfifo "$TMP/go"
	export FAKE
	mon_start --exit-command "$TMP/cmd"
	wait_for 5 grep -q one "$TMP/log"
	kill -KILL "$MONITOR_PID"
	sleep 0.1
	echo >"$TMP/go"
	alive "$CONTAINER_PID"
	is "$(log_text "$TMP/log")" one
	resume
	wait_for 5 grep -q two "$TMP/log"
	"$ENGINE" attach "$BUNDLE/attach" </dev/null >"$TMP/got" 3>&- &
	sleep 0.3
	mv "$TMP/log" "$TMP/log.old"
	echo "2 0 0" >"$BUNDLE/ctl"
	sleep 0.2
	echo >"$TMP/go"
	mon_wait
	wait
	is "$(log_text "$TMP/log.old" "$TMP/log")" "one
two
three"
	is "$(cat "$TMP/got")" three
	is "$(exit_code)" 7
	wait_for 5 test -s "$TMP/seen"
}

@test "the container ends while no monitor is there: the status is kept" {
	FAKE="read x <$TMP/go; echo last words; exit 9"
	mkfifo "$TMP/go"
	export FAKE
	mon_start
	kill -KILL "$MONITOR_PID"
	echo >"$TMP/go"
	wait_for 5 sh -c "! kill -0 $CONTAINER_PID"
	sleep 0.2
	resume
	mon_wait
	is "$(exit_code)" 9
	is "$(log_text "$TMP/log")" "last words"
}

@test "100 kills at random moments under load: no line lost, none doubled, no status lost" {
	# the container writes as fast as it can until it has written 40 MB, then ends with 33
	FAKE="for i in 1 2 3 4 5 6 7 8; do $SPEW 100 5000000; sleep 0.4; done; exit 33"
	export FAKE
	mon_start --log-size-max 30000000 --log-max-files 5
	local kills=0
	while [ ! -e "$TMP/exit/c1" ] && [ $kills -lt 100 ]; do
		sleep "0.0$((RANDOM % 5))$((RANDOM % 10))"
		kill -KILL "$(cat "$TMP/monitor.pid")" 2>/dev/null || break
		kills=$((kills + 1))
		until resume 2>"$TMP/resume.err"; do
			grep -q 'nothing to resume' "$TMP/resume.err" && break 2
			sleep 0.01
		done
	done
	echo "# killed $kills times" >&3
	[ "$kills" -ge 20 ]
	mon_wait 400
	is "$(exit_code)" 33
	(for i in 5 4 3 2 1; do cat "$TMP/log.$i" 2>/dev/null; done; cat "$TMP/log") | log_text >"$TMP/all" || true
	for i in 1 2 3 4 5 6 7 8; do $SPEW 100 5000000; done >"$TMP/want"
	cmp "$TMP/want" "$TMP/all"
}

@test "a keeper that is killed: logs and status go on, without an exit command" {
	FAKE="read x <$TMP/go; echo on; exit 6"
	mkfifo "$TMP/go"
	export FAKE
	mon_start
	kill -KILL "$(keeper_of "$MONITOR_PID")"
	sleep 0.1
	echo >"$TMP/go"
	mon_wait
	is "$(exit_code)" 6
	is "$(log_text "$TMP/log")" on
}

@test "resume refuses what it should: no bundle, nothing there, a monitor that lives, another user" {
	output=$("$PROAMON" --resume "$TMP/none" 2>&1) && false
	says "open $TMP/none"
	output=$("$PROAMON" --resume "$TMP" 2>&1) && false
	says "nothing to resume"
	FAKE="read x <$TMP/go"
	mkfifo "$TMP/go"
	export FAKE
	mon_start
	output=$("$PROAMON" --resume "$BUNDLE" 2>&1) && false
	says "its monitor is still there"
	is "$(stat -c %a "$BUNDLE/keeper")" 700
	echo >"$TMP/go"
	mon_wait
}

@test "a terminal is resumed too" {
	real_bundle
	config '.process.terminal = true'
	script 'echo before; read x; echo "after $x"; exit 4'
	RUNTIME=$PROA mon_start -t -i --runtime-arg --root --runtime-arg "$ROOT"
	"$PROA" --root "$ROOT" start c1
	wait_for 5 grep -q before "$TMP/log"
	kill -KILL "$MONITOR_PID"
	sleep 0.1
	resume
	echo word | timeout 10 "$ENGINE" attach "$BUNDLE/attach" >"$TMP/got"
	mon_wait
	is "$(exit_code)" 4
	log_text "$TMP/log" | tr -d '\r' | grep -q '^after word$'
	"$PROA" --root "$ROOT" delete c1
}
