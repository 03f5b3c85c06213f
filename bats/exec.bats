#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# exec: one more process in a container.
load helpers

setup() {
	setup_bundle
	args sleep 1000
	"$PROA" --root "$ROOT" run -d c >/dev/null 2>&1 </dev/null
}

@test "exec: exit status, stdout, the container's environment" {
	proa exec c sh -c 'echo hello; exit 42'
	fails 42
	says hello
	proa exec -e X=1 c env
	ok
	says X=1
	says PATH=
	says HOME=/root
}

@test "exec: all namespaces, the cgroup and the capabilities are the container's" {
	proa exec c sh -c 'for n in cgroup ipc mnt net pid uts; do readlink /proc/self/ns/$n; done'
	a=$output
	proa exec c sh -c 'for n in cgroup ipc mnt net pid uts; do readlink /proc/1/ns/$n; done'
	is "$a" "$output"
	proa exec c grep Cap /proc/self/status
	is "$(echo "$output" | awk '/CapEff/{print $2}')" 0000000020000420
}

@test "exec: errors of ours are 255" {
	proa exec c /no/such
	fails 255
	says "exec /no/such: no such file or directory"
	proa exec c nosuch
	fails 255
	says 'executable file not found in $PATH'
	proa exec nobody true
	fails 255
	says "does not exist"
	is "$(state_of c)" running
}

@test "exec --user: strict numbers, groups, HOME" {
	proa exec --user 1000:1000 --additional-gids 100 --additional-gids 65534 c sh -c 'id; echo $HOME'
	ok
	says "uid=1000(user) gid=1000"
	says "100"
	says "/home/user"
	proa exec --user 1x c true
	fails 255
	says 'not UID or UID:GID'
	proa exec --user root c true
	fails 255
}

@test "exec --cap: added to three sets, never to inheritable or ambient" {
	proa exec --cap CAP_SYS_TIME c grep Cap /proc/self/status
	ok
	is "$(echo "$output" | awk '/CapInh/{print $2}')" 0000000000000000
	is "$(echo "$output" | awk '/CapAmb/{print $2}')" 0000000000000000
	is "$(echo "$output" | awk '/CapEff/{print $2}')" 0000000022000420
}

@test "exec --process: from a file; what it leaves out is the container's" {
	echo '{"args":["sh","-c","pwd; id -u; ulimit -n"],"cwd":"/tmp"}' >p.json
	proa exec --process p.json c
	ok
	is "$output" "/tmp
0
1024"
	echo '{"args":["true"],"cwd":3}' >p.json
	proa exec -p p.json c
	fails 255
	says "/cwd: must be a string"
}

@test "exec -d: pid file; --cwd is made if need be" {
	cd "$TMP"
	proa exec -d --pid-file pid --cwd /tmp c sleep 500
	ok
	is "$(tr '\0' ' ' </proc/"$(cat pid)"/cmdline)" "sleep 500 "
	is "$(readlink /proc/"$(cat pid)"/cwd)" /tmp
}

@test "exec: in a created container, which stays created" {
	args sleep 1000
	proa create d
	ok
	proa exec d hostname
	ok
	is "$output" proa
	is "$(state_of d)" created
}

@test "exec -t: a terminal of the container's, without \\r" {
	proa exec -t c sh -c 'tty; echo done' </dev/null
	ok
	says /dev/pts/
	says_not $'\r'
}

@test "exec --preserve-fds: exactly those, and each must be there" {
	echo secret >file
	run timeout -s KILL 20 "$PROA" --root "$ROOT" exec --preserve-fds 1 c cat /proc/self/fd/3 3<file
	ok
	is "$output" secret
	run sh -c 'exec 3<file 4<&-; exec timeout -s KILL 20 "$0" --root "$1" exec --preserve-fds 2 c true' "$PROA" "$ROOT"
	fails 255
	says "descriptor 4 is not open"
	run timeout -s KILL 20 "$PROA" --root "$ROOT" exec c ls /proc/self/fd 5<file
	is "$(echo "$output" | xargs)" "0 1 2 3"
}

@test "exec --cgroup: below the container's only" {
	proa exec --cgroup ../x c true
	fails 255
	says "bad sub cgroup path"
	proa exec --cgroup nosuch c true
	fails 255
	says "no such file or directory"
	mkdir "$(cgroup_root)/c/sub"
	proa exec --cgroup sub c cat /proc/self/cgroup
	ok
	says "0::/sub"
}

@test "exec: 100 times true, one after the other, never a hang" {
	for i in $(seq 100); do
		timeout 10 "$PROA" --root "$ROOT" exec c true
	done
}
