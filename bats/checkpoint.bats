#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# checkpoint and restore, by the criu program: a container's processes into files, and back.
load helpers

setup() {
	[ "$(id -u)" = 0 ] || lacks "root"
	command -v criu >/dev/null || lacks "criu"
	setup_bundle
	config '.root.readonly = false | .hostname = "saved"'
	# /n counts: it shows that the same process goes on
	script 'i=0; while :; do i=$((i+1)); echo $i >/n; usleep 50000; done'
}

# the count, once there is one above $1
count_above() {
	local n
	for _ in $(seq 200); do
		n=$(cat rootfs/n 2>/dev/null) || true # not there yet
		[ "${n:-0}" -gt "$1" ] && echo "$n" && return
		sleep 0.05
	done
	echo "the count stays at ${n:-nothing}, not above $1" >&2
	tail -5 "$TMP"/*/*.log >&2
	return 1
}

@test "the processes come back where they were, under another name, in a cgroup of their own" {
	mkdir "$TMP/vol"
	echo data >"$TMP/vol/file"
	config '.mounts += [{destination: "/vol", type: "bind", source: $v, options: ["rbind", "ro"]},
		{destination: "/vol2", type: "bind", source: $v, options: ["bind", "nosuid"]}]' --arg v "$TMP/vol"
	proa run -d c
	ok
	count_above 3
	"$PROA" --root "$ROOT" exec c mount | grep ' /vol' | sort >"$TMP/mounts"
	proa checkpoint --image-path "$TMP/image" c
	ok
	proa state c
	fails 1
	says "does not exist"
	n=$(cat rootfs/n)
	sleep 0.2
	is "$(cat rootfs/n)" "$n"
	proa restore -d --image-path "$TMP/image" --work-path "$TMP/work" --pid-file "$TMP/pid" d
	ok
	count_above "$n"
	is "$(state_of d)" running
	is "$(cat "$TMP/pid")" "$("$PROA" --root "$ROOT" state d | jq .pid)"
	is "$("$PROA" --root "$ROOT" exec d hostname)" saved
	is "$("$PROA" --root "$ROOT" exec d cat /vol/file)" data
	"$PROA" --root "$ROOT" exec d mount | grep ' /vol' | sort | diff "$TMP/mounts" -
	# its own cgroup, which is also what it sees as the root
	"$PROA" --root "$ROOT" exec d cat /proc/1/cgroup | grep -x '0::/'
	grep -q "^0::.*/d$" "/proc/$(cat "$TMP/pid")/cgroup"
	# and again
	proa checkpoint --image-path "$TMP/image2" d
	ok
	n=$(cat rootfs/n)
	proa restore -d --image-path "$TMP/image2" c
	ok
	count_above "$n"
	proa kill c KILL
	wait_state c stopped
	proa delete c
	ok
}

@test "--leave-running: an image is written and the container goes on, also a paused one" {
	proa run -d c
	count_above 0
	proa checkpoint --leave-running c
	ok
	[ -s checkpoint/inventory.img ]
	[ -s checkpoint/dump.log ]
	count_above "$(cat rootfs/n)"
	proa pause c
	proa checkpoint --leave-running --image-path "$TMP/paused" c
	ok
	is "$(state_of c)" paused
	proa resume c
	count_above "$(cat rootfs/n)"
	proa delete -f c
	proa restore -d --image-path "$TMP/paused" c
	ok
	count_above "$(cat rootfs/n)"
	proa delete -f c
}

@test "in the foreground restore waits, passes output on, and has the exit status" {
	script 'i=0; while [ ! -e /end ]; do i=$((i+1)); echo $i >/n; usleep 50000; done; echo the end; exit 7'
	"$PROA" --root "$ROOT" run -d c </dev/null 2>&1 | cat >"$TMP/first" 3>&- &
	count_above 0
	proa checkpoint --image-path "$TMP/image" c
	ok
	jq -e '.[1] | startswith("pipe:")' "$TMP/image/descriptors.json"
	touch rootfs/end
	status=0
	"$PROA" --root "$ROOT" restore --image-path "$TMP/image" c </dev/null 2>&1 | cat >"$TMP/second" || status=$?
	is "$(cat "$TMP/second")" "the end"
	proa state c
	fails 1
	rm rootfs/end
	proa run -d d
	count_above 0
	proa checkpoint --image-path "$TMP/image2" d
	touch rootfs/end
	proa restore --image-path "$TMP/image2" d
	fails 7
}

