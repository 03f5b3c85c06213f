/* SPDX-License-Identifier: Apache-2.0 */
/* linux.netDevices: rtnetlink(7). */
#ifndef PROA_RUNTIME_NETDEV_H
#define PROA_RUNTIME_NETDEV_H

#include <sys/types.h>

#include "config.h"

/* Moves each device from our network namespace into pid's, renames it, gives it back its global
 * addresses, and brings it up. The undo is the kernel's: a physical device comes back when the
 * namespace ends. */
int netdev_move_all(const struct list *devices, pid_t pid, struct err *err) must_check;

#endif
