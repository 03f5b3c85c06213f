/* SPDX-License-Identifier: Apache-2.0 */
/* What the container's cgroup counts: OOM kills as they happen, and the figures of the exit record.
 */
#ifndef PROA_MONITOR_OOM_H
#define PROA_MONITOR_OOM_H

#include "monitor.h"

/* Finds the container's cgroup (v2, or the v2 part of a hybrid host); nothing where there is none.
 */
void oom_open(struct monitor *m);
void oom_polls(struct monitor *m, struct polls *p);
/* Looks once more, at the end. */
void oom_check(struct monitor *m);

struct oom_figures {
	bool has_memory, has_pids, has_cpu, has_peak;
	uint64_t oom, oom_kill, oom_group_kill, memory_peak, pids_max, cpu_us;
};
/* Figures of memory.events, memory.peak, pids.events and cpu.stat, as far as they are there. */
struct oom_figures oom_read(const struct monitor *m);

/* Pure: the value of NAME in "name value" lines; false if it is not there. */
bool oom_value(const char *text, const char *name, uint64_t *ret);

#endif
