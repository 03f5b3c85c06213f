// SPDX-License-Identifier: Apache-2.0
#include "init.h"

#include <linux/if.h>
#include <linux/keyctl.h>
#include <linux/prctl.h>
#include <linux/sockios.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "console.h"
#include "fault.h"
#include "fd.h"
#include "hints.h"
#include "hooks.h"
#include "path.h"
#include "proto.h"
#include "sock.h"
#include "sysctl.h"

/* ---- [1] namespaces and ids ---- */

static int stage_join(struct init *in, struct err *err)
{
	const struct plan *p = in->plan;

	if (process_oom(&p->proc, &in->env, err) < 0)
		return -1;
	for (uint32_t i = 0; i < p->n_joins && !p->middle; i++) {
		int r = sys_setns(p->joins[i].fd, p->joins[i].type);

		if (r < 0)
			return err_sys(err, r, "join the %s namespace %s",
				       name_of(namespace_names, p->joins[i].type),
				       p->joins[i].path);
		fd_drop(&p->joins[i].fd);
	}
	return 0;
}

static int wait_for(struct init *in, enum msg_kind kind, struct err *err)
{
	struct msg m;
	int r = proto_recv(in->sock, 1U << kind, &m, NULL, err);

	if (r == 0)
		sys_exit(1); /* the parent is dead: nobody is left to tell */
	return r < 0 || m.kind == MSG_FAILED ? -1 : 0;
}

static int stage_ids(struct init *in, struct err *err)
{
	const struct plan *p = in->plan;
	long r;

	if ((p->ns_new & CLONE_NEWUSER || in->shared->moved) && wait_for(in, MSG_MAPPED, err) < 0)
		return -1;
	if (in->shared->late_cgroupns) {
		r = SYS(unshare, CLONE_NEWCGROUP);
		if (r < 0)
			return err_sys(err, r, "new cgroup namespace");
	}
	if (!(p->ns_all & CLONE_NEWUSER))
		return 0;
	/* root of the namespace; where 0 is not mapped we stay nobody, with all capabilities */
	if (!p->ids.deny_setgroups)
		SYS(setgroups, 0, NULL);
	r = SYS(setresgid, 0, 0, 0);
	if (r == 0 || r == -EINVAL)
		r = SYS(setresuid, 0, 0, 0);
	if (r < 0 && r != -EINVAL)
		return err_sys(err, r, "become root of the user namespace");
	/* the mqueue file system of an ipc namespace belongs to who made that */
	r = plan_late_ipc(p) ? SYS(unshare, CLONE_NEWIPC) : 0;
	return r < 0 ? err_sys(err, r, "new ipc namespace") : 0;
}

static int stage_session(struct init *in, struct err *err)
{
	const struct proc_plan *p = &in->plan->proc;
	long r;

	/* what is the container's own to see may not trace us (CVE-2016-9962). In an ordinary
	 * user's namespace this would take our own /proc/self files away: there it comes later. */
	if (!in->plan->rootless)
		sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	SYS(setsid);
	SYS(umask, 0);
	if (!p->keyring)
		return 0;
	r = SYS(keyctl, KEYCTL_JOIN_SESSION_KEYRING, p->keyring);
	if (r < 0 && r != -ENOSYS && r != -EPERM)
		return err_sys(err, r, "new session keyring (--no-new-keyring goes without)");
	return 0;
}

static int stage_limits(struct init *in, struct err *err)
{
	int r = process_limits(&in->plan->proc, err);

	if (in->plan->rootless)
		sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return r;
}

/* ---- [2] the root file system ---- */

/* "/" of an initramfs has no parent mount, so pivot_root refuses it: a clone of it is mounted over
 * it and made our root. `mount --rbind / D; cd D; mount --move . /; chroot .` in four calls. */
static int leave_ramfs(struct err *err)
{
	auto_fd tree = sys_open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | AT_RECURSIVE);
	long r = tree;

	if (tree >= 0)
		r = sys_move_mount(tree, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH);
	if (r >= 0)
		r = sys_fchdir(tree);
	if (r >= 0)
		r = SYS(chroot, ".");
	return r < 0 ? err_sys(err, r, "make a root to pivot from") : 0;
}

