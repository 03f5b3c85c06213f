#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# config.json: what each property does to the process.
load helpers

@test "wrong properties are refused with their JSON pointer" {
	config '.process.user.uid = "root"'
	proa create c
	fails 1
	says "config.json: /process/user/uid: must be a whole number"
	config '.process.user.uid = 0 | .linux.namespaces += [{"type":"pid"}]'
	proa create c
	fails 1
	says '"pid" is there twice'
	echo '{' >config.json
	proa create c
	fails 1
	says "not valid JSON"
	rm config.json
	proa create c
	fails 1
	says "config.json: no such file or directory"
}

@test "user, umask, groups, cwd, env" {
	config '.process.user = {uid: 1000, gid: 1000, umask: 63, additionalGids: [5, 6]} | .process.cwd = "/tmp" | .process.env += ["A=1", "A=2", "HOME="]'
	script 'id -u; id -g; id -G; umask; pwd; echo $A; env | grep -c ^A=; echo $HOME'
	proa run c
	ok
	is "$(echo "$output" | xargs)" "1000 1000 1000 5 6 0077 /tmp 2 1 /home/user"
}

@test "cwd: made if missing; a host directory is never reached by it" {
	config '.root.readonly = false | .process.cwd = "/new/dir"'
	script pwd
	proa run c
	ok
	is "$output" /new/dir
	for n in 3 4 5 6 7 8 9 10 11; do
		config ".process.cwd = \"/proc/self/fd/$n\""
		proa run c
		fails 1
	done
}

@test "rlimits, also of exec; a duplicate is refused" {
	config '.process.rlimits = [{type:"RLIMIT_NOFILE",soft:100,hard:200},{type:"RLIMIT_CORE",soft:0,hard:0}]'
	script 'ulimit -Sn; ulimit -Hn'
	proa run c
	is "$(echo "$output" | xargs)" "100 200"
	# more than the caller has, without CAP_SYS_RESOURCE: the sentence has his own limit
	if ! capsh --has-p=CAP_SYS_RESOURCE 2>/dev/null; then
		config '.process.rlimits = [{type:"RLIMIT_NPROC",soft:5,hard:9007199254740992}]'
		proa run c
		fails 1
		says "hard 9007199254740992 is above this process's own, $(ulimit -Hu)"
		config '.process.rlimits = [{type:"RLIMIT_NOFILE",soft:100,hard:200},{type:"RLIMIT_CORE",soft:0,hard:0}]'
	fi
	config '.process.rlimits += [{type:"RLIMIT_CORE",soft:0,hard:0}]'
	proa run c
	fails 1
	says "RLIMIT_CORE is there twice"
}

@test "capabilities: five sets; unknown names are left out with a warning" {
	config '.process.capabilities = {bounding:["CAP_CHOWN","CAP_NOPE"],permitted:["CAP_CHOWN"],effective:["CAP_CHOWN"],inheritable:["CAP_CHOWN"],ambient:["CAP_CHOWN","CAP_KILL"]}'
	args grep Cap /proc/self/status
	proa run c
	ok
	says "capability CAP_NOPE is unknown"
	says "can't raise ambient capability CAP_KILL"
	is "$(echo "$output" | grep ^Cap | awk '{print $2}' | sort -u)" 0000000000000001
	config 'del(.process.capabilities)'
	proa run c
	is "$(echo "$output" | grep ^Cap | awk '{print $2}' | sort -u)" 0000000000000000
}

@test "capabilities that proa itself does not have are left out, and that is said" {
	script 'grep CapBnd /proc/self/status'
	config '.process.capabilities[] += ["CAP_WAKE_ALARM"]'
	run timeout -s KILL 20 setpriv --bounding-set=-wake_alarm "$PROA" --root "$ROOT" run c
	ok
	says "warning: proa does not have, and so cannot grant: CAP_WAKE_ALARM"
	says "CapBnd:	0000000020000420"
	# a user namespace's root has all of them
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 10}] | .linux.gidMappings = .linux.uidMappings'
	chmod 755 "$TMP" "$BUNDLE"
	run timeout -s KILL 20 setpriv --bounding-set=-wake_alarm "$PROA" --root "$ROOT" run c
	ok
	says_not warning
}

@test "no_new_privs, oom score, personality, scheduler, io priority" {
	config '.process.noNewPrivileges = false | .process.oomScoreAdj = 123 | .linux.personality = {domain:"LINUX32"} | .process.scheduler = {policy:"SCHED_BATCH",nice:5} | .process.ioPriority = {class:"IOPRIO_CLASS_IDLE"}'
	script 'grep NoNew /proc/self/status; cat /proc/self/oom_score_adj; uname -m; cut -d" " -f19 /proc/self/stat'
	proa run c
	ok
	is "$(echo "$output" | xargs)" "NoNewPrivs: 0 123 i686 5"
}

