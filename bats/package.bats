#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# `make deb`: the Debian packages, lintian's opinion of them, and what is in them.
load helpers

setup() {
	command -v lintian >/dev/null || lacks "lintian"
	TMP=$BATS_TEST_TMPDIR
	DEB=$TOP/build/deb
}
teardown() { true; }

@test "make deb builds them, and lintian finds nothing" {
	make -C "$TOP" deb >"$TMP/log" 2>&1 || { tail -20 "$TMP/log"; false; }
	run lintian --allow-root --fail-on error,warning "$DEB"/*.changes
	[ "$status" -eq 0 ] || { echo "$output"; false; }
}

@test "the package has the programs, manuals, completions and configurations, and no mode that surprises" {
	list=$(dpkg -c "$DEB"/proa_*.deb)
	for f in usr/bin/proa usr/bin/proamon usr/libexec/proa/proa-bus usr/share/man/man8/proa.8.gz usr/share/man/man8/proamon.8.gz \
		usr/share/bash-completion/completions/proa usr/share/zsh/vendor-completions/_proa usr/share/proa/seccomp-profiles/default.json \
		usr/share/doc/proa/examples/containers.conf usr/share/doc/proa/copyright; do
		grep -q " \./$f" <<<"$list" || { echo "missing: $f" >&2; false; }
	done
	is "$(awk '{print $1, $2}' <<<"$list" | sort -u)" "-rw-r--r-- root/root
-rwxr-xr-x root/root
drwxr-xr-x root/root"
	dpkg -x "$DEB"/proa_*.deb "$TMP/x"
	"$TMP/x/usr/bin/proa" --version
	# it looks for proa-bus where the package puts it
	grep -q /usr/libexec/proa "$TMP/x/usr/bin/proa"
	dpkg -c "$DEB"/proa-initramfs_*.deb | grep -q ' ./usr/share/initramfs-tools/hooks/proa'
}
