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

@test "contrib's hook for initramfs-tools: an image that runs a container by mkinitramfs alone" {
	[ -z "${PROA_VM:-}" ] || skip "inside the machine already"
	command -v mkinitramfs >/dev/null || lacks "mkinitramfs"
	kernel=$("$TOP/tests/vm/kernel.sh")
	version=$(basename "$(ls -d "$kernel"/lib/modules/* | tail -1)")
	mkdir -p "$TMP/etc"/{conf.d,hooks,scripts} "$TMP/etc/scripts/init-premount" "$TMP/ird"
	printf 'MODULES=list\nBUSYBOX=y\nCOMPRESS=gzip\n' >"$TMP/etc/initramfs.conf"
	: >"$TMP/etc/modules"
	cp "$TOP/contrib/initramfs/proa-hook" "$TMP/etc/hooks/proa"
	args /bin/busybox sh -c 'busybox echo hello from an appliance; exit 5'
	mkdir "$TMP/web"
	cp -a rootfs config.json "$TMP/web/"
	echo "PROA_BUNDLES=$TMP/web" >"$TMP/etc/conf.d/proa"
	# the kernel's package is in a cache: for this one command it is where an installed one is
	mkdir -p "$TMP"/{up,work} /lib/modules
	unshare -m sh -c "mount --bind '$kernel/boot' /boot &&
		mount -t overlay -o 'lowerdir=$kernel/lib/modules,upperdir=$TMP/up,workdir=$TMP/work' overlay /lib/modules &&
		mount --bind '$TOP/build' /usr/local/bin && depmod $version && mkinitramfs -d '$TMP/etc' -o '$TMP/image' $version" 2>"$TMP/err" ||
		{ cat "$TMP/err"; false; }
	(cd "$TMP/ird" && unmkinitramfs "$TMP/image" .)
	[ -x "$TMP/ird/usr/bin/proa" ]
	[ -x "$TMP/ird/usr/bin/proamon" ]
	cat >"$TMP/ird/init" <<-'EOT'
		#!/bin/sh
		/bin/busybox mount -t proc proc /proc
		/bin/busybox mount -t sysfs sys /sys
		/bin/busybox mount -t devtmpfs dev /dev
		/bin/busybox mount -t cgroup2 none /sys/fs/cgroup
		proa run -b /bundles/web web
		/bin/busybox echo "status $?, $(proamon --version)"
		/bin/busybox poweroff -f
	EOT
	run timeout -s KILL 120 "$TOP/tests/vm/run" initramfs "$TMP/ird"
	says "hello from an appliance"
	says "status 5, conmon version"
}
