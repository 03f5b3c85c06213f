#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# An initramfs with busybox, proa and a bundle: "/" is the kernel's rootfs, which cannot be pivoted
# from, and no flag is given.
load helpers

@test "proa run in an initramfs that holds only busybox, proa and a bundle" {
	[ -z "${PROA_VM:-}" ] || skip "inside the machine already"
	command -v qemu-system-x86_64 >/dev/null || lacks "qemu-system-x86_64"
	mkdir -p "$TMP/ird"/{bin,proc,sys,dev,run} "$TMP/ird/b"
	cp /bin/busybox "$PROA" "$TMP/ird/bin/"
	ln -s busybox "$TMP/ird/bin/sh"
	mkdir -p "$TMP/ird/b/rootfs"/{bin,proc,dev,sys}
	cp /bin/busybox "$TMP/ird/b/rootfs/bin/"
	args /bin/busybox sh -c 'busybox echo hello from pid $$; busybox ls /'
	cp config.json "$TMP/ird/b/"
	cat >"$TMP/ird/init" <<-'EOF'
		#!/bin/sh
		busybox mount -t proc proc /proc
		busybox mount -t sysfs sys /sys
		busybox mount -t devtmpfs dev /dev
		busybox mount -t cgroup2 none /sys/fs/cgroup
		cd /b
		proa run c
		busybox echo "status $?, left: $(busybox ls /run/proa) $(busybox grep -c . /proc/mounts)"
		busybox poweroff -f
	EOF
	chmod +x "$TMP/ird/init"
	run timeout -s KILL 120 "$TOP/tests/vm/run" initramfs "$TMP/ird"
	ok
	says "hello from pid 1"
	says "status 0, left:  5"
	says_not "init"$'\n'"b"
}
