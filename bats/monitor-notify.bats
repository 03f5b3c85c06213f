#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# sd_notify(3) from the container to the service manager, and health checks.
load helpers
load monitor

manager() { # a service manager for SECONDS
	"$ENGINE" listen "$1" "$2" >"$TMP/manager" 3>&- &
	MANAGER=$!
	sleep 0.3
}

@test "what the container may say goes on, the rest does not" {
	FAKE="read x <$TMP/go"
	mkfifo "$TMP/go"
	export FAKE
	manager "$TMP/sock" 4
	mon_start --sdnotify-socket "$TMP/sock"
	is "$(stat -c %a "$BUNDLE/notify/notify.sock")" 777
	"$ENGINE" notify "$BUNDLE/notify/notify.sock" $'STATUS=up\nFDSTORE=1\nFDNAME=x\nEXTEND_TIMEOUT_USEC=5\nX_OTHER=1\nWATCHDOG=1'
	"$ENGINE" notify "$BUNDLE/notify/notify.sock" READY=1
	is "$(timeout 8 "$ENGINE" notify "$BUNDLE/notify/notify.sock" BARRIER=1)" "barrier passed"
	"$ENGINE" notify "$BUNDLE/notify/notify.sock" STOPPING=1
	echo >"$TMP/go"
	mon_wait
	wait $MANAGER
	is "$(cat "$TMP/manager")" "STATUS=up
EXTEND_TIMEOUT_USEC=5
WATCHDOG=1
---
READY=1
---
with a descriptor: BARRIER=1
---
STOPPING=1
---"
	[ ! -e "$BUNDLE/notify/notify.sock" ]
}

@test "an abstract socket of the manager; MAINPID becomes a pid of the host" {
	real_bundle
	mkdir "$BUNDLE/notify"
	cp "$ENGINE" "$TMP/e"
	config '.process.args = ["/bin/sh", "-c", "sleep 1000 & sleep 1000"]'
	manager "@proa-test-$$" 4
	RUNTIME=$PROA mon_start --sdnotify-socket "@proa-test-$$" --runtime-arg --root --runtime-arg "$ROOT"
	"$PROA" --root "$ROOT" start c1
	sleep 0.3
	# 1 in there is the container: we stand for it. Another process is itself.
	"$ENGINE" notify "$BUNDLE/notify/notify.sock" MAINPID=1
	local other inner
	other=$(pgrep -P "$CONTAINER_PID" | head -1)
	inner=$(awk '/^NSpid/ {print $NF}' "/proc/$other/status")
	"$ENGINE" notify "$BUNDLE/notify/notify.sock" "MAINPID=$inner"
	"$ENGINE" notify "$BUNDLE/notify/notify.sock" MAINPID=77777
	wait $MANAGER
	is "$(grep MAINPID "$TMP/manager")" "MAINPID=$MONITOR_PID
MAINPID=$other"
	"$PROA" --root "$ROOT" delete -f c1
	mon_wait
}

@test "health: starting, healthy, unhealthy; the file, the socket, one log line a change" {
	real_bundle
	script 'touch /ok; while true; do sleep 0.1; done'
	RUNTIME=$PROA mon_start --runtime-arg --root --runtime-arg "$ROOT" --health-cmd 'echo looked; test -e /ok' \
		--health-interval 200ms --health-retries 2 --health-log-count 3
	is "$(jq -r .Status "$BUNDLE/health.json")" starting
	"$PROA" --root "$ROOT" start c1
	timeout 20 "$ENGINE" hear "$BUNDLE/health" 3 15 >"$TMP/heard2" 3>&- &
	wait_for 5 grep -q '"Status":"healthy"' "$BUNDLE/health.json"
	is "$(jq -r '.Log[-1] | "\(.ExitCode) \(.Output)"' "$BUNDLE/health.json")" "0 looked"
	rm "$BUNDLE/rootfs/ok"
	wait_for 5 grep -q '"Status":"unhealthy"' "$BUNDLE/health.json"
	[ "$(jq .FailingStreak "$BUNDLE/health.json")" -ge 2 ]
	[ "$(jq '.Log | length' "$BUNDLE/health.json")" -le 3 ]
	wait
	is "$(jq -r .Status "$TMP/heard2" | tr '\n' ' ')" "starting healthy unhealthy "
	alive "$CONTAINER_PID"
	"$PROA" --root "$ROOT" delete -f c1
	mon_wait
	is "$(exit_code)" 137
}

@test "health: a start period forgives, a timeout kills the check and what it runs" {
	real_bundle
	script 'sleep 1000'
	RUNTIME=$PROA mon_start --runtime-arg --root --runtime-arg "$ROOT" --health-cmd 'sleep 999' \
		--health-interval 300ms --health-timeout 300ms --health-retries 1 --health-start-period 1s --health-start-interval 100ms \
		--health-on-failure kill
	"$PROA" --root "$ROOT" start c1
	sleep 0.8
	is "$(jq -r .Status "$BUNDLE/health.json")" starting
	mon_wait
	is "$(jq -r .Status "$BUNDLE/health.json")" unhealthy
	grep -q 'longer than 300 ms' "$BUNDLE/health.json"
	is "$(exit_code)" 137
	! pgrep -f '^sleep 999$'
	"$PROA" --root "$ROOT" delete c1
}

