#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# No engine at all: skopeo fetches an image, umoci makes a bundle of it, proa runs it.
load helpers

setup_file() {
	image
	cd /tmp
	podman import -q -c 'CMD ["/bin/sh","-c","echo from the image; id -u; pwd; echo $GREETING"]' -c 'ENV GREETING=hi' \
		-c 'WORKDIR /data' -c 'USER user' /tmp/tiny.tar tiny >/dev/null 2>&1
	podman save -q --format docker-archive -o /tmp/tiny.docker tiny
	skopeo copy -q docker-archive:/tmp/tiny.docker oci:/tmp/oci:tiny
}
teardown() {
	"$PROA" delete -f c 2>/dev/null || true
}
prepare() { # prepare BUNDLE: stdout for a terminal, and no limits that the caller may not set
	jq '.process.terminal = false | del(.process.rlimits)' "$1/config.json" >"$1/new" && mv "$1/new" "$1/config.json"
}

@test "an OCI image as a bundle: its command, user, environment and directory" {
	umoci unpack --image /tmp/oci:tiny /tmp/bundle
	prepare /tmp/bundle
	run -0 "$PROA" run -b /tmp/bundle c
	is "$output" "from the image
1000
/data
hi"
}

@test "what the container writes becomes a layer of a new image" {
	jq '.process.args = ["sh","-c","echo made >/root/file"] | .process.user = {uid: 0, gid: 0} | .root.readonly = false' \
		/tmp/bundle/config.json >/tmp/new.json
	run -0 "$PROA" run -b /tmp/bundle -f /tmp/new.json c
	umoci repack --image /tmp/oci:changed /tmp/bundle
	umoci unpack --image /tmp/oci:changed /tmp/bundle2
	is "$(cat /tmp/bundle2/rootfs/root/file)" made
	skopeo inspect oci:/tmp/oci:changed | jq -e '.Layers | length == 2'
}

@test "an ordinary user: umoci unpack --rootless" {
	useradd -m plain
	chmod -R a+rX /tmp/oci
	su - plain -c "umoci unpack --rootless --image /tmp/oci:tiny /home/plain/bundle" </dev/null
	prepare /home/plain/bundle
	# one id is all that this bundle maps
	jq '.process.user = {uid: 0, gid: 0}' /home/plain/bundle/config.json >/tmp/p.json
	chmod 644 /tmp/p.json
	run -0 su - plain -c "XDG_RUNTIME_DIR=/home/plain $PROA run -b /home/plain/bundle -f /tmp/p.json c" </dev/null
	is "$output" "from the image
0
/data
hi"
}
