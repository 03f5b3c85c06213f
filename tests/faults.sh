#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every distinct system call that `run` makes fails with each of four errors, from its first, second
# and fifth call on. After each: exit status 0 or 1 (0: the failure was tolerated), a sentence if 1,
# and nothing left after delete --force. TAP. The sampled form is in bats/faults.bats.
set -u
cd "$(dirname "$0")/.."
proa=$PWD/build/proa
work=$(mktemp -d /tmp/proa-faults.XXXXXX)
trap 'cd /; rm -rf "$work"' EXIT
mkdir -p "$work/rootfs"/{bin,proc,sys,dev}
# a program without a C library: no call of its own but the last
gcc -static -Os -nostdlib -o "$work/rootfs/bin/true" -x c - <<'C'
void _start(void) { __asm__ volatile("mov $60,%eax; xor %edi,%edi; syscall"); }
C
cd "$work"
"$proa" spec
jq '.process.terminal = false | .process.args = ["/bin/true"]' config.json >c && mv c config.json
calls=$(strace -f -qq -c -o /dev/stdout "$proa" --root "$work/state" run c | awk 'NF >= 4 && $1 ~ /^[0-9.]+$/ && $NF != "total" {print $NF}')
before=$(wc -l </proc/self/mountinfo)
n=0 bad=0
for call in $calls; do
	# (a close that strace fails does not close, which no kernel does)
	case $call in exit | exit_group | execveat | arch_prctl | close) continue ;; esac
	for e in ENOMEM EPERM EINTR ENOSPC; do
		for when in 1+ 2+ 5+; do
			# EINTR for ever would be retried for ever, rightly
			[ $e = EINTR ] && when=${when%+}
			n=$((n + 1))
			status=0
			timeout -s KILL 20 strace -f -qq -o /dev/null -e trace="$call" -e inject="$call:error=$e:when=$when" \
				"$proa" --root "$work/state" run c >out 2>&1 </dev/null || status=$?
			timeout -s KILL 20 "$proa" --root "$work/state" delete --force c >>out 2>&1
			left=$(ls -A state 2>/dev/null)$([ "$(wc -l </proc/self/mountinfo)" = "$before" ] || echo mounts)
			if [ $status -gt 1 ] || [ -n "$left" ] || { [ $status -eq 1 ] && [ $call != write ] && ! grep -q '^proa: ' out; }; then
				echo "not ok $n - $call $e $when: status $status, left: $left"
				sed 's/^/# /' out
				bad=1
				rm -rf state/c
			else
				echo "ok $n - $call $e $when: status $status"
			fi
		done
	done
done
echo "1..$n"
exit $bad
