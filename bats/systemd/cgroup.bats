#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The systemd cgroup manager: scopes of the system's and of a user's manager. Needs systemd as pid 1:
# tests/ns/run -s bats bats/systemd/cgroup.bats; limits need controllers, so those run in tests/vm.
load ../helpers

scope() { systemctl show "$1" -p "$2" --value; }
has() { grep -qw "$1" "$(cgroup_root)/cgroup.controllers"; }
sproa() { proa --systemd-cgroup "$@"; }

# slices stay until nobody needs them, and user managers take their time
teardown() {
	local id i
	for id in $("$PROA" --root "$ROOT" list -q 2>/dev/null); do "$PROA" --root "$ROOT" delete -f "$id"; done
	cd /
	systemctl stop machine.slice 2>/dev/null || true
	for i in $(seq 100); do
		snapshot >"$TMP/after"
		cmp -s "$TMP/before" "$TMP/after" && return
		sleep 0.1
	done
	diff "$TMP/before" "$TMP/after" >&2
}

@test "run: a scope in the slice, with the container in it; gone afterwards" {
	config '.linux.cgroupsPath = "machine-proa.slice:test:web"'
	script 'cat /proc/self/cgroup; sleep 1000'
	sproa run -d c
	ok
	is "$(scope test-web.scope ActiveState)" active
	is "$(scope test-web.scope Slice)" machine-proa.slice
	is "$(scope test-web.scope Description)" "container c"
	is "$(scope test-web.scope Delegate)" yes
	local pid
	pid=$("$PROA" --root "$ROOT" state c | jq .pid)
	is "$(sed -n 's/^0:://p' "/proc/$pid/cgroup")" /machine.slice/machine-proa.slice/test-web.scope
	# nobody but the container's shell and what it runs
	is "$(ps -o comm= -p "$(paste -sd, "/sys/fs/cgroup$(scope test-web.scope ControlGroup)/cgroup.procs")" | sort -u | tr '\n' ' ')" "sleep "
	# exec, state and kill need no bus
	proa exec c sh -c 'grep 0:: /proc/self/cgroup'
	ok
	proa delete -f c
	ok
	is "$(scope test-web.scope LoadState)" not-found
	[ ! -e /sys/fs/cgroup/machine.slice/machine-proa.slice/test-web.scope ]
}

@test "no cgroupsPath: proa-ID.scope in system.slice; names that are none are refused" {
	script 'sleep 1000'
	sproa run -d c
	ok
	is "$(scope proa-c.scope Slice)" system.slice
	proa delete -f c
	for p in /a/b a:b a:b:c:d ':b:' 'x:b:c' 'a.slice:b:c/d'; do
		config '.linux.cgroupsPath = $p' --arg p "$p"
		sproa run d
		fails 1
		says "/linux/cgroupsPath"
	done
	config '.linux.cgroupsPath = "a.slice:b:c"'
	proa run d
	fails 1
	says "give --systemd-cgroup"
}

@test "annotations are properties of the unit; what is none is refused" {
	config '.annotations = {"org.systemd.property.TimeoutStopUSec": "uint64 7000000", "org.systemd.property.RuntimeMaxSec": "1000",
		"org.systemd.property.Documentation": "[\"man:proa(8)\", '"'man:x(1)'"']", "org.systemd.property.SendSIGHUP": "true"}'
	script 'sleep 1000'
	sproa run -d c
	ok
	is "$(scope proa-c.scope TimeoutStopUSec)" 7s
	is "$(scope proa-c.scope RuntimeMaxUSec)" "16min 40s"
	is "$(scope proa-c.scope Documentation | tr -d '"')" "man:proa(8) man:x(1)"
	is "$(scope proa-c.scope SendSIGHUP)" yes
	proa delete -f c
	config '.annotations = {"org.systemd.property.X y": "true"}'
	sproa run c
	fails 1
	says "is no property's name"
	config '.annotations = {"org.systemd.property.Wants": "(1, 2)"}'
	sproa run c
	fails 1
	says "GVariant"
	config '.annotations = {"org.systemd.property.NoSuchThing": "true"}'
	sproa run c
	fails 1
	says "NoSuchThing"
}

@test "a unit of that name that is there, and one that has failed before" {
	systemd-run -q --unit test-x.scope --scope sleep 1000 3>&- &
	wait_for_unit test-x.scope
	config '.linux.cgroupsPath = "system.slice:test:x"'
	sproa run c
	fails 1
	says "test-x.scope"
	# it was not ours to end
	is "$(scope test-x.scope ActiveState)" active
	systemctl stop test-x.scope
	wait || true
	# a scope whose process is killed for its time is left failed
	systemd-run -q --unit test-y.scope -p RuntimeMaxSec=1 --scope sleep 1000 3>&- || true
	for i in $(seq 50); do [ "$(scope test-y.scope ActiveState)" = failed ] && break; sleep 0.1; done
	config '.linux.cgroupsPath = "system.slice:test:y"'
	args /bin/true
	sproa run c
	ok
}
wait_for_unit() {
	local i
	for i in $(seq 50); do [ "$(scope "$1" ActiveState)" = active ] && return; sleep 0.1; done
	return 1
}

