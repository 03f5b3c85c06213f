#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# cgroup v2: limits that this host has are set, others are refused by name, nothing is left.
load helpers

has_controller() {
	grep -qw "$1" "$(cgroup_root)/cgroup.controllers"
}

@test "a cgroup of its own, with the id as its name; gone after" {
	args sleep 1000
	config '.linux.cgroupsPath = "/proa-test/a/b"'
	proa run -d c
	ok
	[ -d "$(cgroup_root)/proa-test/a/b" ]
	proa exec c cat /proc/self/cgroup
	says "0::/"
	proa delete -f c
	[ ! -d "$(cgroup_root)/proa-test" ]
}

@test "cgroup namespace: the container sees itself as the root, without: the path" {
	script 'grep ^0:: /proc/self/cgroup'
	proa run c
	is "$output" "0::/"
	config '.linux.namespaces |= map(select(.type != "cgroup")) | .linux.cgroupsPath = "/proa-test"'
	proa run c
	is "$output" "0::/proa-test"
}

@test "a cgroup with processes in it, or frozen, is refused at once and left alone" {
	args sleep 1000
	config '.linux.cgroupsPath = "/proa-test"'
	proa run -d first
	ok
	proa run second
	fails 1
	says "container's cgroup is not empty"
	is "$(state_of first)" running
	proa delete -f first
	mkdir "$(cgroup_root)/proa-test"
	echo 1 >"$(cgroup_root)/proa-test/cgroup.freeze"
	proa run second
	fails 1
	says "container's cgroup unexpectedly frozen"
	rmdir "$(cgroup_root)/proa-test"
}

@test "limits: set where the controller is, else refused by its name with a cure" {
	config '.linux.resources.memory = {limit: 50000000, reservation: 20000000, swap: 60000000}'
	script 'cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory.low /sys/fs/cgroup/memory.swap.max'
	proa run c
	if has_controller memory; then
		ok
		is "$(echo "$output" | xargs)" "49999872 19996672 9998336"
	else
		fails 1
		says 'the cgroup controller "memory" is not available here, so memory.max cannot be set'
		says "hint:"
	fi
	config 'del(.linux.resources.memory) | .linux.resources.pids.limit = 7'
	script 'cat /sys/fs/cgroup/pids.max'
	proa run c
	if has_controller pids; then
		ok
		is "$output" 7
	else
		fails 1
		says '"pids" is not available here'
	fi
}

@test "what a new cgroup has anyway is not refused where the controller is missing" {
	config '.linux.resources = {cpu: {shares: 1024, quota: -1, period: 100000}, memory: {limit: -1, swap: -1}, pids: {limit: -1}}'
	script 'echo fine'
	proa run c
	ok
	is "$output" fine
}

@test "cpu: shares, quota, burst, idle, unified wins" {
	config '.linux.resources.cpu = {shares: 512, quota: 50000, period: 100000, burst: 1000} | .linux.resources.unified = {"cpu.weight": "42"}'
	script 'cat /sys/fs/cgroup/cpu.weight /sys/fs/cgroup/cpu.max /sys/fs/cgroup/cpu.max.burst'
	proa run c
	if has_controller cpu; then
		ok
		is "$(echo "$output" | xargs)" "42 50000 100000 1000"
	else
		fails 1
		says '"cpu" is not available here'
	fi
}

@test "hugetlb limits" {
	has_controller hugetlb || lacks "no hugetlb controller"
	config '.linux.resources.hugepageLimits = [{pageSize:"2MB",limit:4194304}]'
	script 'cat /sys/fs/cgroup/hugetlb.2MB.max /sys/fs/cgroup/hugetlb.2MB.rsvd.max'
	proa run c
	ok
	is "$(echo "$output" | xargs)" "4194304 4194304"
}

@test "update: options, JSON in any case, on stdin; wrong values" {
	has_controller hugetlb || lacks "no hugetlb controller"
	args sleep 1000
	proa run -d c
	echo '{"hugepageLimits":[{"pageSize":"2MB","limit":2097152}]}' >u.json
	proa update -r u.json c
	ok
	is "$(cat "$(cgroup_root)/c/hugetlb.2MB.max")" 2097152
	run sh -c "echo '{\"HugepageLimits\":[{\"PageSize\":\"2MB\",\"Limit\":4194304}]}' | \"$PROA\" --root \"$ROOT\" update --resources - c"
	ok
	is "$(cat "$(cgroup_root)/c/hugetlb.2MB.max")" 4194304
	proa update --memory 1x c
	fails 1
	says '--memory: "1x" is not a number it takes'
	proa update --cpu-idle 3 c
	fails 1
	says "must be 0 or 1"
}

