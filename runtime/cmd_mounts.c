// SPDX-License-Identifier: Apache-2.0
/*
 * mounts add and remove: other mounts for a container that is there.
 *
 * A source is opened where we are; then a child of ours enters the container's namespaces and does
 * what create's first process would do, with the same operations below the same safe paths. What
 * was added goes again when a later mount fails.
 */
#include <limits.h>
#include <linux/prctl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "cmd.h"
#include "config.h"
#include "fd.h"
#include "idmap.h"
#include "json.h"
#include "lifecycle.h"
#include "log.h"
#include "mount_exec.h"
#include "path.h"
#include "proc.h"
#include "proto.h"
#include "sock.h"

struct job {
	struct plan *plan;
	bool add;
	int pidfd, namespaces;
	int sock; /* our end of it, in the child */
};

/* ---- in the container ---- */

/* The topmost mount on a destination, by its name in a directory that is held open. */
static int unmount(int root, const struct mount_op *op)
{
	const char *name;
	auto_fd dir = path_parent(root, op->dest, false, &name);
	int r = dir < 0 ? dir : sys_fchdir(dir);

	return r < 0 ? r : (int)SYS(umount2, name, MNT_DETACH | UMOUNT_NOFOLLOW);
}

static int add_all(const struct plan *p, struct mount_env *env, struct err *err)
{
	for (uint32_t i = 0; i < p->n_mounts; i++) {
		struct plan one = *p;

		one.mounts += i;
		one.n_mounts = 1;
		if (mount_exec_all(&one, env, err) == 0)
			continue;
		while (i-- > 0)
			unmount(env->root, &p->mounts[i]);
		return -1;
	}
	return 0;
}

/* All are looked at before the first goes. */
static int remove_all(const struct plan *p, const struct mount_env *env, struct err *err)
{
	for (uint32_t i = 0; i < p->n_mounts; i++) {
		const struct mount_op *op = &p->mounts[i];
		auto_fd fd = path_open(env->root, op->dest, O_PATH | O_NOFOLLOW);
		struct statx st = {0};
		int r = fd < 0 ? fd : (int)SYS(statx, fd, "", AT_EMPTY_PATH, 0, &st);

		if (r < 0)
			return err_sys(err, r, "%s", op->where);
		if (!(st.stx_attributes & STATX_ATTR_MOUNT_ROOT) || strcmp(op->dest, "/") == 0)
			return err_set(err, EINVAL, "%s: no mount is there that could be removed",
				       op->where);
	}
	for (uint32_t i = p->n_mounts; i-- > 0;) {
		int r = unmount(env->root, &p->mounts[i]);

		if (r < 0)
			return err_sys(err, r, "%s: unmount", p->mounts[i].where);
	}
	return 0;
}

static int become_root(struct err *err)
{
	int r = (int)SYS(setresgid, 0, 0, 0);

	if (r == 0)
		r = (int)SYS(setresuid, 0, 0, 0);
	return r < 0 ? err_sys(err, r, "become the container's root") : 0;
}

static void child_main(void *arg)
{
	struct job *j = arg;
	struct mount_env env = {.root = -1, .null = -1, .empty = -1, .parent = -1};
	struct err err = {0};
	int r;

	sys_prctl(PR_SET_NAME, (unsigned long)"proa:[mounts]", 0, 0, 0);
	sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	r = cmd_enter(j->pidfd, j->namespaces & ~CLONE_NEWPID, &err);
	/* what is made is the container's root's */
	if (r == 0 && (j->namespaces & CLONE_NEWUSER))
		r = become_root(&err);
	/* it may be our equal now: it shall not read our memory */
	sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (r == 0) {
		env.root = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
		r = env.root < 0 ? err_sys(&err, env.root, "open the container's root")
		    : j->add	 ? add_all(j->plan, &env, &err)
				 : remove_all(j->plan, &env, &err);
	}
	if (r < 0)
		proto_fail(j->sock, &err);
	else
		proto_send(j->sock, MSG_READY, 0, -1);
	sys_exit(r < 0);
}

/* ---- outside ---- */

static int enter_and_do(struct job *j, struct err *err)
{
	struct clone_args args = {.flags = CLONE_CLEAR_SIGHAND, .exit_signal = SIGCHLD};
	struct msg m;
	int pair[2];
	long pid;
	int r;

	/* only a child is born into a pid namespace: procfs shows that of who mounts it */
	if (!(j->namespaces & CLONE_NEWUSER) &&
	    cmd_enter(j->pidfd, j->namespaces & CLONE_NEWPID, err) < 0)
		return -1;
	r = sock_pair(pair);
	if (r < 0)
		return err_sys(err, r, "socketpair");
	j->sock = pair[1];
	pid = proc_clone(&args, child_main, j);
	sys_close(pair[1]);
	if (pid < 0) {
		sys_close(pair[0]);
		return err_sys(err, pid, "clone");
	}
	r = proto_recv(pair[0], 1U << MSG_READY, &m, NULL, err);
	sys_close(pair[0]);
	(void)proc_wait((pid_t)pid);
	if (r == 0)
		return err_set(err, ECHILD, "the process in the container was killed");
	return r < 0 || m.kind == MSG_FAILED ? -1 : 0;
}

