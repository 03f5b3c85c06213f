/* SPDX-License-Identifier: Apache-2.0 */
/* state.json: what is on disk of a container, and what `state` prints. */
#ifndef PROA_SPEC_STATE_H
#define PROA_SPEC_STATE_H

#include "decode.h"

struct state {
	const char *ociVersion, *id, *status;
	struct opt_i64 pid;
	const char *bundle, *rootfs, *created, *owner;
	struct pairs annotations;
	/* ours: enough to undo everything, whoever comes to do it */
	struct opt_u64 init_start; /* field 22 of /proc/PID/stat: guards against a reused pid */
	const char *cgroup_mount, *cgroup_path, *cgroup_top;
	const char *cgroup_sub; /* below cgroup_path, where the processes are; NULL = in itself */
	const char *systemd_unit, *systemd_bus; /* the scope, and proa-bus that ends it */
	bool systemd_user;			/* the user's manager made it */
	const char *rdt_group;			/* resctrl: where the container is */
	const char *rdt_path;			/* the same if create made it */
	const char *rdt_monitor;		/* its monitoring group */
	bool poststart, poststop;		/* config.json has such hooks */
	bool notifies; /* seccomp tells an agent: start must connect to it */
	bool own_pidns, own_userns;
	struct opt_bool rootless;
};

extern const struct fields state_file_fields;	/* on disk */
extern const struct fields state_output_fields; /* runtime.md#state and what list adds */

#endif
