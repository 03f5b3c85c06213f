#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Podman on the pair, as people use it: as root and as an ordinary user, with systemd and with cgroupfs.
# tests/ns/run -s -r TREE bats bats/engines/podman.bats, and in tests/vm where controllers are needed.
load helpers

setup_file() {
	image
	install_pair /etc/containers
	podman import /tmp/tiny.tar tiny >/dev/null
	# who --userns=auto takes its ids from
	grep -q ^containers: /etc/subuid || echo containers:2147483647:2147483648 | tee -a /etc/subuid >>/etc/subgid
}
teardown() {
	podman rm -fa -t 0 >/dev/null 2>&1
	podman volume rm -fa >/dev/null 2>&1
	true
}
@test "podman knows the pair" {
	is "$(pod info -f '{{.Host.OCIRuntime.Name}} {{.Host.OCIRuntime.Path}}')" "proa $PROA"
	has "$(pod info -f '{{.Host.OCIRuntime.Version}}')" "proa version"
	is "$(pod info -f '{{.Host.Conmon.Path}}')" "$TOP/build/proamon"
	has "$(pod info -f '{{.Host.Conmon.Version}}')" "conmon version 2"
}

@test "run: output, input, exit codes, and no process left" {
	is "$(pod run --rm tiny echo hello)" hello
	is "$(echo in | pod run --rm -i tiny cat)" in
	run pod run --rm tiny sh -c 'exit 7'
	is "$status" 7
	run -127 pod run --rm tiny /no/such/file
	has "$output" "/no/such/file"
	run pod run --rm tiny /etc
	is "$status" 126
	run pod run --rm --no-such-flag tiny true
	is "$status" 125
	wait_for 5 sh -c '! pgrep -x proamon'
	! pgrep -x proa
}

@test "run -d: logs, ps, exec, top, inspect, stop, start again, rm" {
	pod run -d --name c tiny sh -c 'echo out; echo err >&2; trap "exit 3" TERM; while :; do sleep 0.1; done'
	wait_for 5 sh -c 'podman logs c 2>&1 | grep -q err'
	is "$(pod logs c 2>/dev/null)" out
	is "$(pod logs c 2>&1 >/dev/null)" err
	is "$(pod inspect c -f '{{.Name}} {{.State.Status}}')" "c running"
	is "$(pod exec c echo in exec)" "in exec"
	run pod exec c sh -c 'exit 9'
	is "$status" 9
	run -127 pod exec c /no/such
	has "$(pod exec -t c tty)" /dev/pts/
	is "$(echo x | pod exec -i c cat)" x
	has "$(pod top c)" "while :"
	is "$(pod inspect c -f '{{.State.Status}} {{.OCIRuntime}}')" "running proa"
	pod stop -t 5 c
	is "$(pod inspect c -f '{{.State.Status}} {{.State.ExitCode}}')" "exited 3"
	pod start c
	is "$(pod inspect c -f '{{.State.Status}}')" running
	pod kill -s KILL c
	is "$(pod wait c)" 137
	pod rm c
}

@test "attach, logs -f, a terminal" {
	pod run -dit --name t tiny sh
	is "$(printf 'echo $((40 + 2)) $(tty)\nexit\n' | pod attach t | tr -d '\r' | grep '^42')" "42 /dev/pts/0"
	pod run -d --name l tiny sh -c 'for i in 1 2 3; do echo $i; sleep 0.2; done'
	is "$(pod logs -f l | tr '\n' ' ')" "1 2 3 "
}

@test "pause, unpause, commit, cp" {
	pod run -d --name c tiny sh -c 'echo new >/data/file; sleep 1000'
	pod pause c
	is "$(pod inspect c -f '{{.State.Status}}')" paused
	run pod exec c true
	[ "$status" -ne 0 ]
	pod unpause c
	is "$(pod exec c cat /data/file)" new
	pod commit -q c tiny2 >/dev/null
	is "$(pod run --rm tiny2 cat /data/file)" new
	echo from host >/tmp/h
	pod cp /tmp/h c:/data/h
	is "$(pod exec c cat /data/h)" "from host"
}

