/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal: its master comes from the runtime through the console socket. */
#ifndef PROA_MONITOR_CONSOLE_H
#define PROA_MONITOR_CONSOLE_H

#include "monitor.h"

/* Listens; m->console_path is for the runtime. */
int console_open(struct monitor *m, struct err *err) must_check;
void console_polls(struct monitor *m, struct polls *p);
/* The runtime has ended: takes the master if it is on its way, and removes the socket. */
void console_settle(struct monitor *m);
/* Rows and columns. */
void console_resize(struct monitor *m, uint32_t rows, uint32_t cols);

#endif
