#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# events: what a container uses, and its out-of-memory kills, in the JSON of runc events.
load helpers

@test "--stats: one line of JSON with what the cgroup tells" {
	config '.linux.resources.hugepageLimits = [{pageSize: "2MB", limit: 4194304}]'
	args sleep 1000
	proa run -d c
	proa events --stats c
	ok
	is "${#lines[@]}" 1
	[[ $output == '{"type":"stats","id":"c","data":{'* ]]
	jq -e '.data.cpu.usage.total > 0' <<<"$output"
	jq -e '.data.hugetlb["2MB"] == {usage: 0, failcnt: 0}' <<<"$output"
	jq -e '.data | has("cpuset") and has("memory") and has("pids") and has("blkio")' <<<"$output"
	if grep -qw memory "$(cgroup_root)/cgroup.controllers"; then
		jq -e '.data.memory.usage.usage > 0 and .data.memory.raw.anon >= 0' <<<"$output"
		jq -e '.data.pids.current == 1' <<<"$output"
	fi
	proa delete -f c
}

@test "--interval: again and again, and it ends with the container" {
	args sleep 1000
	proa run -d c
	timeout 20 "$PROA" --root "$ROOT" events --interval 100ms c >"$TMP/events" 3>&- &
	watcher=$!
	for _ in $(seq 100); do
		[ "$(wc -l <"$TMP/events")" -lt 3 ] || break
		sleep 0.1
	done
	proa kill c KILL
	wait $watcher
	[ "$(wc -l <"$TMP/events")" -ge 3 ]
	is "$(jq -r '.type + .id' "$TMP/events" | sort -u)" statsc
	proa events c
	fails 1
	says "container not running"
	proa delete c
	proa events c
	fails 1
	says "does not exist"
}

@test "an out-of-memory kill is told at once" {
	grep -qw memory "$(cgroup_root)/cgroup.controllers" || return 0 # cgroup.bats has the sentence of a missing controller
	config '.linux.resources.memory = {limit: 20000000, swap: 20000000}'
	script 'sleep 3; tail -c 200000000 /dev/zero > /dev/null; sleep 1000'
	proa run -d c
	ok
	timeout 60 "$PROA" --root "$ROOT" events --interval 1h c >"$TMP/events" 3>&- &
	watcher=$!
	for _ in $(seq 300); do
		[ ! -s "$TMP/events" ] || break
		sleep 0.1
	done
	proa kill c KILL
	wait $watcher
	is "$(sort -u "$TMP/events")" '{"type":"oom","id":"c"}'
	proa delete -f c
}

@test "bad intervals, a container without a cgroup" {
	for i in 0 -1s 5x ''; do
		proa events "--interval=$i" c
		fails 1
		says "--interval"
	done
	args sleep 1000
	proa --cgroup-manager disabled run -d c
	ok
	proa events --stats c
	fails 1
	says "has no cgroup"
	proa delete -f c
}