# bats test_tags=newer
@test "volumes, tmpfs, read-only, capabilities, seccomp, user" {
	pod volume create v >/dev/null
	pod run --rm -v v:/data:U --user 1000:1000 tiny sh -c 'echo mine >/data/x'
	is "$(pod run --rm -v v:/data tiny stat -c %u:%g /data/x)" 1000:1000
	mkdir -p /tmp/host && echo h >/tmp/host/f
	run pod run --rm -v /tmp/host:/h:ro tiny sh -c 'cat /h/f; echo x >/h/f'
	has "$output" "h"
	has "$output" "Read-only file system"
	run pod run --rm --read-only tiny touch /x
	has "$output" "Read-only file system"
	has "$(pod run --rm --read-only --tmpfs /t:size=1m tiny sh -c 'touch /t/x && df -k /t | tail -1')" 1024
	run pod run --rm --cap-drop all tiny chown 5 /tmp
	has "$output" "Operation not permitted"
	is "$(pod run --rm --cap-drop all --cap-add net_admin tiny awk '/CapEff/{print $2}' /proc/self/status)" 0000000000001000
	is "$(pod run --rm tiny awk '/^Seccomp:/{print $2}' /proc/self/status)" 2
	is "$(pod run --rm --security-opt seccomp=unconfined tiny awk '/^Seccomp:/{print $2}' /proc/self/status)" "$(awk '/^Seccomp:/{print $2}' /proc/self/status)"
	run pod run --rm --security-opt seccomp="$TOP/seccomp-profiles/strict.json" tiny mount -t tmpfs x /tmp
	[ "$status" -ne 0 ]
	is "$(pod run --rm --user 1000 -e A=b -w /data tiny sh -c 'id -u; echo $A; pwd' | tr '\n' ' ')" "1000 b /data "
	is "$(pod run --rm --sysctl net.ipv4.ip_unprivileged_port_start=80 tiny cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" 80
	is "$(pod run --rm --ulimit nofile=77:88 tiny sh -c 'ulimit -n')" 77
	is "$(pod run --rm --hostname there tiny hostname)" there
}

@test "user namespaces: --uidmap, auto" {
	is "$(pod run --rm --uidmap 0:100000:5000 --gidmap 0:100000:5000 tiny sh -c 'head -1 /proc/self/uid_map' | tr -s ' ')" " 0 100000 5000"
	grep -q ^containers: /etc/subuid || echo containers:2147483647:2147483648 | tee -a /etc/subuid >>/etc/subgid
	[ "$(pod run --rm --userns auto tiny awk '{print $2}' /proc/self/uid_map | head -1)" -ge 100000 ]
}

@test "networks: none, host, bridge with a published port" {
	is "$(pod run --rm --network none tiny ip -o link | wc -l)" 1
	is "$(pod run --rm --network host tiny readlink /proc/self/ns/net)" "$(readlink /proc/self/ns/net)"
	pod run -d --name web -p 127.0.0.1:18080:80 tiny sh -c 'mkdir /www; echo page >/www/index.html; httpd -f -p 80 -h /www'
	wait_for 10 curl -sf http://127.0.0.1:18080/
	is "$(curl -sf http://127.0.0.1:18080/)" page
	has "$(pod run --rm tiny ip -o -4 addr show eth0)" "inet "
}

@test "pods: an infra container, shared namespaces" {
	pod pod create --name p --infra-image localhost/tiny --infra-command 'sleep 1000' >/dev/null
	pod run -d --pod p --name a tiny sleep 1000
	pod run -d --pod p --name b tiny sleep 1000
	is "$(pod exec a readlink /proc/self/ns/net)" "$(pod exec b readlink /proc/self/ns/net)"
	is "$(pod exec a readlink /proc/self/ns/ipc)" "$(pod exec b readlink /proc/self/ns/ipc)"
	pod pod stop -t 0 p >/dev/null
	pod pod rm -f p >/dev/null
}

@test "health checks of podman, sdnotify, restart policies" {
	pod run -d --name h --health-cmd 'test -e /data/ok' --health-interval disable tiny sleep 1000
	run pod healthcheck run h
	is "$status" 1
	pod exec h touch /data/ok
	pod healthcheck run h
	is "$(pod inspect h -f '{{.State.Health.Status}}')" healthy
	pod run -d --name r --restart on-failure:2 tiny sh -c 'echo x >>/data/n; exit 1'
	wait_for 10 sh -c '[ "$(podman inspect r -f "{{.RestartCount}} {{.State.Status}}")" = "2 exited" ]'
	cat >/run/systemd/system/sdc.service <<-EOF
		[Service]
		Type=notify
		NotifyAccess=all
		ExecStart=/usr/bin/podman run --rm -d --name sdc --sdnotify=conmon --network none tiny sleep 1000
		ExecStop=/usr/bin/podman rm -f -t 0 sdc
	EOF
	systemctl daemon-reload
	timeout 30 systemctl start sdc.service
	is "$(systemctl show sdc.service -p ActiveState --value)" active
	is "$(cat /proc/"$(systemctl show sdc.service -p MainPID --value)"/comm)" proamon
	systemctl stop sdc.service
	rm /run/systemd/system/sdc.service
}