/* A list of mounts as in config.json, or an object that has it. */
static int read_mounts(struct ctx *x, const char *file, struct config *ret, struct err *err)
{
	const char *path = strcmp(file, "-") == 0 ? "/proc/self/fd/0" : file;
	size_t len = 0;
	char *text = fd_read_file(AT_FDCWD, path, JSON_MAX_BYTES, x->arena, &len, err);

	if (!text)
		return -1;
	if (text[strspn(text, " \t\r\n")] == '[')
		text = arena_fmt(x->arena, "{\"mounts\":%s}", text);
	if (decode(&mounts_fields, ret, text, strlen(text), 0, x->arena, err) < 0)
		return err_ctx(err, "%s", file);
	if (ret->mounts.n == 0)
		return err_set(err, ERR_CONFIG, "%s: no mounts are in it", file);
	return 0;
}

/* The container's own plan but for its mounts: ids, namespaces and labels decide about those too.
 */
static int make_plan(struct ctx *x, const struct container *k, const char *file, bool add,
		     struct job *j, struct err *err)
{
	struct config *c = arena_new(x->arena, struct config);
	struct config given = {0};
	struct create_options o = {
		.id = k->s.id, .bundle = k->s.bundle, .no_cgroup = true, .run = true};

	if (read_mounts(x, file, &given, err) < 0 ||
	    config_load(k->dir, "config.json", &config_fields, c, x->arena, err) < 0)
		return -1;
	c->mounts = given.mounts;
	for (uint32_t i = 0; i < c->mounts.n && !add; i++) {
		/* its place is all that counts */
		struct mount *m = list_at(c->mounts, struct mount, i);

		*m = (struct mount){.destination = m->destination, .type = "tmpfs"};
	}
	if (c->linux)
		c->linux->resources = NULL;
	j->namespaces = cmd_namespaces(c, &k->s);
	if (!(j->namespaces & CLONE_NEWNS))
		return err_set(err, ERR_STATE,
			       "%s: the container has no mount namespace of its own", k->s.id);
	if (plan_build(c, &x->facts, &o, x->arena, j->plan, err) < 0)
		return err_ctx(err, "%s", file);
	for (uint32_t i = 0; i < j->plan->warnings.n && add; i++)
		log_warning("%s", j->plan->warnings.v[i]);
	/* one operation a mount; what every container has comes behind them */
	j->plan->n_mounts = given.mounts.n;
	return 0;
}

static int open_sources(struct plan *p, struct err *err)
{
	if (idmap_open_all(p, err) < 0)
		return -1;
	for (uint32_t i = 0; i < p->n_mounts; i++) {
		struct mount_op *op = &p->mounts[i];

		if (op->kind != MOUNT_BIND || op->source_in_root)
			continue;
		op->fd = mount_open_source(p, op, -1, err);
		if (op->fd < 0)
			return -1;
	}
	return 0;
}

int cmd_mounts(struct ctx *x, void *opts, struct opt_args *args, struct err *err)
{
	struct container k;
	struct plan p;
	struct job j = {.plan = &p, .pidfd = -1};
	auto_fd dir = -1;
	auto_fd pidfd = -1;
	int r;

	(void)opts;
	j.add = strcmp(args->v[0], "add") == 0;
	if (!j.add && strcmp(args->v[0], "remove") != 0)
		return err_set(err, ERR_USAGE, "mounts: \"%s\" is neither add nor remove",
			       args->v[0]);
	if (store_get(&x->store, args->v[1], &x->facts, true, x->arena, &k, err) < 0)
		return -1;
	dir = k.dir;
	if (lifecycle_check(VERB_MOUNTS, k.status, k.s.id, err) < 0)
		return -1;
	pidfd = j.pidfd = sys_pidfd_open((pid_t)k.s.pid.v, 0);
	r = pidfd < 0 ? err_sys(err, pidfd, "pidfd of the container") : 0;
	if (r == 0)
		r = make_plan(x, &k, args->v[2], j.add, &j, err);
	if (r == 0 && j.add)
		r = open_sources(&p, err);
	if (r == 0)
		r = enter_and_do(&j, err);
	return r < 0 ? err_ctx(err, "mounts %s %s", args->v[0], k.s.id) : 0;
}
