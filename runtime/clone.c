// SPDX-License-Identifier: Apache-2.0
#include "clone.h"

#include <linux/prctl.h>
#include <signal.h>
#include <string.h>

#include "cgroup_systemd.h"
#include "fd.h"
#include "hints.h"
#include "notify.h"
#include "proc.h"
#include "proto.h"

enum { INIT_STACK = 128 * 1024 };

/* Joins first, in an order that has the needed powers, then clones init beside us. */
struct middle {
	struct create *c;
	uint64_t flags;
};

/* Joins those that are (or are not) user namespaces. `must`: one that cannot be is an error. */
static int join_kind(struct plan *p, bool user, bool must, struct err *err)
{
	for (uint32_t i = 0; i < p->n_joins; i++) {
		struct ns_join *j = &p->joins[i];
		int r;

		if (j->fd < 0 || (j->type == CLONE_NEWUSER) != user)
			continue;
		r = sys_setns(j->fd, j->type);
		if (r == 0)
			fd_drop(&j->fd);
		else if (must)
			return err_sys(err, r, "join the %s namespace %s",
				       name_of(namespace_names, j->type), j->path);
	}
	return 0;
}

/* What the host's root owns is joined before its powers go with the user namespace, the rest when
 * that namespace's powers are there. */
static int middle_join(struct plan *p, struct err *err)
{
	if (join_kind(p, false, false, err) < 0 || join_kind(p, true, true, err) < 0)
		return -1;
	return join_kind(p, false, true, err);
}

static int middle_time(const struct create *c, struct err *err)
{
	const struct plan *p = c->plan;
	long r;

	if (!(p->ns_new & CLONE_NEWTIME))
		return 0;
	r = SYS(unshare, CLONE_NEWTIME);
	if (r < 0)
		return err_sys(err, r, "new time namespace");
	if (!p->time_offsets)
		return 0;
	/* before anybody is in it: time_namespaces(7) */
	r = fd_write_file(c->facts->proc, "self/timens_offsets", p->time_offsets,
			  strlen(p->time_offsets));
	return r < 0 ? err_sys(err, r, "linux.timeOffsets") : 0;
}

static void middle_main(void *arg)
{
	struct middle *m = arg;
	struct create *c = m->c;
	struct err err = {0};
	struct clone_args args = {
		.flags = (m->flags & ~(uint64_t)CLONE_NEWTIME) | CLONE_PARENT,
	};
	long pid = -1;

	sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);

	if (middle_join(c->plan, &err) == 0 && middle_time(c, &err) == 0) {
		pid = proc_clone(&args, init_main, &c->init);
		if (pid < 0)
			err_sys(&err, pid, "clone the container's first process");
	}
	if (pid < 0)
		proto_fail(c->init.sock, &err);
	else
		proto_send(c->init.sock, MSG_MIDDLE, (uint32_t)pid, -1);
	sys_exit(pid < 0);
}

static uint64_t clone_namespaces(const struct plan *p)
{
	return p->ns_new & ~(plan_late_ipc(p) ? (uint64_t)CLONE_NEWIPC : 0);
}

static int clone_error(const struct create *c, long r, struct err *err)
{
	err_sys(err, r, "clone the container's first process");
	if ((r == -EPERM || r == -ENOSPC) && (c->plan->ns_new & CLONE_NEWUSER))
		return err_hint(err, HINT_USERNS_OFF);
	return -1;
}

static int clone_middle(struct create *c, struct clone_args *args, struct err *err)
{
	struct middle m = {.c = c, .flags = clone_namespaces(c->plan)};
	struct msg msg;
	long pid;
	int r;

	/* the new namespaces are init's; this one only joins */
	args->flags &= ~(c->plan->ns_new | CLONE_VM | CLONE_PIDFD);
	args->stack = args->stack_size = 0;
	pid = proc_clone(args, middle_main, &m);
	if (pid < 0)
		return clone_error(c, pid, err);
	r = proto_recv(c->sock, 1U << MSG_MIDDLE, &msg, NULL, err);
	if (r == 0)
		err_set(err, ECHILD, "the process that joins the namespaces was killed");
	(void)proc_wait((pid_t)pid);
	if (r <= 0 || msg.kind == MSG_FAILED)
		return -1;
	c->pid = (pid_t)msg.value;
	c->pidfd = sys_pidfd_open(c->pid, 0);
	return c->pidfd < 0 ? err_sys(err, c->pidfd, "pidfd of the container's first process") : 0;
}

