#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# containerd's shim with proa in runc's place: each call that its task service makes, by ctr.
load helpers

setup_file() {
	image
	mkdir -p /var/lib/containerd
	mount -t tmpfs containerd /var/lib/containerd
	containerd >/tmp/containerd.log 2>&1 3>&- &
	wait_for 20 ctr version
	ctr version >/dev/null
	podman import -q /tmp/tiny.tar tiny >/dev/null 2>&1
	podman save -q --format docker-archive -o /tmp/tiny.docker tiny
	ctr image import /tmp/tiny.docker >/dev/null
}
teardown_file() {
	pkill -x containerd || true
}
teardown() {
	# what a test that failed has left
	if [ -n "$(ctr container ls -q)" ]; then
		ctr task kill -s SIGKILL c >/dev/null 2>&1 || true
		sleep 0.5
		ctr task rm -f c >/dev/null 2>&1 || true
		ctr container rm c || true
	fi
}
IMAGE=localhost/tiny:latest
c() { timeout 30 ctr "$@" 3>&-; }
start() { # start COMMAND...
	c run -d --runc-binary "$PROA" $IMAGE c "$@"
}

@test "ctr run: output and exit status" {
	run -0 c run --rm --runc-binary "$PROA" $IMAGE c echo hello
	is "$output" hello
	run -3 c run --rm --runc-binary "$PROA" $IMAGE c sh -c 'exit 3'
}

@test "a program that is not there: containerd shows proa's sentence" {
	run -1 c run --rm --runc-binary "$PROA" $IMAGE c /nosuch
	has "$output" '/nosuch'
	has "$output" 'no such file or directory'
}

@test "task: ls, exec, ps, and the status of an exec" {
	start sleep 1000
	run -0 c task ls
	[[ $output =~ c\ +[0-9]+\ +RUNNING ]] || is "$output" RUNNING
	run -0 c task exec --exec-id e1 c echo in exec
	is "$output" 'in exec'
	run -5 c task exec --exec-id e2 c sh -c 'exit 5'
	run -0 c task ps c
	is "$(wc -l <<<"$output")" 2
	c task kill -s SIGKILL c
	wait_for 10 sh -c 'ctr task ls | grep -q STOPPED'
	c task rm c || is $? 137
	c container rm c
}

@test "task: pause, resume, metrics" {
	start sleep 1000
	c task pause c
	run -0 c task ls
	has "$output" PAUSED
	c task resume c
	run -0 c task ls
	has "$output" RUNNING
	run -0 c task metrics c
	has "$output" c
	c task kill -s SIGTERM c || true
	c task kill -s SIGKILL c
	wait_for 10 sh -c 'ctr task ls | grep -q STOPPED'
	c task rm c || is $? 137
	c container rm c
}

# bats test_tags=criu
@test "task: checkpoint, which leaves it or ends it, and a container out of a checkpoint" {
	start sh -c 'i=0; while :; do i=$((i+1)); echo $i >/n; usleep 50000; done'
	n() { ctr task exec --exec-id "n$RANDOM" c cat /n; }
	wait_for 10 sh -c "ctr task exec --exec-id first c cat /n"
	mkdir -p /tmp/image /tmp/work
	c task checkpoint --image-path /tmp/image --work-path /tmp/work c
	[ -s /tmp/image/inventory.img ]
	before=$(n)
	wait_for 10 sh -c "[ \$(ctr task exec --exec-id again\$RANDOM c cat /n) -gt $before ]"
	# an image of all: the runtime's, the container's, the file system's
	c container checkpoint --rw --image --task c localhost/saved:latest
	c task kill -s SIGKILL c
	wait_for 10 sh -c 'ctr task ls | grep -q STOPPED'
	c task rm c || is $? 137
	c container rm c
	c container restore --rw --live c localhost/saved:latest
	run -0 c task ls
	has "$output" RUNNING
	after=$(n)
	[ "$after" -ge "$before" ]
	c task kill -s SIGKILL c
	wait_for 10 sh -c 'ctr task ls | grep -q STOPPED'
	c task rm c || is $? 137
	c container rm c
}

@test "the shim's own root for the runtime's state is empty afterwards" {
	run -0 c run --rm --runc-binary "$PROA" $IMAGE c true
	is "$(find /run/containerd/runc -mindepth 2 2>/dev/null)" ''
}

@test "killed containers leave no cgroup" {
	start sh -c 'sleep 1000 & wait'
	c task kill -s SIGKILL -a c
	wait_for 10 sh -c 'ctr task ls | grep -q STOPPED'
	c task rm c || is $? 137
	c container rm c
	is "$(find /sys/fs/cgroup/default -mindepth 1 -maxdepth 1 -type d 2>/dev/null)" ''
}

@test "contrib/containerd.toml: containerd reads it, and the CRI plug-in's default runtime is proa" {
	run -0 containerd --config "$TOP/contrib/containerd.toml" config dump
	has "$output" 'default_runtime_name = "proa"'
	has "$output" 'BinaryName = "/usr/local/bin/proa"'
	has "$output" 'SystemdCgroup = true'
}
