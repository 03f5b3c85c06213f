// SPDX-License-Identifier: Apache-2.0
#include "criu_restore.h"

#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "fd.h"
#include "idmap.h"
#include "log.h"
#include "mount_exec.h"
#include "proc.h"
#include "sock.h"

const char *criu_config_file(const struct pairs *annotations)
{
	static const char *const files[] = {"/etc/criu/proa.conf", "/etc/criu/runc.conf",
					    "/etc/criu/crun.conf"};

	for (uint32_t i = 0; i < annotations->n; i++)
		if (strcmp(annotations->v[i].key, "org.criu.config") == 0)
			return annotations->v[i].value;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (SYS(faccessat, AT_FDCWD, files[i], 0) == 0)
			return files[i];
	return NULL;
}

/* ---- in the process that becomes criu ---- */

/* Mount points that an image of the root file system does not have, and those inside of volumes,
 * are made as create makes them: by mounting, in a namespace that ends with this process. */
static void make_points(void *arg)
{
	struct create *c = arg;
	struct mount_env env = c->init.mounts;
	struct err err = {0};
	int r = (int)SYS(unshare, CLONE_NEWNS);

	if (r == 0)
		r = sys_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	env.root = r < 0 ? r : sys_openat(AT_FDCWD, c->plan->rootfs, O_PATH | O_DIRECTORY, 0);
	r = env.root < 0 ? err_sys(&err, env.root, "root file system %s", c->plan->rootfs)
			 : mount_make_points(c->plan, &env, &err);
	/* the parent is told by the exit status, a person by the words */
	if (r < 0)
		log_msg(LOG_ERROR, "restore %s: %s", c->plan->id, err.msg);
	sys_exit(r < 0);
}

/* criu mounts in its work directory, and the kernel lets nobody mount in a namespace that is not
 * his: the same directory, as this namespace has it. */
static int open_here(const char *path, int to)
{
	auto_fd fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);

	return fd < 0 ? fd : (int)SYS(dup3, fd, to, O_CLOEXEC);
}

/* The processes read the image themselves: at first as the host's root, then as root of their user
 * namespace, who may not reach it. In an id-mapped mount, which only criu has, its owner stays and
 * its group is that root's, so a directory that its group may search will do. Where the file system
 * knows no such mounts, the image must be readable to him. */
static int map_images(const struct create *c, struct err *err)
{
	struct idmap m = {.uid_map = "0 0 4294967295", .gid_map = c->plan->ids.gid};
	struct mount_attr a = {.attr_set = MOUNT_ATTR_IDMAP};
	auto_fd tree = -1;
	auto_fd ns = -1;
	auto_fd dir = -1;
	struct stat st;
	int r;

	if (!m.gid_map)
		return 0;
	if (SYS(fstat, c->restore->images, &st) == 0 && !(st.st_mode & S_IXGRP))
		SYS(fchmod, c->restore->images, (st.st_mode & 07777) | S_IXGRP);
	ns = idmap_userns(&m, err);
	if (ns < 0)
		return -1;
	a.userns_fd = (uint64_t)ns;
	tree = sys_open_tree(c->restore->images, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
	r = tree < 0 ? tree : sys_mount_setattr(tree, "", AT_EMPTY_PATH, &a);
	if (r < 0) {
		log_debug("no id-mapped mount of the image");
		return 0;
	}
	dir = sys_openat(tree, ".", O_RDONLY | O_DIRECTORY, 0);
	r = dir < 0 ? dir : (int)SYS(dup3, dir, c->restore->images, O_CLOEXEC);
	return r < 0 ? err_sys(err, r, "id-mapped mount of the image") : 0;
}

/* criu wants the root to be a mount of its own, and mounts what is external out of this namespace.
 */
static int prepare(void *ctx, struct err *err)
{
	struct create *c = ctx;
	const char *root = c->plan->rootfs;
	struct clone_args args = {.exit_signal = SIGCHLD};
	long pid = proc_clone(&args, make_points, c);
	int r;

	if (pid < 0)
		return err_sys(err, pid, "clone a process for the mount points");
	if (proc_wait((pid_t)pid) != 0)
		return err_set(err, ECHILD, "the mount points could not be made");
	r = (int)SYS(unshare, CLONE_NEWNS);
	if (r == 0)
		r = sys_mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL);
	if (r == 0)
		r = sys_mount(root, root, NULL, MS_BIND | MS_REC, NULL);
	if (r == 0)
		r = sys_mount(NULL, root, NULL, MS_REC | MS_PRIVATE, NULL);
	if (r < 0)
		return err_sys(err, r, "bind the root file system %s", root);
	r = open_here(c->restore->image_path, c->restore->images);
	if (r >= 0)
		r = open_here(c->restore->work_path, c->restore->work);
	if (r < 0)
		return err_sys(err, r, "open the image's directories again");
	return map_images(c, err);
}

