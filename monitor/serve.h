/* SPDX-License-Identifier: Apache-2.0 */
/* The loop: from a monitor that is set up to one whose container has ended. */
#ifndef PROA_MONITOR_SERVE_H
#define PROA_MONITOR_SERVE_H

#include "monitor.h"

/* Serves to the end: the monitor's exit status. */
int serve(struct monitor *m);

#endif
