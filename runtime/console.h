/* SPDX-License-Identifier: Apache-2.0 */
/* The container's terminal: made from its own devpts, and verified. */
#ifndef PROA_RUNTIME_CONSOLE_H
#define PROA_RUNTIME_CONSOLE_H

#include "plan.h"

/* Makes a pty from the devpts below `root`, before pivot_root. 0 and both ends, or -1. */
int console_make(int root, const struct proc_plan *p, int *ret_master, int *ret_slave,
		 struct err *err) must_check;
/* Binds the terminal's own end to /dev/console. */
int console_bind(int root, int slave, struct err *err) must_check;
/* Makes it 0, 1 and 2 and the controlling terminal. */
int console_use(int slave, const struct proc_plan *p, struct err *err) must_check;
/* Sends the master with its name as the data, as engines expect it. */
int console_send(int sock, int master, struct err *err) must_check;

#endif