@test "a file as output is taken up at its end" {
	script 'i=0; while :; do i=$((i+1)); echo $i; echo $i >/n; usleep 50000; done'
	"$PROA" --root "$ROOT" run -d c </dev/null >>"$TMP/log" 2>&1
	count_above 1
	proa checkpoint --image-path "$TMP/image" c
	ok
	last=$(tail -1 "$TMP/log")
	cp "$TMP/log" "$TMP/log.saved"
	"$PROA" --root "$ROOT" restore -d --image-path "$TMP/image" c </dev/null >>"$TMP/log" 2>&1
	count_above "$last"
	proa delete -f c
	# nothing twice, nothing left out
	diff "$TMP/log" <(seq "$(tail -1 "$TMP/log")")
}

@test "a network namespace by path is kept, and what is in it" {
	: >"$TMP/net"
	unshare --net="$TMP/net" ip link set lo up
	config '(.linux.namespaces[] | select(.type == "network")).path = $p' --arg p "$TMP/net"
	proa run -d c
	ok
	count_above 0
	before=$("$PROA" --root "$ROOT" exec c readlink /proc/1/ns/net)
	proa checkpoint --image-path "$TMP/image" c
	ok
	proa restore -d --image-path "$TMP/image" c
	ok
	is "$("$PROA" --root "$ROOT" exec c readlink /proc/1/ns/net)" "$before"
	proa delete -f c
	umount "$TMP/net"
}

@test "mount points inside of volumes are made again" {
	mkdir -p "$TMP/vol" "$TMP/inner"
	config '.mounts += [{destination: "/vol", type: "bind", source: $v, options: ["bind"]},
		{destination: "/vol/a/b", type: "bind", source: $i, options: ["bind"]}]' --arg v "$TMP/vol" --arg i "$TMP/inner"
	proa run -d c
	ok
	count_above 0
	proa checkpoint --image-path "$TMP/image" c
	ok
	rm -r "$TMP/vol/a"
	proa restore -d --image-path "$TMP/image" c
	ok
	touch "$TMP/inner/here"
	is "$("$PROA" --root "$ROOT" exec c ls /vol/a/b)" here
	proa delete -f c
}

@test "a bind whose destination is a symlink comes along; a process of exec does not, and that is said" {
	mkdir -p "$TMP/vol" rootfs/real
	ln -s real rootfs/link
	config '.mounts += [{destination: "/link", type: "bind", source: $v, options: ["bind"]}]' --arg v "$TMP/vol"
	"$PROA" --root "$ROOT" run -d c </dev/null >/dev/null 2>&1
	count_above 0
	proa exec -d c /bin/sleep 1234
	ok
	pid=$(pgrep -f '^/bin/sleep 1234$')
	proa checkpoint --image-path "$TMP/image" c
	ok
	says "checkpoint c: not in the image, because exec made them and their parent is outside of the container: pid $pid"
	"$PROA" --root "$ROOT" restore -d --image-path "$TMP/image" c </dev/null >/dev/null 2>&1
	touch "$TMP/vol/here"
	is "$("$PROA" --root "$ROOT" exec c ls /real)" here
	proa delete -f c
}

@test "--manage-cgroups-mode ignore: into the cgroup of the new configuration" {
	config '.linux.cgroupsPath = "/proa-test-a"'
	proa run -d c
	ok
	count_above 0
	proa checkpoint --image-path "$TMP/image" --manage-cgroups-mode ignore c
	ok
	[ ! -d "$(cgroup_root)/proa-test-a" ]
	config '.linux.cgroupsPath = "/proa-test-b"'
	proa restore -d --image-path "$TMP/image" --manage-cgroups-mode ignore --pid-file "$TMP/pid" c
	ok
	grep -qx "0::/proa-test-b" "/proc/$(cat "$TMP/pid")/cgroup"
	[ ! -d "$(cgroup_root)/proa-test-a" ]
	proa delete -f c
	[ ! -d "$(cgroup_root)/proa-test-b" ]
}

