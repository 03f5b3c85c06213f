/* SPDX-License-Identifier: Apache-2.0 */
/* linux.netDevices: rtnetlink(7). */
#ifndef PROA_RUNTIME_NETDEV_H
#define PROA_RUNTIME_NETDEV_H

#include <sys/types.h>

#include "config.h"

/* Both network namespaces, held: a virtual device ends with its namespace, and the container's
 * would end with its first process before the undo. */
struct netdev_ns {
	int there, home; /* -1 = not open */
	uint32_t moved;	 /* so many of the list */
	uint64_t was_up; /* a bit for each of the first 64 */
};

/* Moves each device from our network namespace into pid's, renames it, gives it back its global
 * addresses, and brings it up. `proc` is a verified /proc. */
int netdev_move_all(struct netdev_ns *ns, const struct list *devices, int proc, pid_t pid,
		    struct err *err) must_check;
/* The undo, also when pid is dead by now. */
void netdev_return_all(struct netdev_ns *ns, const struct list *devices);

#endif
