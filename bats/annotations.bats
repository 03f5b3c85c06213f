#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The annotations that crun's users give; those of systemd and criu are in their own files.
load helpers

annotate() { config '.annotations[$k] = $v' --arg k "$1" --arg v "$2"; }

@test "run.oci.hooks.stdout and .stderr: what hooks write is appended" {
	hook() { jq -nc --arg n "$1" '[{path: "/bin/sh", args: ["sh", "-c", "echo \($n); echo \($n) err >&2"]}]'; }
	config '.hooks = ([$a[] | {(.[0]): .[1]}] | add)' --argjson a "$(for h in prestart createRuntime createContainer startContainer poststart poststop; do
		jq -nc --arg h $h --argjson v "$(hook $h)" '[$h, $v]'
	done | jq -sc .)"
	annotate run.oci.hooks.stdout "$TMP/hooks.out"
	annotate run.oci.hooks.stderr "$TMP/hooks.err"
	echo before >"$TMP/hooks.out"
	proa run c
	ok
	is "$output" ""
	is "$(cat "$TMP/hooks.out")" "before
prestart
createRuntime
createContainer
poststart
poststop"
	is "$(sed -n 5p "$TMP/hooks.err")" "poststop err"
	# over create, start and delete as well
	rm "$TMP/hooks.out"
	proa create c
	proa start c
	wait_state c stopped
	proa delete c
	ok
	is "$(sed -n '4,5p' "$TMP/hooks.out")" "poststart
poststop"
	# an error still has the hook's last words
	config '.hooks.prestart[0].args[2] = "echo no; echo why >&2; exit 2"'
	proa run c
	fails 1
	says "prestart hook #0: /bin/sh: exit status 2: why"
	annotate run.oci.hooks.stdout "$TMP/no/such/file"
	proa run c
	fails 1
	says "/annotations/run.oci.hooks.stdout: $TMP/no/such/file: no such file or directory"
}

@test "run.oci.seccomp_fail_unknown_syscall: no unknown names" {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["no_such_call"], action: "SCMP_ACT_ERRNO"}]}'
	proa run c
	ok
	annotate run.oci.seccomp_fail_unknown_syscall 1
	proa run c
	fails 1
	says 'unknown system call "no_such_call"'
}

@test "run.oci.seccomp_bpf_data: a compiled program in the place of a profile" {
	# ld [0]; jeq #getcwd, 0, 1; ret ERRNO|9; ret ALLOW
	nr=$(printf '#include <sys/syscall.h>\nSYS_getcwd\n' | gcc -E -P - | tail -1)
	le32() { printf '%b' "$(printf '\\x%02x\\x%02x\\x%02x\\x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255)))"; }
	{
		printf '\x20\0\0\0'; le32 0
		printf '\x15\0\0\x01'; le32 "$nr"
		printf '\x06\0\0\0'; le32 $((0x00050000 | 9))
		printf '\x06\0\0\0'; le32 $((0x7fff0000))
	} >"$TMP/bpf"
	script 'cd /tmp; /bin/pwd -P 2>&1; true'
	annotate run.oci.seccomp_bpf_data "$(base64 -w0 "$TMP/bpf")"
	proa run c
	ok
	says "Bad file descriptor"
	annotate run.oci.seccomp_bpf_data "not base64!"
	proa run c
	fails 1
	says "/annotations/run.oci.seccomp_bpf_data: not the base64 of"
}

@test "run.oci.seccomp.receiver and RUN_OCI_SECCOMP_RECEIVER: an agent for an older profile" {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir"], action: "SCMP_ACT_NOTIFY"}]}'
	proa run c
	fails 1
	says "listenerPath"
	annotate run.oci.seccomp.receiver "$TMP/agent.sock"
	proa run c
	fails 1
	says "failed to connect with seccomp agent $TMP/agent.sock"
	config 'del(.annotations)'
	RUN_OCI_SECCOMP_RECEIVER=$TMP/other.sock proa run c
	fails 1
	says "failed to connect with seccomp agent $TMP/other.sock"
}

@test "run.oci.pidfd_receiver: the same as --pidfd-socket" {
	annotate run.oci.pidfd_receiver "$TMP/pidfd.sock"
	proa run c
	fails 1
	says "--pidfd-socket (run.oci.pidfd_receiver) $TMP/pidfd.sock"
}

@test "run.oci.delegate-cgroup: the container is in a cgroup below its limits" {
	config '.linux.resources.hugepageLimits = [{pageSize: "2MB", limit: 4194304}] | .linux.cgroupsPath = "/proa-test-sub"'
	annotate run.oci.delegate-cgroup inner/most
	script 'cat /proc/self/cgroup; sleep 1000'
	"$PROA" --root "$ROOT" run -d c >"$TMP/c.out" </dev/null
	for _ in $(seq 100); do [ -s "$TMP/c.out" ] && break; sleep 0.05; done
	grep -x "0::/" "$TMP/c.out"
	base=$(cgroup_root)/proa-test-sub
	is "$(cat "$base/hugetlb.2MB.max")" 4194304
	is "$(cat "$base/cgroup.procs")" ""
	is "$(wc -l <"$base/inner/most/cgroup.procs")" 1
	is "$("$PROA" --root "$ROOT" exec c cat /proc/self/cgroup | tail -1)" "0::/"
	proa pause c
	ok
	is "$(state_of c)" paused
	proa resume c
	proa delete -f c
	ok
	[ ! -e "$base" ]
	for bad in .. ../up /; do
		annotate run.oci.delegate-cgroup "$bad"
		proa run c
		fails 1
		says "is not a path below the container's cgroup"
	done
}

@test "run.oci.delegate-cgroup with a user namespace: what is below is the container's" {
	config '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings |
		(.mounts[] | select(.destination == "/sys/fs/cgroup")).options -= ["ro"]'
	chmod 755 "$TMP" "$BUNDLE"
	chown 100000:100000 rootfs
	annotate run.oci.delegate-cgroup inner
	script 'mkdir /sys/fs/cgroup/mine && echo 0 >/sys/fs/cgroup/mine/cgroup.procs && cat /proc/self/cgroup'
	config '.linux.cgroupsPath = "/proa-test-sub"'
	proa run c
	ok
	says "0::/mine"
}
