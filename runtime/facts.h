/* SPDX-License-Identifier: Apache-2.0 */
/* What this host and this caller are: asked once, before anything is decided. */
#ifndef PROA_RUNTIME_FACTS_H
#define PROA_RUNTIME_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "err.h"

struct facts {
	uint32_t uid, gid;    /* effective */
	bool in_userns;	      /* not in the first user namespace */
	const char *gid_map;  /* ours, when in_userns */
	bool rootfs_is_ramfs; /* "/" is the kernel's own rootfs: pivot_root refuses it */
	int proc;	      /* O_PATH of a verified /proc; -1 if there is none */
	const char *cwd;
	char **environ; /* ours */
	/* for a container to be made; not looked at otherwise */
	uint64_t caps;		  /* effective capabilities */
	int last_cap;		  /* the kernel's highest */
	const char *cgroup_mount; /* of a cgroup2 hierarchy; NULL if there is none */
	const char *cgroup_self;  /* our cgroup there, "/..." */
};

/* Closes nothing: facts live as long as the process. */
int facts_probe(struct arena *a, struct facts *ret, struct err *err) must_check;
/* The second part. */
void facts_probe_host(struct arena *a, struct facts *f);
bool facts_can(const struct facts *f, int cap);

#endif
