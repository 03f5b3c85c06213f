#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Podman on the pair for an ordinary user: subordinate ids, a systemd of his own, no root daemon.
load helpers

setup_file() {
	image
	make_user alice
	as alice 'podman import /tmp/tiny.tar tiny' >/dev/null
}
teardown() {
	as alice 'podman rm -fa -t 0; podman volume rm -fa' >/dev/null 2>&1 || true
}
teardown_file() {
	loginctl disable-linger alice
}
alice() { as alice "$*"; }

@test "the pair, and systemd, are what it uses" {
	is "$(alice "podman info -f '{{.Host.OCIRuntime.Name}} {{.Host.CgroupManager}} {{.Host.Security.Rootless}}'")" "proa systemd true"
}

@test "run: the user is root inside, others are his subordinate ids" {
	is "$(alice 'podman run --rm --network none tiny id -u')" 0
	is "$(alice 'podman run --rm --network none --user 1000 tiny id -u')" 1000
	is "$(alice 'podman run --rm --network none tiny head -1 /proc/self/uid_map' | tr -s ' ')" " 0 $(id -u alice) 1"
	run alice 'podman run --rm --network none tiny sh -c "exit 7"'
	is "$status" 7
	run -127 alice 'podman run --rm --network none tiny /no/such'
	run -126 alice 'podman run --rm --network none tiny /etc'
}

@test "a scope of the user's own manager, ended with the container" {
	local id
	id=$(alice 'podman run -d --name c --network none tiny sleep 1000')
	has "$(sed -n 's/^0:://p' "/proc/$(alice "podman inspect c -f '{{.State.Pid}}'")/cgroup")" "/user@$(id -u alice).service/user.slice/libpod-$id.scope"
	is "$(alice "systemctl --user show libpod-$id.scope -p ActiveState --value")" active
	alice 'podman rm -f -t 0 c' >/dev/null
	is "$(alice "systemctl --user show libpod-$id.scope -p LoadState --value")" not-found
}

@test "run -d, logs, exec, stop, start, pause" {
	alice 'podman run -d --name c --network none tiny sh -c "echo out; trap \"exit 3\" TERM; while :; do sleep 0.1; done"' >/dev/null
	wait_for 5 sh -c '[ "$(su - alice -c "XDG_RUNTIME_DIR=/run/user/$(id -u alice) podman logs c")" = out ]'
	is "$(alice 'podman exec c echo in exec')" "in exec"
	has "$(alice 'podman exec -t c tty')" /dev/pts/
	alice 'podman pause c && podman unpause c' >/dev/null
	alice 'podman stop -t 5 c' >/dev/null
	is "$(alice "podman inspect c -f '{{.State.ExitCode}}'")" 3
	alice 'podman start c' >/dev/null
	is "$(alice "podman inspect c -f '{{.State.Status}}'")" running
}

@test "--userns keep-id and auto, volumes with :U" {
	is "$(alice 'podman run --rm --network none --userns keep-id tiny id -u')" "$(id -u alice)"
	alice 'mkdir -p vol && podman run --rm --network none -v ./vol:/data:U --user 1000:1000 tiny sh -c "echo mine >/data/x"'
	is "$(alice 'podman run --rm --network none -v ./vol:/data tiny stat -c %u /data/x')" 1000
	[ "$(alice 'podman run --rm --network none --userns auto:size=500 tiny cat /proc/self/uid_map' | awk '{print $3; exit}')" = 500 ]
}

# bats test_tags=newer
@test "networks: pasta, slirp4netns, bridge; a published port, and the client's real address" {
	has "$(alice 'podman run --rm --network pasta tiny ip -o link')" "lo:"
	has "$(alice 'podman run --rm --network slirp4netns tiny ip -o -4 addr show tap0')" "10.0.2.100"
	alice 'podman run -d --name web --network pasta -p 18081:80 tiny sh -c "echo page >/www/index.html; httpd -f -v -p 80 -h /www 2>/tmp/log"' >/dev/null
	wait_for 10 curl -sf http://127.0.0.1:18081/
	is "$(curl -sf http://127.0.0.1:18081/)" page
	alice 'podman network create n' >/dev/null
	alice 'podman run -d --name b --network n -p 18082:80 tiny sh -c "echo bridge >/www/index.html; httpd -f -p 80 -h /www"' >/dev/null
	wait_for 10 curl -sf http://127.0.0.1:18082/
	is "$(curl -sf http://127.0.0.1:18082/)" bridge
	alice 'podman rm -fa -t 0; podman network rm n' >/dev/null
}

@test "cgroupfs instead of systemd, and no cgroups at all" {
	is "$(alice 'podman --cgroup-manager cgroupfs run --rm --network none tiny echo a')" a
	is "$(alice 'podman run --rm --network none --cgroups disabled tiny echo b')" b
}

@test "build: RUN lines under the runtime" {
	alice 'mkdir -p ctx && printf "FROM tiny\nRUN echo built >/data/file && id -u\nCMD cat /data/file\n" >ctx/Containerfile && podman build -q --network none --isolation oci -t built ctx' >/dev/null
	is "$(alice 'podman run --rm --network none built')" built
}

@test "20 containers at once" {
	alice 'for i in $(seq 20); do podman run -d --network none --name n$i tiny sleep 1000 >/dev/null & done; wait; podman ps -q | wc -l' >/tmp/n
	is "$(cat /tmp/n)" 20
	alice 'podman rm -fa -t 0' >/dev/null
	wait_for 10 sh -c '! pgrep -x proamon'
}
