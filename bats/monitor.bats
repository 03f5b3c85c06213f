#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# proamon between an engine and a runtime: what is said on the pipes, which files are left, in which
# order; with a scripted runtime, then with proa itself.
load helpers
load monitor

@test "create: the pid on the sync pipe, the output in the log, the status in the exit files" {
	export FAKE='echo out; echo err >&2; printf tail; exit 5'
	mon
	is "$(head -2 "$TMP/heard")" "exit 0
sync {\"data\": $(cat "$TMP/pidfile")}"
	is "$(exit_code)" 5
	is "$(cat "$TMP/persist/exit")" 5
	is "$(cut -d' ' -f2- "$TMP/log" | sort)" "stderr F err
stdout F out
stdout P tail"
	is "$(stat -c %a "$TMP/log")" 600
	grep -qE '^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\.[0-9]{9}[+-][0-9]{2}:[0-9]{2} ' "$TMP/log"
	# what is left in the bundle is what conmon leaves
	is "$(ls "$BUNDLE")" "ctl
winsz"
}

@test "the runtime's command line and environment are conmon's" {
	export FAKE=true LISTEN_PID=1 LISTEN_FDS=0
	mon -s -i --runtime-arg --log-format=json --runtime-arg --log --runtime-arg=/x --runtime-opt --preserve-fds --runtime-opt 0 \
		--no-pivot --no-new-keyring
	grep -q "^args --systemd-cgroup --log-format=json --log /x create --bundle $BUNDLE --pid-file $TMP/pidfile --no-pivot --no-new-keyring --preserve-fds 0 c1\$" "$FAKE_LOG"
	grep -q '^_OCI_SYNCPIPE=' "$FAKE_LOG"
	grep -q '^_OCI_STARTPIPE=' "$FAKE_LOG"
	! grep -q '^LISTEN_PID=1$' "$FAKE_LOG"
	# of our descriptors it has none: what is beyond 2 came from the caller
	! grep -E '^([3-9]|[1-9][0-9]) ' "$FAKE_LOG" | grep -E 'memfd|signalfd|attach|ctl|winsz|/log'
}

@test "legacy protocol: pid, and exit_code for exec" {
	local a
	export FAKE='exit 4'
	status=0
	timeout 20 "$ENGINE" monitor -- "$PROAMON" -c c1 -u u1 -r "$FAKE_RUNTIME" -b "$BUNDLE" -p "$TMP/pidfile" -l none \
		--full-attach --exit-dir "$TMP/exit" >"$TMP/heard"
	is "$(sed -n 2p "$TMP/heard")" "sync {\"pid\": $(cat "$TMP/pidfile")}"
	timeout 20 "$ENGINE" monitor -- "$PROAMON" -e --exec-process-spec /x -c c1 -r "$FAKE_RUNTIME" -b "$BUNDLE" \
		-p "$TMP/pidfile" -l none --full-attach >"$TMP/heard"
	is "$(sed -n 2p "$TMP/heard")" 'sync {"exit_code": 4}'
}

@test "a runtime that fails: its words on the sync pipe, the exit command runs, status 1" {
	printf '#!/bin/sh\necho "$@" >>%s/exitcmd\n' "$TMP" >"$TMP/cmd"
	chmod +x "$TMP/cmd"
	FAKE_FAIL='boom "quoted"' mon --exit-command "$TMP/cmd" --exit-command-arg one --exit-command-arg ""
	says 'sync {"data": -1, "message": "boom \"quoted\"\n"}'
	wait_for 5 grep -q '^one $' "$TMP/exitcmd"
	[ ! -e "$TMP/exit/c1" ]
	FAKE_FAIL=again mon --sync
	says "exit 1"
}

@test "a runtime that ends well and leaves no pid file is an error, not silence" {
	FAKE_NOPID=1 mon
	says 'sync {"data": -1, "message": "the runtime ended with status 0 and wrote no pid'
}

@test "exec: the pid first, then the exit status" {
	export FAKE='exit 3'
	mon -e --exec-process-spec /x.json -i
	is "$(sed -n 2,3p "$TMP/heard")" "sync {\"data\": $(cat "$TMP/pidfile")}
sync {\"data\": 3}"
	grep -q "^args exec --pid-file $TMP/pidfile --process /x.json --detach c1\$" "$FAKE_LOG"
	is "$(exit_code)" 3
	# a non-zero status of the process is no failure of exec, but this is:
	FAKE_FAIL='no such thing' mon -e --exec-process-spec /x.json
	says 'sync {"data": -1, "message": "no such thing\n"}'
}

@test "exec-attach: the client attaches before the process starts and misses nothing" {
	export FAKE='echo first; echo second >&2; exit 7' ATTACH=$BUNDLE/attach
	ENGINE_FLAGS=-a mon -e --exec-attach --exec-process-spec /x.json -l none
	says 'attach {"data": 0}'
	says "first"
	says "second"
	says 'sync {"data": 7}'
}

@test "--timeout kills the process group and says so" {
	FAKE='sleep 60 & sleep 60' mon -T 1 -e --exec-process-spec /x
	says 'sync {"data": -1, "message": "command timed out"}'
	is "$(exit_code)" -1
	is "$(record .reason)" "timed out"
	! pgrep -f "^sleep 60$"
}

@test "killed by a signal: 128 and the signal, and the record names it" {
	FAKE='kill -SEGV $$' mon
	is "$(exit_code)" 139
	is "$(record .signal)" 11
	is "$(record .exitCode)" 139
}

@test "TERM to the monitor goes to the container" {
	export FAKE='sleep 100 & trap "kill $!; echo got it; exit 9" TERM; wait'
	mon_start
	sleep 0.3
	kill -TERM "$MONITOR_PID"
	mon_wait
	is "$(exit_code)" 9
	is "$(log_text "$TMP/log")" "got it"
}

@test "TERM while the runtime still works goes to the runtime" {
	export FAKE_LATE=50
	( mon ) &
	wait_for 5 test -s "$TMP/monitor.pid"
	wait_for 5 test -s "$TMP/pidfile"
	kill -TERM "$(cat "$TMP/monitor.pid")"
	wait
	grep -q 'data": -1' "$TMP/heard"
	pkill -f "^sleep 50" || true
}

@test "exit files are there before the exit command runs, ports are free, and its own children live on" {
	cat >"$TMP/cmd" <<-EOF
		#!/bin/bash
		cat $TMP/exit/c1 $TMP/persist/exit >$TMP/seen
		ls /proc/\$\$/fd | tr '\n' ' ' >>$TMP/seen
		setsid sleep 1.7 &
		exit 3
	EOF
	chmod +x "$TMP/cmd"
	FAKE='exit 6' mon --exit-command "$TMP/cmd" 9>"$TMP/leaked"
	wait_for 5 test -s "$TMP/seen"
	sleep 0.2
	is "$(cat "$TMP/seen")" "660 1 2 255 "
	mon_wait
	pgrep -f '^sleep 1.7$'
	wait_for 5 sh -c "! pgrep -f '^sleep 1.7$'"
}

@test "the monitor's own status is the container's" {
	FAKE='exit 12' mon --sync
	says "exit 12"
}

@test "a reader of the sync pipe that is gone does not matter" {
	ENGINE_FLAGS=-k FAKE='echo fine; exit 2' mon
	mon_wait
	is "$(exit_code)" 2
	is "$(log_text "$TMP/log")" fine
}

@test "a container that is not our child: a true status where the kernel tells it, else unknown, never 0" {
	bash -c 'sleep 1; exit 42' &
	FAKE_ORPHAN=$! mon --conmon-pidfile "$TMP/monitor.pid"
	mon_wait
	case $(exit_code) in
	42) ;;
	255) [ "$(record .reason | cut -c1-7)" = unknown ] ;;
	*) echo "exit file: $(exit_code)" >&2; false ;;
	esac
}

