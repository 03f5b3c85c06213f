/* SPDX-License-Identifier: Apache-2.0 */
/* The six kinds of hooks (config.md#posix-platform-hooks). */
#ifndef PROA_RUNTIME_HOOKS_H
#define PROA_RUNTIME_HOOKS_H

#include "plan.h"

/* All of the state that does not change, as JSON without its end; made before clone. */
char *hooks_state_head(const char *id, const char *bundle, const struct pairs *annotations,
		       struct arena *a);
/* Runs them in order, each with the state on its stdin. `env`: for hooks without one of their own
 * (NULL: an empty one). `cwd`: directory descriptor or -1. The first that fails ends it. Safe in
 * the container's first process. */
int hooks_run(const struct hook_list *l, const char *head, const char *status, pid_t pid,
	      char **env, int cwd, struct err *err) must_check;

/* crun's annotations run.oci.hooks.stdout and .stderr: files to which what hooks write is appended.
 * Opens them for a list; the descriptors last as long as the process. */
int hooks_output(struct hook_list *l, const struct pairs *annotations, struct err *err) must_check;

#endif
