#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Makes a Debian tree with engines in it, in a cache outside of the project, and prints where it is:
# tree.sh trixie|bookworm|sid. It is used as the root of tests/ns and tests/vm and is never written to.
set -eu
suite=${1:?a suite}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/proa
engines="podman conmon crun runc buildah skopeo umoci containerd docker.io docker-registry netavark aardvark-dns passt
	slirp4netns uidmap fuse-overlayfs catatonit golang-github-containers-common containernetworking-plugins protobuf-compiler"
# Debian 12 has docker's client in docker.io; its criu does not know newer kernels
[ "$suite" = bookworm ] || engines="$engines docker-cli criu"
system="systemd systemd-sysv dbus dbus-user-session libpam-systemd systemd-container iproute2 iptables nftables procps
	util-linux kmod curl jq strace bats busybox-static gcc libc6-dev"
# for the machine: both security modules, and a policy that knows containers
[ "$suite" != trixie ] || system="$system apparmor selinux-policy-default policycoreutils selinux-utils"
include=$(echo $system $engines | tr ' ' ',')
# a new list of packages makes a new tree
if [ "$(cat "$cache/$suite/.complete" 2>/dev/null)" != "$include" ]; then
	mkdir -p "$cache"
	rm -rf "$cache/$suite.new"
	if ! debootstrap --variant=minbase --include="$include" "$suite" "$cache/$suite.new" >"$cache/$suite.log" 2>&1; then
		tail -20 "$cache/$suite.log" >&2
		exit 1
	fi
	echo "$include" >"$cache/$suite.new/.complete"
	rm -rf "${cache:?}/$suite"
	mv "$cache/$suite.new" "$cache/$suite"
fi
echo "$cache/$suite"
