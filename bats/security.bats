#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Each known way out of a container, tried as the exploit would try it.
load helpers

@test "CVE-2019-5736: our executable cannot be written through /proc/PID/exe" {
	cp "$PROA" "$TMP/proa-copy"
	config '.process.args = ["/bin/sh", "-c", "sleep 0.1; for p in 1 self; do (exec 9>>/proc/$p/exe) 2>&1; done"]'
	run timeout -s KILL 20 "$TMP/proa-copy" --root "$ROOT" run c
	cmp "$PROA" "$TMP/proa-copy"
	# the payload runs us again: /proc/self/exe of a container's process is on a read-only mount
	args /proc/self/exe --version
	run timeout -s KILL 20 "$TMP/proa-copy" --root "$ROOT" run c
	config '.process.args = ["/bin/sleep", "1000"]'
	timeout -s KILL 20 "$TMP/proa-copy" --root "$ROOT" create c >/dev/null 2>&1 </dev/null
	pid=$("$PROA" --root "$ROOT" state c | jq .pid)
	run sh -c "exec 9</proc/$pid/exe; \"$PROA\" --root \"$ROOT\" delete --force c; printf x >>/proc/self/fd/9"
	[ "$status" -ne 0 ]
	says "Read-only file system"
	cmp "$PROA" "$TMP/proa-copy"
}

@test "CVE-2024-21626: cwd in a leaked descriptor" {
	for n in $(seq 3 20); do
		config ".process.cwd = \"/proc/self/fd/$n/../../..\""
		script 'ls'
		proa run c
		fails 1
	done
}

