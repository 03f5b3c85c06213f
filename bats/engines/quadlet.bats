#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The production story of rootless Podman: an ordinary user's services as Quadlet files, with lingering, a
# network by pasta, a health check, logs in the journal, automatic updates from a registry and their
# rollback. Each test goes on where the one before it stopped.
load helpers

alice() { as alice "$*"; }
ctl() { alice "systemctl --user $*"; }
quadlet() { # quadlet FILE: its text on stdin
	mkdir -p /home/alice/.config/containers/systemd
	cat >"/home/alice/.config/containers/systemd/$1"
	chown -R alice /home/alice/.config
}
push() { # push TEXT: an image whose web page says TEXT; "broken" ends at once
	mkdir -p /home/alice/ctx
	cat >/home/alice/ctx/run <<-EOF
		#!/bin/sh
		[ $1 != broken ] || exit 1
		trap 'exit 0' TERM
		echo $1 >/www/index.html
		httpd -f -v -p 8080 -h /www &
		wait
	EOF
	printf 'FROM localhost/tiny\nCOPY --chmod=755 run /run.sh\nENTRYPOINT ["/run.sh"]\n' >/home/alice/ctx/Containerfile
	chown -R alice /home/alice/ctx
	alice 'podman build -q --network none -t 127.0.0.1:5000/web:latest ctx && podman push -q --tls-verify=false 127.0.0.1:5000/web:latest' >/dev/null
}

setup_file() {
	image
	# Quadlet's services wait until the machine is online
	systemctl start network-online.target
	make_user alice
	as alice 'podman import /tmp/tiny.tar tiny' >/dev/null
	mkdir -p /home/alice/.config/containers/registries.conf.d
	printf '[[registry]]\nlocation = "127.0.0.1:5000"\ninsecure = true\n' >/home/alice/.config/containers/registries.conf.d/local.conf
	# Debian's registry, on loopback alone
	mkdir -p /tmp/registry
	printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: /tmp/registry}}\nhttp: {addr: 127.0.0.1:5000}\n' >/tmp/registry.yml
	docker-registry serve /tmp/registry.yml >/tmp/registry.log 2>&1 3>&- &
	wait_for 10 curl -sf http://127.0.0.1:5000/v2/
}

teardown_file() {
	pkill docker-registry
	loginctl disable-linger alice
}

@test "an image in the registry" {
	push one
	has "$(curl -s http://127.0.0.1:5000/v2/web/tags/list)" latest
}

@test ".network, .volume and .container: a service, active once it is healthy" {
	quadlet app.network <<-EOF
		[Network]
		Label=app=web
	EOF
	quadlet data.volume <<-EOF
		[Volume]
	EOF
	quadlet web.container <<-EOF
		[Unit]
		Description=A web page
		# a broken update fails some times in a row; its rollback must still be let start
		StartLimitIntervalSec=0
		[Container]
		Image=127.0.0.1:5000/web:latest
		ContainerName=web
		PublishPort=18090:8080
		Volume=data.volume:/data
		AutoUpdate=registry
		LogDriver=journald
		HealthCmd=wget -q -O /dev/null http://127.0.0.1:8080/
		HealthInterval=2s
		HealthRetries=1
		Notify=healthy
		[Service]
		Restart=on-failure
		[Install]
		WantedBy=default.target
	EOF
	ctl daemon-reload
	ctl start web.service
	is "$(ctl is-active web.service)" active
	is "$(alice "podman inspect web -f '{{.OCIRuntime}} {{.State.Health.Status}}'")" "proa healthy"
	is "$(curl -sf http://127.0.0.1:18090/)" one
	# systemd's main process is the monitor
	is "$(cat /proc/"$(ctl show web.service -p MainPID --value)"/comm)" proamon
}

@test "the journal has the service's output, and the client's real address (pasta)" {
	ip addr add 10.99.0.1/24 dev lo
	curl -sf http://10.99.0.1:18090/ >/dev/null
	wait_for 10 sh -c 'journalctl CONTAINER_NAME=web -o cat | grep -q "10.99.0.1\|GET\|response"'
	ip addr del 10.99.0.1/24 dev lo
}

@test "killed, it comes back; stopped, it is gone" {
	local old
	old=$(alice "podman inspect web -f '{{.State.Pid}}'")
	kill -KILL "$old"
	wait_for 20 sh -c "[ \"\$(curl -sf http://127.0.0.1:18090/)\" = one ] && [ ! -e /proc/$old ]"
	ctl stop web.service
	is "$(ctl is-active web.service || true)" inactive
	is "$(alice 'podman ps -aq' | wc -l)" 0
	ctl start web.service
}

@test "auto-update: a new image is pulled and the service restarted" {
	push two
	alice 'podman auto-update' >/tmp/update
	has "$(cat /tmp/update)" true
	wait_for 20 sh -c '[ "$(curl -sf http://127.0.0.1:18090/)" = two ]'
	is "$(ctl is-active web.service)" active
}

@test "... and rolled back when the new one does not start" {
	push broken
	alice 'podman auto-update' >/tmp/update 2>&1 || true
	has "$(cat /tmp/update)" "rolled back"
	wait_for 20 sh -c '[ "$(curl -sf http://127.0.0.1:18090/)" = two ]'
	is "$(ctl is-active web.service)" active
}

@test ".pod and .kube" {
	ctl stop web.service
	quadlet group.pod <<-EOF
		[Pod]
		PodName=group
		PublishPort=18091:8080
	EOF
	quadlet one.container <<-EOF
		[Container]
		Image=localhost/tiny
		Pod=group.pod
		Exec=sh -c 'echo in a pod >/www/index.html; exec httpd -f -p 8080 -h /www'
		StopSignal=KILL
	EOF
	mkdir -p /home/alice/.config/containers/systemd
	quadlet app.yaml <<-EOF
		apiVersion: v1
		kind: Pod
		metadata:
		  name: kubed
		spec:
		  containers:
		  - name: c
		    image: localhost/tiny
		    command: ["sh", "-c", "echo kube >/www/index.html; exec httpd -f -p 8080 -h /www"]
		    ports:
		    - containerPort: 8080
		      hostPort: 18092
	EOF
	quadlet app.kube <<-EOF
		[Kube]
		Yaml=app.yaml
	EOF
	ctl daemon-reload
	ctl start one.service app.service || { alice 'journalctl --user -n 40 --no-pager' >&2; journalctl -n 60 --no-pager >&2; false; }
	wait_for 10 curl -sf http://127.0.0.1:18091/
	is "$(curl -sf http://127.0.0.1:18091/)" "in a pod"
	wait_for 10 curl -sf http://127.0.0.1:18092/
	is "$(curl -sf http://127.0.0.1:18092/)" kube
	ctl stop one.service group-pod.service app.service
	is "$(alice 'podman ps -aq' | wc -l)" 0
	wait_for 10 sh -c '! pgrep -x proamon'
}
