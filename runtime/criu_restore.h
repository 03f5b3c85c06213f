/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The step of `restore` that is criu's. The processes come back as our children, in the cgroup
 * that an earlier step made; hooks run when the namespaces are there, as at create.
 */
#ifndef PROA_RUNTIME_CRIU_RESTORE_H
#define PROA_RUNTIME_CRIU_RESTORE_H

#include "create.h"
#include "criu.h"

struct restore {
	const struct criu_flags *flags;
	int images, work;
	const char *image_path, *work_path;
	struct strs stdio; /* descriptors.json */
};

/* The step: sets c->pid, c->pidfd, and c->master of an attached container with a terminal. Its undo
 * is clone_undo. */
int criu_restore(struct create *c, struct err *err) must_check;
/* The annotation org.criu.config, else the first of /etc/criu/{proa,runc,crun}.conf that is there;
 * NULL: criu reads /etc/criu/default.conf by itself. */
const char *criu_config_file(const struct pairs *annotations);

#endif
