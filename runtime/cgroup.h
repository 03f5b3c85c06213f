/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup v2 on disk (cgroup-v2.rst): make, limit, freeze, kill, remove. */
#ifndef PROA_RUNTIME_CGROUP_H
#define PROA_RUNTIME_CGROUP_H

#include "plan.h"

/* The first component of path that is not there yet, as a path; what remove goes up to. Returns
 * `path` itself if all of it exists. */
const char *cgroup_top(const char *mount, const char *path, struct arena *a);
/* Makes it with what is missing above, enables controllers on the way. *ret_new: it was not there
 * before, so nobody can be in it. fd or -1; err->code is EACCES, EPERM or EROFS when it may not. */
int cgroup_make(const struct cgroup_plan *g, bool *ret_new, struct err *err) must_check;
/* Is there nobody in it, and is it thawed? */
int cgroup_check_fresh(int fd, const char *path, struct err *err) must_check;
/* The one at `sub` below it, with all of its controllers; made if need be. fd or -1. */
int cgroup_make_sub(int fd, const char *sub, struct err *err) must_check;
int cgroup_open(const char *mount, const char *path);
/* Writes the limits in order. */
int cgroup_write(int fd, const struct cgroup_write *w, uint32_t n, struct err *err) must_check;
/* linux.resources.memory.checkBeforeUpdate */
int cgroup_check_memory(int fd, const struct resources *r, struct err *err) must_check;
/* SIGKILL for all below it, at once (cgroup.kill; before Linux 5.14 frozen and one by one). */
int cgroup_signal_all(int fd, int sig);
/* Waits until nobody is in it. 1, 0 when `ms` have passed, -errno. */
int cgroup_wait_empty(int fd, int ms);
/* Freezes or thaws and waits for it. When it does not succeed it is thawed again. */
int cgroup_freeze(int fd, bool freeze, int ms, struct err *err) must_check;
bool cgroup_is_frozen(int fd);
/* Removes it, and the empty ones above it down from `top`, if nothing is in it. True: done. */
bool cgroup_remove_empty(const char *mount, const char *path, const char *top);
/* Removes it, all below it, and the empty ones above it down from `top`. 0 also if it is gone. */
int cgroup_remove(const char *mount, const char *path, const char *top, struct err *err) must_check;
/* All pids below it. */
int cgroup_pids(int fd, struct arena *a, pid_t **ret, uint32_t *ret_n);
/* Hands it to the container's root: the directory and the files that the kernel lists. */
int cgroup_delegate(int fd, uint32_t uid, uint32_t gid, struct err *err) must_check;

#endif