/* Without the mount API of Linux 5.2 the root is bound over itself. */
static int bind_root(const struct plan *p, struct err *err)
{
	int r = sys_mount(NULL, "/", NULL, p->root_propagation, NULL);

	if (r == 0)
		r = sys_mount(p->rootfs, p->rootfs, NULL, MS_BIND | MS_REC, NULL);
	if (r < 0)
		return err_sys(err, r, "bind the root file system %s", p->rootfs);
	r = sys_openat(AT_FDCWD, p->rootfs, O_PATH | O_DIRECTORY, 0);
	return r < 0 ? err_sys(err, r, "root file system %s", p->rootfs) : r;
}

/* Does our caller sit in a chroot? Then "/" is another directory than pid 1 has; where that is so
 * for other reasons, no harm is done. (Not known where pid 1 has powers that we have not.) */
static bool is_chrooted(const struct init *in)
{
	struct stat ours;
	struct stat theirs;

	return SYS(newfstatat, in->env.proc, "1/root/", &theirs, 0) == 0 &&
	       SYS(newfstatat, AT_FDCWD, "/", &ours, 0) == 0 &&
	       (ours.st_ino != theirs.st_ino || ours.st_dev != theirs.st_dev);
}

/* The namespace has a root of its own, to which setns(2) leads; from there propagation is set, and
 * pivot_root called later. Else who enters the namespace afterwards (exec; or the container, with
 * the powers for it) would find the host's root there. Until then paths are the caller's. */
static int from_own_root(struct init *in, struct err *err)
{
	auto_fd here = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
	long r = here;

	if (here >= 0)
		r = in->own_ns = sys_openat(in->env.proc, "self/ns/mnt", O_RDONLY, 0);
	if (r >= 0)
		r = sys_setns(in->own_ns, CLONE_NEWNS);
	if (r == 0)
		r = sys_mount(NULL, "/", NULL, in->plan->root_propagation, NULL);
	if (r == 0)
		r = sys_fchdir(here);
	if (r == 0)
		r = SYS(chroot, ".");
	return r < 0 ? err_sys(err, r, "propagation of the host's mounts, out of a chroot") : 0;
}

static int attach_root(struct init *in, struct err *err)
{
	const struct plan *p = in->plan;
	/* its mounts are its own, unless propagation is asked for */
	struct mount_attr own = {
		/* pivot_root refuses a shared one, so that comes after it */
		.propagation = p->root_propagation_end & MS_SLAVE ? MS_SLAVE : MS_PRIVATE,
	};
	auto_fd tree = in->root_tree;
	bool done = false;
	int r;

	if (fault_no_mount_api())
		return bind_root(p, err);
	if (tree < 0) {
		tree = sys_open_tree_attr(AT_FDCWD, p->rootfs, OPEN_TREE_CLONE | AT_RECURSIVE,
					  &own);
		done = tree >= 0;
	}
	if (tree == -ENOSYS) /* before Linux 6.15 in two calls */
		tree = sys_open_tree(AT_FDCWD, p->rootfs, OPEN_TREE_CLONE | AT_RECURSIVE);
	if (tree == -ENOSYS)
		return bind_root(p, err);
	if (tree < 0) {
		err_sys(err, tree, "root file system %s", p->rootfs);
		return tree == -EACCES ? err_hint(err, HINT_ROOTFS_ACCESS) : -1;
	}
	r = is_chrooted(in) ? -EINVAL : sys_mount(NULL, "/", NULL, p->root_propagation, NULL);
	if (r == -EINVAL && from_own_root(in, err) < 0) /* or "/" is no mount */
		return -1;
	if (r < 0 && r != -EINVAL)
		return err_sys(err, r, "propagation of the host's mounts");
	r = done ? 0 : sys_mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &own);
	if (r < 0 && r != -ENOSYS)
		return err_sys(err, r, "propagation of the root file system");
	/* at its own path, where hooks look for it; where the mapped root cannot reach that, over
	 * "/", which needs no look-up */
	r = sys_move_mount(tree, "", AT_FDCWD, p->rootfs,
			   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS);
	if (r == -EACCES)
		r = sys_move_mount(tree, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH);
	if (r < 0)
		return err_sys(err, r, "attach the root file system %s", p->rootfs);
	return fd_steal(&tree);
}

