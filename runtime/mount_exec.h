/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does the mount operations of a plan, in the container's first process, before pivot_root.
 * Nothing is allocated; every path below the root goes through path.h.
 */
#ifndef PROA_RUNTIME_MOUNT_EXEC_H
#define PROA_RUNTIME_MOUNT_EXEC_H

#include "plan.h"

struct mount_env {
	int root;  /* the container's root, attached */
	int null;  /* the host's /dev/null, verified; opened when first needed */
	int empty; /* the one empty tmpfs that hides directories */
	/* What an operation opened. It all ends at execve, so it is only closed (a third of all our
	 * system calls) where there are so many operations that descriptors could run out. */
	int open[8];
	int n_open;
	/* The last directory in which something was made: nodes, links and mount points in /dev
	 * come one behind the other. Forgotten when something is mounted on it or above it. */
	int parent; /* -1 = none */
	size_t parent_len;
	char parent_path[256];
};

/* Opens the source of a bind as a detached tree with its id map, in the mount namespace of the
 * caller. fd or -1. */
int mount_open_source(const struct plan *p, const struct mount_op *op, int root,
		      struct err *err) must_check;
int mount_exec_all(const struct plan *p, struct mount_env *env, struct err *err) must_check;
/* The mount points alone, as mount_exec_all would find or make them: what has no content of its own
 * to hold others' (proc, sysfs and the like) is not mounted. For restore, in a mount namespace that
 * is thrown away. */
int mount_make_points(const struct plan *p, struct mount_env *env, struct err *err) must_check;
/* Puts a detached tree on what dest is. 0 or -errno. */
int mount_attach(int tree, int dest);
/* A clone of what fd is, with attributes. fd or -errno. */
int mount_clone(int fd, bool recursive, uint64_t attr);

#endif
