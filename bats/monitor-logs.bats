#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Logs: every byte that the container wrote is in them, whatever happens.
load helpers
load monitor

# bytes in equal bytes logged
same() { # same EXPECTED-FILE LOG...
	local want=$1
	shift
	log_text "$@" | cmp - "$want"
}

@test "lines of 1 byte to 10 MB, binary, no newline at the end" {
	local what
	for what in "head -c 100000 /dev/zero | tr '\0' '\n'" "$SPEW 100 3000000" "$SPEW 0 5000000 7" \
		"head -c 10000000 /dev/zero | tr '\0' x; echo; echo after" "head -c 300000 /dev/urandom | tee $TMP/random" \
		"printf 'no end'" "printf ''" "$SPEW 65536 1000000" "$SPEW 65535 1000000" "$SPEW 65537 1000000"; do
		rm -f "$TMP/log" "$TMP/exit/c1"
		FAKE="($what) | tee $TMP/want" mon --sync
		same "$TMP/want" "$TMP/log" || { echo "with $what" >&2; false; }
	done
	# an eighth of conmon's parts: a read takes 64 KiB, not 8
	FAKE="$SPEW 1000000 8000000" mon --sync -l "k8s-file:$TMP/parts"
	[ "$(grep -c 'stdout P' "$TMP/parts")" -lt 300 ]
}

@test "both streams at once: each complete and in its order" {
	FAKE="$SPEW 50 4000000 both" mon --sync
	$SPEW 50 4000000 both >"$TMP/o" 2>"$TMP/e"
	STREAM=stdout same "$TMP/o" "$TMP/log"
	STREAM=stderr same "$TMP/e" "$TMP/log"
}

@test "500 MB through a rotated k8s-file: every line whole, the last files complete, the size bounded" {
	FAKE="$SPEW 200 500000000" mon --sync --log-size-max 50000000 --log-max-files 20
	[ "$(ls "$TMP" | grep -c '^log')" -ge 10 ]
	local f
	for f in "$TMP"/log*; do
		[ "$(stat -c %s "$f")" -le 50000000 ]
		# each begins and ends with a whole record
		head -c 4 "$f" | grep -q '^20'
		[ "$(tail -c 1 "$f")" = "" ]
	done
	is "$(cat "$TMP"/log* | wc -l)" 2500000
	# in order, from the oldest to the newest
	is "$( (for i in $(seq 20 -1 1); do cat "$TMP/log.$i" 2>/dev/null; done; cat "$TMP/log") | cut -c 46-55 | awk '$1 + 0 != n++ {print "line", n; exit}')" ""
	rm -f "$TMP"/log*
}

@test "rotation with a tiny limit keeps N files and splits no line" {
	FAKE="$SPEW 60 12000" mon --sync --log-size-max 1024 --log-max-files 3
	is "$(cd "$TMP" && ls -d log*)" "log
log.1
log.2
log.3"
	for f in "$TMP"/log*; do
		[ "$(stat -c %s "$f")" -le 1024 ]
		is "$(grep -vcE '^20[^ ]+ stdout F .{59}$' "$f")" 0
	done
	# a record that is larger than a file may be is one file
	FAKE="$SPEW 5000 20000" mon --sync --log-size-max 1024 -l "k8s-file:$TMP/wide"
	is "$(wc -l <"$TMP/wide")" 1
}

@test "--log-allowlist-dir: other logs are not rotated" {
	mkdir "$TMP/allowed"
	FAKE="$SPEW 60 10000" mon --sync --log-size-max 1024 --log-allowlist-dir "$TMP/allowed" -l "k8s-file:$TMP/log" -l "k8s-file:$TMP/allowed/log"
	[ ! -e "$TMP/log.1" ]
	[ -e "$TMP/allowed/log.1" ]
}