@test "SCHED_DEADLINE: its three times; a wrong one is an error" {
	script 'awk "\$1 == \"policy\" {print \$3}" /proc/self/sched; awk "\$1 ~ /^dl.runtime/ {print \$3}" /proc/1/sched'
	config '.process.scheduler = {policy: "SCHED_DEADLINE", runtime: 10000000, deadline: 20000000, period: 30000000, flags: ["SCHED_FLAG_RESET_ON_FORK"]}'
	args grep -E '^(policy|dl.runtime)' /proc/self/sched
	proa run c
	ok
	is "$(awk '$1 == "policy" {print $3}' <<<"$output")" 6
	config '.process.scheduler.deadline = 5000000'
	proa run c
	fails 1
	says "process.scheduler"
}

@test "execCPUAffinity: for exec alone, from process.json before config.json; a bad list is refused" {
	config '.process.execCPUAffinity = {final: "0"}'
	args sleep 1000
	proa run -d c
	ok
	is "$("$PROA" --root "$ROOT" exec c grep Cpus_allowed_list /proc/self/status | awk '{print $2}')" 0
	[ "$(nproc)" -lt 2 ] || is "$("$PROA" --root "$ROOT" exec c grep Cpus_allowed_list /proc/1/status | awk '{print $2}')" \
		"$(awk '/Cpus_allowed_list/ {print $2}' /proc/self/status)"
	last=$(($(nproc) - 1))
	jq '.process | .args = ["grep", "Cpus_allowed_list", "/proc/self/status"] | .execCPUAffinity = {initial: "0", final: $l}' \
		--arg l "$last" config.json >p.json
	proa exec --process p.json c
	ok
	is "${lines[0]##*	}" "$last"
	for bad in x 5-2 -1 0- 0,; do
		jq '.process | .execCPUAffinity.final = $b' --arg b "$bad" config.json >p.json
		proa exec --process p.json c
		fails 255
		says execCPUAffinity
	done
	proa delete -f c
}

@test "hostname and domainname need a uts namespace" {
	config '.hostname = "box" | .domainname = "lan"'
	script 'hostname; cat /proc/sys/kernel/domainname'
	proa run c
	is "$(echo "$output" | xargs)" "box lan"
	config '.linux.namespaces |= map(select(.type != "uts"))'
	proa run c
	fails 1
	says "needs a uts namespace"
}

@test "sysctl: only what is the container's own" {
	config '.linux.sysctl = {"net.ipv4.ip_forward":"1","kernel.shmmax":"123456","kernel.msgmax":"9000"}'
	script 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmax'
	proa run c
	is "$(echo "$output" | xargs)" "1 123456"
	config '.linux.sysctl = {"kernel.panic":"1"}'
	proa run c
	fails 1
	says "not in a namespace"
	config '.linux.sysctl = {"net.ipv4.ip_forward":"1"} | .linux.namespaces |= map(select(.type != "network"))'
	proa run c
	fails 1
	says "needs a network namespace"
}

@test "nothing of the host leaks: descriptors, environment, mask, affinity" {
	script 'ls /proc/self/fd | xargs; env | grep -c SECRET; true'
	SECRET=1 run env -i SECRET=1 PATH="$PATH" timeout -s KILL 20 taskset -c 0 sh -c "trap '' PIPE; exec 9</etc/passwd; exec \"$PROA\" --root \"$ROOT\" run c"
	ok
	is "$(echo "${lines[0]}")" "0 1 2 3"
	is "${lines[1]}" 0
	args grep -E "SigBlk|SigIgn|Cpus_allowed_list" /proc/self/status
	run env -i PATH="$PATH" timeout -s KILL 20 taskset -c 0 sh -c "trap '' PIPE QUIT USR1; exec \"$PROA\" --root \"$ROOT\" run c"
	says "SigBlk:	0000000000000000"
	says "SigIgn:	0000000000000000"
	says "Cpus_allowed_list:	0-$(($(nproc --all) - 1))"
}

@test "session keyring is new, unless --no-new-keyring" {
	script 'cat /proc/keys 2>/dev/null | head -1; true'
	proa run c
	ok
	proa run --no-new-keyring c
	ok
}

@test "time namespace with offsets" {
	config '.linux.namespaces += [{"type":"time"}] | .linux.timeOffsets = {boottime:{secs:1000000}}'
	script 'cut -d. -f1 /proc/uptime'
	proa run c
	ok
	[ "$output" -ge 1000000 ]
	config '.linux.namespaces |= map(select(.type != "time"))'
	proa run c
	fails 1
	says "need a new time namespace"
}

