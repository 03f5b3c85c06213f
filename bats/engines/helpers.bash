# SPDX-License-Identifier: Apache-2.0
# What the engines' tests share. They run in an arena of their own (tests/ns/run -s -r TREE, tests/vm/run -s).
bats_require_minimum_version 1.5.0
TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
PROA=$TOP/build/proa

# What a person does once: the drop-in of contrib/, here with the paths of this build.
install_pair() { # install_pair DIR
	mkdir -p "$1/containers.conf.d"
	sed "s#/usr/local/bin#$TOP/build#" "$TOP/contrib/containers.conf" >"$1/containers.conf.d/50-proa.conf"
	# the arena has no pids controller for Podman's own default
	grep -qw pids /sys/fs/cgroup/cgroup.controllers || printf '[containers]\npids_limit = 0\n' >"$1/containers.conf.d/60-arena.conf"
}
image() { # an image of busybox alone: /tmp/tiny.tar
	local d a
	[ ! -e /tmp/tiny.tar ] || return 0
	d=$(mktemp -d)
	chmod 755 "$d"
	mkdir -p "$d"/{bin,etc,tmp,root,data,www}
	cp /bin/busybox "$d/bin/"
	for a in $(/bin/busybox --list); do [ "$a" = busybox ] || ln -s busybox "$d/bin/$a"; done
	printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/:/bin/sh\n' >"$d/etc/passwd"
	tar -C "$d" -c . >/tmp/tiny.tar
	rm -r "$d"
}
is() {
	[ "$1" = "$2" ] || { printf ' got: %s\nwant: %s\n' "$1" "$2" >&2; return 1; }
}
has() {
	case $1 in *"$2"*) ;; *) printf ' got: %s\nwant: %s\n' "$1" "$2" >&2; return 1 ;; esac
}
pod() { timeout 60 podman "$@" 3>&-; }
wait_for() { # wait_for SECONDS COMMAND...
	local n=$(($1 * 10))
	shift
	until "$@" >/dev/null 2>&1; do
		n=$((n - 1))
		[ $n -gt 0 ] || { echo "did not come true: $*" >&2; "$@" >&2 || true; return 1; }
		sleep 0.1
	done
}
# An ordinary user with subordinate ids and lingering, whose own systemd is up.
make_user() { # make_user NAME
	useradd -m "$1"
	loginctl enable-linger "$1"
	wait_for 20 test -S "/run/user/$(id -u "$1")/systemd/private"
	install_pair "/home/$1/.config/containers"
	chown -R "$1" "/home/$1/.config"
}
as() { # as NAME SCRIPT: in a login shell of his
	local uid
	uid=$(id -u "$1")
	timeout 120 su - "$1" -c "export XDG_RUNTIME_DIR=/run/user/$uid DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/$uid/bus; $2" </dev/null 3>&-
}