@test "hooks run again at restore, and poststop when a checkpoint ends the container" {
	hook() { jq -nc --arg n "$1" --arg f "$TMP/hooks" '[{path: "/bin/sh", args: ["sh", "-c", "echo \($n) $(cat | jq -r .status) >>\($f)"], env: ["PATH=/usr/bin:/bin"]}]'; }
	config '.hooks = {prestart: $a, createRuntime: $b, poststart: $c, poststop: $d}' --argjson a "$(hook prestart)" \
		--argjson b "$(hook createRuntime)" --argjson c "$(hook poststart)" --argjson d "$(hook poststop)"
	proa run -d c
	ok
	count_above 0
	proa checkpoint --image-path "$TMP/image" c
	ok
	is "$(tail -1 "$TMP/hooks")" "poststop stopped"
	: >"$TMP/hooks"
	proa restore -d --image-path "$TMP/image" c
	ok
	is "$(cat "$TMP/hooks")" "prestart creating
createRuntime creating
poststart running"
	proa delete -f c
	# one that fails ends it, in words
	config '.hooks.createRuntime[0].args = ["sh", "-c", "echo no net; exit 3"]'
	proa restore -d --image-path "$TMP/image" c
	fails 1
	says "createRuntime hook #0: /bin/sh: exit status 3: no net"
	is "$(tail -2 "$TMP/hooks")" "prestart creating
poststop stopped"
}

@test "org.criu.config names criu's configuration; a pre-dump needs the kernel's help" {
	echo "log-file from-annotation.log" >"$TMP/criu.conf"
	config '.annotations["org.criu.config"] = $f' --arg f "$TMP/criu.conf"
	proa run -d c
	ok
	count_above 0
	proa checkpoint --image-path "$TMP/image" --work-path "$TMP/work" --leave-running c
	ok
	[ -s "$TMP/work/from-annotation.log" ]
	proa checkpoint --image-path "$TMP/image/../pre" --pre-dump c
	if criu check --feature mem_dirty_track >/dev/null 2>&1; then
		ok
		is "$(state_of c)" running
		count_above "$(cat rootfs/n)"
		proa checkpoint --image-path "$TMP/last" --parent-path ../pre c
		ok
		[ -L "$TMP/last/parent" ]
		proa restore -d --image-path "$TMP/last" c
		ok
		count_above "$(cat rootfs/n)"
	else
		fails 1
		says "criu failed"
		is "$(state_of c)" running
	fi
	proa delete -f c
}

@test "a user namespace: its root reads the image, which stays the host's root's alone" {
	config '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	chmod 755 "$TMP" "$BUNDLE"
	chown -R 100000:100000 rootfs
	"$PROA" --root "$ROOT" run -d c </dev/null >/dev/null 2>&1
	count_above 1
	proa checkpoint --image-path "$TMP/image" c
	ok
	is "$(stat -c '%a %u:%g' "$TMP/image")" "700 0:0"
	n=$(cat rootfs/n)
	"$PROA" --root "$ROOT" restore -d --image-path "$TMP/image" c </dev/null >/dev/null 2>"$TMP/err" || { cat "$TMP/err"; false; }
	count_above "$n"
	is "$(stat -c '%a %u:%g' "$TMP/image")" "710 0:0"
	is "$("$PROA" --root "$ROOT" exec c awk '{print $2}' /proc/self/uid_map)" 100000
	is "$("$PROA" --root "$ROOT" exec c stat -c %u /proc/1)" 0
	proa delete -f c
}

@test "--lazy-pages: --status-fd hears when the page server is ready; a criu that is killed then is told" {
	port=$((20000 + RANDOM % 10000))
	"$PROA" --root "$ROOT" run -d c </dev/null >/dev/null 2>&1
	count_above 0
	mkfifo "$TMP/status"
	exec 9<>"$TMP/status"
	"$PROA" --root "$ROOT" checkpoint --lazy-pages --page-server "127.0.0.1:$port" --status-fd 9 --image-path "$TMP/image" c \
		>"$TMP/dump.out" 2>&1 3>&- &
	dump=$!
	# one NUL
	is "$(timeout 20 head -c 1 <&9 | od -An -tx1 | tr -d ' ')" 00
	[ -s "$TMP/image/inventory.img" ]
	exec 9>&-
	pkill -KILL -x criu
	wait $dump && false
	grep -q "checkpoint c: criu failed" "$TMP/dump.out"
	# nothing of it holds the container: it can be deleted at once
	proa delete -f c
	ok
}

