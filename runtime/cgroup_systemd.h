/* SPDX-License-Identifier: Apache-2.0 */
/* The systemd cgroup manager: runs proa-bus (bus/bus.c), which speaks to it. */
#ifndef PROA_RUNTIME_CGROUP_SYSTEMD_H
#define PROA_RUNTIME_CGROUP_SYSTEMD_H

#include "plan.h"

/* proa-bus in the new scope, where it keeps the cgroup alive until the container is in it. */
struct scope {
	pid_t pid; /* 0 = none */
	int hold;  /* it stays until this is closed; -1 */
};

/* Where proa-bus is: beside `argv0` where that is a path, else where it is installed. NULL if it is
 * nowhere. */
const char *systemd_program(const char *argv0, struct arena *a);
/* Starts the scope; *ret_path is its cgroup below the cgroup2 mount. */
int systemd_start(const struct cgroup_plan *g, int proc, char **env, struct arena *a,
		  struct scope *ret, const char **ret_path, struct err *err) must_check;
/* Lets proa-bus go. */
void systemd_release(struct scope *s);
/* Has a process moved into the scope, where the kernel does not let us clone into it: out of a
 * login session, whose cgroup is root's, for one. */
int systemd_attach(const struct cgroup_plan *g, pid_t pid, char **env, struct arena *a,
		   struct err *err) must_check;
/* update: new values of properties. */
int systemd_set(const char *program, bool user, const char *unit, const struct strs *properties,
		char **env, struct arena *a, struct err *err) must_check;
/* Nothing of the unit stays. */
int systemd_stop(const char *program, bool user, const char *unit, char **env, struct arena *a,
		 struct err *err) must_check;

#endif
