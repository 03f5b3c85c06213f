#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that a purpose needs, if one is missing: deps.sh build|test|demo|bench|deb
set -eu
build="gcc make libc6-dev libseccomp-dev libcap-dev libyajl-dev libdbus-1-dev"
demo="busybox-static skopeo umoci jq uidmap"
check="bats curl e2fsprogs initramfs-tools-core automake jq busybox-static uidmap strace iproute2 procps libclang-rt-14-dev clang-14 qemu-system-x86 cpio kmod conmon crun runc systemd dbus libpam-systemd dbus-user-session debootstrap"
lint="clang-format clang-tidy cppcheck"
bench="crun runc conmon procps"
deb="debhelper dpkg-dev fakeroot lintian"
want=
for purpose; do
	case $purpose in
	build) want="$want $build" ;;
	demo) want="$want $build $demo" ;;
	test) want="$want $build $check $lint $demo $deb" ;;
	deb) want="$want $deb" ;;
	bench) want="$want $build $bench busybox-static jq" ;;
	*) echo "deps.sh: unknown purpose $purpose" >&2; exit 2 ;;
	esac
done
missing=
for p in $want; do
	dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q '^install ok installed' || missing="$missing $p"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" -ne 0 ]; then
	echo "these packages are missing:$missing; install them as root" >&2
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -q >/dev/null
# shellcheck disable=SC2086
apt-get install -y -q --no-install-recommends $missing >/dev/null
