#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# create, start, state, kill, delete, list, ps, pause, resume: the life of a container.
load helpers

@test "run: the program's exit status is ours, and nothing is left" {
	script 'exit 7'
	proa run c
	fails 7
	proa state c
	fails 1
	says "does not exist"
}

@test "run: death by a signal is 128 and its number" {
	# pid 1 of a namespace ignores what it has no handler for, so a child dies
	script 'sh -c "kill -9 \$\$"; exit $?'
	proa run c
	fails 137
}

@test "run -d returns, --keep keeps the state" {
	args sleep 100
	proa run -d c
	ok
	is "$(state_of c)" running
	args /bin/true
	proa run --keep d
	ok
	is "$(state_of d)" stopped
	proa kill c KILL
	ok
	wait_state c stopped
}

@test "create waits, start starts, and each is allowed once" {
	args sleep 100
	proa create c
	ok
	is "$(state_of c)" created
	proa start c
	ok
	is "$(state_of c)" running
	proa start c
	fails 1
	says "only a created one can be started"
}

@test "create: two of one id: the second is refused and the first not touched" {
	args sleep 100
	proa create c
	ok
	proa create c
	fails 1
	says "container with id c already exists"
	is "$(state_of c)" created
}

@test "eight at once create one id: one wins, seven get the sentence" {
	args sleep 100
	for i in 1 2 3 4 5 6 7 8; do
		(rc=0; timeout 30 "$PROA" --root "$ROOT" create same >"out.$i" 2>&1 || rc=$?; echo $rc >"rc.$i") &
	done
	wait
	is "$(cat rc.* | sort | uniq -c | awk '{print $1":"$2}' | xargs)" "1:0 7:1"
	is "$(cat out.* | grep -c 'container with id same already exists')" 7
}

@test "pid file: written before create returns, digits only, the state's pid" {
	args sleep 100
	cd "$TMP"
	proa create --bundle "$BUNDLE" --pid-file pid c
	ok
	is "$(cat pid)" "$("$PROA" --root "$ROOT" state c | jq .pid)"
	is "$(tr -d 0-9 <pid | wc -c)" 0
	cd "$BUNDLE"
}

@test "state: the keys that engines read" {
	args sleep 100
	config '.annotations = {"a": "b"}'
	proa create c
	ok
	proa state c
	is "$(echo "$output" | jq -r '.ociVersion, .id, .status, .bundle, .rootfs, .annotations.a' | xargs)" \
		"1.3.0 c created $BUNDLE $BUNDLE/rootfs b"
	proa kill c 9
	wait_state c stopped
	is "$("$PROA" --root "$ROOT" state c | jq .pid)" 0
}

@test "kill: by name in any form, by number; a stopped one says so" {
	script 'trap "exit 3" TERM; while :; do sleep 0.1; done'
	for s in TERM SIGTERM sigterm 15; do
		proa run -d "k$s"
		ok
		sleep 0.3
		proa kill "k$s" "$s"
		ok
		wait_state "k$s" stopped
		proa kill "k$s"
		fails 1
		says "container not running"
		proa kill -a "k$s"
		ok
		proa delete "k$s"
		ok
	done
	proa kill x NOPE
	fails 1
	says 'unknown signal "NOPE"'
}

@test "kill: options after the operands, as CRI-O gives them" {
	args sleep 100
	proa run -d c
	proa kill c KILL -a
	ok
	wait_state c stopped
}

@test "delete: refuses a running one, --force kills it; unknown ids" {
	args sleep 100
	proa run -d c
	proa delete c
	fails 1
	says "stop it first, or use --force"
	proa delete --force c
	ok
	proa delete --force c
	ok
	proa delete c
	fails 1
	says "does not exist"
}

@test "delete: without a pid namespace it ends what is left in the cgroup" {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	script 'sleep 1000 & sleep 1000 & exit 0'
	proa run -d c
	ok
	wait_state c stopped
	proa delete c
	ok
}

