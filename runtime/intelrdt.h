/* SPDX-License-Identifier: Apache-2.0 */
/* linux.intelRdt: groups of resctrl (config-linux.md#intelrdt,
 * Documentation/filesystems/resctrl.rst). */
#ifndef PROA_RUNTIME_INTELRDT_H
#define PROA_RUNTIME_INTELRDT_H

#include <sys/types.h>

#include "config.h"

/* Where a container is in resctrl; NULL = nowhere. */
struct rdt {
	const char *group;   /* its group's directory */
	const char *made;    /* the same if create made it: then it is ours to remove */
	const char *monitor; /* its monitoring group, always ours */
};

/* Makes or checks the group, writes its schemata, makes the monitoring group. What is made is in
 * *ret also after a failure. */
int rdt_make(const struct intel_rdt *r, const char *id, struct arena *a, struct rdt *ret,
	     struct err *err) must_check;
int rdt_join(const struct rdt *r, pid_t pid, struct err *err) must_check;
/* update: a line of the group's schemata. */
int rdt_write_schema(const char *group, const char *line, struct err *err) must_check;
void rdt_remove(const struct rdt *r);
bool rdt_available(void);

#endif
