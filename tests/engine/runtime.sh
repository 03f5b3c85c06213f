#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A scripted runtime for the monitor's tests. FAKE is the container's program (a shell line);
# FAKE_FAIL: say this on stderr and fail; FAKE_NOPID: end well without a pid file; FAKE_LATE: write the
# pid file, then take so many seconds to end; FAKE_ORPHAN: the container is not our monitor's child.
# What it was called with goes to $FAKE_LOG.
[ -z "${FAKE_LOG:-}" ] || {
	echo "args $*"
	env | grep -E '^(_OCI|LISTEN)' | sort
	ls -l /proc/self/fd | awk '{print $9, $10, $11}'
} >>"$FAKE_LOG"
verb=
while [ $# -gt 0 ]; do
	case $1 in
	create | exec | restore) verb=$1 ;;
	--pid-file) pidfile=$2 ;;
	esac
	shift
done
[ -z "${FAKE_FAIL:-}" ] || { echo "$FAKE_FAIL" >&2; exit 1; }
[ -z "${FAKE_NOPID:-}" ] || exit 0
if [ -n "${FAKE_ORPHAN:-}" ]; then
	printf %s "$FAKE_ORPHAN" >"$pidfile"
	exit 0
fi
# the container begins when we have ended, so that it is the monitor that waits for it, not this shell
fifo=$(mktemp -u) && mkfifo "$fifo" && exec 9<>"$fifo" 8<"$fifo" && rm "$fifo"
setsid bash -c "read -r _ <&8; exec 8<&-; ${FAKE:-true}" 9>&- &
printf %s $! >"$pidfile"
[ -z "${FAKE_LATE:-}" ] || sleep "$FAKE_LATE"
exit 0
