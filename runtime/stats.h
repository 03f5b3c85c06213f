/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container has used, from its cgroup's files (cgroup-v2.rst) in the JSON of `runc events`,
 * as containerd and others read it. Pure: the texts come from a callback.
 */
#ifndef PROA_RUNTIME_STATS_H
#define PROA_RUNTIME_STATS_H

#include <stdint.h>

#include "buf.h"

struct stats_source {
	/* The text of a file of the cgroup, NULL if it is not there (its controller is missing). */
	const char *(*read)(const struct stats_source *s, const char *file);
	int cgroup; /* for the reader */
	struct arena *arena;
};

/* {"type":"stats","id":ID,"data":{...}} and a newline. Times are nanoseconds (psi: microseconds),
 * sizes bytes; what has no limit has 18446744073709551615; what a missing controller would tell is
 * left out. */
void stats_json(const struct stats_source *s, const char *id, struct buf *out);
/* How often the kernel's out-of-memory killer came: `oom` and `oom_kill` of memory.events added. */
uint64_t stats_oom(const char *memory_events);

#endif
