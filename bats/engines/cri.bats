#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The way to Kubernetes: what a kubelet asks of containerd over the Container Runtime Interface, with proa as
# the handler "proa" (a RuntimeClass names it; docs/kubernetes.md). gRPC is a length in front of a message
# of Protocol Buffers on HTTP/2, so curl and protoc are the client.
load helpers

SOCKET=/run/containerd/containerd.sock

setup_file() {
	image
	mkdir -p /var/lib/containerd /etc/cni/net.d /opt/cni
	# containerd 1.6 looks there
	ln -sfn /usr/lib/cni /opt/cni/bin
	mount -t tmpfs containerd /var/lib/containerd
	cat >/etc/cni/net.d/10-pods.conflist <<-'EOT'
		{"cniVersion": "0.4.0", "name": "pods", "plugins": [
		 {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false,
		  "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.99.0.0/24"}]]}}, {"type": "loopback"}]}
	EOT
	# contrib's file as it is, with this build's path; the pause image comes from nowhere
	sed "s#/usr/local/bin#$TOP/build#" "$TOP/contrib/containerd.toml" >/tmp/containerd.toml
	# no controllers here: no limits, no scopes; and root may not lower an oom score everywhere
	sed -i -e '/^version/a[plugins."io.containerd.grpc.v1.cri"]\n  sandbox_image = "localhost/pause:latest"\n  disable_cgroup = true\n  restrict_oom_score_adj = true' \
		-e 's/SystemdCgroup = true/SystemdCgroup = false/' /tmp/containerd.toml
	containerd --config /tmp/containerd.toml >/tmp/containerd.log 2>&1 3>&- &
	wait_for 20 ctr version
	podman import -q /tmp/tiny.tar tiny >/dev/null 2>&1
	podman import -q -c 'CMD ["/bin/sleep","1000000"]' /tmp/tiny.tar pause >/dev/null 2>&1
	for i in tiny pause; do
		podman save -q --format docker-archive -o /tmp/$i.docker $i
		ctr -n k8s.io image import /tmp/$i.docker >/dev/null
	done
	wait_for 10 cri Version 'version: "v1"'
}
teardown_file() {
	pkill -x containerd || true
}
teardown() {
	[ -z "${POD:-}" ] || { cri StopPodSandbox "pod_sandbox_id: \"$POD\""; cri RemovePodSandbox "pod_sandbox_id: \"$POD\""; } >/dev/null 2>&1 || true
}

# cri METHOD REQUEST: both in protoc's text format; status 1 with the server's words on failure
cri() {
	local proto=(protoc -I "$TOP/tests/engine" "$TOP/tests/engine/cri.proto") d n
	d=$(mktemp -d)
	"${proto[@]}" --encode="runtime.v1.$1Request" <<<"$2" >"$d/m" || return 2
	n=$(stat -c %s "$d/m")
	{
		printf '\0'
		printf "$(printf '\\x%02x\\x%02x\\x%02x\\x%02x' $((n >> 24 & 255)) $((n >> 16 & 255)) $((n >> 8 & 255)) $((n & 255)))"
		cat "$d/m"
	} >"$d/request"
	curl -s --max-time 60 --http2-prior-knowledge --unix-socket $SOCKET -H 'content-type: application/grpc' -H 'te: trailers' \
		--data-binary @"$d/request" -D "$d/head" -o "$d/answer" "http://localhost/runtime.v1.RuntimeService/$1" 3>&- || return 3
	if ! grep -q '^grpc-status: 0' "$d/head"; then
		grep '^grpc-message' "$d/head" >&2
		return 1
	fi
	tail -c +6 "$d/answer" | "${proto[@]}" --decode="runtime.v1.$1Response"
	rm -r "$d"
}
field() { sed -n "s/^ *$1: *\"\{0,1\}\([^\"]*\)\"\{0,1\}$/\1/p" | head -1; }

POD_CONFIG='metadata { name: "pod" uid: "u1" namespace: "default" } hostname: "in-a-pod" log_directory: "/tmp/podlogs"
	linux { security_context { namespace_options { pid: CONTAINER } } sysctls { key: "net.ipv4.ip_forward" value: "1" } }'
