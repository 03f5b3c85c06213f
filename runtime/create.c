// SPDX-License-Identifier: Apache-2.0
#include "create.h"

#include <linux/nsfs.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "cgroup.h"
#include "clone.h"
#include "criu_restore.h"
#include "fault.h"
#include "fd.h"
#include "hints.h"
#include "hooks.h"
#include "idmap.h"
#include "intelrdt.h"
#include "lifecycle.h"
#include "log.h"
#include "notify.h"
#include "proc.h"
#include "proto.h"
#include "sock.h"

/* ---- state directory ---- */

static void fill_state(struct create *c)
{
	const struct plan *p = c->plan;
	struct state *s = &c->state;
	char *now = arena_alloc(c->arena, 40);

	log_time(now);
	*s = (struct state){
		.ociVersion = OCI_VERSION,
		.id = p->id,
		.pid = {true, 0},
		.bundle = p->bundle,
		.rootfs = p->rootfs,
		.created = now,
		.owner = "",
		.annotations = p->config->annotations,
		.poststart = p->poststart.hooks->n,
		.poststop = p->poststop.hooks->n,
		.notifies = p->proc.seccomp.notify,
		.own_pidns = p->ns_new & CLONE_NEWPID,
		.own_userns = p->ns_all & CLONE_NEWUSER,
	};
	if (p->cgroup.unit) {
		s->systemd_unit = p->cgroup.unit;
		s->systemd_bus = p->cgroup.bus_program;
		s->systemd_user = p->cgroup.user_manager;
	} else if (!p->cgroup.none) {
		s->cgroup_mount = p->cgroup.mount;
		s->cgroup_path = p->cgroup.path;
		s->cgroup_top = cgroup_top(p->cgroup.mount, p->cgroup.path, c->arena);
	}
	s->cgroup_sub = p->cgroup.sub;
}

static int step_state(struct create *c, struct err *err)
{
	int fd;
	int r;

	c->dir = store_make(c->store, c->plan->id, err);
	if (c->dir < 0)
		return -1;
	fill_state(c);
	/* before the first effect elsewhere: whoever finds us dead knows what to undo */
	if (store_save_first(c->dir, &c->state, c->arena, err) < 0)
		return -1;
	fd = sys_openat(c->dir, "config.json", O_WRONLY | O_CREAT | O_EXCL, 0600);
	r = fd < 0 ? fd : fd_write_all(fd, c->config_text, c->config_len);
	fd_drop(&fd);
	return r < 0 ? err_sys(err, r, "write config.json into %s/%s", c->store->path, c->plan->id)
		     : 0;
}

static void undo_state(struct create *c)
{
	struct err err;

	if (c->dir >= 0 && store_remove(c->store, c->plan->id, c->dir, &err) < 0)
		log_warning("%s", err.msg);
	fd_drop(&c->dir);
}

/* ---- sockets ---- */

static int step_sockets(struct create *c, struct err *err)
{
	const struct create_options *o = c->o;
	int pair[2];
	int r;

	if (o->console_socket) {
		c->init.console_sock = sock_connect(AT_FDCWD, o->console_socket, SOCK_STREAM);
		if (c->init.console_sock < 0)
			return err_sys(err, c->init.console_sock, "--console-socket %s: connect",
				       o->console_socket);
	}
	if (!o->run) {
		c->init.start_sock = sock_listen(c->dir, START_SOCKET, SOCK_SEQPACKET);
		if (c->init.start_sock < 0)
			return err_sys(err, c->init.start_sock, "listen on %s/%s/" START_SOCKET,
				       c->store->path, c->plan->id);
	}
	r = sock_pair(pair);
	if (r < 0)
		return err_sys(err, r, "socketpair");
	c->sock = pair[0];
	c->init.sock = pair[1];
	return 0;
}

/* ---- sources: what only the caller may reach ---- */

