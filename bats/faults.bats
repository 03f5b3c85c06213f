#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Broken on purpose: each stage of the child and each step of the parent fails at its start and at
# its end, by an error and by SIGKILL. The list is what `explain` prints, so a new stage is covered
# by being in the table. After each: the stage is named, status 1, and nothing is left.
load helpers

names() { # steps|stages
	"$PROA_TEST" explain --json | jq -r ".$1[].what"
}

faulty() { # VERB SPEC
	status=0
	PROA_FAULT=$2 timeout -s KILL 20 "$PROA_TEST" --root "$ROOT" "$1" c >"$TMP/out" 2>&1 </dev/null || status=$?
	output=$(cat "$TMP/out")
}

setup() {
	[ -x "$PROA_TEST" ] || lacks "build/proa-test"
	setup_bundle
	config '.hooks = {createRuntime:[{path:"/bin/true"}]} | .linux.namespaces += [{"type":"user"}] | .linux.uidMappings = [{containerID:0,hostID:100000,size:1000}] | .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 rootfs
}

@test "the test switch is not in the shipped program" {
	PROA_FAULT=step:state:start:error run timeout -s KILL 20 "$PROA" --root "$ROOT" run c
	ok
	! grep -q PROA_FAULT "$PROA"
}

@test "every step of the parent: an error at start and end" {
	for s in $(names steps); do
		for m in start end; do
			faulty run "step:$s:$m:error"
			fails 1
			says "step $s: made to fail at its $m"
			is "$(ls -A "$ROOT")" ""
		done
	done
}

@test "every stage of the child: an error at start and end, in run" {
	for s in $(names stages); do
		for m in start end; do
			[ "$s:$m" = exec:end ] && continue # nothing comes after execve
			faulty run "stage:$s:$m:error"
			fails 1
			says "stage $s: made to fail at its $m"
			is "$(ls -A "$ROOT")" ""
		done
	done
}

@test "every stage of the child: killed" {
	for s in $(names stages); do
		for m in start end; do
			[ "$s:$m" = exec:end ] && continue
			faulty run "stage:$s:$m:kill"
			fails 1
			says "was killed"
			is "$(ls -A "$ROOT")" ""
		done
	done
}

@test "every step of the parent: killed; delete --force takes the rest away" {
	for s in $(names steps); do
		for m in start end; do
			faulty create "step:$s:$m:kill"
			fails 137
			proa delete --force c
			ok
			is "$(ls -A "$ROOT" 2>/dev/null)" ""
			# the child noticed that its parent is gone
			for i in $(seq 50); do
				pgrep -f "$PROA_TEST --root $ROOT create" >/dev/null || break
				sleep 0.05
			done
			! pgrep -f "$PROA_TEST --root $ROOT create"
		done
	done
}

@test "a small list of system calls that fail, by strace" {
	for call in mount openat2 move_mount open_tree mknodat symlinkat pivot_root mkdirat capset sendmsg recvmsg clone3 socketpair execve unlinkat renameat2; do
		for e in ENOMEM EPERM; do
			status=0
			timeout -s KILL 20 strace -f -qq -o /dev/null -e trace=$call -e inject=$call:error=$e:when=2+ "$PROA" --root "$ROOT" run c >"$TMP/out" 2>&1 </dev/null || status=$?
			output=$(cat "$TMP/out")
			[ "$status" -le 1 ] || { echo "$call $e: status $status: $output" >&2; return 1; }
			[ "$status" -eq 0 ] || says "proa: "
			proa delete --force c
			ok
			rm -rf "$ROOT/c"
			rmdir "$(cgroup_root)/c" 2>/dev/null || true
		done
	done
}

@test "EINTR everywhere: a storm of signals changes nothing" {
	script 'i=0; while [ $i -lt 50 ]; do i=$((i+1)); done; exit 5'
	for i in 1 2 3 4 5; do
		timeout -s KILL 20 "$PROA" --root "$ROOT" run c >/dev/null 2>&1 </dev/null &
		pid=$!
		for n in $(seq 20); do
			kill -WINCH $pid 2>/dev/null || break
		done
		status=0
		wait $pid || status=$?
		fails 5
	done
}

@test "a full disk under the state root" {
	mkdir "$TMP/small"
	mount -t tmpfs -o size=4k,nr_inodes=4 tmpfs "$TMP/small"
	status=0
	timeout -s KILL 20 "$PROA" --root "$TMP/small/state" run c >"$TMP/out" 2>&1 </dev/null || status=$?
	output=$(cat "$TMP/out")
	left=$(ls -A "$TMP/small/state" 2>/dev/null)
	umount "$TMP/small"
	fails 1
	says "no space left on device"
	is "$left" ""
}

@test "no /proc on the host" {
	config 'del(.linux.uidMappings, .linux.gidMappings) | .linux.namespaces |= map(select(.type != "user")) | del(.hooks)'
	chown -R 0:0 rootfs
	script 'echo fine'
	run timeout -s KILL 20 unshare -m sh -c "umount -l /proc; exec $PROA --root $ROOT run c"
	ok
	says fine
}