@test "wrong options: one sentence, status 1, nothing made" {
	local row
	for row in "|Container ID not provided" "-c x|UUID not provided" "-c x -u x|Runtime path not provided" \
		"-c x -u x -r /bin/true|Log driver not provided" "-c x -u x -r /bin/true -l nope:/x|no such log driver nope" \
		"-c x -u x -r /none -l none|/none is not valid" "--bogus|unknown option --bogus" \
		"-c x -u x -r /bin/true -l none -e|Use --exec-process-spec" "-c x -u x -r /bin/true -l k8s-file:/x --log-tag t|--log-tag" \
		"-c x -u x -r /bin/true -l journald|longer than 12" "-c x -u x -r /bin/true -l none --log-size-max z|not a number" \
		"-c x -u x -r /bin/true -l none --log-label a=b|--log-label" "-c x -u x -r /bin/true -l none --health-cmd x --health-interval 3q|not a time"; do
		status=0
		# shellcheck disable=SC2086
		output=$("$PROAMON" ${row%%|*} 2>&1) || status=$?
		fails 1
		says "${row##*|}"
		is "$(wc -l <<<"$output")" 1
	done
	is "$(ls "$BUNDLE")" ""
}

@test "--version begins as conmon's does; --help names every option of proamon.8" {
	is "$("$PROAMON" --version | head -1 | cut -d. -f1)" "conmon version 2"
	[ "$("$PROAMON" --version | sed -n 2p | cut -d' ' -f1)" = commit: ]
	"$PROAMON" --help | grep -q -- --exec-attach
}

