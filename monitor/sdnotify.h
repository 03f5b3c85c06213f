/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sd_notify(3) between the container and the service manager. The container writes to
 * BUNDLE/notify/notify.sock, which the engine has mounted into it; what is known to be harmless
 * goes on to --sdnotify-socket, line by line.
 */
#ifndef PROA_MONITOR_SDNOTIFY_H
#define PROA_MONITOR_SDNOTIFY_H

#include "monitor.h"

int sdnotify_open(struct monitor *m, struct err *err) must_check;
void sdnotify_polls(struct monitor *m, struct polls *p);
/* Says something to the service manager ourselves. */
void sdnotify_say(struct monitor *m, const char *text);
void sdnotify_close(struct monitor *m);

/*
 * Pure: the lines of a datagram that go on, into `out`.
 * Passed: READY=1 RELOADING=1 STOPPING=1 WATCHDOG=1 WATCHDOG=trigger, STATUS= ERRNO= BUSERROR=
 * MONOTONIC_USEC= EXTEND_TIMEOUT_USEC= WATCHDOG_USEC=, BARRIER=1, and MAINPID= as mapped by `pid`.
 * Dropped: all else (FDSTORE=1 would hand descriptors of the container to the manager for keeps).
 * With `healthy`, READY=1 is ours to say and is dropped.
 */
struct sdnotify_lines {
	size_t len;
	bool barrier;
	bool ready;
};
typedef int sdnotify_pid_fn(void *ctx, int pid); /* 0 = there is none */
struct sdnotify_lines sdnotify_filter(const char *in, size_t len, bool healthy,
				      sdnotify_pid_fn *pid, void *ctx, char *out, size_t size);

#endif