/* The child gets a copy of our memory: this alone stays common. The seccomp agent's text is as long
 * as its longest pid makes it. */
static int share(struct create *c, struct err *err)
{
	size_t room = c->plan->proc.seccomp.notify
			      ? strlen(notify_state_text(c->plan, INT32_MAX, c->arena)) + 1
			      : 0;

	c->shared = notify_shared(sizeof(*c->shared) + room);
	if (!c->shared)
		return err_sys(err, ENOMEM, "shared memory");
	c->shared->notify_state = (char *)(c->shared + 1);
	c->init.shared = c->shared;
	return 0;
}

/* Where we may not clone into the scope: by systemd, and from there on by ourselves. */
static int move(struct create *c, struct err *err)
{
	char pid[16];
	int r;

	if (systemd_attach(&c->plan->cgroup, c->pid, c->facts->environ, c->arena, err) < 0)
		return -1;
	if (c->leaf < 0)
		return 0;
	r = fd_write_file(c->leaf, "cgroup.procs", pid, fmt(pid, sizeof(pid), "%d", c->pid));
	return r < 0 ? err_sys(err, r, "move into the cgroup %s", c->plan->cgroup.sub) : 0;
}

int clone_init(struct create *c, struct err *err)
{
	/* shared memory between parent and child costs no page tables: CLONE_VM. Where a namespace
	 * forbids it, or a process between us joins for it, the child gets a copy. */
	static _Alignas(16) char stack[INIT_STACK];
	static struct init_shared in_bss;
	int pidfd = -1;
	struct clone_args args = {
		.flags = clone_namespaces(c->plan) | CLONE_PIDFD | CLONE_CLEAR_SIGHAND | CLONE_VM,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
		.stack = (uint64_t)(uintptr_t)stack,
		.stack_size = sizeof(stack),
	};
	long r;

	if (c->cgroup >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)(c->leaf >= 0 ? c->leaf : c->cgroup);
	}
	c->shared = c->init.shared = &in_bss;
	c->init.parent_sock = c->sock;
	if (c->plan->middle) {
		if (share(c, err) < 0 || clone_middle(c, &args, err) < 0)
			return -1;
	} else {
		r = proc_clone(&args, init_main, &c->init);
		if ((r == -EACCES || r == -EPERM) && c->plan->cgroup.unit) {
			c->shared->moved = true;
			c->shared->late_cgroupns = c->plan->ns_new & CLONE_NEWCGROUP;
			args.flags &= ~(uint64_t)(CLONE_INTO_CGROUP | CLONE_NEWCGROUP);
			r = proc_clone(&args, init_main, &c->init);
		}
		if (r < 0)
			return clone_error(c, r, err);
		c->pid = (pid_t)r;
		c->pidfd = pidfd;
		if (c->shared->moved && move(c, err) < 0)
			return -1;
	}
	/* the child reads it much later, when it is told to start */
	if (c->plan->proc.seccomp.notify) {
		char *text = notify_state_text(c->plan, c->pid, c->arena);

		if (c->plan->middle)
			memcpy(c->shared->notify_state, text, strlen(text) + 1);
		else
			c->shared->notify_state = text;
	}
	create_hand_over(c);
	return 0;
}

void clone_undo(struct create *c)
{
	if (c->pidfd < 0)
		return;
	sys_pidfd_send_signal(c->pidfd, SIGKILL);
	(void)proc_wait(c->pid);
	fd_drop(&c->pidfd);
}
