/* SPDX-License-Identifier: Apache-2.0 */
/* The seccomp agent: config-linux.md#seccomp, "listenerPath". */
#ifndef PROA_RUNTIME_NOTIFY_H
#define PROA_RUNTIME_NOTIFY_H

#include "plan.h"

/* Who is told: listenerPath, else crun's annotation run.oci.seccomp.receiver, else the variable
 * RUN_OCI_SECCOMP_RECEIVER. NULL: nobody is named. */
const char *notify_path(const struct config *c, char *const *environ);
int notify_connect(const char *path, struct err *err) must_check;
/* Memory of that size that a copy of ours, a child without CLONE_VM, shares with us. NULL: none. */
void *notify_shared(size_t size);
/* The ContainerProcessState that goes with the descriptor. */
char *notify_state_text(const struct plan *p, pid_t pid, struct arena *a);
char *notify_state_json(const char *id, const char *bundle, const struct pairs *annotations,
			const char *metadata, const char *status, pid_t init, pid_t pid,
			struct arena *a);

#endif