@test "update: memory and swap together, pids, and devices stay" {
	has_controller memory || {
		args sleep 1000
		proa run -d c
		proa update --memory 50M c
		fails 1
		says '"memory" is not available here'
		return 0
	}
	args sleep 1000
	proa run -d c
	proa update --memory 50M --memory-swap 80M --pids-limit 10 c
	ok
	proa exec c sh -c 'cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory.swap.max /sys/fs/cgroup/pids.max; echo x >/dev/null'
	is "$(echo "$output" | xargs)" "52428800 31457280 10"
	proa update --memory 30M --memory-swap 40M c
	ok
	proa update --pids-limit -1 c
	ok
	is "$(cat "$(cgroup_root)/c/pids.max")" max
}

@test "update: checkBeforeUpdate refuses a memory limit below what is used" {
	grep -qw memory "$(cgroup_root)/cgroup.controllers" || { refused_without_memory; return; }
	config '.mounts += [{destination: "/fill", type: "tmpfs", source: "t", options: ["size=64m"]}]'
	script 'dd if=/dev/zero of=/fill/x bs=1M count=20 2>/dev/null; echo filled; sleep 1000'
	"$PROA" --root "$ROOT" run -d c >"$TMP/c.out" </dev/null
	for _ in $(seq 200); do grep -q filled "$TMP/c.out" && break; sleep 0.1; done
	echo '{"memory": {"limit": 10485760, "checkBeforeUpdate": true}}' >"$TMP/r.json"
	proa update -r "$TMP/r.json" c
	fails 1
	says "checkBeforeUpdate"
	is "$(state_of c)" running
	echo '{"memory": {"limit": 67108864, "checkBeforeUpdate": true}}' >"$TMP/r.json"
	proa update -r "$TMP/r.json" c
	ok
	proa delete -f c
}
# the same request where the controller is not: refused by its name
refused_without_memory() {
	config '.linux.resources.memory = {limit: 10485760, checkBeforeUpdate: true}'
	proa run c
	fails 1
	says "memory"
}

@test "update: device rules are replaced without a gap" {
	args sleep 1000
	proa run -d c
	echo '{"devices":[{"allow":false,"access":"rwm"}]}' >u.json
	for i in 1 2 3 4 5 6 7 8 9 10; do
		proa update -r u.json c
		ok
		proa exec c sh -c 'echo x >/dev/null && ! mknod /dev/shm/m c 1 1 2>/dev/null'
		ok
	done
}

@test "--cgroup-manager=disabled: the caller's cgroup; limits are refused" {
	config '.linux.namespaces |= map(select(.type != "cgroup"))'
	script 'grep ^0:: /proc/self/cgroup'
	run timeout -s KILL 20 "$PROA" --root "$ROOT" --cgroup-manager disabled run c
	ok
	is "$output" "$(grep ^0:: /proc/self/cgroup)"
	config '.linux.resources.pids.limit = 7'
	run timeout -s KILL 20 "$PROA" --root "$ROOT" --cgroup-manager=disabled run c
	fails 1
	says "cannot be set with --cgroup-manager=disabled"
}

@test "cgroupsPath cannot leave the hierarchy" {
	config '.linux.cgroupsPath = "/../../../tmp/x"'
	args true
	proa run c
	ok
	[ ! -e /tmp/x/cgroup.procs ]
	config '.linux.cgroupsPath = "slice:a:b"'
	proa run c
	fails 1
	says "systemd cgroup manager"
}

@test "unified: a name that is a path, a controller that is not there" {
	config '.linux.resources.unified = {"../cgroup.procs": "1"}'
	proa run c
	fails 1
	says "is not the name of a cgroup file"
	config '.linux.resources.unified = {"nosuch.max": "1"}'
	proa run c
	fails 1
	says '"nosuch" is not available here'
	# and the same in an engine's log, as one sentence
	run "$PROA" --log log --root "$ROOT" run c
	[[ $(cat log) == *'"nosuch\" is not available here'*'(hint: '*')"'* ]] || is "$(cat log)" "a sentence with (hint: ...)"
}

@test "a run within 192 KiB of memory" {
	grep -qw memory "$(cgroup_root)/cgroup.controllers" || return 0 # told by the test of a missing controller
	gcc -static -Os -nostdlib -o rootfs/bin/tiny -x c - <<-'EOF'
		void _start(void) { __asm__ volatile("mov $60,%eax; mov $3,%edi; syscall"); }
	EOF
	config '.process.args = ["/bin/tiny"] | .linux.resources.memory = {limit: 196608, swap: 196608}'
	proa run c1
	fails 3
}
