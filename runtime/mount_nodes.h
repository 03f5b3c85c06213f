/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device nodes and links below the container's root (config-linux.md, "Devices" and "Default
 * Devices"). Callers give the directory, opened by path.h, and a name in it.
 */
#ifndef PROA_RUNTIME_MOUNT_NODES_H
#define PROA_RUNTIME_MOUNT_NODES_H

#include "plan.h"

/* mknod(2) with op's type, mode, owner and number. One that is there and is the same device is
 * taken, and its mode and owner set; anything else there is an error. 0 or -1. */
int mount_make_node(int dir, const char *name, const struct mount_op *op,
		    struct err *err) must_check;
/* In a user namespace no node can be made: the host's own (op->fd, or opened here) is bound over an
 * empty file, after a look that it is the device that is asked for. 0 or -1. */
int mount_bind_node(const struct mount_op *op, int root, struct err *err) must_check;
/* A symlink to op->source; one that is there is left, and so is all in a read-only image. 0 or -1.
 */
int mount_make_link(int dir, const char *name, const struct mount_op *op,
		    struct err *err) must_check;

#endif