@test "CVE-2016-9962: init waiting to be started has nothing of the host open" {
	args sleep 1000
	proa create c
	ok
	pid=$("$PROA" --root "$ROOT" state c | jq .pid)
	for fd in /proc/"$pid"/fd/*; do
		case $(readlink "$fd") in
		socket:* | /dev/null | "$TMP/out") ;;
		*) echo "open: $fd -> $(readlink "$fd")" >&2; return 1 ;;
		esac
	done
}

@test "CVE-2019-16884, CVE-2019-19921: no mount on /proc but the known files" {
	mkdir "$TMP/src"
	for d in /proc /proc/self/attr /proc/sys "/x/../proc/1"; do
		config '.mounts += [{destination:$d,source:$s,type:"bind",options:["bind"]}]' --arg d "$d" --arg s "$TMP/src"
		proa run c
		fails 1
		config 'del(.mounts[-1])'
	done
	touch "$TMP/cpuinfo"
	config '.mounts += [{destination:"/proc/cpuinfo",source:$s,type:"bind",options:["bind"]}]' --arg s "$TMP/cpuinfo"
	proa run c
	ok
}

@test "CVE-2023-27561, CVE-2023-28642: /proc or /sys that is a symlink" {
	for d in proc sys; do
		rmdir rootfs/$d
		mkdir -p rootfs/evil
		ln -s /evil rootfs/$d
		proa run c
		fails 1
		says "must be mounted on ordinary directory"
		rm rootfs/$d
		mkdir rootfs/$d
	done
}

@test "CVE-2021-30465, CVE-2024-45310: destinations through symlinks make nothing outside" {
	mkdir "$TMP/src" "$TMP/outside"
	ln -s "$TMP/outside" rootfs/link
	ln -s ../../../../../../../../../../$TMP/outside rootfs/up
	config '.root.readonly = false | .mounts += [{destination:"/link/a/b",source:$s,type:"bind",options:["bind"]},{destination:"/up/c",type:"tmpfs",source:"t"}]' --arg s "$TMP/src"
	proa run c
	ok
	is "$(ls -A "$TMP/outside")" ""
}

@test "CVE-2025-31133: a /dev/null of the image is not what masks" {
	rm -rf rootfs/dev
	mkdir rootfs/dev
	ln -s /etc/passwd rootfs/dev/null
	config '.mounts |= map(select(.destination != "/dev"))' 
	proa run c
	fails 1
	rm rootfs/dev/null
	config '.linux.maskedPaths = ["/etc/passwd"] | .root.readonly = false'
	script 'cat /etc/passwd | wc -c; stat -c %t:%T /etc/passwd'
	proa run c
	ok
	is "$(echo "$output" | xargs)" "0 1:3"
}

@test "CVE-2025-52565: /dev/console and ptmx of the image are not believed" {
	rm -rf rootfs/dev
	mkdir -p rootfs/dev/pts
	ln -s /etc/passwd rootfs/dev/pts/ptmx
	config '.mounts |= map(select(.destination | startswith("/dev") | not)) | .process.terminal = true | .root.readonly = false'
	proa run c
	fails 1
	says "process.terminal"
}

@test "CVE-2026-41579, CVE-2026-47766: an image whose /dev is a symlink" {
	mkdir "$TMP/outside"
	rm -rf rootfs/dev
	ln -s "$TMP/outside" rootfs/dev
	config '.mounts |= map(select(.destination | startswith("/dev") | not)) | .root.readonly = false'
	proa run c
	is "$(ls -A "$TMP/outside")" ""
}

@test "CVE-2022-27650, CVE-2022-29162: exec --cap leaves inheritable empty" {
	args sleep 1000
	proa run -d c
	proa exec --cap CAP_SYS_TIME c grep -E "Cap(Inh|Amb)" /proc/self/status
	ok
	is "$(echo "$output" | awk '{print $2}' | sort -u)" 0000000000000000
}

@test "CVE-2026-30892: exec -u takes whole numbers or nothing" {
	args sleep 1000
	proa run -d c
	for u in 1x x1 1: :1 -1 0x1 4294967296 1:2x; do
		proa exec -u "$u" c id
		fails 255
		says "is not UID or UID:GID"
	done
	proa exec -u 1 c id -u
	is "$output" 1
}

@test "CVE-2023-25809: in a user namespace without a cgroup namespace the cgroup is read-only" {
	config '.linux.namespaces = [{"type":"mount"},{"type":"user"},{"type":"pid"},{"type":"network"},{"type":"ipc"},{"type":"uts"}] | .linux.uidMappings = [{containerID:0,hostID:100000,size:1000}] | .linux.gidMappings = .linux.uidMappings | .mounts |= map(if .destination == "/sys/fs/cgroup" then .options -= ["ro"] else . end)'
	chown -R 100000:100000 rootfs
	chmod 755 "$TMP" "$BUNDLE" "$(dirname "$TMP")" 2>/dev/null || true
	script 'grep " /sys/fs/cgroup " /proc/self/mountinfo'
	proa run c
	ok
	echo "$output" | awk '{print $6}' | grep -qw ro
}

@test "device program: what is not allowed is refused, also after mknod" {
	config '.process.capabilities.bounding += ["CAP_MKNOD"] | .process.capabilities.effective += ["CAP_MKNOD"] | .process.capabilities.permitted += ["CAP_MKNOD"] | .linux.resources.devices += [{allow:true,type:"c",major:1,minor:11,access:"w"}]'
	script 'mknod /dev/kmsg c 1 11; mknod /dev/mem c 1 1; cat /dev/mem 2>&1; head -c1 /dev/kmsg 2>&1; echo proa-test >/dev/kmsg && echo wrote; echo x >/dev/null && echo null'
	proa run c
	is "$(echo "$output" | grep -c 'Operation not permitted')" 2
	says wrote
	says null
}

@test "hostile state: a state file that is not JSON, a foreign directory" {
	mkdir -p "$ROOT/bad"
	echo garbage >"$ROOT/bad/state.json"
	proa state bad
	fails 1
	says "not valid JSON"
	says "hint:"
	proa delete --force bad
	ok
	[ ! -e "$ROOT/bad" ]
}

@test "proa in a chroot: the container's mount namespace has no other root, neither for exec nor for setns" {
	host=$TMP/host
	mkdir -p "$host"/{proc,sys,dev,run,tmp,bin}
	cp /bin/busybox "$PROA" "$host/bin/"
	cp -al "$BUNDLE" "$host/b"
	rm "$host/b/config.json"
	# with the powers to enter a namespace
	jq '.process.args = ["sleep", "1000"] | .process.capabilities[] += ["CAP_SYS_ADMIN", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE"]' \
		"$BUNDLE/config.json" >"$host/b/config.json"
	cat >"$host/try" <<-'EOT'
		export PATH=/bin
		proa --root /run/proa run -d -b /b c </dev/null >/tmp/out 2>&1 || { busybox cat /tmp/out; exit 1; }
		proa --root /run/proa exec c ls /
		proa --root /run/proa exec c nsenter -t 1 -m /bin/busybox ls / 2>&1
		proa --root /run/proa delete -f c
	EOT
	for root in directory mount; do
		# pid 1 may have powers that we have not: then a mount point cannot be told from a real root
		[ $root = directory ] || [ -e /proc/1/root/ ] || continue
		output=$(unshare -m bash -c '
			[ '$root' = directory ] || mount --bind "$1" "$1"
			cd "$1" && mount -t proc proc proc && mount --rbind /sys sys && mount --rbind /dev dev && mount -t tmpfs run run
			chroot . /bin/busybox sh /try' x "$host" 2>&1)
		is "$(grep -c '^home$' <<<"$output")" 2
		says_not bundle
		says_not try
	done
}
