#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Buildah with proa: building images is many short containers with volumes, networks and users.
load helpers

setup_file() {
	image
	mount -t tmpfs storage /var/lib/containers
	podman import -q /tmp/tiny.tar tiny >/dev/null 2>&1
}
b() { timeout 60 buildah "$@" 3>&-; }
# (a host without CAP_SYS_RESOURCE cannot give the million files and processes that Buildah asks for by itself)
LIMIT="--ulimit nofile=1024:1024 --ulimit nproc=4096:4096"
# `buildah run` and `build` of one step each run "buildah-oci-runtime", whose output is ours
brun() { b run --runtime "$PROA" --isolation oci "$@"; }

@test "buildah run: output, status, user, and files stay in the image" {
	w=$(b from $LIMIT --pull=never localhost/tiny)
	# (an older Buildah asks for ambient capabilities that are not inheritable, and is told so)
	run -0 --separate-stderr brun "$w" -- echo hello
	is "$output" hello
	run brun "$w" -- sh -c 'exit 6'
	has "$output" 'exit status 6'
	run -0 --separate-stderr brun --user 1000:1000 "$w" -- id -u
	is "$output" 1000
	brun "$w" -- sh -c 'echo kept > /kept'
	run -0 --separate-stderr brun "$w" -- cat /kept
	is "$output" kept
	run brun "$w" -- /nosuch
	has "$output" '/nosuch'
	b rm "$w" >/dev/null
}

@test "buildah build: RUN, ENV, WORKDIR, USER, mounts of a build" {
	dir=$(mktemp -d)
	echo content >"$dir/file"
	cat >"$dir/Containerfile" <<-FILE
		FROM localhost/tiny
		ENV WORD=value
		WORKDIR /work
		COPY file .
		RUN cat file > copy && echo \$WORD > word
		RUN --mount=type=tmpfs,target=/scratch touch /scratch/x
		RUN --mount=type=bind,source=file,target=/bound cat /bound > bound
		RUN chmod 1777 /tmp
		USER 1000
		RUN id -u > /tmp/who
	FILE
	run -0 b build --runtime "$PROA" --isolation oci $LIMIT --pull=never -t built "$dir"
	w=$(b from $LIMIT --pull=never localhost/built)
	run -0 brun "$w" -- sh -c 'cat copy word bound /tmp/who'
	is "$(echo "$output" | xargs)" 'content value content 1000'
	b rm "$w" >/dev/null
	rm -r "$dir"
}

@test "a step that fails ends the build with its status" {
	dir=$(mktemp -d)
	printf 'FROM localhost/tiny\nRUN exit 5\n' >"$dir/Containerfile"
	run b build --runtime "$PROA" --isolation oci $LIMIT --pull=never "$dir"
	is "$status" 5
	has "$output" 'exit status 5'
	rm -r "$dir"
}

@test "nothing of proa is left" {
	is "$(find /run/proa /run/buildah* -mindepth 1 2>/dev/null)" ''
	is "$(buildah containers -q)" ''
}