@test "restore: each step made to fail, or proa killed there; nothing is left" {
	"$PROA" --root "$ROOT" run -d c </dev/null >/dev/null 2>&1
	count_above 0
	proa checkpoint --image-path "$TMP/image" c
	ok
	for step in state joins cgroup rdt criu devices record; do
		for moment in start end; do
			status=0
			output=$(PROA_FAULT=step:$step:$moment:error timeout -s KILL 20 "$PROA_TEST" --root "$ROOT" restore -d --image-path "$TMP/image" c \
				2>&1 </dev/null) || status=$?
			fails 1
			says "restore c: step $step: made to fail at its $moment"
			is "$(ls "$ROOT")" ""
			is "$(find "$(cgroup_root)" -name c -type d)" ""
			PROA_FAULT=step:$step:$moment:kill timeout -s KILL 20 "$PROA_TEST" --root "$ROOT" restore -d --image-path "$TMP/image" c \
				>/dev/null 2>&1 </dev/null || true
			proa delete --force c
			ok
			for _ in $(seq 50); do [ -z "$(find "$(cgroup_root)" -name c -type d)" ] && break; sleep 0.1; done
			is "$(find "$(cgroup_root)" -name c -type d)" ""
		done
	done
	# and the image is as good as before
	"$PROA" --root "$ROOT" restore -d --image-path "$TMP/image" c </dev/null >/dev/null 2>&1
	count_above "$(cat rootfs/n)"
	proa delete -f c
}

@test "what cannot be done is refused in one sentence, and nothing is left" {
	proa checkpoint c
	fails 1
	says "does not exist"
	proa create c
	proa checkpoint c
	fails 1
	says "cannot checkpoint: container not running: c is created"
	proa delete -f c
	proa run -d c
	count_above 0
	proa checkpoint --parent-path /absolute c
	fails 1
	says "--parent-path /absolute: must be relative to --image-path"
	proa checkpoint --parent-path ../missing c
	fails 1
	says "--parent-path ../missing"
	proa checkpoint --manage-cgroups-mode wild c
	fails 1
	says '--manage-cgroups-mode: "wild" is none of ignore, none, cg_none, props, soft, full, strict, default'
	proa checkpoint --page-server nowhere c
	fails 1
	says '--page-server: "nowhere" is not ADDRESS:PORT'
	proa checkpoint --pre-dump --leave-running c
	fails 1
	says "--pre-dump always leaves the container running"
	status=0
	output=$(PATH=/nowhere "$PROA" --root "$ROOT" checkpoint c 2>&1) || status=$?
	fails 1
	says "run criu: no such file or directory"
	says "hint: checkpoint and restore are criu's work: install the package criu"
	is "$(state_of c)" running
	proa checkpoint --image-path "$TMP/image" c
	ok
	proa restore -d --image-path "$TMP/nothing" d
	fails 1
	says "--image-path $TMP/nothing: no such file or directory"
	mkdir "$TMP/empty"
	proa restore -d --image-path "$TMP/empty" d
	fails 1
	says "--image-path $TMP/empty: no checkpoint is there (no inventory.img)"
	: >"$TMP/image/core-1.img"
	proa restore -d --image-path "$TMP/image" d
	fails 1
	says "criu failed: Error"
	says "(log: $TMP/image/restore.log)"
	# the leak check finds what this left
	is "$(ls "$ROOT")" ""
	cd "$BUNDLE"
	chmod 755 "$TMP"
	su -s /bin/sh nobody -c "'$PROA' --root /tmp checkpoint c" >"$TMP/out" 2>&1 && false
	grep -q "checkpoint needs root: criu cannot do it for an ordinary user" "$TMP/out"
}