pod() {
	POD=$(cri RunPodSandbox "config { $POD_CONFIG } runtime_handler: \"proa\"" | field pod_sandbox_id)
	[ -n "$POD" ]
}
create() { # create NAME COMMAND-WORDS... with $MORE of ContainerConfig: sets CTR
	local words='' w name=$1
	shift
	for w; do words="$words command: \"$w\""; done
	CTR=$(cri CreateContainer "pod_sandbox_id: \"$POD\" sandbox_config { $POD_CONFIG } config { metadata { name: \"$name\" }
		image { image: \"localhost/tiny:latest\" } $words log_path: \"$name.log\" ${MORE:-} }" | field container_id)
	[ -n "$CTR" ]
}
state() { cri ContainerStatus "container_id: \"$1\"" | field state; }
exec_in() { # exec_in ID WORD...
	local words='' w id=$1
	shift
	for w; do words="$words cmd: \"$w\""; done
	cri ExecSync "container_id: \"$id\" $words timeout: 10"
}

@test "a pod sandbox of the handler proa: its network, its name, its end" {
	pod
	run -0 cri PodSandboxStatus "pod_sandbox_id: \"$POD\""
	has "$output" 10.99.0.
	# the runtime behind it is proa, and keeps its state where the shim says
	"$PROA" --root /run/containerd/runc/k8s.io list -q | grep -x "$POD"
	ip=$(field ip <<<"$output")
	busybox ping -c 1 -W 2 "$ip"
	cri StopPodSandbox "pod_sandbox_id: \"$POD\""
	run -0 cri PodSandboxStatus "pod_sandbox_id: \"$POD\""
	has "$output" SANDBOX_NOTREADY
	cri RemovePodSandbox "pod_sandbox_id: \"$POD\""
	is "$("$PROA" --root /run/containerd/runc/k8s.io list -q)" ""
}

@test "containers of a pod: log, exit code, exec, namespaces that are shared and those that are not" {
	pod
	create one sh -c 'echo hello; echo err >&2; exit 3'
	is "$(cri ContainerStatus "container_id: \"$CTR\"" | grep -c CONTAINER_RUNNING)" 0
	cri StartContainer "container_id: \"$CTR\""
	wait_for 10 sh -c "grep -q hello /tmp/podlogs/one.log"
	wait_for 10 eval '[ "$(state '"$CTR"')" = CONTAINER_EXITED ]'
	is "$(cri ContainerStatus "container_id: \"$CTR\"" | field exit_code)" 3
	grep -q ' stderr F err' /tmp/podlogs/one.log
	MORE='envs { key: "NAME" value: "value" } mounts { container_path: "/host" host_path: "/etc" readonly: true }
		linux { security_context { run_as_user { value: 1000 } namespace_options { pid: CONTAINER } no_new_privs: true capabilities { add_capabilities: "NET_ADMIN" } } }' \
		create two sleep 1000
	cri StartContainer "container_id: \"$CTR\""
	is "$(state "$CTR")" CONTAINER_RUNNING
	two=$CTR
	MORE='linux { security_context { namespace_options { pid: CONTAINER } } }' create three sleep 1000
	cri StartContainer "container_id: \"$CTR\""
	ns() { readlink "/proc/$("$PROA" --root /run/containerd/runc/k8s.io state "$1" | jq .pid)/ns/$2"; }
	for shared in net ipc uts; do is "$(ns "$two" $shared)" "$(ns "$CTR" $shared)"; done
	for own in pid mnt; do [ "$(ns "$two" $own)" != "$(ns "$CTR" $own)" ]; done
	run -0 exec_in "$two" sh -c 'id -u; hostname; echo $NAME; cat /proc/sys/net/ipv4/ip_forward; grep -c passwd /host/passwd; grep NoNewPrivs /proc/self/status'
	has "$output" '1000\nin-a-pod\nvalue\n1\n'
	has "$output" 'NoNewPrivs:\t1'
	run -0 exec_in "$two" sh -c 'echo oh >&2; exit 9'
	has "$output" 'stderr: "oh\n"'
	has "$output" 'exit_code: 9'
	cri StopContainer "container_id: \"$two\" timeout: 1"
	is "$(cri ContainerStatus "container_id: \"$two\"" | field exit_code)" 137
	cri RemoveContainer "container_id: \"$two\""
	cri StopPodSandbox "pod_sandbox_id: \"$POD\""
	is "$(state "$CTR")" CONTAINER_EXITED
}

@test "what goes wrong is told to the kubelet in proa's words" {
	pod
	create bad /no/such/program
	run cri StartContainer "container_id: \"$CTR\""
	[ "$status" = 1 ]
	has "$output" '/no/such/program'
	has "$output" 'no such file or directory'
	wait_for 10 eval '[ "$(state '"$CTR"')" = CONTAINER_EXITED ]'
	run -0 cri ContainerStatus "container_id: \"$CTR\""
	has "$output" StartError
	MORE='mounts { container_path: "/x" host_path: "/no/such/dir" readonly: true } linux { security_context { privileged: true } }'
	run create worse true
	[ "$status" != 0 ] || { cri StartContainer "container_id: \"$CTR\"" && false; }
}