@test "log drivers: journald, k8s-file with a size, none, passthrough" {
	pod run --name j --log-driver journald tiny echo to the journal
	wait_for 5 sh -c 'podman logs j | grep -q "to the journal"'
	has "$(journalctl -o json CONTAINER_NAME=j | jq -r .MESSAGE)" "to the journal"
	pod run --name k --log-driver k8s-file --log-opt max-size=1k tiny sh -c 'for i in $(seq 100); do echo line $i; done'
	is "$(pod logs k | tail -1)" "line 100"
	is "$(pod run --rm --log-driver none tiny echo not logged)" "not logged"
	is "$(pod run --rm --log-driver passthrough tiny echo straight </dev/null | cat)" straight
}

@test "cgroup managers, update, cgroups disabled" {
	pod --cgroup-manager cgroupfs run --rm tiny true
	pod --cgroup-manager systemd run --rm tiny true
	run pod run --rm --cgroups=disabled tiny sh -c 'echo ok'
	is "$output" ok
	if grep -qw memory /sys/fs/cgroup/cgroup.controllers; then
		pod run -d --name m -m 64m --cpus 0.5 tiny sleep 1000
		local cg
		cg=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(podman inspect m -f '{{.State.Pid}}')/cgroup")
		is "$(cat "$cg/memory.max")" 67108864
		is "$(cat "$cg/cpu.max")" "50000 100000"
		pod update -m 96m m >/dev/null
		is "$(cat "$cg/memory.max")" 100663296
		has "$(pod stats --no-stream --format '{{.MemLimit}}' m)" 100
		pod run --name oom -m 16m tiny sh -c 'x=$(head -c 100000000 /dev/zero | tr "\0" x); echo survived' || true
		is "$(pod inspect oom -f '{{.State.OOMKilled}} {{.State.ExitCode}}')" "true 137"
	fi
}

@test "50 containers at once" {
	local i
	for i in $(seq 50); do pod run -d --network none --name n$i tiny sleep 1000 >/dev/null & done
	wait
	is "$(pod ps -q | wc -l)" 50
	pod rm -fa -t 0 >/dev/null
	is "$(pod ps -aq | wc -l)" 0
	wait_for 10 sh -c '! pgrep -x proamon'
}

count() { podman logs "$1" | tail -1 | tr -cd 0-9; }
counts_on() { # counts_on NAME NUMBER
	wait_for 10 sh -c "[ \$(podman logs $1 | tail -1 | tr -cd 0-9) -gt $2 ]"
}
# bats test_tags=criu
@test "checkpoint and restore: in place, with the network, and exported to another name" {
	pod run -d --name c -v /tmp:/host:ro tiny sh -c 'i=0; while :; do i=$((i+1)); echo $i; usleep 50000; done'
	wait_for 10 sh -c '[ "$(podman logs c | tail -1)" -gt 3 ]'
	ip=$(pod inspect c -f '{{.NetworkSettings.Networks.podman.IPAddress}}')
	pod container checkpoint c
	is "$(pod inspect c -f '{{.State.Status}} {{.State.Checkpointed}}')" "exited true"
	n=$(count c)
	pod container restore c
	counts_on c "$n"
	is "$(pod inspect c -f '{{.State.Status}} {{.NetworkSettings.Networks.podman.IPAddress}}')" "running $ip"
	is "$(pod exec c sh -c 'grep -c " /host " /proc/mounts')" 1
	has "$(pod exec c ip addr)" "$ip"
	# nothing was counted twice, and nothing left out
	podman logs c | tr -d '\r' | diff - <(seq "$(podman logs c | wc -l)")
	n=$(count c)
	pod container checkpoint --leave-running --export /tmp/c.tar.gz c
	is "$(pod inspect c -f '{{.State.Status}}')" running
	pod rm -f -t 0 c
	pod container restore --import /tmp/c.tar.gz --name d
	wait_for 10 sh -c '[ -n "$(podman logs d)" ]'
	podman logs d >/tmp/d.log
	[ "$(head -1 /tmp/d.log | tr -cd 0-9)" -ge "$n" ]
	is "$(pod inspect d -f '{{.State.Status}}')" running
	pod stop -t 0 d
	is "$(pod inspect d -f '{{.State.ExitCode}}')" 137
}

# bats test_tags=criu
@test "checkpoint and restore of a terminal" {
	pod run -dt --name c tiny sh -c 'i=0; while :; do i=$((i+1)); echo $i; usleep 50000; done'
	wait_for 10 sh -c '[ -n "$(podman logs c)" ]'
	pod container checkpoint c
	n=$(count c)
	pod container restore c
	counts_on c "$n"
	has "$(pod exec -t c tty)" /dev/pts/
	has "$(pod exec c readlink /proc/1/fd/0)" /dev/pts/
}
