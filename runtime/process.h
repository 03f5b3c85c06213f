/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attributes of the container's process, put on by the process itself between clone and
 * execve, for run and exec alike. Nothing is allocated.
 */
#ifndef PROA_RUNTIME_PROCESS_H
#define PROA_RUNTIME_PROCESS_H

#include "plan.h"

struct process_env {
	int proc; /* the host's /proc, verified; -1 = none */
	int last_cap;
	uint64_t ignored; /* signals, from process_ignored_signals */
	char path[4096];  /* out: what args[0] was found to be */
};

/* The signals that are ignored now (bit n - 1), all if that cannot be known. For the child to
 * reset: clone3's CLONE_CLEAR_SIGHAND leaves ignored ones ignored. */
uint64_t process_ignored_signals(int proc);
void process_reset_signals(uint64_t ignored);
/* oomScoreAdj. First of all: who changes his ids or may not be traced loses his own /proc/self
 * files to the host's root. */
int process_oom(const struct proc_plan *p, const struct process_env *e, struct err *err) must_check;
/* scheduler, affinity, io priority, personality, memory policy. */
int process_limits(const struct proc_plan *p, struct err *err) must_check;
/* rlimits, HOME, cwd, groups, ids, umask; capabilities and no_new_privs where the order allows it
 * now. */
int process_user(struct proc_plan *p, struct process_env *e, struct err *err) must_check;
/* Finds args[0]; "executable file not found in $PATH" and its relatives. */
int process_find(const struct proc_plan *p, struct process_env *e, struct err *err) must_check;
/* Labels for the next execve. */
int process_labels(const struct proc_plan *p, const struct process_env *e,
		   struct err *err) must_check;
/* Seccomp, and the capabilities that process_user had to leave. `agent`: a connection that gets
 * the listener with `state`; -1 if the filter notifies nobody. */
int process_confine(const struct proc_plan *p, int agent, const char *state,
		    struct err *err) must_check;
/* execve. Comes back only with *err set. */
int process_exec(const struct proc_plan *p, const struct process_env *e,
		 struct err *err) must_check;

#endif
