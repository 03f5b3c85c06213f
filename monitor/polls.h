/* SPDX-License-Identifier: Apache-2.0 */
/* What one wait listens to. Built anew before each wait, from the modules' states. */
#ifndef PROA_MONITOR_POLLS_H
#define PROA_MONITOR_POLLS_H

#include <poll.h>
#include <stdint.h>

#include "arena.h"

struct monitor;
typedef void poll_fn(struct monitor *m, void *arg, short revents);

struct polls {
	struct arena *a;
	struct pollfd *fd;
	struct poll_row {
		poll_fn *fn;
		void *arg;
	} * row;
	uint32_t n;
	uint32_t cap;
	int64_t deadline; /* ns, monotonic; 0 = wait for ever */
};

/* Listens to fd; an fd of -1 is left out. fn gets revents. */
void polls_add(struct polls *p, int fd, short events, poll_fn *fn, void *arg);
/* Wakes at `at` (ns, monotonic) at the latest; 0 is ignored. */
void polls_until(struct polls *p, int64_t at);
/* Waits and calls the functions of what is ready. A caught signal or a deadline is a return. */
void polls_wait(struct polls *p, struct monitor *m);

#endif