static int open_namespace(struct ns_join *j, struct err *err)
{
	const char *name = name_of(namespace_names, j->type);
	long type;

	j->fd = sys_openat(AT_FDCWD, j->path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	if (j->fd < 0)
		return err_sys(err, j->fd, "linux.namespaces: %s namespace %s", name, j->path);
	/* ioctl_nsfs(2): anything else that opens is not a namespace */
	type = SYS(ioctl, j->fd, NS_GET_NSTYPE, 0);
	if (type < 0)
		return err_set(err, EINVAL, "linux.namespaces: %s is not a namespace", j->path);
	if (type != j->type)
		return err_set(
			err, EINVAL, "linux.namespaces: %s is a %s namespace, not %s", j->path,
			name_of(namespace_names, type) ? name_of(namespace_names, type) : "?",
			name);
	return 0;
}

static void raise_nofile(uint32_t need)
{
	uint64_t lim[2];

	if (need < 200 || SYS(prlimit64, 0, 7 /* RLIMIT_NOFILE */, NULL, lim) < 0 ||
	    lim[0] > need + 64)
		return;
	lim[0] = lim[1];
	SYS(prlimit64, 0, 7, lim, NULL);
}

/* With a user namespace the child's root may not reach what the caller does; sharing with the host
 * is only kept by a clone from the host's own namespace; id maps need the caller's powers. */
static bool parent_opens(const struct create *c, const struct mount_op *op)
{
	bool mapped = (c->plan->ns_all & CLONE_NEWUSER) && !c->plan->rootless;

	if (op->kind != MOUNT_BIND || op->source_in_root || fault_no_mount_api())
		return false;
	return op->idmap >= 0 || op->propagation == MS_SHARED || mapped;
}

/* Opened here, where their names mean something. Not for startContainer: the first process closes
 * all that is the host's before it waits to be started. */
static int open_hook_output(struct create *c, struct err *err)
{
	struct plan *p = c->plan;
	struct hook_list *all[] = {&p->create_runtime, &p->create_container, &p->poststart,
				   &p->poststop};

	if (!p->config->hooks)
		return 0;
	if (hooks_output(&p->prestart, &p->config->annotations, err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		all[i]->out = p->prestart.out;
		all[i]->err = p->prestart.err;
	}
	return 0;
}

static int open_joins(struct create *c, struct err *err)
{
	struct plan *p = c->plan;
	struct stat st;
	int r;

	r = (int)SYS(newfstatat, AT_FDCWD, p->rootfs, &st, 0);
	if (r < 0)
		return err_sys(err, r, "root.path: root file system %s", p->rootfs);
	if (!S_ISDIR(st.st_mode))
		return err_set(err, ENOTDIR, "root.path: root file system %s is not a directory",
			       p->rootfs);
	for (uint32_t i = 0; i < p->n_joins; i++)
		if (open_namespace(&p->joins[i], err) < 0)
			return -1;
	return open_hook_output(c, err);
}

static int step_sources(struct create *c, struct err *err)
{
	struct plan *p = c->plan;

	if (open_joins(c, err) < 0)
		return -1;
	if (!p->own_mounts)
		return 0;
	raise_nofile(p->n_mounts);
	if (idmap_open_all(p, err) < 0)
		return -1;
	for (uint32_t i = 0; i < p->n_mounts; i++) {
		struct mount_op *op = &p->mounts[i];

		if (!parent_opens(c, op))
			continue;
		op->fd = mount_open_source(p, op, -1, err);
		if (op->fd < 0) {
			op->fd = -1;
			return err->code == EMFILE ? err_hint(err, HINT_NOFILE) : -1;
		}
	}
	if ((p->ns_all & CLONE_NEWUSER) && !p->rootless && !fault_no_mount_api()) {
		c->init.root_tree =
			sys_open_tree(AT_FDCWD, p->rootfs, OPEN_TREE_CLONE | AT_RECURSIVE);
		if (c->init.root_tree < 0 && c->init.root_tree != -ENOSYS &&
		    c->init.root_tree != -EPERM)
			return err_sys(err, c->init.root_tree, "root file system %s", p->rootfs);
	}
	return 0;
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		sys_close(fd);
}

/* Closes our copies of what the child has by now. The numbers stay where they are: the child
 * reads them in memory that we share. */
void create_hand_over(struct create *c)
{
	const struct plan *p = c->plan;

	if (c->handed_over)
		return;
	c->handed_over = true;
	systemd_release(&c->scope);
	for (uint32_t i = 0; i < p->n_mounts; i++)
		close_if_open(p->mounts[i].fd);
	for (uint32_t i = 0; i < p->n_joins; i++)
		close_if_open(p->joins[i].fd);
	for (uint32_t i = 0; i < p->n_idmaps; i++)
		close_if_open(p->idmaps[i].fd);
	close_if_open(c->init.root_tree);
	close_if_open(c->init.sock);
	close_if_open(c->init.start_sock);
	close_if_open(c->init.console_sock);
}

/* ---- cgroup ---- */

/* systemd says where the scope is. */
static int make_scope(struct create *c, struct cgroup_plan *g, struct err *err)
{
	if (systemd_start(g, c->facts->proc, c->facts->environ, c->arena, &c->scope, &g->path,
			  err) < 0)
		return -1;
	c->state.cgroup_mount = g->mount;
	c->state.cgroup_path = c->state.cgroup_top = g->path;
	if (store_save(c->dir, &c->state, c->arena, err) < 0)
		return -1;
	c->cgroup = cgroup_open(g->mount, g->path);
	return c->cgroup < 0 ? err_sys(err, c->cgroup, "open cgroup %s%s", g->mount, g->path) : 0;
}

static int set_limits(struct create *c, struct cgroup_plan *g, struct err *err)
{
	if (g->check_memory &&
	    cgroup_check_memory(c->cgroup, c->plan->config->linux->resources, err) < 0)
		return -1;
	if (cgroup_write(c->cgroup, g->writes, g->n, err) < 0)
		return -1;
	if (g->sub) {
		c->leaf = cgroup_make_sub(c->cgroup, g->sub, err);
		if (c->leaf < 0)
			return -1;
	}
	if (g->delegate && c->plan->ids.root_uid != UINT32_MAX)
		return cgroup_delegate(c->leaf >= 0 ? c->leaf : c->cgroup, c->plan->ids.root_uid,
				       c->plan->ids.root_gid, err);
	return 0;
}

static int step_cgroup(struct create *c, struct err *err)
{
	struct cgroup_plan *g = &c->plan->cgroup;
	bool is_new = false;
	struct err first;

	c->cgroup = -1;
	if (g->none)
		return 0;
	if (g->unit)
		return make_scope(c, g, err) < 0 ? -1 : set_limits(c, g, err);
	c->cgroup = cgroup_make(g, &is_new, err);
	if (c->cgroup < 0) {
		bool denied = err->code == EACCES || err->code == EPERM || err->code == EROFS;

		if (!g->may_fail || !denied)
			return -1;
		/* no limit is asked for, so the container can do without: in the caller's cgroup */
		log_debug("no cgroup of its own: %s", err->msg);
		g->none = true;
		g->devices = g->delegate = false;
		c->state.cgroup_path = c->state.cgroup_mount = c->state.cgroup_top = NULL;
		*err = (struct err){0};
		return store_save(c->dir, &c->state, c->arena, err);
	}
	if (!is_new && cgroup_check_fresh(c->cgroup, g->path, &first) < 0) {
		/* somebody else's: it must not be undone */
		*err = first;
		fd_drop(&c->cgroup);
		c->state.cgroup_path = NULL;
		return -1;
	}
	return set_limits(c, g, err);
}

static void undo_cgroup(struct create *c)
{
	struct err err;

	systemd_release(&c->scope);
	if (!c->state.cgroup_path)
		return;
	if (c->cgroup >= 0) {
		cgroup_signal_all(c->cgroup, SIGKILL);
		cgroup_wait_empty(c->cgroup, 10000);
	}
	fd_drop(&c->cgroup);
	fd_drop(&c->leaf);
	lifecycle_stop_scope(&c->state, c->facts, c->arena);
	if (cgroup_remove(c->state.cgroup_mount, c->state.cgroup_path, c->state.cgroup_top, &err) <
	    0)
		log_warning("%s", err.msg);
}

/* ---- intelRdt ---- */

static int step_rdt(struct create *c, struct err *err)
{
	const struct intel_rdt *r = c->plan->intel_rdt ? c->plan->config->linux->intelRdt : NULL;
	int e;

	if (!r)
		return 0;
	e = rdt_make(r, c->plan->id, c->arena, &c->rdt, err);
	c->state.rdt_group = c->rdt.group;
	c->state.rdt_path = c->rdt.made;
	c->state.rdt_monitor = c->rdt.monitor;
	return e < 0 ? -1 : store_save(c->dir, &c->state, c->arena, err);
}

static void undo_rdt(struct create *c)
{
	rdt_remove(&c->rdt);
}

/* ---- ids, devices, net devices ---- */

static int step_ids(struct create *c, struct err *err)
{
	bool mapped = c->plan->ns_new & CLONE_NEWUSER;
	int r;

	if (!mapped && !c->shared->moved)
		return 0;
	if (mapped && idmap_write(&c->plan->ids, c->facts, c->pid, err) < 0)
		return -1;
	r = proto_send(c->sock, MSG_MAPPED, 0, -1);
	return r < 0 && r != -EPIPE ? err_sys(err, r, "tell the child of its ids") : 0;
}

static int attach_devices(struct create *c, struct err *err)
{
	const struct cgroup_plan *g = &c->plan->cgroup;

	return g->devices && c->cgroup >= 0 ? bpf_dev_attach(&g->program, c->cgroup, err) : 0;
}

static int step_devices(struct create *c, struct err *err)
{
	if (c->plan->intel_rdt && rdt_join(&c->rdt, c->pid, err) < 0)
		return -1;
	/* beside the child's mounts: it opens no device of the container before it is ready */
	return attach_devices(c, err);
}

static int step_netdev(struct create *c, struct err *err)
{
	return netdev_move_all(&c->net, &c->plan->net_devices, c->facts->proc, c->pid, err);
}

static void undo_netdev(struct create *c)
{
	netdev_return_all(&c->net, &c->plan->net_devices);
}

/* ---- serve ---- */

int create_parent_hooks(struct create *c, struct err *err)
{
	c->hooks_ran = true;
	if (hooks_run(&c->plan->prestart, c->init.hook_head, "creating", c->pid, NULL, -1, err) < 0)
		return -1;
	return hooks_run(&c->plan->create_runtime, c->init.hook_head, "creating", c->pid, NULL, -1,
			 err);
}

static int died(struct create *c, const char *when, struct err *err)
{
	return err_set(err, ECHILD,
		       "the container's first process was killed %s (in stage \"%s\")%s", when,
		       init_stages[c->shared->stage].name,
		       c->plan->cgroup.n ? "; the memory limit may be too small" : "");
}

static int step_serve(struct create *c, struct err *err)
{
	uint32_t allowed = 1U << MSG_READY | 1U << MSG_HOOKS | 1U << MSG_CONSOLE;
	int r;

	for (;;) {
		struct msg m;
		auto_fd fd = -1;

		r = proto_recv(c->sock, allowed, &m, &fd, err);
		if (r == 0)
			return died(c, "while it was set up", err);
		if (r < 0 || m.kind == MSG_FAILED)
			return -1;
		allowed &= ~(1U << m.kind); /* each once */
		if (m.kind == MSG_READY)
			return 0;
		if (m.kind == MSG_CONSOLE) {
			c->master = fd_steal(&fd);
			continue;
		}
		if (create_parent_hooks(c, err) < 0)
			return -1;
		r = proto_send(c->sock, MSG_GO, 0, -1);
		if (r < 0 && r != -EPIPE)
			return err_sys(err, r, "answer the child");
	}
}

static void undo_serve(struct create *c)
{
	struct err err;

	if (c->hooks_ran &&
	    hooks_run(&c->plan->poststop, c->init.hook_head, "stopped", 0, NULL, -1, &err) < 0)
		log_warning("%s", err.msg);
}

/* ---- record ---- */

static int send_pidfd(struct create *c, struct err *err)
{
	auto_fd s = -1;
	ssize_t n;

	if (!c->o->pidfd_socket)
		return 0;
	s = sock_connect(AT_FDCWD, c->o->pidfd_socket, SOCK_STREAM);
	n = s < 0 ? s : sock_send(s, "pidfd", 5, c->pidfd);
	return n < 0 ? err_sys(err, n, "--pidfd-socket (run.oci.pidfd_receiver) %s",
			       c->o->pidfd_socket)
		     : 0;
}

static int step_record(struct create *c, struct err *err)
{
	char text[16];
	uint64_t start = 0;
	char letter;
	size_t n;
	int r;

	r = proc_stat(c->facts->proc, c->pid, &start, &letter);
	if (r < 0 && c->facts->proc >= 0)
		return err_sys(err, r, "read /proc/%d/stat", c->pid);
	c->state.pid.v = c->pid;
	c->state.init_start = (struct opt_u64){true, start};
	if (store_save(c->dir, &c->state, c->arena, err) < 0 || send_pidfd(c, err) < 0)
		return -1;
	if (!c->o->pid_file)
		return 0;
	n = fmt(text, sizeof(text), "%d", c->pid);
	r = fd_replace_file(AT_FDCWD, c->o->pid_file, 0644, text, n);
	return r < 0 ? err_sys(err, r, "--pid-file %s", c->o->pid_file) : 0;
}

const struct step create_steps[] = {
	{"state", step_state, undo_state,
	 "make the container's directory, write down what to undo"},
	{"sockets", step_sockets, NULL, "console socket, start socket, the pair to the child"},
	{"sources", step_sources, create_hand_over, "open what only the caller may reach"},
	{"cgroup", step_cgroup, undo_cgroup, "make the cgroup, set its limits"},
	{"rdt", step_rdt, undo_rdt, "resctrl group"},
	{"clone", clone_init, clone_undo,
	 "the container's first process, in its namespaces and cgroup"},
	{"idmaps", step_ids, NULL, "write the id maps"},
	{"devices", step_devices, NULL, "load the device program, while the child mounts"},
	{"netdev", step_netdev, undo_netdev, "move network devices"},
	{"serve", step_serve, undo_serve, "answer the child until it is ready"},
	{"record", step_record, NULL, "state.json, pid file, pidfd socket"},
	{NULL, NULL, NULL, NULL},
};

static void undo_criu(struct create *c)
{
	undo_serve(c);
	clone_undo(c);
}

const struct step restore_steps[] = {
	{"state", step_state, undo_state,
	 "make the container's directory, write down what to undo"},
	{"joins", open_joins, create_hand_over, "open the namespaces given by path"},
	{"cgroup", step_cgroup, undo_cgroup, "make the cgroup, set its limits"},
	{"rdt", step_rdt, undo_rdt, "resctrl group"},
	/* before criu: it lets the processes go on when it is done */
	{"devices", attach_devices, NULL, "load the device program"},
	{"criu", criu_restore, undo_criu, "have criu make the processes, run the hooks"},
	{"record", step_record, NULL, "state.json, pid file, pidfd socket"},
	{NULL, NULL, NULL, NULL},
};

static void undo_from(struct create *c, const struct step *steps, const struct step *last)
{
	for (const struct step *s = last;; s--) {
		if (s->undo)
			s->undo(c);
		if (s == steps)
			break;
	}
	fd_drop(&c->sock);
	fd_drop(&c->master);
}

void create_undo(struct create *c, const struct step *steps)
{
	const struct step *last = steps;

	while (last[1].name)
		last++;
	undo_from(c, steps, last);
}

/* When a step cannot go on because the child has failed meanwhile, the child's own words say why.
 */
static void child_words(struct create *c, struct err *err)
{
	struct pollfd p = {.fd = c->sock, .events = POLLIN};
	struct timespec now = {0, 0};
	struct err words = {0};
	struct msg m;

	while (c->pidfd >= 0 && c->sock >= 0 && SYS(ppoll, &p, 1, &now, NULL, 0) > 0) {
		int r = proto_recv(c->sock, 1U << MSG_READY | 1U << MSG_HOOKS | 1U << MSG_CONSOLE,
				   &m, NULL, &words);

		if (r > 0 && m.kind == MSG_FAILED)
			*err = words;
		if (r <= 0 || m.kind == MSG_FAILED)
			return;
	}
}

int create_run(struct create *c, const struct step *steps, struct err *err)
{
	for (const struct step *s = steps; s->name; s++) {
		int r = fault_at("step", s->name, "start", err);

		if (r == 0)
			r = s->run(c, err);
		if (r == 0)
			r = fault_at("step", s->name, "end", err);
		if (r == 0)
			continue;
		child_words(c, err);
		if (!err->msg[0])
			err_set(err, ERR_INTERNAL, "step %s failed without a message", s->name);
		/* a step's undo also takes back what it did by halves; mkdir that lost did nothing
		 */
		if (c->dir >= 0)
			undo_from(c, steps, s);
		return -1;
	}
	return 0;
}

int create_poststart(struct create *c, struct err *err)
{
	return hooks_run(&c->plan->poststart, c->init.hook_head, "running", c->pid, NULL, -1, err);
}

int create_start(struct create *c, struct err *err)
{
	struct msg m;
	auto_fd agent = -1;
	int r;

	if (c->plan->proc.seccomp.notify) {
		agent = notify_connect(c->plan->proc.listener_path, err);
		if (agent < 0)
			return -1;
	}
	r = proto_send(c->sock, MSG_START, 0, agent);
	if (r < 0 && r != -EPIPE)
		return err_sys(err, r, "start the container");
	r = proto_recv(c->sock, 0, &m, NULL, err);
	if (r != 0)
		return -1;
	if (lifecycle_died_before_exec(c->facts, c->pid, c->pidfd))
		return died(c, "before it started the program", err);
	if (create_poststart(c, err) < 0)
		return -1;
	/* it is the container's own from here on, and ends with it */
	fd_drop(&c->net.there);
	fd_drop(&c->net.home);
	return 0;
}
