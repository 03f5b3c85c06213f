#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# mounts: every option, and never outside of the root.
load helpers

# option of mountinfo (fields 6 on) of a mount point in the container
info() {
	script "grep ' $1 ' /proc/self/mountinfo"
	proa run c
	ok
}
mount_() { # mount_ DEST SOURCE TYPE OPTION...
	local d=$1 s=$2 t=$3
	shift 3
	config '.mounts += [{destination:$d,source:$s,type:$t,options:$o}] | .root.readonly = false' \
		--arg d "$d" --arg s "$s" --arg t "$t" --argjson o "$(printf '%s\n' "$@" | jq -Rn '[inputs]')"
}

@test "bind: each flag that the spec names, on a bind" {
	mkdir "$TMP/src"
	for o in ro nosuid nodev noexec noatime nodiratime nosymfollow; do
		mount_ "/m/$o" "$TMP/src" bind bind "$o"
	done
	script 'grep " /m/" /proc/self/mountinfo'
	proa run c
	ok
	for o in ro nosuid nodev noexec noatime nodiratime nosymfollow; do
		echo "$output" | grep " /m/$o " | awk '{print $6}' | grep -qw "$o"
	done
}

@test "tmpfs: each flag on a new mount; those that clear take it off again" {
	mount_ /t1 tmpfs tmpfs nosuid nodev noexec noatime size=1m lazytime sync dirsync nosymfollow silent iversion mand
	mount_ /t2 tmpfs tmpfs nosuid suid nodev dev ro rw noexec exec loud nolazytime noiversion async nomand defaults
	script 'grep -E " /t[12] " /proc/self/mountinfo'
	proa run c
	ok
	echo "${lines[0]}" | grep -q 'nosuid,nodev,noexec,noatime,nosymfollow'
	for o in sync dirsync lazytime; do
		echo "${lines[0]}" | grep -qw "$o"
	done
	echo "${lines[1]}" | grep -q ' rw,relatime '
}

@test "recursive options reach the mounts below; ro alone does not" {
	mkdir -p "$TMP/src/sub"
	mount -t tmpfs tmpfs "$TMP/src/sub"
	mount_ /plain "$TMP/src" bind rbind ro
	mount_ /deep "$TMP/src" bind rbind rro rnosuid rnodev rnoexec rnoatime rnodiratime rnosymfollow
	script 'touch /plain/sub/x && echo wrote; touch /deep/sub/x 2>/dev/null || echo refused; grep " /deep/sub " /proc/self/mountinfo'
	proa run c
	umount "$TMP/src/sub"
	ok
	says wrote
	says refused
	says "ro,nosuid,nodev,noexec,noatime,nodiratime,nosymfollow"
}

@test "propagation: a mount that comes later arrives under rslave, not under rprivate" {
	mkdir -p "$TMP/src/a"
	mount --bind "$TMP/src" "$TMP/src"
	mount --make-shared "$TMP/src"
	mount_ /slave "$TMP/src" bind rbind rslave
	mount_ /priv "$TMP/src" bind rbind rprivate
	args sleep 1000
	proa run -d c
	ok
	mount -t tmpfs tmpfs "$TMP/src/a"
	touch "$TMP/src/a/late"
	proa exec c sh -c 'ls /slave/a /priv/a'
	seen=$output
	umount "$TMP/src/a"
	proa delete -f c
	umount "$TMP/src"
	is "$(echo "$seen" | grep -c late)" 1
}

@test "idmap: files of one id are another's inside" {
	mkdir "$TMP/src"
	touch "$TMP/src/f"
	chown 1000:1000 "$TMP/src/f"
	config '.mounts += [{destination:"/m",source:$s,type:"bind",options:["bind"],uidMappings:[{containerID:1000,hostID:5000,size:1}],gidMappings:[{containerID:1000,hostID:5000,size:1}]}] | .root.readonly = false' --arg s "$TMP/src"
	script 'stat -c %u:%g /m/f'
	proa run c
	ok
	is "$output" 5000:5000
}

@test "tmpcopyup: what was there is in the tmpfs" {
	mkdir -p rootfs/data/d
	echo hello >rootfs/data/d/f
	ln -s d/f rootfs/data/l
	chmod 700 rootfs/data/d
	mount_ /data tmpfs tmpfs tmpcopyup
	script 'cat /data/l; stat -c %a /data/d; echo x >/data/d/f'
	proa run c
	ok
	is "$(echo "$output" | xargs)" "hello 700"
	is "$(cat rootfs/data/d/f)" hello
}

@test "tmpfs mode: explicit, from the directory below, or 1777" {
	mkdir -m 2711 rootfs/have
	chmod 2711 rootfs/have
	mount_ /have tmpfs tmpfs nosuid
	mount_ /new tmpfs tmpfs nosuid
	mount_ /said tmpfs tmpfs mode=700
	script 'stat -c %a /have /new /said'
	proa run c
	ok
	is "$(echo "$output" | xargs)" "2711 1777 700"
	is "$(stat -c %a rootfs/new)" 755
}

@test "destinations: symlinks stay in the root, dangling ones are made inside" {
	mkdir "$TMP/src"
	echo inside >"$TMP/src/f"
	ln -s /../../../../etc rootfs/abs
	ln -s /nowhere/yet rootfs/dangle
	mount_ /abs/proa-test "$TMP/src" bind bind
	mount_ /dangle "$TMP/src" bind bind
	mount_ relative "$TMP/src" bind bind
	script 'cat /etc/proa-test/f /nowhere/yet/f /relative/f'
	proa run c
	ok
	is "$(echo "$output" | grep -c inside)" 3
	[ ! -e /etc/proa-test ]
}