@test "a create that fails leaves no unit" {
	args /bin/nothing
	sproa run c
	fails 1
	says "/bin/nothing"
	is "$(scope proa-c.scope LoadState)" not-found
}

@test "limits: as properties and in the files; update of both; daemon-reload changes nothing" {
	has memory || return 0 # (the emulated machine has all controllers)
	config '.linux.resources.memory = {limit: 67108864, swap: 100663296, reservation: 33554432} | .linux.resources.pids.limit = 77 |
		.linux.resources.cpu = {shares: 1024, quota: 25000, period: 50000, cpus: "0"} | .linux.resources.unified = {"memory.high": "50331648"}'
	config '.root.readonly = false'
	script 'sleep 1000'
	sproa run -d c
	ok
	local cg
	cg=/sys/fs/cgroup$(scope proa-c.scope ControlGroup)
	check() { # check PROPERTY VALUE FILE TEXT
		is "$1=$(scope proa-c.scope "$1")" "$1=$2"
		is "$3: $(cat "$cg/$3")" "$3: $4"
	}
	all() {
		check MemoryMax "$1" memory.max "$1"
		check MemorySwapMax 33554432 memory.swap.max 33554432
		check MemoryLow 33554432 memory.low 33554432
		check MemoryHigh 50331648 memory.high 50331648
		check TasksMax "$2" pids.max "$2"
		check CPUWeight 100 cpu.weight 100
		check CPUQuotaPerSecUSec 500ms cpu.max "25000 50000"
		check AllowedCPUs 0 cpuset.cpus 0
	}
	all 67108864 77
	proa update --pids-limit 99 c
	ok
	all 67108864 99
	systemctl daemon-reload
	all 67108864 99
	# devices stay what they were
	proa exec --cap CAP_MKNOD c sh -c 'echo x >/dev/null && head -c 1 /dev/zero >/dev/null && mknod /tmp/m c 1 1 && ! head -c 1 /tmp/m'
	ok
	proa delete -f c
}

@test "an ordinary user: a scope of his own manager" {
	useradd -m proatest 2>/dev/null || true
	loginctl enable-linger proatest
	local uid i
	uid=$(id -u proatest)
	for i in $(seq 100); do [ -S "/run/user/$uid/systemd/private" ] && break; sleep 0.1; done
	chmod 755 "$TMP" "$(dirname "$TMP")" "$(dirname "$(dirname "$TMP")")"
	config '.linux.cgroupsPath = "user.slice:test:u" | .linux.resources = {}'
	config '.process.args = ["/bin/sh", "-c", "sleep 1000"] | .root.readonly = false'
	cp -r rootfs rootfs.u && rm -rf rootfs && mv rootfs.u rootfs
	chown -R proatest "$BUNDLE"
	mkdir -p "$TMP/u"
	chown proatest "$TMP/u"
	as() { su proatest -s /bin/bash -c "cd $BUNDLE; export XDG_RUNTIME_DIR=/run/user/$uid; $*" >"$TMP/out" 2>&1 </dev/null 3>&-; }
	as "$PROA --root $TMP/u --systemd-cgroup run -d c" || { cat "$TMP/out" >&2; false; }
	as "systemctl --user show test-u.scope -p ActiveState --value"
	is "$(cat "$TMP/out")" active
	as "$PROA --root $TMP/u delete -f c"
	as "systemctl --user show test-u.scope -p LoadState --value"
	is "$(cat "$TMP/out")" not-found
	# root of his user namespace, as Podman runs its runtime
	as "unshare -Ur $PROA --root $TMP/u --systemd-cgroup run -d c" || { cat "$TMP/out" >&2; false; }
	as "systemctl --user show test-u.scope -p ActiveState --value"
	is "$(cat "$TMP/out")" active
	as "unshare -Ur $PROA --root $TMP/u delete -f c"
	# without a manager: a sentence with the cure
	as "unset XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS; $PROA --root $TMP/u --systemd-cgroup run c" && false
	grep -q enable-linger "$TMP/out"
	loginctl disable-linger proatest
	loginctl terminate-user proatest || true
}

@test "a service of Type=notify: run -d hands it over to the container, whose program says when it is ready" {
	cp "$TOP/build/engine" "$BUNDLE/rootfs/bin/engine" 2>/dev/null || lacks "build/engine"
	script 'sleep 0.5; exec engine ready "$NOTIFY_SOCKET" /bin/sleep 1000'
	# (the program of the tests is not static)
	config '.mounts += [{destination: "/lib", type: "bind", source: "/lib", options: ["rbind", "ro"]},
		{destination: "/lib64", type: "bind", source: "/lib64", options: ["rbind", "ro"]}] | .root.readonly = false'
	timeout 30 systemd-run --unit=proa-notify -p Type=notify -p NotifyAccess=main --quiet \
		"$PROA" --root "$ROOT" run -d -b "$BUNDLE" c
	is "$(systemctl is-active proa-notify)" active
	is "$(systemctl show proa-notify -p MainPID --value)" "$("$PROA" --root "$ROOT" state c | jq .pid)"
	proa kill c KILL
	wait_state c stopped
	for _ in $(seq 50); do [ "$(systemctl is-active proa-notify)" != active ] && break; sleep 0.1; done
	is "$(systemctl is-active proa-notify)" failed
	systemctl reset-failed proa-notify
	proa delete c
}
