#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# seccomp: the filter at work in a container.
load helpers

profile() {
	config '.linux.seccomp = $s[0]' --slurpfile s "$1"
}

@test "default.json: a shell works, what it denies is denied" {
	profile "$TOP/seccomp-profiles/default.json"
	script 'echo hi | cat; unshare -n true 2>&1; grep -E "Seccomp:" /proc/self/status'
	proa run c
	ok
	says hi
	says "Operation not permitted"
	says "Seccomp:	2"
	config '.process.noNewPrivileges = false'
	proa run c
	ok
	says hi
	says "Seccomp:	2"
}

@test "strict.json: a shell works" {
	profile "$TOP/seccomp-profiles/strict.json"
	script 'echo hi; ls / >/dev/null; sleep 0'
	proa run c
	ok
	says hi
}

@test "exec is under the container's filter" {
	profile "$TOP/seccomp-profiles/default.json"
	args sleep 1000
	proa run -d c
	proa exec c grep Seccomp: /proc/self/status
	ok
	says "Seccomp:	2"
}

@test "actions: errno, kill, default errno; several conditions on one argument" {
	config '.linux.seccomp = {defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["mkdir","mkdirat"],action:"SCMP_ACT_ERRNO",errnoRet:28}]}'
	script 'mkdir /tmp/x 2>&1; true'
	proa run c
	ok
	says "No space left on device"
	config '.linux.seccomp.syscalls[0].action = "SCMP_ACT_KILL_PROCESS" | del(.linux.seccomp.syscalls[0].errnoRet)'
	script 'mkdir /tmp/x; echo $?'
	proa run c
	ok
	says 159
}

@test "refused: unknown action, notify without a listener, notify on write" {
	config '.linux.seccomp = {defaultAction:"SCMP_ACT_NOPE"}'
	proa run c
	fails 1
	says "/linux/seccomp/defaultAction"
	config '.linux.seccomp = {defaultAction:"SCMP_ACT_ALLOW",syscalls:[{names:["write"],action:"SCMP_ACT_NOTIFY"}],listenerPath:"/x"}'
	proa run c
	fails 1
	says "SCMP_ACT_NOTIFY cannot be used for the write syscall"
	config '.linux.seccomp.syscalls[0].names = ["mkdir"]'
	proa run c
	fails 1
	says "failed to connect with seccomp agent"
}

agent() { # agent N: a seccomp agent that takes N listeners and says who came
	cat >agent.py <<'PY'
import array, json, os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
s.bind(sys.argv[1]); s.listen(4)
open(sys.argv[1] + ".ready", "w").close()
for i in range(int(sys.argv[2])):
    c, _ = s.accept()
    fds = array.array("i")
    msg, anc, _, _ = c.recvmsg(65536, socket.CMSG_SPACE(16))
    for l, t, d in anc:
        fds.frombytes(d[:4])
    j = json.loads(msg)
    print(len(fds), j["fds"][0], j["state"]["id"], j["metadata"], j["pid"] > 0, j["state"]["status"], flush=True)
    os.close(fds[0]) # nobody answers: the notified calls fail with ENOSYS
PY
	timeout 20 python3 agent.py "$TMP/agent.sock" "$1" >agent.out 2>&1 3>&- &
	for i in $(seq 50); do [ -e "$TMP/agent.sock.ready" ] && break; sleep 0.1; done
	config '.linux.seccomp = {defaultAction:"SCMP_ACT_ALLOW",listenerPath:$s,listenerMetadata:"meta",syscalls:[{names:["mkdir","mkdirat"],action:"SCMP_ACT_NOTIFY"}]}' --arg s "$TMP/agent.sock"
}

@test "notify: the agent gets the listener and the state in one message" {
	agent 1
	script 'mkdir /tmp/x 2>&1; echo done'
	proa run c
	wait
	is "$(cat agent.out)" "1 seccompFd c meta True creating"
	says done
}

@test "notify: with a pid namespace by path, and exec into a user namespace" {
	local plain pid
	config '.linux.namespaces += [{"type":"user"}] | .linux.uidMappings = [{containerID:0,hostID:100000,size:65536}] | .linux.gidMappings = .linux.uidMappings'
	script 'sleep 1000'
	chown -R 100000:100000 rootfs
	plain=$(cat config.json)
	agent 3
	proa run -d c
	ok
	proa exec c /bin/sh -c 'mkdir /tmp/x; echo in exec'
	ok
	says "in exec"
	pid=$("$PROA" --root "$ROOT" state c | jq .pid)
	config '.linux.namespaces |= map(if .type == "pid" then .path = $p else . end)' --arg p "/proc/$pid/ns/pid"
	script 'mkdir /tmp/x 2>/dev/null; echo second'
	config 'del(.linux.uidMappings, .linux.gidMappings) | .linux.namespaces |= map(if .type == "user" then .path = $p else . end)' --arg p "/proc/$pid/ns/user"
	proa run second
	wait
	is "$output" second
	is "$(cat agent.out)" "1 seccompFd c meta True creating
1 seccompFd c meta True running
1 seccompFd second meta True creating"
}

@test "explain warns of a profile under which nothing runs" {
	config '.linux.seccomp = {defaultAction:"SCMP_ACT_ERRNO",syscalls:[{names:["read","write","exit_group"],action:"SCMP_ACT_ALLOW"}]}'
	proa explain
	ok
	says "the profile denies execve"
	says "the profile denies arch_prctl"
}
