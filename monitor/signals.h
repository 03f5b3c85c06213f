/* SPDX-License-Identifier: Apache-2.0 */
/* Signals in (forwarded to the container) and out (by pidfd, never by a number that may have been
 * given to somebody else). */
#ifndef PROA_MONITOR_SIGNALS_H
#define PROA_MONITOR_SIGNALS_H

#include "monitor.h"

int signals_open(struct monitor *m, struct err *err) must_check;
void signals_polls(struct monitor *m, struct polls *p);
/* To the container's process. */
void signals_send(struct monitor *m, int sig);
/* --timeout: to its process group, or to it alone where it leads none. */
void signals_kill_group(struct monitor *m);

#endif
