#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What of the machine's the container is given: network devices, resctrl groups, a memory policy.
load helpers

@test "netDevices: moved, renamed, with its address, MTU and MAC; up" {
	ip link add proat0 type veth peer name proat1
	ip link set proat0 mtu 1400 address 02:00:00:00:00:07
	ip addr add 10.211.0.1/24 dev proat0
	ip -6 addr add fd00:211::1/64 dev proat0 nodad
	config '.linux.netDevices = {"proat0": {"name": "eth7"}, "proat1": {}}'
	script 'ip -o link show eth7; ip -o addr show eth7; ip -o link show proat1'
	proa run c
	ip link del proat0 2>/dev/null || true
	ok
	says "mtu 1400"
	says "02:00:00:00:00:07"
	says "inet 10.211.0.1/24"
	says "inet6 fd00:211::1/64"
	says "UP"
	says "proat1"
	# they went with the container's network namespace
	! ip link show proat1 2>/dev/null
}

@test "netDevices: one that is not there, and a name that is taken" {
	config '.linux.netDevices = {"proat9": {}}'
	proa run c
	fails 1
	says "proat9"
	# what was moved comes back, also when something later fails
	ip link add proat0 type veth peer name proat1
	ip addr add 10.211.0.1/24 dev proat0
	ip link set proat0 up
	config '.linux.netDevices = {"proat0": {"name": "lo"}}'
	proa run c
	fails 1
	says "proat0"
	ip -o addr show proat0 | grep -q 10.211.0.1/24
	config '.linux.netDevices = {"proat0": {"name": "eth0"}, "proat1": {}} | .process.args = ["/bin/missing"]'
	proa run c
	fails 1
	says "/bin/missing"
	ip -o addr show proat0 | grep -q 10.211.0.1/24
	ip -o link show proat0 | grep -q '[<,]UP[,>]'
	! ip -o link show proat1 | grep -q '[<,]UP[,>]'
	ip link del proat0
	config '.linux.netDevices = {"x": {}} | .linux.namespaces |= map(select(.type != "network"))'
	proa run c
	fails 1
	says "need a network namespace"
}

@test "memoryPolicy: the modes, and what is refused" {
	config '.linux.memoryPolicy = {"mode": "MPOL_BIND", "nodes": "0"}'
	args /bin/sh -c 'grep -c "bind:0" /proc/self/numa_maps'
	proa run c
	ok
	[ "$output" -gt 1 ]
	proa run -d d
	config '.linux.memoryPolicy = {"mode": "MPOL_INTERLEAVE", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]}'
	args /bin/sh -c 'grep -c "interleave=static:0" /proc/self/numa_maps'
	proa run c
	ok
	[ "$output" -gt 1 ]
	config '.linux.memoryPolicy = {"mode": "MPOL_DEFAULT", "nodes": "0"}'
	proa run c
	fails 1
	says "/linux/memoryPolicy"
	config '.linux.memoryPolicy = {"mode": "MPOL_X"}'
	proa run c
	fails 1
	says '/linux/memoryPolicy/mode: "MPOL_X" is not one of MPOL_DEFAULT'
	config '.linux.memoryPolicy = {"mode": "MPOL_BIND", "nodes": "0-"}'
	proa run c
	fails 1
	says "/linux/memoryPolicy/nodes"
	"$PROA" --root "$ROOT" delete -f d
}

# No machine here has RDT: the test build takes a directory for resctrl.
@test "intelRdt: a group by its name, its schemata, a monitoring group, and all of it gone" {
	local rdt=$TMP/rdt
	mkdir -p "$rdt/clos/mon_groups"
	touch "$rdt/clos/schemata" "$rdt/clos/tasks"
	export PROA_RESCTRL=$rdt
	config '.linux.intelRdt = {closID: "clos", l3CacheSchema: "L3:0=f", memBwSchema: "MB:0=20"}'
	script 'sleep 1000'
	"$PROA_TEST" --root "$ROOT" run -d c </dev/null >"$TMP/out" 2>&1
	is "$(cat "$rdt/clos/schemata")" "MB:0=20"
	is "$(cat "$rdt/clos/tasks")" "$("$PROA" --root "$ROOT" state c | jq .pid)"
	"$PROA_TEST" --root "$ROOT" update --l3-cache-schema "L3:0=3" c
	is "$(cat "$rdt/clos/schemata")" "L3:0=3
5:0=20" || is "$(head -1 "$rdt/clos/schemata")" "L3:0=3"
	"$PROA_TEST" --root "$ROOT" delete -f c
	# the group was there before: it stays
	[ -d "$rdt/clos" ]
	# one that has no such group to be in, one that would lead out of resctrl
	config '.linux.intelRdt.closID = "../x"'
	run "$PROA_TEST" --root "$ROOT" run c
	is "$status" 1
	says "must be"
	# a monitoring group is made, and taken back when its files are not there
	config '.linux.intelRdt = {closID: "clos", enableMonitoring: true}'
	run "$PROA_TEST" --root "$ROOT" run c
	is "$status" 1
	says "clos/mon_groups/c/tasks"
	[ ! -e "$rdt/clos/mon_groups/c" ]
	unset PROA_RESCTRL
	run "$PROA_TEST" --root "$ROOT" run c
	says "resctrl is not mounted"
	"$PROA" --root "$ROOT" delete -f c
}