static int stage_root(struct init *in, struct err *err)
{
	const struct plan *p = in->plan;
	int r;

	if (!p->own_mounts) {
		in->mounts.root = sys_openat(AT_FDCWD, p->rootfs, O_PATH | O_DIRECTORY, 0);
		return in->mounts.root < 0
			       ? err_sys(err, in->mounts.root, "root file system %s", p->rootfs)
			       : 0;
	}
	if (p->leave_ramfs && leave_ramfs(err) < 0)
		return -1;
	in->mounts.root = attach_root(in, err);
	if (in->mounts.root < 0)
		return -1;
	r = sys_fchdir(in->mounts.root);
	return r < 0 ? err_sys(err, r, "enter the root file system") : 0;
}

static int stage_mounts(struct init *in, struct err *err)
{
	return in->plan->own_mounts ? mount_exec_all(in->plan, &in->mounts, err) : 0;
}

/* ---- [3] hooks, terminal, pivot ---- */

/* `ps` is told whose time this is. */
static int run_hooks(struct init *in, const struct hook_list *l, const char *status, char **env,
		     int cwd, struct err *err)
{
	if (!l->hooks->n)
		return 0;
	sys_prctl(PR_SET_NAME, (unsigned long)"proa:[hooks]", 0, 0, 0);
	return hooks_run(l, in->hook_head, status, sys_getpid(), env, cwd, err);
}

static int stage_hooks(struct init *in, struct err *err)
{
	struct plan *p = in->plan;

	if (p->hooks_in_parent) {
		int r = proto_send(in->sock, MSG_HOOKS, 0, -1);

		sys_prctl(PR_SET_NAME, (unsigned long)"proa:[hooks]", 0, 0, 0);
		if (r < 0)
			return err_sys(err, r, "ask for the hooks");
		if (wait_for(in, MSG_GO, err) < 0)
			return -1;
	}
	return run_hooks(in, &p->create_container, "creating", NULL, in->mounts.root, err);
}

static int stage_console(struct init *in, struct err *err)
{
	const struct proc_plan *p = &in->plan->proc;
	auto_fd master = -1;

	in->slave = -1;
	if (!p->terminal)
		return 0;
	if (console_make(in->mounts.root, p, &master, &in->slave, err) < 0 ||
	    (in->plan->own_mounts && console_bind(in->mounts.root, in->slave, err) < 0))
		return -1;
	if (in->console_sock < 0) {
		int r = proto_send(in->sock, MSG_CONSOLE, 0, master);

		return r < 0 ? err_sys(err, r, "hand the terminal to the parent") : 0;
	}
	if (console_send(in->console_sock, master, err) < 0)
		return -1;
	fd_drop(&in->console_sock);
	return 0;
}

/* With MS_MOVE the host's procfs and sysfs would stay in the mount namespace, fully visible, and
 * allow a nested user namespace to mount its own without the masks. */
static int move_root(struct err *err)
{
	long r;

	sys_umount2("/proc", MNT_DETACH);
	sys_umount2("/sys", MNT_DETACH);
	r = sys_mount(".", "/", NULL, MS_MOVE, NULL);
	if (r == 0)
		r = SYS(chroot, ".");
	if (r == 0)
		r = sys_chdir("/");
	return r < 0 ? err_sys(err, r, "move the root file system to /") : 0;
}

static int pivot(struct err *err)
{
	/* the old root lands over the new one and is let go from there: pivot_root(2), "." "." */
	long r = SYS(pivot_root, ".", ".");

	if (r < 0)
		return err_sys(err, r, "pivot_root");
	r = sys_umount2(".", MNT_DETACH); /* "." is the new one's "/" then */
	return r < 0 ? err_sys(err, r, "unmount the old root") : 0;
}

/* A process.cwd that is missing is made, while that can be done. What cannot is told by chdir. */
static void make_cwd(const struct init *in)
{
	const char *cwd = in->plan->proc.cwd;
	bool made;

	if (cwd && cwd[0] == '/' && cwd[1]) {
		int fd = path_make(in->mounts.root, cwd, PATH_DIR, &made);

		if (fd >= 0)
			sys_close(fd);
	}
}

