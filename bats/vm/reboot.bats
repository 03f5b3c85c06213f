#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The end of the rootless story (bats/engines/quadlet.bats): limits as the cgroup has them, and a reboot after
# which the service is there again. The machine is booted twice from one disk, each time with its tests:
# tests/vm/run -s -r TREE -d DISK bats -f 'first boot' bats/vm/reboot.bats, then -f 'second boot'.
load ../engines/helpers

alice() { as alice "$*"; }
ctl() { alice "systemctl --user $*"; }
limit() { cat "/sys/fs/cgroup$(alice "podman inspect web -f '{{.State.CgroupPath}}'")/$1"; }

@test "first boot: a service with limits, which the cgroup has" {
	# all controllers for the users' managers (systemd gives them pids and memory alone)
	mkdir -p /etc/systemd/system/user@.service.d
	printf '[Service]\nDelegate=cpu cpuset io memory pids\n' >/etc/systemd/system/user@.service.d/delegate.conf
	systemctl daemon-reload
	image
	systemctl start network-online.target
	make_user alice
	alice 'podman import /tmp/tiny.tar tiny' >/dev/null
	mkdir -p /home/alice/.config/containers/systemd
	cat >/home/alice/.config/containers/systemd/web.container <<-EOT
		[Container]
		Image=localhost/tiny:latest
		ContainerName=web
		Exec=sh -c 'echo up >/www/index.html; trap "exit 0" TERM; httpd -f -p 8080 -h /www & wait'
		PublishPort=18090:8080
		PodmanArgs=--memory 64m --pids-limit 50 --cpus 0.5
		LogDriver=journald
		[Service]
		Restart=on-failure
		[Install]
		WantedBy=default.target
	EOT
	chown -R alice /home/alice/.config
	ctl daemon-reload
	ctl start web.service
	is "$(ctl is-active web.service)" active
	wait_for 30 curl -sf http://127.0.0.1:18090/
	is "$(alice "podman inspect web -f '{{.OCIRuntime}}'")" proa
	is "$(limit memory.max)" 67108864
	is "$(limit pids.max)" 50
	is "$(limit cpu.max)" "50000 100000"
	alice 'podman update --memory 96m web' >/dev/null
	is "$(limit memory.max)" 100663296
}

@test "first boot: who takes too much memory is killed, and that is said" {
	alice 'podman run --name hog --memory 32m --memory-swap 32m tiny sh -c "tail /dev/zero"' || is $? 137
	is "$(alice "podman inspect hog -f '{{.State.OOMKilled}} {{.State.ExitCode}}'")" "true 137"
	alice 'podman rm hog' >/dev/null
	sync
}

@test "second boot: nobody has done anything, and the service is active" {
	wait_for 120 curl -sf http://127.0.0.1:18090/
	is "$(curl -sf http://127.0.0.1:18090/)" up
	is "$(ctl is-active web.service)" active
	is "$(limit memory.max)" 67108864
	is "$(cat /proc/"$(ctl show web.service -p MainPID --value)"/comm)" proamon
	ctl stop web.service
	is "$(ctl is-active web.service || true)" inactive
	wait_for 10 sh -c '! pgrep -x proamon'
}
