/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's first process, from clone to execve: a table of stages. It only walks the plan:
 * it parses nothing, allocates nothing, chooses nothing. What it cannot do itself it asks of its
 * parent (proto.h).
 */
#ifndef PROA_RUNTIME_INIT_H
#define PROA_RUNTIME_INIT_H

#include "mount_exec.h"
#include "plan.h"
#include "process.h"

/* What parent and child both see after clone. */
struct init_shared {
	int stage; /* the child's: how far it came */
	/* The parent's, when the child could not be cloned into its cgroup and is moved there:
	 * MSG_MAPPED says that this is done, and only then can a cgroup namespace have the right
	 * root. */
	bool moved, late_cgroupns;
	char *notify_state; /* the parent's: what the seccomp agent is told; set before MSG_START */
};

struct init {
	struct plan *plan;
	const struct facts *facts;
	int sock;	  /* to the parent; its other end is closed here */
	int parent_sock;  /* the parent's end of it: closed first thing */
	int root_tree;	  /* the root file system opened by the parent; -1: opened here */
	int console_sock; /* --console-socket; -1: the master goes to the parent */
	int start_sock;	  /* listens in the container's directory; -1 for run */
	int agent;	  /* connection to the seccomp agent */
	const char *hook_head;
	struct init_shared *shared;
	int slave;
	int own_ns; /* our mount namespace, where our caller sits in a chroot; -1 = he does not */
	struct mount_env mounts;
	struct process_env env;
};

struct stage {
	const char *name;
	int (*run)(struct init *in, struct err *err);
	const char *what; /* one line for `explain` */
	bool shows;	  /* `ps` is told: it may take long, or is the first */
};

extern const struct stage init_stages[]; /* ends with a NULL name */

/* The child's whole life; `arg` is a struct init. */
void init_main(void *arg);

#endif
