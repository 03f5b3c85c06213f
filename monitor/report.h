/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine hears: the sync and attach pipes, pid files, exit files and the exit record. */
#ifndef PROA_MONITOR_REPORT_H
#define PROA_MONITOR_REPORT_H

#include "monitor.h"

/* One JSON line on the sync pipe: {"data": N} (legacy: {"pid": N} or {"exit_code": N}), with
 * "message" if there is one. A reader that is gone is fine. */
enum report_kind { REPORT_PID, REPORT_EXIT };
void report_sync(struct monitor *m, enum report_kind kind, int value, const char *message);
/* exec-attach: the attach socket listens. */
void report_attach(struct monitor *m);

/* The exit status as the shell shows it, from the spool; -1 after a
 * timeout, 255 where it cannot be known (the record says why). */
int report_exit_code(const struct monitor *m);
/* Exit record, then the exit files: persist dir's `exit`, exit dir's ID. */
void report_exit(struct monitor *m);
/* Writes the caller-visible pid. 0 or -errno. */
int report_pidfile(const char *path, pid_t pid);

/* Pure: the exit record as JSON, in the arena. */
struct oom_figures;
char *report_record(const struct monitor *m, const struct oom_figures *f, struct arena *a);

#endif
