# SPDX-License-Identifier: Apache-2.0
# What every bats file loads: a bundle, short words for the verbs, and the leak check.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
PROA=${PROA:-$TOP/build/proa}
PROA_TEST=${PROA_TEST:-$TOP/build/proa-test}

# A requirement that this machine lacks: a skip, or in strict mode (CI) a failure.
lacks() {
	if [ -n "${PROA_STRICT:-}" ]; then
		echo "missing, and this is strict mode: $*" >&2
		return 1
	fi
	skip "$*"
}

cgroup_root() {
	local d
	for d in /sys/fs/cgroup /sys/fs/cgroup/unified; do
		[ "$(stat -f -c %T "$d" 2>/dev/null)" = cgroup2fs ] && echo "$d" && return
	done
}

# All that a container could leave: mounts, cgroups, our processes, network devices.
snapshot() {
	awk '{print $5}' /proc/self/mountinfo | sort
	# (tests/ns may be busy elsewhere on this machine)
	find "$(cgroup_root)" -mindepth 1 -name "proa-ns-*" -prune -o -mindepth 1 -type d -print 2>/dev/null | sort
	# (zombies are waiting for their parent, which is no longer ours to judge)
	ps -eo stat=,args= | awk '$1 !~ /^Z/' | grep -F "$TMP" | grep -v -E 'grep|bats|awk' | sort
	ip -o link 2>/dev/null | awk '{print $2}' | sort
}

make_rootfs() {
	mkdir -p "$1"/{bin,etc,proc,sys,dev,tmp,root,home/user}
	cp /bin/busybox "$1/bin/busybox"
	local a
	for a in $(/bin/busybox --list | grep -v '^busybox$'); do
		ln -sf busybox "$1/bin/$a"
	done
	printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n' >"$1/etc/passwd"
}

# One image for the whole run; each test gets a copy of its own by hard links.
image() {
	local cache=${BATS_RUN_TMPDIR:-/tmp}/image
	[ -d "$cache" ] || { make_rootfs "$cache.$$" && mv -T "$cache.$$" "$cache" 2>/dev/null || true; }
	echo "$cache"
}

setup_bundle() {
	TMP=$BATS_TEST_TMPDIR
	BUNDLE=$TMP/bundle
	ROOT=$TMP/state
	mkdir -p "$BUNDLE"
	cp -al "$(image)" "$BUNDLE/rootfs"
	rm "$BUNDLE/rootfs/etc/passwd"
	cp "$(image)/etc/passwd" "$BUNDLE/rootfs/etc/passwd"
	cd "$BUNDLE"
	"$PROA" spec
	config '.process.terminal = false | .process.args = ["/bin/true"]'
	snapshot >"$TMP/before"
}

setup() {
	setup_bundle
}

teardown() {
	local id
	[ -n "${BUNDLE:-}" ] || return 0
	for id in $(timeout 20 "$PROA" --root "$ROOT" list -q 2>/dev/null); do
		timeout 20 "$PROA" --root "$ROOT" delete --force "$id"
	done
	cd /
	leak_check
}

leak_check() {
	local i
	for i in 1 2 3 4 5 6 7 8 9 10; do
		snapshot >"$TMP/after"
		cmp -s "$TMP/before" "$TMP/after" && [ -z "$(ls -A "$ROOT" 2>/dev/null)" ] && return 0
		sleep 0.1
	done
	echo "left behind:" >&2
	diff "$TMP/before" "$TMP/after" >&2
	ls -A "$ROOT" >&2
	return 1
}

# config FILTER [jq options]: edits config.json
config() {
	local filter=$1
	shift
	jq "$@" "$filter" config.json >config.new
	mv config.new config.json
}

args() {
	config '.process.args = $a' --argjson a "$(printf '%s\n' "$@" | jq -Rn '[inputs]')"
}

# Output goes through a file: a container that goes on would hold a pipe open.
proa() {
	status=0
	timeout -s KILL 20 "$PROA" --root "$ROOT" "$@" >"$TMP/out" 2>&1 </dev/null || status=$?
	output=$(cat "$TMP/out")
	mapfile -t lines <"$TMP/out"
}

# sh SCRIPT: the container's program
script() {
	args /bin/sh -c "$1"
}

ok() {
	[ "$status" -eq 0 ] || { echo "status $status: $output" >&2; return 1; }
}
fails() { # fails STATUS
	[ "$status" -eq "$1" ] || { echo "status $status, wanted $1: $output" >&2; return 1; }
}
says() {
	case $output in
	*"$1"*) ;;
	*) printf ' got: %s\nwant: %s\n' "$output" "$1" >&2; return 1 ;;
	esac
}
says_not() {
	case $output in
	*"$1"*) printf 'got: %s\nnot wanted: %s\n' "$output" "$1" >&2; return 1 ;;
	esac
}
is() { # is GOT WANT
	[ "$1" = "$2" ] || { printf ' got: %s\nwant: %s\n' "$1" "$2" >&2; return 1; }
}
state_of() {
	"$PROA" --root "$ROOT" state "$1" | jq -r .status
}
wait_state() { # wait_state ID STATUS
	local i
	for i in $(seq 100); do
		[ "$(state_of "$1")" = "$2" ] && return
		sleep 0.05
	done
	echo "container $1 is $(state_of "$1"), not $2" >&2
	return 1
}
