#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs every test through automake's tap-driver.sh and ends with one line:
# N passed, N failed, N skipped. With PROA_STRICT=1 a skip is a failure.
# check.sh [unit|lint|fuzz|bats|ns|engines|vm|sid|FILE.bats...]   (default: all but sid)
set -u
cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}
driver=$(ls /usr/share/automake-*/tap-driver.sh | tail -1)
logs=$BUILD/logs
rm -rf "$logs"
mkdir -p "$logs"
# somewhere that survives nothing: mounts and sockets of tests live here
export TMPDIR=${TMPDIR:-/tmp}

one() { # one NAME COMMAND...: its TAP into $logs/NAME.trs
	local name=$1
	shift
	bash "$driver" --test-name "$name" --log-file "$logs/$name.log" --trs-file "$logs/$name.trs" \
		--color-tests no --enable-hard-errors yes --expect-failure no -- "$@" >"$logs/$name.out" 2>&1
	grep -v '^PASS' "$logs/$name.out" >"$logs/$name.bad" || true
	if [ -s "$logs/$name.bad" ]; then
		cat "$logs/$name.bad"
		grep -v '^ok' "$logs/$name.log" | head -100
	else
		echo "PASS: $name: $(grep -c '^PASS' "$logs/$name.out")"
	fi
}

want=("$@")
[ ${#want[@]} -eq 0 ] && want=(unit lint fuzz bats ns engines vm)
for w in "${want[@]}"; do
	case $w in
	unit)
		one lib "$BUILD/unit/test_lib"
		one spec "$BUILD/unit/test_spec" tests/samples/good tests/samples/bad
		one plan "$BUILD/unit/test_plan" tests/golden
		one libc "$BUILD/unit/test_libc"
		one proto "$BUILD/unit/test_proto"
		one stats "$BUILD/unit/test_stats"
		one criu "$BUILD/unit/test_criu"
		one seccomp "$BUILD/unit/test_seccomp" seccomp-profiles/*.json
		for f in args logs parts; do
			one "monitor-$f" "$BUILD/unit/monitor/test_$f"
		done
		;;
	lint)
		one lint tests/lint/lint.sh
		one lint-tools tests/lint/tools.sh
		;;
	fuzz) one fuzz tests/fuzz/run.sh "${FUZZ_SECONDS:-5}" ;;
	bats)
		for f in bats/*.bats; do
			# wants a criu that knows this kernel: Debian 13's, below
			[ "$f" = bats/checkpoint.bats ] && continue
			one "bats-$(basename "$f" .bats)" bats --tap "$f"
		done
		;;
	ns)
		# cgroup v2 alone at /sys/fs/cgroup, as hosts have it
		one ns-runtime tests/ns/run bats bats/{lifecycle,exec,config,mounts,userns,hooks,seccomp,security,cgroup}.bats
		one ns-systemd tests/ns/run -s bats bats/systemd/cgroup.bats
		;;
	engines)
		# Debian 13's engines, over a tree of its own
		tree=$(tests/tree.sh trixie) || { one tree-trixie false; continue; }
		# what a container sees under proa, crun and runc
		one differential tests/ns/run -t 900 -r "$tree" tests/differential/run.sh
		one checkpoint tests/ns/run -t 300 -r "$tree" bats bats/checkpoint.bats
		for f in bats/engines/*.bats; do
			one "engines-$(basename "$f" .bats)" tests/ns/run -s -t 900 -r "$tree" bats "$f"
		done
		# and Debian 12's, which know neither Quadlet nor pasta, and no criu that runs on newer kernels
		tree=$(tests/tree.sh bookworm) || { one tree-bookworm false; continue; }
		for f in bats/engines/{podman,rootless,buildah,containerd,cri,docker,umoci}.bats; do
			one "bookworm-$(basename "$f" .bats)" tests/ns/run -s -t 900 -r "$tree" \
				bats --filter-tags '!criu,!newer' "$f"
		done
		;;
	sid)
		# what is to come: a report, which fails nothing
		tree=$(tests/tree.sh sid) || continue
		for f in bats/engines/*.bats; do
			echo "sid: $(basename "$f" .bats)"
			tests/ns/run -s -t 900 -r "$tree" bats --tap "$f" | grep -E '^(not )?ok|^# ' || true
		done
		exit 0
		;;
	vm)
		# the real cgroup v2 with every controller, on Debian's kernel
		one vm-cgroup tests/vm/run bats bats/cgroup.bats bats/events.bats
		one vm-systemd tests/vm/run -s bats bats/systemd/cgroup.bats
		# the monitor's few things that ask for controllers or for all capabilities
		# Debian 13 with its kernel: both security modules, criu's pre-dumps, and a reboot
		tree=$(tests/tree.sh trixie) || { one tree-trixie false; continue; }
		one vm-apparmor tests/vm/run -s -r "$tree" -k 'apparmor=1 security=apparmor' \
			bats -f 'apparmor|org.criu.config' bats/vm/lsm.bats bats/checkpoint.bats
		one vm-selinux tests/vm/run -s -r "$tree" -k 'security=selinux selinux=1 enforcing=0' bats -f selinux bats/vm/lsm.bats
		disk=$(mktemp -u /tmp/proa-disk.XXXXXX)
		for boot in first second; do
			one vm-$boot-boot tests/vm/run -s -r "$tree" -d "$disk" bats -f "$boot boot" bats/vm/reboot.bats
		done
		rm -f "$disk"
		one vm-monitor tests/vm/run bats -f 'out of memory|other runtimes' bats/monitor.bats bats/monitor-notify.bats
		;;
	*.bats) one "bats-$(basename "$w" .bats)" bats --tap "$w" ;;
	*) echo "check.sh: unknown test $w" >&2; exit 2 ;;
	esac
done
count() { cat "$logs"/*.trs 2>/dev/null | grep -c "^:test-result: $1"; }
passed=$(count PASS)
failed=$(($(count FAIL) + $(count ERROR) + $(count XPASS)))
skipped=$(($(count SKIP) + $(count XFAIL)))
if [ -n "${PROA_STRICT:-}" ] && [ "$skipped" -gt 0 ]; then
	echo "strict mode: $skipped skipped tests count as failures"
	failed=$((failed + skipped))
	skipped=0
fi
[ "$passed" -gt 0 ] || failed=$((failed + 1))
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
