#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# AppArmor profiles and SELinux labels, on kernels that have them: tests/vm/run -s -r TREE -k
# "apparmor=1 security=apparmor", and -k "security=selinux selinux=1 enforcing=0".
load ../helpers

module() { cat /sys/kernel/security/lsm; }
in_c() { "$PROA" --root "$ROOT" exec "$@"; }

@test "apparmor: process.apparmorProfile confines the program, exec, and what exec asks for" {
	[[ $(module) == *apparmor* ]] || lacks "AppArmor"
	cat >"$TMP/profile" <<-'EOT'
		profile proa-test flags=(attach_disconnected,mediate_deleted) {
			file, signal, ptrace, umount, mount, capability, network, unix, pivot_root,
			deny /tmp/secret w,
		}
		profile proa-other flags=(attach_disconnected,mediate_deleted) {
			file, signal, ptrace, umount, mount, capability, network, unix,
		}
	EOT
	apparmor_parser -r "$TMP/profile"
	config '.root.readonly = false | .process.apparmorProfile = "proa-test"'
	script 'cat /proc/self/attr/current; echo x >/tmp/secret || echo denied; echo y >/tmp/open && echo allowed; sleep 1000'
	"$PROA" --root "$ROOT" run -d c >"$TMP/c.out" 2>&1 </dev/null
	for _ in $(seq 100); do grep -q allowed "$TMP/c.out" && break; sleep 0.1; done
	grep -x "proa-test (enforce)" "$TMP/c.out"
	grep -x denied "$TMP/c.out"
	# exec has the container's profile, or the one that is asked for
	is "$(in_c c cat /proc/self/attr/current)" "proa-test (enforce)"
	is "$(in_c --apparmor proa-other c cat /proc/self/attr/current)" "proa-other (enforce)"
	proa exec --apparmor no-such-profile c true
	fails 255
	says "no-such-profile"
	proa delete -f c
	config '.process.apparmorProfile = "no-such-profile"'
	proa run c
	fails 1
	says "no-such-profile"
	# an empty one is none
	config '.process.apparmorProfile = ""'
	script 'cat /proc/self/attr/current'
	proa run c
	ok
	is "$output" "unconfined"
	apparmor_parser -R "$TMP/profile"
}

@test "apparmor: the profile cannot be got around by a mount over /proc (CVE-2023-28642, CVE-2019-16884)" {
	[[ $(module) == *apparmor* ]] || lacks "AppArmor"
	printf 'profile proa-test flags=(attach_disconnected,mediate_deleted) { file, capability, }\n' | apparmor_parser -r
	config '.process.apparmorProfile = "proa-test" | .mounts += [{destination: "/proc/self", type: "tmpfs", source: "t"}]'
	proa run c
	fails 1
	says "/proc"
	printf 'profile proa-test { file, }\n' | apparmor_parser -R
}

@test "selinux: process.selinuxLabel and linux.mountLabel, and exec's --process-label" {
	[[ $(module) == *selinux* ]] || lacks "SELinux"
	label=system_u:system_r:container_t:s0:c1,c2
	config '.root.readonly = false | .process.selinuxLabel = $l | .linux.mountLabel = "system_u:object_r:container_file_t:s0:c1,c2"' --arg l "$label"
	script 'cat /proc/self/attr/current; echo; grep -E " (/dev|/dev/shm) " /proc/mounts; sleep 1000'
	"$PROA" --root "$ROOT" run -d c >"$TMP/c.out" 2>&1 </dev/null
	for _ in $(seq 100); do grep -q shm "$TMP/c.out" && break; sleep 0.1; done
	is "$(head -1 "$TMP/c.out" | tr -d '\0')" "$label"
	grep -q ' /dev/shm tmpfs .*context="\{0,1\}system_u:object_r:container_file_t:s0:c1,c2' "$TMP/c.out"
	is "$(in_c c cat /proc/self/attr/current | tr -d '\0')" "$label"
	is "$(in_c --process-label system_u:system_r:container_t:s0:c7,c8 c cat /proc/self/attr/current | tr -d '\0')" \
		system_u:system_r:container_t:s0:c7,c8
	# the keyring's label, so that the container may use its own session keyring
	proa delete -f c
	config '.process.selinuxLabel = "not:a:label"'
	proa run c
	fails 1
	says "not:a:label"
}