@test "a file on a file, a directory on a directory; sources relative to the bundle" {
	echo text >file
	mount_ /etc/some/file file bind bind ro
	script 'cat /etc/some/file'
	proa run c
	ok
	is "$output" text
	mkdir -p rootfs/d
	mount_ /d file bind bind
	proa run c
	fails 1
	says "d: "
	config 'del(.mounts[-1])'
	mount_ /d /no/such/source bind bind
	proa run c
	fails 1
	says "mounts[8] /d: source /no/such/source: no such file or directory"
	says "hint:"
}

@test "a bind whose source is in the rootfs, after a mount on it" {
	mkdir -p rootfs/a rootfs/b
	mount_ /a tmpfs tmpfs mode=755
	mount_ /b "$BUNDLE/rootfs/a" bind rbind
	script 'touch /a/x; ls /b'
	proa run c
	ok
	is "$output" x
}

@test "read-only and masked paths: kept flags, one tmpfs, duplicates, missing ones" {
	config '.linux.maskedPaths += ["/no/such", "/proc/acpi", "/etc/passwd"] | .linux.readonlyPaths += ["/no/such"]'
	script 'cat /etc/passwd; cat /proc/keys; ls /proc/acpi /sys/firmware; touch /proc/sys/x 2>&1; echo 1 >/proc/sys/kernel/panic; stat -c %d /proc/acpi /sys/firmware; umount /proc/keys 2>&1'
	proa run c
	says_not root:x
	is "$(echo "$output" | grep -E '^[0-9]+$' | sort -u | wc -l)" 1
	says "Read-only file system"
}

@test "devices: defaults, given ones, wrong ones in their place" {
	config '.root.readonly = false | .linux.devices = [{path:"/dev/fuse",type:"c",major:10,minor:229,fileMode:432,uid:5,gid:6},{path:"/dev/sub/fifo",type:"p"},{path:"/dev/tty",type:"c",major:5,minor:0}]'
	script 'stat -c "%n %F %a %u %g %t:%T" /dev/fuse /dev/sub/fifo /dev/null /dev/tty; readlink /dev/ptmx'
	proa run c
	ok
	says "/dev/fuse character special file 660 5 6 a:e5"
	says "/dev/sub/fifo fifo 666 0 0"
	says "/dev/null character special file 666 0 0 1:3"
	says pts/ptmx
	config '.mounts |= map(select(.destination | startswith("/dev") | not))'
	touch rootfs/dev/null
	proa run c
	fails 1
	says "something else is in its place"
}

@test "1000 binds do not run out of descriptors" {
	mkdir "$TMP/src"
	config '.root.readonly = false | .mounts += [range(1000) | {destination:"/m/\(.)",source:$s,type:"bind",options:["bind","ro"]}]' --arg s "$TMP/src"
	script 'grep -c " /m/" /proc/self/mountinfo'
	run sh -c "ulimit -Sn 512; exec timeout -s KILL 60 \"$PROA\" --root \"$ROOT\" run c"
	ok
	is "$output" 1000
}

@test "a small RLIMIT_NOFILE of the program is not ours" {
	mkdir "$TMP/src"
	config '.process.rlimits = [{type:"RLIMIT_NOFILE",soft:5,hard:5}] | .root.readonly = false | .mounts += [range(20) | {destination:"/m/\(.)",source:$s,type:"bind",options:["bind"],uidMappings:[{containerID:0,hostID:(.+1),size:1}],gidMappings:[{containerID:0,hostID:0,size:1}]}]' --arg s "$TMP/src"
	args true
	proa run c
	ok
}

@test "without a mount namespace there are no mounts; --no-pivot works" {
	config '.linux.namespaces |= map(select(.type != "mount"))'
	proa run c
	fails 1
	says "mount namespace"
	config '.mounts = [] | .linux.maskedPaths = [] | .linux.readonlyPaths = [] | .root.readonly = false'
	args ls /
	proa run c
	ok
	says bin
	cd "$BUNDLE"
	rm config.json
	"$PROA" spec
	config '.process.terminal = false'
	args ls /bin/busybox
	proa run --no-pivot c
	ok
}

@test "the same mounts without the kernel's mount API, and without openat2" {
	[ -x "$PROA_TEST" ] || lacks "build/proa-test"
	mkdir "$TMP/src"
	mount_ /m "$TMP/src" bind rbind ro nosuid
	mount_ /t tmpfs tmpfs nosuid
	script 'grep -E " /(m|t|proc/sys|proc/keys) " /proc/self/mountinfo | cut -d" " -f4-6'
	proa run c
	ok
	modern=$output
	for old in no-mount-api no-openat2; do
		run env PROA_FAULT=$old timeout -s KILL 20 "$PROA_TEST" --root "$ROOT" run c
		ok
		is "$output" "$modern"
	done
}

@test "rootfsPropagation" {
	config '.linux.rootfsPropagation = "shared"'
	script 'head -1 /proc/self/mountinfo'
	proa run c
	ok
	says shared:
	config '.linux.rootfsPropagation = "private"'
	proa run c
	says_not shared:
	says_not master:
}