@test "list: table, quiet, JSON; an empty root; one that is not there" {
	proa list -q
	fails 1
	says "does not exist"
	args sleep 100
	proa create b
	proa create a
	proa list -q
	is "$output" "a
b"
	proa list
	is "$(echo "${lines[0]}" | xargs)" "ID PID STATUS BUNDLE CREATED OWNER"
	proa list --format json
	is "$(echo "$output" | jq -r '.[].id' | xargs)" "a b"
	proa list --format xml
	fails 1
}

@test "ps: a table by the host's ps, pids as JSON" {
	args sleep 100
	proa run -d c
	proa ps --format json c
	is "$output" "[$("$PROA" --root "$ROOT" state c | jq .pid)]"
	proa ps c
	ok
	says "UID"
	says "sleep 100"
	proa ps c -e -o pid,args
	ok
	says "sleep 100"
}

@test "pause and resume; exec into a paused one is refused at once" {
	args sleep 100
	proa run -d c
	proa pause c
	ok
	is "$(state_of c)" paused
	proa exec c true
	fails 255
	says "cannot exec in a paused container"
	proa pause c
	fails 1
	proa resume c
	ok
	is "$(state_of c)" running
	proa resume c
	fails 1
	says "not paused"
}

@test "a frozen container dies of delete --force" {
	args sleep 100
	proa run -d c
	proa pause c
	proa delete --force c
	ok
}

@test "ids: what may be in them" {
	proa create ../x
	fails 1
	says "invalid container id"
	proa create ..
	fails 1
	proa create ''
	fails 1
	proa run "a_b+c.d-1"
	ok
}

@test "regex: delete and kill of several" {
	args sleep 100
	proa create web1
	proa create web2
	proa create db
	proa delete --force --regex '^web'
	ok
	proa list -q
	is "$output" db
}

@test "200 containers by 16 at once" {
	for n in $(seq 200); do echo "$n"; done | xargs -P 16 -n 1 sh -c '
		"$0" --root "$1" create c$2 && "$0" --root "$1" start c$2 && "$0" --root "$1" delete --force c$2 || echo failed $2
	' "$PROA" "$ROOT" >out 2>&1
	is "$(cat out)" ""
}

@test "each verb needs an id, and one that exists" {
	for v in create start run state kill delete exec ps pause resume update events; do
		proa "$v"
		[ "$status" -ne 0 ] || is "$v without an id: $status" "an error"
	done
	for v in start state kill delete ps pause resume events; do
		proa "$v" nobody
		fails 1
		says "does not exist"
	done
}

@test "create runs nothing of the user's, and later changes of config.json have no effect" {
	config '.root.readonly = false'
	script 'echo first > /ran; sleep 100'
	proa create c
	ok
	sleep 0.2
	[ ! -e rootfs/ran ]
	script 'echo second > /ran; sleep 100'
	proa start c
	ok
	for _ in $(seq 50); do [ -s rootfs/ran ] && break; sleep 0.1; done
	is "$(cat rootfs/ran)" first
	rm rootfs/ran
	proa delete -f c
}

@test "what the container did not make is not deleted with it" {
	mkdir "$TMP/kept" && echo mine >"$TMP/kept/file"
	unshare --net="$TMP/netns" true 2>/dev/null || { : >"$TMP/netns" && unshare --net="$TMP/netns" true; }
	config '.mounts += [{destination: "/kept", type: "bind", source: $d, options: ["bind"]}] |
		.linux.namespaces |= (map(select(.type != "network")) + [{type: "network", path: $n}])' \
		--arg d "$TMP/kept" --arg n "$TMP/netns"
	script 'cat /kept/file'
	proa run c
	ok
	is "$output" mine
	is "$(cat "$TMP/kept/file")" mine
	is "$(stat -f -c %T "$TMP/netns")" nsfs
	umount "$TMP/netns"
}
