/* SPDX-License-Identifier: Apache-2.0 */
/* Id maps written: for the container's user namespace, and for id-mapped mounts. */
#ifndef PROA_RUNTIME_IDMAP_H
#define PROA_RUNTIME_IDMAP_H

#include "plan.h"

/* Writes the maps of pid's new user namespace, directly or through newuidmap and newgidmap. */
int idmap_write(struct id_maps *m, const struct facts *f, pid_t pid, struct err *err) must_check;
/* A user namespace with these maps, in which nobody is. fd or -1. */
int idmap_userns(const struct idmap *m, struct err *err) must_check;
/* A user namespace for each distinct map of plan.idmaps. */
int idmap_open_all(struct plan *p, struct err *err) must_check;

#endif
