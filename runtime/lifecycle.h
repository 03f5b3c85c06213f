/* SPDX-License-Identifier: Apache-2.0 */
/* What may be done to a container in which state (runtime.md#lifecycle), and deleting it. */
#ifndef PROA_RUNTIME_LIFECYCLE_H
#define PROA_RUNTIME_LIFECYCLE_H

#include <sys/types.h>

#include "store.h"

enum verb {
	VERB_START,
	VERB_KILL,
	VERB_DELETE,
	VERB_EXEC,
	VERB_PAUSE,
	VERB_RESUME,
	VERB_UPDATE,
	VERB_EVENTS,
	VERB_CHECKPOINT,
	VERB_MOUNTS,
	VERBS
};

/* Is it allowed? The sentence has the words that engines look for. Pure. */
int lifecycle_check(enum verb verb, enum status status, const char *id, struct err *err) must_check;
/* The container's scope, if it has one: nothing of it stays. A failure is a warning. */
void lifecycle_stop_scope(const struct state *s, const struct facts *f, struct arena *a);
/* Ended, and its last name is still one of our stages: it never became the program. `pidfd` of it,
 * or -1. */
bool lifecycle_died_before_exec(const struct facts *f, pid_t pid, int pidfd);
/* Kills what is left, removes cgroup, resctrl group and directory, runs the poststop hooks. */
int lifecycle_delete(const struct store *s, struct container *c, const struct facts *f,
		     struct arena *a, struct err *err) must_check;

#endif