@test "health: on-failure stop and restart, ready on healthy" {
	real_bundle
	script 'trap "exit 21" TERM; while true; do sleep 0.1; done'
	cat >"$TMP/cmd" <<-EOF
		#!/bin/sh
		echo "action=\$PROAMON_ACTION" >$TMP/action
	EOF
	chmod +x "$TMP/cmd"
	manager "$TMP/sock" 5
	RUNTIME=$PROA mon_start --runtime-arg --root --runtime-arg "$ROOT" --sdnotify-socket "$TMP/sock" --sdnotify-ready healthy \
		--health-cmd sh --health-cmd -c --health-cmd 'n=$(cat /n 2>/dev/null || echo 0); echo $((n+1)) >/n; test $n -lt 2' \
		--health-interval 200ms --health-retries 1 --health-on-failure restart --exit-command "$TMP/cmd"
	"$PROA" --root "$ROOT" start c1
	"$ENGINE" notify "$BUNDLE/notify/notify.sock" READY=1
	sleep 0.1
	is "$(cat "$TMP/manager")" ""
	mon_wait
	is "$(exit_code)" 21
	wait_for 5 grep -q action=restart "$TMP/action"
	wait $MANAGER
	is "$(head -1 "$TMP/manager")" READY=1
	"$PROA" --root "$ROOT" delete c1
}

@test "a started monitor is confined: no capabilities but KILL, no new privileges, a filter" {
	FAKE="read x <$TMP/go"
	mkfifo "$TMP/go"
	export FAKE
	mon_start
	sleep 0.2
	is "$(awk '/^CapPrm/ {print $2}' "/proc/$MONITOR_PID/status")" 0000000000000020
	is "$(awk '/^CapEff/ {print $2}' "/proc/$MONITOR_PID/status")" 0000000000000020
	is "$(awk '/^NoNewPrivs/ {print $2}' "/proc/$MONITOR_PID/status")" 1
	is "$(awk '/^Seccomp:/ {print $2}' "/proc/$MONITOR_PID/status")" 2
	# the keeper, which runs the exit command, is not
	is "$(awk '/^Seccomp:/ {print $2}' "/proc/$(keeper_of "$MONITOR_PID")/status")" "$(awk '/^Seccomp:/ {print $2}' /proc/self/status)"
	echo >"$TMP/go"
	mon_wait
}

@test "no call of a serving monitor is refused by its own filter" {
	real_bundle
	mkdir -p "$TMP/d"
	script 'while ! test -e /go; do sleep 0.05; done; spew 100 3000000; spew 100 1000000 >&2; exit 3'
	printf '#!/bin/sh\nexec strace -D -f -o %s/trace %s "$@"\n' "$TMP" "$PROAMON" >"$TMP/traced"
	chmod +x "$TMP/traced"
	RUNTIME=$PROA MONITOR=$TMP/traced mon_start -i --runtime-arg --root --runtime-arg "$ROOT" -l "k8s-file:$TMP/d/log" -l "json-file:$TMP/d/json" \
		-l journald --log-size-max 100000 --sdnotify-socket "$TMP/nobody" --health-cmd true --health-interval 200ms -T 60
	"$PROA" --root "$ROOT" start c1
	sleep 0.6
	echo "2 0 0" >"$BUNDLE/ctl"
	echo x | timeout 20 "$ENGINE" attach "$BUNDLE/attach" >/dev/null 3>&- &
	"$ENGINE" notify "$BUNDLE/notify/notify.sock" $'READY=1\nMAINPID=1\nBARRIER=1' >/dev/null 3>&- &
	sleep 0.3
	touch "$BUNDLE/rootfs/go"
	mon_wait 600
	wait
	is "$(exit_code)" 3
	# after the filter, nothing of the monitor is answered with EPERM
	is "$(awk -v p="$MONITOR_PID" '$1 == p' "$TMP/trace" | sed -n '/SECCOMP_SET_MODE_FILTER/,$p' | grep -c EPERM)" 0
	"$PROA" --root "$ROOT" delete c1
}

@test "signals in a storm (EINTR everywhere): every byte and the status" {
	FAKE="read x <$TMP/go; $SPEW 100 20000000; exit 3"
	mkfifo "$TMP/go"
	export FAKE
	mon_start
	(while kill -WINCH "$MONITOR_PID" 2>/dev/null && kill -CONT "$MONITOR_PID" 2>/dev/null; do :; done) 3>&- &
	(while kill -STOP "$MONITOR_PID" 2>/dev/null && kill -CONT "$MONITOR_PID" 2>/dev/null; do sleep 0.001; done) 3>&- &
	echo >"$TMP/go"
	mon_wait 600
	wait
	is "$(exit_code)" 3
	$SPEW 100 20000000 >"$TMP/want"
	log_text "$TMP/log" | cmp - "$TMP/want"
}

@test "out of memory: the oom files, the record (where there is a memory controller)" {
	grep -qw memory "$(cgroup_root)/cgroup.controllers" || {
		# without one there is nothing to see, and nothing must break
		FAKE=true mon --sync
		is "$(record .oomKilled)" false
		return 0
	}
	real_bundle
	config '.linux.resources.memory = {limit: 20000000, swap: 20000000}'
	script 'x=$(head -c 100000000 /dev/zero | tr "\0" x); echo survived'
	RUNTIME=$PROA mon_start --runtime-arg --root --runtime-arg "$ROOT"
	"$PROA" --root "$ROOT" start c1
	mon_wait 600
	is "$(record .oomKilled)" true
	[ -e "$BUNDLE/oom" ]
	[ -e "$TMP/persist/oom" ]
	[ "$(record .oomKill)" -ge 1 ]
	[ "$(record .memoryPeakBytes)" -gt 10000000 ]
	"$PROA" --root "$ROOT" delete c1
}