@test "namespaces by path: checked to be one, of that type" {
	args sleep 1000
	proa run -d first
	pid=$("$PROA" --root "$ROOT" state first | jq .pid)
	config '.hostname = "" | .linux.namespaces = [{"type":"mount"},{"type":"uts","path":"/proc/\($p)/ns/uts"},{"type":"pid","path":"/proc/\($p)/ns/pid"},{"type":"network","path":"/proc/\($p)/ns/net"}]' --argjson p "$pid"
	script 'hostname; readlink /proc/self/ns/net; ps | grep -c "sleep 100[0]"'
	proa run second
	ok
	is "$(echo "$output" | xargs)" "proa $(readlink /proc/$pid/ns/net) 1"
	config '.linux.namespaces = [{"type":"mount"},{"type":"network","path":"/proc/\($p)/ns/uts"}]' --argjson p "$pid"
	proa run second
	fails 1
	says "is a uts namespace, not network"
	config '.linux.namespaces = [{"type":"mount"},{"type":"network","path":"/etc/passwd"}]'
	proa run second
	fails 1
	says "is not a namespace"
}

@test "the program: missing, not executable, wrong format, missing interpreter" {
	config '.root.readonly = false'
	args nosuch
	proa run c
	fails 1
	says 'exec: "nosuch": executable file not found in $PATH'
	args /no/such
	proa run c
	fails 1
	says "exec /no/such: no such file or directory"
	args /etc/passwd
	proa run c
	fails 1
	says "permission denied"
	printf 'garbage' >rootfs/bin/bad
	chmod +x rootfs/bin/bad
	args /bin/bad
	proa run c
	fails 1
	says "another architecture"
	printf '#!/no/interp\n' >rootfs/bin/script
	chmod +x rootfs/bin/script
	args /bin/script
	proa run c
	fails 1
	says "its interpreter"
	args /tmp
	proa run c
	fails 1
}

@test "no process: create works, start says why not" {
	config 'del(.process)'
	proa create c
	ok
	proa start c
	fails 1
	says "nothing to start"
	proa run d
	fails 1
}

@test "log: stderr and one JSON object a line" {
	args nosuch
	run timeout -s KILL 20 "$PROA" --root "$ROOT" --log log --log-format json run c
	fails 1
	says "executable file not found"
	is "$(wc -l <log)" 1
	is "$(jq -r .level log)" error
	jq -r .msg log | grep -q 'executable file not found in'
	jq -e .time log
}

@test "--version, --help, unknown words" {
	run "$PROA" --root /proc/nope --version
	ok
	is "$(echo "${lines[0]}" | cut -d' ' -f1-2)" "proa version"
	says "spec: 1.3.0"
	for v in create start run state kill delete exec list ps pause resume update events spec features explain checkpoint restore mounts; do
		run "$PROA" $v --help
		ok
		is "${lines[0]}" NAME:
	done
	run "$PROA" frobnicate
	fails 1
	says "No help topic for 'frobnicate'"
	# an engine gives it to each verb
	run "$PROA" --systemd-cgroup list
	ok
	run "$PROA" --systemd-cgroup --cgroup-manager cgroupfs list
	ok
}

@test "features is JSON with what engines look for" {
	run "$PROA" features
	ok
	echo "$output" | jq -e '.linux.seccomp.supportedFlags and .linux.mountExtensions.idmap.enabled and (.linux.namespaces | length == 8) and .linux.netDevices.enabled'
}

@test "explain touches nothing and names where things come from" {
	proa explain
	ok
	says "[process.args]"
	says "/proc type proc"
	proa explain --json
	ok
	echo "$output" | jq -e '.mounts and .steps and .stages and .cgroup'
}

@test "LISTEN_FDS: the descriptors and the variables reach the program" {
	echo text >file
	script 'cat /proc/self/fd/3; echo $LISTEN_FDS $LISTEN_PID'
	run sh -c "exec 3<file; LISTEN_FDS=1 exec timeout -s KILL 20 \"$PROA\" --root \"$ROOT\" run c"
	ok
	is "$(echo "$output" | xargs)" "text 1 1"
	run sh -c "exec 3<&-; LISTEN_FDS=1 exec timeout -s KILL 20 \"$PROA\" --root \"$ROOT\" run c"
	fails 1
	says "descriptor 3 is not open"
}

@test "NOTIFY_SOCKET: the host's socket is in the container" {
	python3 - "$TMP/n.sock" >"$TMP/said" 3>&- <<-'PY' &
	import socket, sys
	s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
	s.bind(sys.argv[1])
	s.settimeout(15)
	print(s.recv(100).decode())
	PY
	for i in $(seq 50); do [ -S "$TMP/n.sock" ] && break; sleep 0.1; done
	script 'test -S $NOTIFY_SOCKET && echo $NOTIFY_SOCKET'
	run env NOTIFY_SOCKET="$TMP/n.sock" timeout -s KILL 20 "$PROA" --root "$ROOT" run c
	echo READY=1 >"$TMP/x"
	python3 -c "import socket; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'bye', '$TMP/n.sock')"
	wait
	ok
	is "$output" /run/notify/notify.sock
}
