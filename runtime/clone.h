/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clone of the container's first process, with its new namespaces and in its cgroup
 * (clone3(2)). Where namespaces given by path must be entered with powers that it will not have, or
 * a pid or time namespace only takes effect for children, a process in the middle joins first and
 * then clones init as our child (CLONE_PARENT).
 */
#ifndef PROA_RUNTIME_CLONE_H
#define PROA_RUNTIME_CLONE_H

#include "create.h"

/* The step and its undo: sets c->pid and c->pidfd; kills and reaps. */
int clone_init(struct create *c, struct err *err) must_check;
void clone_undo(struct create *c);

#endif
