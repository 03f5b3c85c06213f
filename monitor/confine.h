/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a started monitor gives up: everything but the system calls in confine.c's list, all
 * capabilities but the one to signal the container (and, where a directory that it must write to is
 * another user's, CAP_DAC_OVERRIDE), and the way to gain any. What it still has run (health checks,
 * the exit command) is run by the keeper, which was forked before.
 */
#ifndef PROA_MONITOR_CONFINE_H
#define PROA_MONITOR_CONFINE_H

#include "monitor.h"

/* Failures are logged; a kernel without seccomp filters is no reason to stop. */
void confine(struct monitor *m);

#endif