@test "proa, no terminal: stdin from a client until it half-closes" {
	real_bundle
	script 'cat; echo end; exit 3'
	RUNTIME=$PROA mon_start -i --runtime-arg --root --runtime-arg "$ROOT"
	"$PROA" --root "$ROOT" start c1
	echo "hello there" | timeout 10 "$ENGINE" attach "$BUNDLE/attach" >"$TMP/got"
	mon_wait
	is "$(cat "$TMP/got")" "hello there
end"
	is "$(exit_code)" 3
	is "$(log_text "$TMP/log")" "hello there
end"
	"$PROA" --root "$ROOT" delete c1
}

@test "proa, a terminal: size by ctl and winsz, output to client and log" {
	real_bundle
	mkdir "$TMP/tmp"
	export TMPDIR=$TMP/tmp
	config '.process.terminal = true'
	script 'stty size; read x; stty size; echo "got $x"; exit 4'
	RUNTIME=$PROA mon_start -t -i --runtime-arg --root --runtime-arg "$ROOT"
	echo "1 33 111" >"$BUNDLE/ctl"
	sleep 0.2
	"$PROA" --root "$ROOT" start c1
	sleep 0.2
	echo "44 122" >"$BUNDLE/winsz"
	sleep 0.2
	echo line | timeout 10 "$ENGINE" attach "$BUNDLE/attach" >"$TMP/got"
	mon_wait
	is "$(exit_code)" 4
	log_text "$TMP/log" | tr -d '\r' >"$TMP/text"
	is "$(cat "$TMP/text")" "33 111
line
44 122
got line"
	"$PROA" --root "$ROOT" delete c1
	is "$(ls "$TMP/tmp")" ""
}

@test "proa, consoleSize: the terminal's first size; without a terminal it is ignored" {
	real_bundle
	config '.process.terminal = true | .process.consoleSize = {height: 21, width: 84}'
	script 'stty size'
	RUNTIME=$PROA mon_start -t --runtime-arg --root --runtime-arg "$ROOT"
	"$PROA" --root "$ROOT" start c1
	mon_wait
	is "$(log_text "$TMP/log" | tr -d '\r')" "21 84"
	"$PROA" --root "$ROOT" delete c1
	config '.process.terminal = false'
	script 'echo fine'
	run timeout -s KILL 20 "$PROA" --root "$ROOT" run c2
	is "$output" fine
}

@test "proa exec: a session of its own beside the container's monitor" {
	real_bundle
	script 'sleep 100'
	RUNTIME=$PROA mon_start --runtime-arg --root --runtime-arg "$ROOT"
	local main=$MONITOR_PID
	"$PROA" --root "$ROOT" start c1
	mkdir -p "$BUNDLE/s1" "$TMP/exit2"
	jq '.process | .args = ["/bin/sh", "-c", "echo in exec; exit 8"]' config.json >"$TMP/p.json"
	timeout 20 "$ENGINE" monitor -- "$PROAMON" --api-version 1 -c c1 -u s1 -r "$PROA" -b "$BUNDLE/s1" -p "$TMP/pid2" -n n \
		--exit-dir "$TMP/exit2" --full-attach -l "k8s-file:$TMP/log2" --runtime-arg --root --runtime-arg "$ROOT" \
		-e --exec-process-spec "$TMP/p.json" >"$TMP/heard"
	grep -q 'sync {"data": 8}' "$TMP/heard"
	is "$(cat "$TMP/exit2/c1")" 8
	is "$(log_text "$TMP/log2")" "in exec"
	alive "$main"
	"$PROA" --root "$ROOT" kill c1 KILL
	mon_wait
	is "$(exit_code)" 137
	"$PROA" --root "$ROOT" delete c1
}