static int stage_pivot(struct init *in, struct err *err)
{
	const struct plan *p = in->plan;
	long r = in->own_ns < 0 ? 0 : sys_setns(in->own_ns, CLONE_NEWNS);

	if (r == 0)
		r = sys_fchdir(in->mounts.root);
	if (r < 0)
		return err_sys(err, r, "enter the root file system");
	if (!p->own_mounts) {
		r = SYS(chroot, ".");
		return r < 0 ? err_sys(err, r, "chroot") : 0;
	}
	if (p->root_readonly) {
		struct mount_attr ro = {.attr_set = MOUNT_ATTR_RDONLY};

		make_cwd(in);
		r = sys_mount_setattr(in->mounts.root, "", AT_EMPTY_PATH, &ro);
		if (r == -ENOSYS)
			r = sys_mount(NULL, ".", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL);
		if (r < 0)
			return err_sys(err, r, "root.readonly");
	}
	if ((p->no_pivot ? move_root : pivot)(err) < 0)
		return -1;
	if (p->root_propagation_end) {
		r = sys_mount(NULL, "/", NULL, p->root_propagation_end, NULL);
		if (r < 0)
			return err_sys(err, r, "linux.rootfsPropagation");
	}
	return 0;
}

/* ---- [4] names, network, sysctls ---- */

