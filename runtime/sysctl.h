/* SPDX-License-Identifier: Apache-2.0 */
/* linux.sysctl: only what belongs to a namespace that is the container's own. */
#ifndef PROA_RUNTIME_SYSCTL_H
#define PROA_RUNTIME_SYSCTL_H

#include "config.h"

/* Pure. `ns` are the CLONE_NEW* of the container. */
int sysctl_check(const struct pairs *s, uint64_t ns, struct err *err) must_check;
/* Writes them below `proc`, a verified /proc. Nothing is allocated. */
int sysctl_apply(const struct pairs *s, int proc, struct err *err) must_check;

#endif
