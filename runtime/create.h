/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's side of create and run: a table of steps, each beside what undoes it. The undo of a
 * step reads only what is on disk or in struct create, so `delete --force` does the same after a
 * crash.
 */
#ifndef PROA_RUNTIME_CREATE_H
#define PROA_RUNTIME_CREATE_H

#include "cgroup_systemd.h"
#include "init.h"
#include "intelrdt.h"
#include "netdev.h"
#include "plan.h"
#include "store.h"

struct create {
	struct plan *plan;
	const struct facts *facts;
	const struct create_options *o;
	struct arena *arena;
	struct store *store;
	struct state state;
	struct rdt rdt;
	const char *config_text; /* config.json as it was read, for exec and the later hooks */
	size_t config_len;
	struct netdev_ns net;
	struct scope scope; /* proa-bus, until the container is in the cgroup */
	int dir;	    /* the container's directory, locked */
	int cgroup;
	int leaf; /* the one below, where the processes go; -1 = `cgroup` itself */
	int pidfd;
	pid_t pid;
	int sock;		 /* our end to init */
	int master;		 /* terminal of an attached run */
	struct restore *restore; /* of a checkpoint; NULL for a new container */
	bool hooks_ran;		 /* then poststop hooks run in undo */
	bool handed_over;	 /* our copies of the child's descriptors are closed */
	struct init_shared *shared;
	struct init init; /* after clone the child's: not written any more */
};

struct step {
	const char *name;
	int (*run)(struct create *c, struct err *err);
	void (*undo)(struct create *c);
	const char *what;
};

extern const struct step create_steps[];  /* ends with a NULL name */
extern const struct step restore_steps[]; /* of the same container, out of a checkpoint */

/* Does all steps; after a failure those that are done are undone in reverse. */
int create_run(struct create *c, const struct step *steps, struct err *err) must_check;
/* Tells init to go on and waits for its execve; then the poststart hooks. On failure the container
 * is gone (create_undo). */
int create_start(struct create *c, struct err *err) must_check;
/* The prestart and createRuntime hooks, with c->pid. */
int create_parent_hooks(struct create *c, struct err *err) must_check;
/* The poststart hooks. */
int create_poststart(struct create *c, struct err *err) must_check;
/* Closes our copies of what the child has by now. */
void create_hand_over(struct create *c);
/* Undoes everything: kills, removes cgroup and directory. */
void create_undo(struct create *c, const struct step *steps);

#endif
