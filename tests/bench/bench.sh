#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# CPU and wall time of the verbs as ratios: proa, Debian's crun and runc, and the floor program, which
# makes the system calls of the default container and decides nothing. Interleaved, in a private mount
# namespace whose /sys/fs/cgroup is cgroup v2. Counters (system calls, RSS) below. Nothing is asserted.
set -u
cd "$(dirname "$0")/../.."
rounds=${ROUNDS:-15}
if [ -z "${IN_ARENA:-}" ]; then
	exec env IN_ARENA=1 unshare -m "$0" "$@"
fi
umount -R /sys/fs/cgroup 2>/dev/null
mount -t cgroup2 none /sys/fs/cgroup || exit 1
top=$PWD
work=$(mktemp -d /tmp/proa-bench.XXXXXX)
mkdir -p /run/floor-empty
trap 'cd /; umount -l /sys/fs/cgroup; rm -rf "$work" /run/floor-empty' EXIT
gcc -O2 -o "$work/timeit" tests/bench/timeit.c || exit 1
mkdir -p "$work/rootfs"/{bin,proc,sys,dev/pts,dev/shm,dev/mqueue}
gcc -static -Os -nostdlib -o "$work/rootfs/bin/true" -x c - <<'C'
void _start(void) { __asm__ volatile("mov $60,%eax; xor %edi,%edi; syscall"); }
C
gcc -static -Os -nostdlib -o "$work/rootfs/bin/pause" -x c - <<'C'
void _start(void) { for (;;) __asm__ volatile("syscall" : : "a"(34) : "rcx", "r11", "memory"); }
C
cd "$work"
"$top/build/proa" spec
jq '.process.terminal = false | .process.args = ["/bin/true"]' config.json >c && mv c config.json
cp config.json small.json
jq --slurpfile s "$top/seccomp-profiles/default.json" '.linux.seccomp = ($s[0] | .architectures = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]) | .process.env += [range(100) | "VARIABLE_\(.)=some-value"] | .annotations = ([range(20) | {key: "annotation.\(.)", value: "some value"}] | from_entries)' small.json >big.json

declare -A best sum
runtimes="proa"
command -v runc >/dev/null && runtimes="$runtimes runc"
crun --version >/dev/null 2>&1 && timeout 10 crun run bench-try >/dev/null 2>&1 && runtimes="$runtimes crun"
path() { [ "$1" = proa ] && echo "$top/build/proa" || command -v "$1"; }

measure() { # measure KEY COMMAND...
	local key=$1 us
	shift
	us=$("$work/timeit" "$@") || { echo "$key: failed: $*" >&2; return; }
	sum[$key]="${sum[$key]:-} $us"
}
cp small.json config.json
for _ in $(seq "$rounds"); do
	measure run.floor "$top/build/floor" run "$work/rootfs" fl /bin/true
	for r in $runtimes; do
		p=$(path $r)
		measure run.$r "$p" run b1
		cp big.json config.json
		measure big.$r "$p" run b1
		jq '.process.args = ["/bin/pause"]' small.json >config.json
		measure create.$r "$p" create b1
		measure start.$r "$p" start b1
		measure state.$r "$p" state b1
		measure exec.$r "$p" exec b1 /bin/true
		measure kill.$r "$p" kill b1 0 2>/dev/null
		measure delete.$r "$p" delete -f b1
		cp small.json config.json
	done
done
median() { tr ' ' '\n' <<<"$1" | grep . | sort -n | awk '{v[NR]=$1} END{print v[int((NR+1)/2)]}'; }
printf '%-8s %10s' verb "proa us"
for r in $runtimes floor; do [ $r = proa ] || printf ' %12s' "proa/$r"; done
echo '   (CPU, median of' "$rounds)"
for v in run big create start state exec delete; do
	mine=$(median "${sum[$v.proa]:-}")
	printf '%-8s %10s' $v "$mine"
	for r in $runtimes floor; do
		[ $r = proa ] && continue
		o=$(median "${sum[$v.$r]:-}")
		printf ' %12s' "$(awk -v a="${mine:-0}" -v b="${o:-0}" 'BEGIN{if (b > 0) printf "%.2f", a / b; else printf "-"}')"
	done
	echo
done
cp small.json config.json
echo "system calls of run: $(env -i strace -f -c -o /dev/stdout "$top/build/proa" run b1 | awk '/total$/ {print $4}')"
echo "size: $(stat -c %s "$top/build/proa") bytes"
