#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# User namespaces: root with mappings, an ordinary user with ranges or none, root inside one.
load helpers

USER_ID=61234

userns() { # size
	config '.linux.namespaces += [{"type":"user"}] | .linux.uidMappings = [{containerID:0,hostID:100000,size:($n|tonumber)}] | .linux.gidMappings = .linux.uidMappings' --arg n "${1:-65536}"
}

# A bundle in a place an ordinary user may reach, owned by them.
user_bundle() {
	UDIR=$(mktemp -d /tmp/proa-user.XXXXXX)
	chmod 755 "$UDIR"
	mkdir -p "$UDIR/bundle" "$UDIR/run"
	cp -a "$(image)" "$UDIR/bundle/rootfs"
	cp "$PROA" "$UDIR/proa"
	(cd "$UDIR/bundle" && "$PROA" spec --rootless && jq '.process.terminal = false | .process.args = ["/bin/true"] | del(.linux.namespaces[] | select(.type == "user")) | del(.linux.uidMappings) | del(.linux.gidMappings)' config.json >c && mv c config.json)
	chown -R $USER_ID:$USER_ID "$UDIR"
	cd "$UDIR/bundle"
}
user_done() {
	cd /
	rm -rf "$UDIR"
}
as_user() {
	run timeout -s KILL 30 setpriv --reuid $USER_ID --regid $USER_ID --clear-groups env -i PATH="$PATH" HOME=/ XDG_RUNTIME_DIR="$UDIR/run" "$UDIR/proa" "$@"
}
ranges() {
	cp /etc/subuid "$TMP/subuid"
	cp /etc/subgid "$TMP/subgid"
	cp /etc/passwd "$TMP/passwd"
	printf 'proauser:x:%s:%s::/:/bin/sh\n' $USER_ID $USER_ID >>/etc/passwd
	[ -z "$1" ] || echo "proauser:200000:$1" >>/etc/subuid
	[ -z "$1" ] || echo "proauser:200000:$1" >>/etc/subgid
}
no_ranges() {
	cat "$TMP/subuid" >/etc/subuid
	cat "$TMP/subgid" >/etc/subgid
	cat "$TMP/passwd" >/etc/passwd
}
teardown() {
	[ -f "$TMP/subuid" ] && no_ranges
	[ -n "${UDIR:-}" ] && user_done
	local id
	for id in $(timeout 20 "$PROA" --root "$ROOT" list -q 2>/dev/null); do
		timeout 20 "$PROA" --root "$ROOT" delete --force "$id"
	done
	cd /
	leak_check
}

@test "root with mappings: ids, devices, and a rootfs the mapped root may not reach" {
	userns
	chown -R 100000:100000 rootfs
	chmod 700 "$BUNDLE"
	mkdir -m 700 "$TMP/secret"
	echo text >"$TMP/secret/f"
	chmod 644 "$TMP/secret/f"
	config '.root.readonly = false | .mounts += [{destination:"/m",source:$s,type:"bind",options:["bind"]}]' --arg s "$TMP/secret/f"
	script 'id -u; cat /proc/self/uid_map; cat /m; echo x >/dev/null; stat -c %u /bin/busybox; hostname'
	proa run c
	ok
	is "$(echo "$output" | xargs)" "0 0 100000 65536 text 0 proa"
}

@test "exec, kill and delete in a user namespace" {
	userns
	chown -R 100000:100000 rootfs
	args sleep 1000
	proa run -d c
	ok
	proa exec c sh -c 'id -u; cat /proc/self/uid_map; readlink /proc/self/ns/user; readlink /proc/1/ns/user'
	ok
	is "${lines[2]}" "${lines[3]}"
	proa exec --user 5:5 c id -u
	is "$output" 5
	proa exec --user 70000 c true
	fails 255
	says "has no mapping"
}

@test "a delegated cgroup belongs to the container's root" {
	userns
	chown -R 100000:100000 rootfs
	config '.mounts |= map(if .destination == "/sys/fs/cgroup" then .options -= ["ro"] else . end)'
	script 'mkdir /sys/fs/cgroup/sub && echo made; rmdir /sys/fs/cgroup/sub'
	proa run c
	ok
	says made
}

