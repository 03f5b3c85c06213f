#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A real OCI image as a container: busybox packed with umoci, copied with skopeo, unpacked with
# umoci, run with the default seccomp profile, as root and as an ordinary user.
set -eu
cd "$(dirname "$0")/.."
proa=$PWD/build/proa
profile=$PWD/seccomp-profiles/default.json
work=$(mktemp -d /tmp/proa-demo.XXXXXX)
trap 'cd /; rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work"

echo "== an image"
umoci init --layout made
umoci new --image made:latest
umoci unpack --image made:latest build >/dev/null 2>&1
mkdir -p build/rootfs/{bin,etc,tmp,proc,sys,dev}
cp /bin/busybox build/rootfs/bin/
for a in sh ls cat id echo uname hostname ps; do ln -s busybox build/rootfs/bin/$a; done
echo 'root:x:0:0:root:/:/bin/sh' >build/rootfs/etc/passwd
umoci repack --image made:latest build >/dev/null 2>&1
umoci config --image made:latest --config.cmd /bin/sh --config.env GREETING=hello
skopeo copy --insecure-policy -q oci:made:latest oci:copied:latest
skopeo inspect oci:copied:latest | jq -c '{Layers, Env}'

edit() {
	jq --slurpfile s "$profile" '.process.terminal = false | .linux.seccomp = $s[0] |
		.process.args = ["/bin/sh", "-c", "echo $GREETING from $(hostname), uid $(id -u), pid $$; ps; cat /proc/self/uid_map"]' \
		"$1/config.json" >config.new
	cat config.new >"$1/config.json"
}

echo "== as root"
umoci unpack --image copied:latest bundle >/dev/null 2>&1
edit bundle
"$proa" --root "$work/state" run --bundle bundle demo

[ "$(id -u)" -eq 0 ] || exit 0
echo "== as an ordinary user (uid 65534)"
cp "$proa" proa
mkdir user run
umoci unpack --rootless --image copied:latest user/bundle >/dev/null 2>&1
edit user/bundle
# umoci wrote the mappings of who ran it: the user's own take their place
jq 'del(.linux.uidMappings, .linux.gidMappings) | .linux.namespaces |= map(select(.type != "user"))' user/bundle/config.json >config.new
cat config.new >user/bundle/config.json
chown -R 65534:65534 user run
setpriv --reuid 65534 --regid 65534 --clear-groups env -i PATH="$PATH" XDG_RUNTIME_DIR="$work/run" \
	"$work/proa" run --bundle user/bundle demo