/* ---- while it works ---- */

static int take_terminal(struct create *c, int master, struct err *err)
{
	auto_fd sock = -1;
	ssize_t n;

	if (!c->o->console_socket) {
		c->master = (int)SYS(fcntl, master, F_DUPFD_CLOEXEC, 10);
		return c->master < 0 ? err_sys(err, c->master, "the terminal") : 0;
	}
	sock = sock_connect(AT_FDCWD, c->o->console_socket, SOCK_STREAM);
	n = sock < 0 ? sock : sock_send(sock, "/dev/ptmx", 9, master);
	return n < 0 ? err_sys(err, n, "--console-socket %s", c->o->console_socket) : 0;
}

static int notified(void *ctx, const char *script, pid_t pid, int fd, struct err *err)
{
	struct create *c = ctx;

	if (pid > 0 && c->pidfd < 0) {
		/* from here on undo kills it */
		c->pid = pid;
		c->pidfd = sys_pidfd_open(pid, 0);
	}
	if (strcmp(script, "setup-namespaces") == 0)
		return create_parent_hooks(c, err);
	if (strcmp(script, "orphan-pts-master") == 0 && fd >= 0)
		return take_terminal(c, fd, err);
	/* all are there, and none goes on yet */
	if (strcmp(script, "post-restore") == 0 && c->plan->intel_rdt)
		return rdt_join(&c->rdt, c->pid, err);
	return 0;
}

/* ---- what it is asked ---- */

static const char *read_mountinfo(const struct create *c, struct err *err)
{
	size_t len;

	return fd_read_file(c->facts->proc, "self/mountinfo", 64 << 20, c->arena, &len, err);
}

static int copy_stdio(struct criu_facts *f, struct err *err)
{
	for (int i = 0; i < 3; i++) {
		/* criu has its own use for 0 to 2 */
		f->stdio_fds[i] = (int)SYS(fcntl, i, F_DUPFD_CLOEXEC, 10);
		if (f->stdio_fds[i] < 0 && f->stdio_fds[i] != -EBADF)
			return err_sys(err, f->stdio_fds[i], "copy descriptor %d", i);
	}
	return 0;
}

int criu_restore(struct create *c, struct err *err)
{
	struct restore *o = c->restore;
	const char *mode = o->flags->manage_cgroups;
	struct criu_request request;
	struct criu_facts f = {
		.flags = o->flags,
		.plan = c->plan,
		.restore = true,
		.images = o->images,
		.work = o->work,
		.root = c->plan->rootfs,
		.cgroup = c->state.cgroup_path,
		.config_file = criu_config_file(&c->plan->config->annotations),
		.stdio = o->stdio,
	};
	struct criu_call call = {
		.request = &request,
		.prepare = prepare,
		.notify = notified,
		.ctx = c,
		/* criu puts the processes where they belong, or leaves them where it is itself */
		.cgroup = mode && strcmp(mode, "ignore") == 0 ? c->cgroup : -1,
		.work = o->work,
		.work_path = o->work_path,
		.env = c->facts->environ,
	};
	const char *mountinfo = read_mountinfo(c, err);
	pid_t pid = 0;
	int r;

	if (!mountinfo || copy_stdio(&f, err) < 0)
		return -1;
	f.mountpoints = criu_mountpoints((char *)mountinfo, c->arena);
	r = criu_plan(&f, c->arena, &request, err);
	if (r == 0)
		r = criu_run(&call, c->arena, &pid, err);
	for (int i = 0; i < 3; i++)
		fd_drop(&f.stdio_fds[i]);
	if (r < 0)
		return -1;
	if (c->pidfd < 0) {
		c->pid = pid;
		c->pidfd = sys_pidfd_open(pid, 0);
	}
	create_hand_over(c);
	return c->pidfd < 0 ? err_sys(err, c->pidfd, "pidfd of the restored process") : 0;
}