@test "a user namespace by path, and one with a network namespace of the host's" {
	userns
	chown -R 100000:100000 rootfs
	args sleep 1000
	proa run -d first
	pid=$("$PROA" --root "$ROOT" state first | jq .pid)
	config 'del(.linux.uidMappings, .linux.gidMappings) | .hostname = "" | .linux.namespaces = [{"type":"mount"},{"type":"pid"},{"type":"user","path":"/proc/\($p)/ns/user"},{"type":"network","path":"/proc/\($p)/ns/net"},{"type":"ipc"},{"type":"uts"},{"type":"cgroup"}]' --argjson p "$pid"
	script 'id -u; readlink /proc/self/ns/user'
	proa run second
	ok
	is "${lines[1]}" "$(readlink /proc/$pid/ns/user)"
	touch "$TMP/netns"
	unshare --net="$TMP/netns" true
	userns
	config '.linux.namespaces = [{"type":"mount"},{"type":"pid"},{"type":"user"},{"type":"network","path":$n},{"type":"ipc"},{"type":"uts"},{"type":"cgroup"}] | .mounts |= map(if .type == "sysfs" then .type = "none" | .source = "/sys" | .options += ["rbind"] else . end)' --arg n "$TMP/netns"
	script 'readlink /proc/self/ns/net'
	proa run third
	inode=$(stat -L -c %i "$TMP/netns")
	umount "$TMP/netns"
	ok
	is "$output" "net:[$inode]"
}

@test "mappings that are wrong are named" {
	config '.linux.namespaces += [{"type":"user"}]'
	proa run c
	fails 1
	says "needs uidMappings"
	config '.linux.uidMappings = [{containerID:0,hostID:4294967290,size:100}] | .linux.gidMappings = .linux.uidMappings'
	proa run c
	fails 1
	says "passes the last id"
	config '.linux.namespaces |= map(select(.type != "user"))'
	proa run c
	fails 1
	says "need a user namespace"
}

@test "an ordinary user without ranges: one id" {
	user_bundle
	ranges ""
	as_user run c
	ok
	says "the container has one id only"
	jq '.process.args = ["/bin/sh", "-c", "id -u; cat /proc/self/uid_map"]' config.json >c && mv c config.json
	as_user run c
	is "$(echo "${lines[*]: -2}" | xargs)" "0 0 $USER_ID 1"
	user_done
}

@test "an ordinary user with ranges: newuidmap, and the other verbs" {
	user_bundle
	ranges 65536
	jq '.process.args = ["/bin/sh", "-c", "cat /proc/self/uid_map; sleep 1000"]' config.json >c && mv c config.json
	run timeout -s KILL 30 setpriv --reuid $USER_ID --regid $USER_ID --clear-groups env -i PATH="$PATH" XDG_RUNTIME_DIR="$UDIR/run" sh -c "$UDIR/proa run -d c >$UDIR/run/out 2>&1 </dev/null"
	ok
	as_user exec --user 7:8 c id
	ok
	says "uid=7 gid=8"
	as_user list
	says running
	as_user delete --force c
	ok
	is "$(xargs <"$UDIR/run/out")" "0 $USER_ID 1 1 200000 65536"
	user_done
}

@test "an ordinary user whose range is too small: which file, which line, how wide" {
	user_bundle
	ranges 10
	jq '.linux.namespaces += [{"type":"user"}] | .linux.uidMappings = [{containerID:0,hostID:61234,size:1},{containerID:1,hostID:200000,size:65536}] | .linux.gidMappings = .linux.uidMappings' config.json >c && mv c config.json
	as_user run c
	fails 1
	says "newuidmap refused the map"
	says "/etc/subuid"
	says "hint: give the user ranges"
	user_done
}

@test "root inside a user namespace" {
	run timeout -s KILL 30 unshare --user --map-root-user --mount --pid --fork --mount-proc sh -c "cd $BUNDLE && $PROA --root $ROOT run c" </dev/null
	ok
}
