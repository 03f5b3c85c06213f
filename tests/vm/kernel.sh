#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Fetches Debian's kernel package into a cache outside the tree and prints where it is: kernel.sh [TREE], the
# kernel of the release that TREE is (default: this machine's).
set -eu
tree=${1:-/}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/proa/kernel
[ "$tree" = / ] || cache=$cache-$(basename "$tree")
in_tree() { if [ "$tree" = / ]; then "$@"; else chroot "$tree" "$@"; fi; }
package() { in_tree apt-cache depends linux-image-amd64 | awk '/Depends: linux-image/{print $2; exit}'; }
if ! ls "$cache"/boot/vmlinuz-* >/dev/null 2>&1; then
	mkdir -p "$cache"
	package=$(package)
	if [ -z "$package" ] && [ "$tree" = / ]; then
		apt-get update -q >/dev/null
		package=$(package)
	fi
	uri=$(in_tree apt-get --print-uris download "$package" | awk -F"'" '{print $2; exit}')
	curl -sSf -o "$cache/kernel.deb" "$uri"
	dpkg -x "$cache/kernel.deb" "$cache"
	rm "$cache/kernel.deb"
	# Debian 13 has its modules below /usr
	[ -d "$cache/lib/modules" ] || { mkdir -p "$cache/lib" && mv "$cache/usr/lib/modules" "$cache/lib/"; }
fi
echo "$cache"