static int raise_loopback(struct err *err)
{
	auto_fd s = (int)SYS(socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct {
		char name[16];
		short flags;
		char pad[22];
	} ifr = {"lo", IFF_UP | IFF_RUNNING, {0}};
	long r = s < 0 ? s : sys_ioctl(s, SIOCSIFFLAGS, &ifr);

	/* a kernel without IPv4 has nothing to raise */
	return r < 0 && r != -EAFNOSUPPORT ? err_sys(err, r, "bring up the loopback device") : 0;
}

static int stage_names(struct init *in, struct err *err)
{
	const struct plan *p = in->plan;
	long r = 0;

	if (p->hostname)
		r = SYS(sethostname, p->hostname, strlen(p->hostname));
	if (r < 0)
		return err_sys(err, r, "hostname %s", p->hostname);
	if (p->domainname)
		r = SYS(setdomainname, p->domainname, strlen(p->domainname));
	if (r < 0)
		return err_sys(err, r, "domainname %s", p->domainname);
	if (p->loopback && raise_loopback(err) < 0)
		return -1;
	if (p->sysctl.n && in->env.proc < 0)
		return err_set(err, ENOENT, "linux.sysctl: the host has no /proc to write it to");
	return sysctl_apply(&p->sysctl, in->env.proc, err);
}

/* ---- [5] the process ---- */

/* From here on, where cwd and program are looked up, and while it waits, for hours perhaps, nothing
 * of the host is open in it (CVE-2024-21626): all but the container's descriptors and our sockets.
 */
static void close_others(const struct init *in)
{
	unsigned int from = 3 + in->plan->proc.n_keep_fds;
	unsigned int low = (unsigned int)in->sock;
	unsigned int high = in->start_sock < 0 ? low : (unsigned int)in->start_sock;

	if (high < low) {
		unsigned int swap = low;

		low = high;
		high = swap;
	}
	if (low > from)
		SYS(close_range, from, low - 1, 0);
	if (high > low + 1)
		SYS(close_range, low + 1, high - 1, 0);
	SYS(close_range, high + 1, ~0U, 0);
}

static int stage_process(struct init *in, struct err *err)
{
	struct proc_plan *p = &in->plan->proc;

	if (!in->plan->config->process) {
		close_others(in);
		return 0;
	}
	if (in->slave >= 0 && console_use(in->slave, p, err) < 0)
		return -1;
	fd_drop(&in->slave);
	if (process_labels(p, &in->env, err) < 0)
		return -1;
	close_others(in);
	if (process_user(p, &in->env, err) < 0)
		return -1;
	return process_find(p, &in->env, err);
}

/* ---- [6] waiting ---- */

/* A connection on the start socket takes the parent's place. */
static int accept_start(struct init *in, struct err *err)
{
	struct msg m;
	int conn;
	int r;

	fd_drop(&in->sock);
	conn = (int)SYS_RETRY(accept4, in->start_sock, NULL, NULL, SOCK_CLOEXEC);
	if (conn < 0)
		return err_sys(err, conn, "wait to be started");
	in->sock = conn;
	fd_drop(&in->start_sock);
	r = proto_recv(in->sock, 1U << MSG_START, &m, &in->agent, err);
	if (r == 0)
		sys_exit(1); /* `start` was killed before it said so */
	return r < 0 || m.kind == MSG_FAILED ? -1 : 0;
}

static int stage_ready(struct init *in, struct err *err)
{
	struct msg m;
	int r;

	r = proto_send(in->sock, MSG_READY, 0, -1);
	if (r < 0)
		return err_sys(err, r, "say that it is ready");
	r = proto_recv(in->sock, 1U << MSG_START | 1U << MSG_DETACH, &m, &in->agent, err);
	if (r == 0)
		sys_exit(1);
	if (r < 0 || m.kind == MSG_FAILED)
		return -1;
	return m.kind == MSG_DETACH ? accept_start(in, err) : 0;
}

/* ---- [7] the end of us ---- */

static int stage_confine(struct init *in, struct err *err)
{
	if (!in->plan->config->process)
		return err_set(err, EINVAL,
			       "/process: missing in config.json, so there is nothing to start");
	return process_confine(&in->plan->proc, in->agent, in->shared->notify_state, err);
}

static int stage_start_hooks(struct init *in, struct err *err)
{
	return run_hooks(in, &in->plan->start_container, "created", in->plan->proc.env, -1, err);
}

static int stage_exec(struct init *in, struct err *err)
{
	/* all that is not the container's is gone at execve; the socket's end of file says so */
	SYS(close_range, 3 + in->plan->proc.n_keep_fds, ~0U, CLOSE_RANGE_CLOEXEC);
	return process_exec(&in->plan->proc, &in->env, err);
}

const struct stage init_stages[] = {
	{"join", stage_join, "oom score; enter the namespaces given by path", false},
	{"ids", stage_ids, "become root of the user namespace", false},
	{"session", stage_session, "new session, keyring, not traceable", false},
	{"limits", stage_limits, "scheduler, affinity, io priority, memory policy", false},
	{"root", stage_root, "propagation; attach the root file system", false},
	{"mounts", stage_mounts, "mounts, devices, read-only and masked paths", true},
	{"hooks", stage_hooks, "prestart and createRuntime (by the parent), createContainer",
	 false},
	{"console", stage_console, "make the terminal, hand out its master", false},
	{"pivot", stage_pivot, "make it the root, let the host's go", false},
	{"names", stage_names, "hostname, domainname, loopback, sysctls", false},
	{"process", stage_process,
	 "labels, rlimits, cwd, user, groups, capabilities; find the program", false},
	{"ready", stage_ready, "say so, and wait to be started", true},
	{"confine", stage_confine, "seccomp", false},
	{"start-hooks", stage_start_hooks, "startContainer hooks", false},
	{"exec", stage_exec, "close what is not the container's; execve", false},
	{NULL, NULL, NULL, false},
};

static int run_stage(struct init *in, const struct stage *s, struct err *err)
{
	char name[16];

	if (s->shows) {
		fmt(name, sizeof(name), "proa:[%s]", s->name);
		sys_prctl(PR_SET_NAME, (unsigned long)name, 0, 0, 0);
	}
	if (fault_at("stage", s->name, "start", err) < 0 || s->run(in, err) < 0)
		return -1;
	return fault_at("stage", s->name, "end", err);
}

void init_main(void *arg)
{
	struct init own = *(const struct init *)arg; /* the parent goes on with its own */
	struct init *in = &own;
	struct err err = {0};

	sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	/* the parent's end of our socket: while it is open here, its death would not be heard. What
	 * else is the parent's ends in stage "process" */
	fd_drop(&in->parent_sock);
	process_reset_signals(in->env.ignored);
	for (const struct stage *s = init_stages; s->name; s++) {
		in->shared->stage = (int)(s - init_stages);
		if (strcmp(s->name, "ready") == 0)
			sys_prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
		if (run_stage(in, s, &err) < 0)
			break;
	}
	if (!err.msg[0])
		err_set(&err, ERR_INTERNAL, "stage %s failed without a message",
			init_stages[in->shared->stage].name);
	proto_fail(in->sock, &err);
	sys_exit(1);
}
