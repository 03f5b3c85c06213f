#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a run costs, in counters that do not depend on the machine's speed. Times are `make bench`'s.
load helpers

# The smallest program there is, so that what is counted is ours.
tiny() {
	gcc -static -Os -nostdlib -o "$BUNDLE/rootfs/bin/tiny" -x c - <<-'EOF'
		#if defined(__x86_64__)
		void _start(void) { __asm__ volatile("mov $60,%eax; xor %edi,%edi; syscall"); }
		#else
		void _start(void) { __asm__ volatile("mov x8, #93; mov x0, #0; svc #0"); }
		#endif
	EOF
	rm config.json
	"$PROA" spec
	sed -i 's#"terminal": true#"terminal": false#; s#"sh"#"/bin/tiny"#' config.json
	grep -q /bin/tiny config.json
}

@test "run of the spec's config: at most 250 system calls" {
	tiny
	"$PROA" --root "$ROOT" run warm # the state root is made once
	env -i strace -f -c -o "$TMP/calls" "$PROA" --root "$ROOT" run counted
	local n
	n=$(awk '/total$/ {print $4}' "$TMP/calls")
	echo "system calls: $n" >&2
	[ "$n" -gt 100 ]
	[ "$n" -le 250 ]
}

@test "... and at most 220,000 user instructions" {
	tiny
	gcc -O1 -o "$TMP/steps" "$TOP/tests/bench/steps.c"
	local n short=/tmp/p$$
	# each letter of a path is some instructions: a path as people have them
	mv "$BUNDLE" "$short"
	BUNDLE=$short ROOT=$short/s
	cd "$short"
	"$PROA" --root s run warm
	n=$(env -i "$TMP/steps" "$PROA" --root s run counted) || true
	cd /
	rm -r "$short"
	echo "instructions: $n" >&2
	[ "$n" -gt 10000 ]
	[ "$n" -le 220000 ]
}

@test "a run's resident memory stays below 400 KiB" {
	script 'sleep 100'
	"$PROA" --root "$ROOT" run big </dev/null >/dev/null 2>&1 3>&- &
	wait_state big running
	local kb
	kb=$(awk '/^VmHWM/ {print $2}' "/proc/$!/status")
	echo "VmHWM: $kb KiB" >&2
	[ "$kb" -gt 50 ]
	[ "$kb" -lt 400 ]
	"$PROA" --root "$ROOT" kill big KILL
	wait $! || true
}
