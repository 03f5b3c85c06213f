/* SPDX-License-Identifier: Apache-2.0 */
/* The foreground: waits for a process, passes signals on, copies a terminal. */
#ifndef PROA_RUNTIME_ATTACH_H
#define PROA_RUNTIME_ATTACH_H

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"

struct attach {
	uint64_t old_mask;
	int signals; /* signalfd; -1 = none yet */
};

/* Before the clone: blocks the signals that are to be passed on. */
/* Is our stdin a terminal? Then the container's output goes to it as a terminal wants it. */
bool attach_is_terminal(void);
int attach_prepare(struct attach *t, struct err *err) must_check;
/* Until pid ends. `master`: the terminal to copy to and from 0 and 1, or -1. Its exit status. */
int attach_run(struct attach *t, pid_t pid, int pidfd, int master, struct err *err) must_check;

#endif
