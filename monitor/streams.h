/* SPDX-License-Identifier: Apache-2.0 */
/* The container's standard streams: pipes or a terminal, to logs and attached clients. */
#ifndef PROA_MONITOR_STREAMS_H
#define PROA_MONITOR_STREAMS_H

#include "monitor.h"

/* Makes the pipes (or, for a terminal, the console socket). */
int streams_open(struct monitor *m, struct err *err) must_check;
void streams_polls(struct monitor *m, struct polls *p);
/* After the container's end: all that is left in the pipes, without waiting for writers that
 * outlive it. */
void streams_drain(struct monitor *m);
/* Hands bytes for the container's stdin to it. How many it took; the rest is tried again. */
void streams_push_input(struct monitor *m);
void streams_close_input(struct monitor *m);
/* The first part of what the runtime has written to stderr, for the engine; NUL-terminated. */
size_t streams_runtime_stderr(struct monitor *m, char *out, size_t size);

/* Bytes from clients that the container has not read yet; more is not taken from clients. */
enum { INPUT_MAX = 32 * 1024 };
char *streams_input(void);

#endif