@test "500 exec sessions, 8 at once: every status right, nothing left" {
	export FAKE_LOG=
	cat >"$TMP/one" <<-EOF
		#!/bin/bash
		mkdir -p $TMP/b\$1 $TMP/e\$1
		FAKE="exit \$((\$1 % 250))" timeout 30 $ENGINE monitor -- $PROAMON --api-version 1 -c c1 -u s\$1 -r $FAKE_RUNTIME -b $TMP/b\$1 \
			-p $TMP/b\$1/pid -l none --full-attach --exit-dir $TMP/e\$1 -e --exec-process-spec /x >$TMP/b\$1/said 2>&1
		grep -q "^sync {\"data\": \$((\$1 % 250))}\$" $TMP/b\$1/said || { echo bad \$1; cat $TMP/b\$1/said $TMP/e\$1/c1; }
	EOF
	chmod +x "$TMP/one"
	seq 500 | xargs -P 8 -n 1 "$TMP/one" >"$TMP/bad"
	is "$(cat "$TMP/bad")" ""
	for i in 1 100 249 250 251 500; do is "$(cat "$TMP/e$i/c1")" $((i % 250)); done
}

@test "beside conmon: the same command lines for the runtime, option by option" {
	command -v conmon >/dev/null || lacks "conmon"
	local sets=("" "-s" "-t" "-i -t" "--no-pivot --no-new-keyring" "--runtime-arg --a --runtime-arg b --runtime-opt --c --runtime-opt d"
		"-e --exec-process-spec /spec" "-e -t -s --exec-process-spec /spec --runtime-opt --preserve-fds --runtime-opt 3"
		"--restore /image --restore-arg --x -s" "--restore /image -t --runtime-opt --y")
	local s m
	printf '#!/bin/sh\necho "$@" >>"$CALLS"\nexit 1\n' >"$TMP/runtime"
	chmod +x "$TMP/runtime"
	for s in "${sets[@]}"; do
		for m in "$PROAMON" conmon; do
			# shellcheck disable=SC2086
			CALLS=$TMP/$(basename "$m").calls timeout 20 "$m" --sync --api-version 1 -c c1 -u 0123456789abcdef -r "$TMP/runtime" \
				-b "$BUNDLE" -p "$TMP/pid" -l none --exit-dir "$TMP/exit" --full-attach --log-level error $s 3>&- || true
		done
	done
	is "$(wc -l <"$TMP/proamon.calls")" ${#sets[@]}
	is "$(sed 's#/tmp/conmon-term\.[^ ]*#SOCKET#' "$TMP/proamon.calls")" "$(sed 's#/tmp/conmon-term\.[^ ]*#SOCKET#' "$TMP/conmon.calls")"
}

# Debian's crun does not start without CAP_SYS_RESOURCE; in the emulated machine it does.
@test "other runtimes: runc, and crun where it can run" {
	local r
	real_bundle
	# (1.8.1 of crun knows no newer one)
	config '.ociVersion = "1.0.0"'
	script 'echo out; echo err >&2; cat; exit 7'
	for r in runc crun; do
		command -v $r >/dev/null || lacks $r
		if [ $r = crun ] && ! crun --root "$TMP/try" run try >/dev/null 2>&1 </dev/null && [ -z "${PROA_VM:-}" ]; then
			continue
		fi
		rm -f "$TMP/exit/"* "$TMP/log" "$TMP/pidfile"
		RUNTIME=$(command -v $r) mon_start -i --runtime-arg --root --runtime-arg "$TMP/$r"
		echo input | timeout 20 "$ENGINE" attach "$BUNDLE/attach" >"$TMP/attached" 2>&1 3>&- &
		sleep 0.3
		$r --root "$TMP/$r" start c1
		mon_wait
		wait
		is "$(exit_code)" 7
		is "$(STREAM=stdout log_text "$TMP/log")" "out
input"
		is "$(STREAM=stderr log_text "$TMP/log")" err
		is "$(sort "$TMP/attached")" "err
input
out"
		$r --root "$TMP/$r" delete c1
	done
}
