#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# mounts add, mounts remove: other mounts for a container that is there.
load helpers

start() {
	mkdir "$TMP/vol"
	echo data >"$TMP/vol/file"
	args sleep 1000
	proa run -d c
	ok
}
in_c() { "$PROA" --root "$ROOT" exec c "$@"; }

@test "binds and new file systems come and go" {
	config '.root.readonly = false'
	start
	jq -n --arg v "$TMP/vol" '[{destination: "/a/b", type: "bind", source: $v, options: ["rbind", "ro"]},
		{destination: "/file", type: "bind", source: ($v + "/file"), options: ["bind"]},
		{destination: "/t", type: "tmpfs", source: "tmpfs", options: ["size=1m", "nosuid"]},
		{destination: "/p", type: "proc", source: "proc"}]' >"$TMP/add.json"
	proa mounts add c "$TMP/add.json"
	ok
	is "$(in_c cat /a/b/file /file)" "data
data"
	in_c touch /a/b/new && false
	in_c grep -q " /t tmpfs rw,nosuid" /proc/mounts
	# the container's processes, not ours
	is "$(in_c cat /p/1/comm)" sleep
	jq '{mounts: .}' "$TMP/add.json" >"$TMP/remove.json"
	proa mounts remove c "$TMP/remove.json"
	ok
	in_c cat /a/b/file && false
	is "$(in_c grep -c -E ' (/a/b|/file|/t|/p) ' /proc/mounts)" 0
	status=0
	output=$("$PROA" --root "$ROOT" mounts add c - <"$TMP/add.json" 2>&1) || status=$?
	ok
	is "$(in_c cat /file)" data
	proa delete -f c
}

@test "all or none: a mount that fails takes those before it along" {
	config '.root.readonly = false'
	start
	jq -n --arg v "$TMP/vol" '[{destination: "/a", type: "bind", source: $v, options: ["bind"]},
		{destination: "/b", type: "nosuchfs", source: "x"}]' >"$TMP/add.json"
	proa mounts add c "$TMP/add.json"
	fails 1
	says "proa: mounts add c: mounts[1] /b: mount nosuchfs"
	is "$(in_c grep -c ' /a ' /proc/mounts)" 0
	jq -n '[{destination: "/dev"}, {destination: "/etc"}]' >"$TMP/remove.json"
	proa mounts remove c "$TMP/remove.json"
	fails 1
	says "mounts[1] /etc: no mount is there that could be removed"
	in_c test -c /dev/null
	proa delete -f c
}

@test "a destination cannot lead out of the container, nor under /proc" {
	config '.root.readonly = false'
	ln -s /../../../../../../../../../../../../tmp rootfs/out
	mkdir "$TMP/outside"
	ln -s "$TMP/outside" rootfs/abs
	start
	jq -n --arg v "$TMP/vol" '[{destination: "/out", type: "bind", source: $v, options: ["bind"]},
		{destination: "/abs", type: "bind", source: $v, options: ["bind"]}]' >"$TMP/add.json"
	proa mounts add c "$TMP/add.json"
	ok
	is "$(in_c cat /tmp/file)" data
	is "$(in_c cat "$TMP/outside/file")" data
	[ ! -e "$TMP/outside/file" ]
	jq -n --arg v "$TMP/vol" '[{destination: "/proc/sys", type: "bind", source: $v, options: ["bind"]}]' >"$TMP/add.json"
	proa mounts add c "$TMP/add.json"
	fails 1
	says "/proc"
	proa delete -f c
}

@test "with a user namespace of the container's own" {
	config '.root.readonly = false | .linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	chmod 755 "$TMP" "$BUNDLE"
	chown 100000:100000 rootfs
	start
	jq -n --arg v "$TMP/vol" '[{destination: "/vol", type: "bind", source: $v, options: ["bind"]},
		{destination: "/t", type: "tmpfs", source: "tmpfs"}]' >"$TMP/add.json"
	proa mounts add c "$TMP/add.json"
	ok
	is "$(in_c cat /vol/file)" data
	is "$(in_c stat -c %u /t)" 0
	proa mounts remove c "$TMP/add.json"
	ok
	proa delete -f c
}

@test "words for what is wrong" {
	proa mounts add c /dev/null
	fails 1
	says "does not exist"
	start
	proa mounts move c /dev/null
	fails 1
	says 'mounts: "move" is neither add nor remove'
	echo '[]' >"$TMP/f"
	proa mounts add c "$TMP/f"
	fails 1
	says "$TMP/f: no mounts are in it"
	echo '[{"destination": 5}]' >"$TMP/f"
	proa mounts add c "$TMP/f"
	fails 1
	says "/mounts/0/destination"
	proa kill c KILL
	wait_state c stopped
	proa mounts add c "$TMP/f"
	fails 1
	says "container not running"
	proa delete c
}
