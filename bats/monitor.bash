# SPDX-License-Identifier: Apache-2.0
# What the monitor's bats files load beside helpers.bash: proamon between a scripted or a real runtime
# and an engine that is a small C program.

PROAMON=${PROAMON:-$TOP/build/proamon}
ENGINE=$TOP/build/engine
SPEW=$TOP/build/spew
FAKE_RUNTIME=$TOP/tests/engine/runtime.sh

setup() {
	TMP=$BATS_TEST_TMPDIR
	ROOT=$TMP/state
	BUNDLE=$TMP/bundle
	mkdir -p "$BUNDLE" "$TMP/exit" "$TMP/persist" "$ROOT"
	export FAKE_LOG=$TMP/fake.log
	cd "$TMP"
	snapshot >"$TMP/before"
}

teardown() {
	cd /
	local id
	for id in $(timeout 20 "$PROA" --root "$ROOT" list -q 2>/dev/null); do
		timeout 20 "$PROA" --root "$ROOT" delete --force "$id"
	done
	pkill -KILL -f "$TMP/" 2>/dev/null || true
	leak_check
}

# A bundle for the real runtime, with the program of `script`.
real_bundle() {
	cp -al "$(image)" "$BUNDLE/rootfs"
	cp "$SPEW" "$BUNDLE/rootfs/bin/spew"
	cd "$BUNDLE"
	"$PROA" spec
	config '.process.terminal = false | .root.readonly = false'
}

# mon OPTION...: the arguments of a monitor as an engine gives them
mon_args() {
	printf '%s\0' --api-version 1 -c c1 -u 0123456789abcdef -r "${RUNTIME:-$FAKE_RUNTIME}" -b "$BUNDLE" -p "$TMP/pidfile" \
		-n name --exit-dir "$TMP/exit" --persist-dir "$TMP/persist" --full-attach \
		--conmon-pidfile "$TMP/monitor.pid" "$@"
}
# Runs it to its end: what the engine heard is in $output, the log in $TMP/log.
mon() {
	local a
	mapfile -d '' a < <(mon_args "$@")
	case " $* " in *" -l "*) ;; *) a+=(-l "k8s-file:$TMP/log") ;; esac
	status=0
	timeout -s KILL "${SECONDS_MAX:-60}" "$ENGINE" monitor ${ENGINE_FLAGS:-} -- "${MONITOR:-$PROAMON}" "${a[@]}" \
		>"$TMP/heard" 2>"$TMP/heard.err" </dev/null || status=$?
	output=$(cat "$TMP/heard" "$TMP/heard.err")
}
# ... until the container runs
mon_start() {
	ENGINE_FLAGS=-w mon "$@"
	says "sync {\"data\": "
	says_not "sync {\"data\": -"
	MONITOR_PID=$(cat "$TMP/monitor.pid")
	CONTAINER_PID=$(cat "$TMP/pidfile")
}
# ... until it is over: the exit file is there and both processes are gone
mon_wait() {
	local i
	for i in $(seq "${1:-200}"); do
		[ -e "$TMP/exit/c1" ] && ! alive "$(cat "$TMP/monitor.pid")" && return
		sleep 0.05
	done
	echo "the monitor did not end; exit file: $(cat "$TMP/exit/c1" 2>&1)" >&2
	return 1
}
alive() {
	local s
	s=$(awk '{print $3}' "/proc/$1/stat" 2>/dev/null) && [ "$s" != Z ]
}
keeper_of() { pgrep -P "$1" -x proamon-keeper; }
exit_code() { cat "$TMP/exit/c1"; }
record() { jq -r "$1" "$TMP/exit/c1.json"; }
# The text of a k8s log: partial records joined.
log_text() { # log_text [FILE...]: the text of k8s logs; only STREAM's if that is set
	awk -v want="${STREAM:-}" '{
		tag = substr($0, index($0, " ") + 1)
		stream = substr(tag, 1, 6); kind = substr(tag, 8, 1); text = substr(tag, 10)
		if (want != "" && stream != want) next
		printf "%s%s", text, kind == "F" ? "\n" : ""
	}' "$@"
}
wait_for() { # wait_for SECONDS COMMAND...: until it succeeds
	local n=$(($1 * 20))
	shift
	while ! "$@" >/dev/null 2>&1; do
		n=$((n - 1))
		[ $n -gt 0 ] || { echo "did not come true: $*" >&2; return 1; }
		sleep 0.05
	done
}
