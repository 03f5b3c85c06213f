#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Docker with proa as its runtime, the daemon's configuration as a person writes it.
load helpers

setup_file() {
	image
	mkdir -p /etc/docker
	# contrib's, with this build's path, and no network or overlay for the arena's sake
	jq --arg proa "$PROA" '.runtimes.proa.path = $proa |
		. + {iptables: false, ip6tables: false, bridge: "none", "storage-driver": "vfs"}' \
		"$TOP/contrib/docker-daemon.json" >/etc/docker/daemon.json
	dockerd >/tmp/dockerd.log 2>&1 3>&- &
	wait_for 30 docker info
	docker import /tmp/tiny.tar tiny >/dev/null
}
teardown_file() {
	pkill -x dockerd || true
	wait_for 10 sh -c '! pgrep -x containerd'
}
teardown() {
	docker ps -aq | xargs -r docker rm -f >/dev/null
}
d() { timeout 60 docker "$@" 3>&-; }
drun() { d run --network none "$@"; }

@test "the daemon takes proa as its default runtime" {
	run -0 d info -f '{{.DefaultRuntime}} {{.CgroupDriver}} {{.CgroupVersion}}'
	is "$output" 'proa systemd 2'
}

@test "docker run: output, exit status, 127 and 126" {
	run -0 drun --rm tiny echo hello
	is "$output" hello
	run -4 drun --rm tiny sh -c 'exit 4'
	run -127 drun --rm tiny /nosuch
	has "$output" '/nosuch'
	run -126 drun --rm tiny /etc/passwd
	has "$output" 'permission denied'
}

@test "docker logs, exec, top, pause, stop, rm" {
	drun -d --name cc tiny sh -c 'echo out; echo err >&2; trap "exit 0" TERM; sleep 1000 & wait' >/dev/null
	wait_for 10 sh -c 'docker logs cc 2>&1 | grep -q err'
	is "$(d logs cc 2>/dev/null)" out
	run -0 d exec cc echo in exec
	is "$output" 'in exec'
	run -7 d exec cc sh -c 'exit 7'
	run -0 d exec -t cc tty
	has "$output" /dev/pts/
	run -0 d top cc
	has "$output" sleep
	d pause cc >/dev/null
	is "$(d inspect -f '{{.State.Status}}' cc)" paused
	d unpause cc >/dev/null
	d stop -t 5 cc >/dev/null
	is "$(d inspect -f '{{.State.ExitCode}}' cc)" 0
	d start cc >/dev/null
	is "$(d inspect -f '{{.State.Running}}' cc)" true
	d kill cc >/dev/null
	is "$(d inspect -f '{{.State.ExitCode}}' cc)" 137
	d rm cc >/dev/null
}

@test "docker run: user, read-only root, tmpfs, volume, caps, ulimit, init" {
	run -0 drun --rm -u 1000:1000 tiny id
	has "$output" 'uid=1000'
	run -0 drun --rm --read-only tiny sh -c 'touch /x 2>&1 || echo refused'
	has "$output" refused
	run -0 drun --rm --tmpfs /scratch:size=1m tiny sh -c 'df -k /scratch | tail -1'
	has "$output" 1024
	dir=$(mktemp -d)
	run -0 drun --rm -v "$dir:/v" tiny sh -c 'echo written > /v/f'
	is "$(cat "$dir/f")" written
	run -0 drun --rm -v "$dir:/v:ro" tiny sh -c 'echo x > /v/f 2>&1 || echo refused'
	has "$output" refused
	rm -r "$dir"
	run -0 drun --rm --cap-drop ALL tiny grep CapEff /proc/self/status
	has "$output" 0000000000000000
	run -0 drun --rm --ulimit nofile=77:77 tiny sh -c 'ulimit -n'
	is "$output" 77
	run -0 drun --rm --security-opt no-new-privileges tiny grep NoNewPrivs /proc/self/status
	has "$output" 1
	run -0 drun --rm --hostname box tiny hostname
	is "$output" box
}

@test "docker run: containers that share a pid namespace, privileged, detach and wait" {
	drun -d --name aa tiny sleep 1000 >/dev/null
	run -0 drun --rm --pid container:aa tiny ps
	has "$output" 'sleep 1000'
	run -0 drun --rm --privileged tiny grep CapEff /proc/self/status
	[[ $output != *0000000000000000* ]]
	d rm -f aa >/dev/null
	drun -d --name bb tiny sh -c 'exit 9' >/dev/null
	run -0 d wait bb
	is "$output" 9
	d rm bb >/dev/null
}

@test "docker run --device: that one can be opened, another that is made cannot" {
	run -0 drun --rm --device /dev/full:/dev/mine tiny sh -c 'echo x >/dev/mine; true'
	has "$output" 'No space left'
	run drun --rm --cap-add MKNOD tiny sh -c 'mknod /dev/mem1 c 1 1 && cat /dev/mem1'
	has "$output" 'Operation not permitted'
	# and update leaves the rules
	drun -d --name cc --device /dev/full:/dev/mine tiny sleep 1000 >/dev/null
	d update --restart always cc >/dev/null
	run d exec cc sh -c 'echo x >/dev/mine'
	has "$output" 'No space left'
}
