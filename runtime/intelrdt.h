/* SPDX-License-Identifier: Apache-2.0 */
/* linux.intelRdt: groups of resctrl (Documentation/filesystems/resctrl.rst). */
#ifndef PROA_RUNTIME_INTELRDT_H
#define PROA_RUNTIME_INTELRDT_H

#include <sys/types.h>

#include "config.h"

/* Makes or checks the group and writes its schemata. *ret_made: the directory if it is ours to
 * remove, else NULL. */
int rdt_make(const struct intel_rdt *r, const char *id, struct arena *a, const char **ret_made,
	     struct err *err) must_check;
int rdt_join(const struct intel_rdt *r, const char *id, pid_t pid, struct err *err) must_check;
void rdt_remove(const char *path);
bool rdt_available(void);

#endif