@test "--log-global-size-max: beyond it output is read, dropped and counted" {
	FAKE="$SPEW 100 5000000; echo over" mon --sync --log-global-size-max 100000
	[ "$(stat -c %s "$TMP/log")" -lt 600000 ]
	[ "$(record .logBytesDropped)" -gt 4000000 ]
	is "$(exit_code)" 0
}

@test "several logs at once; json-file is Docker's" {
	FAKE='echo "say \"hi\""; printf "tab\there\377\n" >&2; printf part' mon --sync -l "k8s-file:$TMP/a" -l "json-file:$TMP/b" -l none
	same <(printf 'say "hi"\npart') <(grep stdout "$TMP/a")
	jq -e . "$TMP/b" >/dev/null
	is "$(jq -r 'select(.stream == "stdout").log' "$TMP/b" | head -1)" 'say "hi"'
	is "$(jq -r 'select(.stream == "stderr") | .log' "$TMP/b")" $'tab\there\xef\xbf\xbd'
	is "$(jq -r 'select(.stream == "stdout").log' "$TMP/b" | tail -1)" part
	jq -r .time "$TMP/b" | grep -qE '^20.*Z$'
}

@test "the time zone is TZ's, as RFC 3339 wants it" {
	TZ=CET-1CEST-2,J1,J365 FAKE='echo x' mon --sync
	grep -qE '\+0[12]:00 stdout F x' "$TMP/log"
	TZ=XXX4:30 FAKE='echo y' mon --sync
	grep -qE -- '-04:30 stdout F y' "$TMP/log"
}

@test "a full disk: the container goes on, what is missing is counted and told when there is room" {
	mkdir "$TMP/small"
	mount -t tmpfs -o size=200k none "$TMP/small"
	trap 'umount -l "$TMP/small"' EXIT
	FAKE="$SPEW 100 400000; touch $TMP/full; while [ -e $TMP/full ]; do sleep 0.05; done; echo later; sleep 0.3; exit 3" mon_start -l "k8s-file:$TMP/small/log"
	wait_for 10 test -e "$TMP/full"
	sleep 0.3
	# whole records only
	is "$(grep -vcE '^20[^ ]+ stdout F .{99}$' "$TMP/small/log")" 0
	local before
	before=$(wc -l <"$TMP/small/log")
	mount -o remount,size=2m "$TMP/small"
	rm "$TMP/full"
	mon_wait
	is "$(exit_code)" 3
	tail -2 "$TMP/small/log" | head -1 | grep -q "stderr F proamon: $((4000 - before)) lines .* missing here: no space left on device"
	tail -1 "$TMP/small/log" | grep -q 'stdout F later'
	[ "$(record .logBytesDropped)" -gt 100000 ]
	umount -l "$TMP/small"
	trap - EXIT
}

@test "a log directory that vanishes, and ctl's reopen" {
	mkdir "$TMP/dir"
	FAKE="echo one; read x <$TMP/go; echo two; read x <$TMP/go2; echo three"
	mkfifo "$TMP/go" "$TMP/go2"
	export FAKE
	mon_start -l "k8s-file:$TMP/dir/log"
	wait_for 5 grep -q one "$TMP/dir/log"
	mv "$TMP/dir/log" "$TMP/dir/log.old"
	echo "2 0 0" >"$BUNDLE/ctl"
	sleep 0.2
	echo >"$TMP/go"
	wait_for 5 grep -q two "$TMP/dir/log"
	is "$(log_text "$TMP/dir/log")" two
	rm -r "$TMP/dir"
	echo "2 0 0" >"$BUNDLE/ctl"
	sleep 0.2
	echo >"$TMP/go2"
	mon_wait
	is "$(exit_code)" 0
}

