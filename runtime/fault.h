/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Failing on purpose, in the test build only (-DPROA_FAULTS): PROA_FAULT names a stage or step, the
 * moment, and what happens: "mounts:start:error", "clone:end:kill". In the shipped build these are
 * constants and cost nothing.
 */
#ifndef PROA_RUNTIME_FAULT_H
#define PROA_RUNTIME_FAULT_H

#include "err.h"

#ifdef PROA_FAULTS
/* `side`: "stage" (child) or "step" (parent). -1 with *err set when it is to fail now. */
int fault_at(const char *side, const char *name, const char *moment, struct err *err);
bool fault_no_mount_api(void);
/* A directory in the place of /sys/fs/resctrl; NULL = none. */
const char *fault_resctrl(void);
void fault_init(void);
#else
static inline int fault_at(const char *side, const char *name, const char *moment, struct err *err)
{
	(void)side;
	(void)name;
	(void)moment;
	(void)err;
	return 0;
}
static inline bool fault_no_mount_api(void)
{
	return false;
}
static inline const char *fault_resctrl(void)
{
	return NULL;
}
static inline void fault_init(void)
{
}
#endif

#endif