@test "ctl and winsz take lines only; nonsense is ignored" {
	FAKE="read x <$TMP/go; echo fine"
	mkfifo "$TMP/go"
	export FAKE
	mon_start
	printf '9 9 9\n\n1 2\n1 99999 1\nabc\n' >"$BUNDLE/ctl"
	head -c 3000 /dev/zero | tr '\0' 7 >"$BUNDLE/ctl"
	printf '\n2 0 0\n' >"$BUNDLE/ctl"
	printf 'x\n' >"$BUNDLE/winsz"
	echo >"$TMP/go"
	mon_wait
	is "$(log_text "$TMP/log")" fine
}

journal() { # a journal of our own, for SECONDS
	mkdir -p /run/systemd/journal
	[ ! -e /run/systemd/journal/socket ] || lacks "a journald runs here"
	"$ENGINE" journal /run/systemd/journal/socket "$1" >"$TMP/journal" 3>&- &
	JOURNAL=$!
	wait_for 5 test -S /run/systemd/journal/socket
}

@test "journald: conmon's fields, joined lines, priorities, long lines by sealed memfd" {
	journal 6
	FAKE='echo hi; echo "<3>bad"; echo err >&2; printf par; sleep 0.2; echo tial; echo "<9>none"; head -c 1000000 /dev/zero | tr "\0" a; printf end' \
		mon --sync -l journald --log-tag TT --log-label KEY=value
	wait $JOURNAL
	tr -d '\0\001-\011\013-\037' <"$TMP/journal" >"$TMP/j"
	local field
	for field in CONTAINER_ID_FULL=0123456789abcdef CONTAINER_ID=0123456789ab CONTAINER_TAG=TT CONTAINER_NAME=name SYSLOG_IDENTIFIER=TT KEY=value; do
		[ "$(grep -c "^$field\$" "$TMP/j")" -ge 5 ] || { echo "$field" >&2; false; }
	done
	grep -qa '^partial$' "$TMP/j"
	grep -qa '^<9>none$' "$TMP/j"
	is "$(grep -a -A2 '^err$' "$TMP/j" | grep -c PRIORITY=3)" 1
	is "$(grep -a -A2 '^bad$' "$TMP/j" | grep -c PRIORITY=3)" 1
	grep -q 'CONTAINER_PARTIAL_MESSAGE=true' "$TMP/j"
	# with a sender's buffer that is too small for them, lines of 128 KiB still arrive
	[ "$(grep -a -c 'aaaaaaaaaaaaaa' "$TMP/j")" -ge 7 ]
}

@test "a journal that is down, or comes back: the container goes on, and what was dropped is told" {
	[ ! -e /run/systemd/journal/socket ] || lacks "a journald runs here"
	FAKE="echo lost1; echo lost2; read x <$TMP/go; sleep 1.2; echo kept"
	mkfifo "$TMP/go"
	export FAKE
	mon_start -l journald
	sleep 0.5
	journal 4
	echo >"$TMP/go"
	mon_wait
	wait $JOURNAL
	grep -qa '2 lines (12 bytes) of output are missing here' "$TMP/journal"
	grep -qa '^.*kept$' "$TMP/journal"
	is "$(exit_code)" 0
}

@test "a journal that does not read is waited for, then dropped: the end comes all the same" {
	mkdir -p /run/systemd/journal
	[ ! -e /run/systemd/journal/socket ] || lacks "a journald runs here"
	"$ENGINE" journal /run/systemd/journal/socket 20 >"$TMP/journal" 3>&- &
	JOURNAL=$!
	wait_for 5 test -S /run/systemd/journal/socket
	kill -STOP $JOURNAL
	FAKE="$SPEW 100 3000000; exit 4" mon_start -l journald
	mon_wait 300
	is "$(exit_code)" 4
	[ "$(record .logBytesDropped)" -gt 0 ]
	kill -KILL $JOURNAL
	rm -f /run/systemd/journal/socket
}

@test "passthrough: the container has the caller's own stdio, and no attach socket" {
	FAKE='echo through; echo err >&2' mon --sync -l passthrough
	says through
	says err
	[ ! -e "$BUNDLE/attach" ]
}
