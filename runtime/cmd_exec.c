// SPDX-License-Identifier: Apache-2.0
/*
 * exec: one more process in a running container. The parent decides and opens everything; a child
 * born in the container's cgroup and pid namespace enters the rest by init's pidfd, puts the
 * process's attributes on and executes. Nothing it does touches the container's own state.
 */
#include <linux/keyctl.h>
#include <linux/prctl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "attach.h"
#include "cgroup.h"
#include "cmd.h"
#include "config.h"
#include "console.h"
#include "fault.h"
#include "fd.h"
#include "lifecycle.h"
#include "log.h"
#include "notify.h"
#include "plan.h"
#include "proc.h"
#include "process.h"
#include "proto.h"
#include "sock.h"

struct exec_opts {
	const char *process, *console_socket, *pid_file, *pidfd_socket, *cwd, *user, *process_label,
		*apparmor;
	struct strs env, groups, caps, cgroups;
	bool tty, detach, no_new_privs, ignore_paused;
	uint32_t preserve_fds;
};
#define O(m) offsetof(struct exec_opts, m)
const struct opt exec_opts_table[] = {
	{"process", 'p', OPT_STR, O(process), "FILE", "the whole process as JSON"},
	{"cwd", 0, OPT_STR, O(cwd), "DIR", "its current directory"},
	{"env", 'e', OPT_LIST, O(env), "NAME=VALUE", "one more variable; may be repeated"},
	{"tty", 't', OPT_FLAG, O(tty), NULL, "give it a terminal"},
	{"user", 'u', OPT_STR, O(user), "UID[:GID]", "its user and group, as numbers"},
	{"additional-gids", 'g', OPT_LIST, O(groups), "GID", "one more group; may be repeated"},
	{"cap", 'c', OPT_LIST, O(caps), "CAP", "one more capability; may be repeated"},
	{"detach", 'd', OPT_FLAG, O(detach), NULL, "do not wait for it"},
	{"pid-file", 0, OPT_STR, O(pid_file), "FILE", "write its pid here"},
	{"console-socket", 0, OPT_STR, O(console_socket), "PATH",
	 "unix socket that gets the terminal's master"},
	{"pidfd-socket", 0, OPT_STR, O(pidfd_socket), "PATH", "unix socket that gets its pidfd"},
	{"process-label", 0, OPT_STR, O(process_label), "LABEL", "SELinux label"},
	{"apparmor", 0, OPT_STR, O(apparmor), "PROFILE", "AppArmor profile"},
	{"no-new-privs", 0, OPT_FLAG, O(no_new_privs), NULL, "set no_new_privs"},
	{"preserve-fds", 0, OPT_U32, O(preserve_fds), "N", "hand descriptors 3 to 2+N to it"},
	{"cgroup", 0, OPT_LIST, O(cgroups), "PATH", "a cgroup below the container's"},
	{"ignore-paused", 0, OPT_FLAG, O(ignore_paused), NULL, "wait in a paused container"},
	OPT_END,
};
const size_t exec_opts_size = sizeof(struct exec_opts);

struct exec_child {
	struct proc_plan *p;
	struct process_env env;
	int sock, parent_sock;
	int pidfd;	/* of the container's init */
	int namespaces; /* CLONE_NEW* to enter by it */
	bool middle;	/* a user namespace: join first, then clone */
	int console_sock;
	int agent;
	char *notify_state;
	bool userns;
	uint64_t init_flags;
};

/* ---- in the child ---- */

int cmd_enter(int pidfd, int types, struct err *err)
{
	int r = types ? sys_setns(pidfd, types) : 0;

	if (r == -EINVAL && (types & CLONE_NEWUSER)) /* it is the one we are in */
		r = types & ~CLONE_NEWUSER ? sys_setns(pidfd, types & ~CLONE_NEWUSER) : 0;
	return r < 0 ? err_sys(err, r, "enter the container's namespaces") : 0;
}

static int set_terminal(struct exec_child *c, struct err *err)
{
	auto_fd root = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
	auto_fd master = -1;
	auto_fd slave = -1;
	int r;

	if (root < 0)
		return err_sys(err, root, "open the container's root");
	if (console_make(root, c->p, &master, &slave, err) < 0)
		return -1;
	if (c->console_sock >= 0) {
		if (console_send(c->console_sock, master, err) < 0)
			return -1;
	} else {
		r = proto_send(c->sock, MSG_CONSOLE, 0, master);
		if (r < 0)
			return err_sys(err, r, "hand the terminal to the parent");
	}
	return console_use(slave, c->p, err);
}

static int exec_all(struct exec_child *c, struct err *err)
{
	struct msg m;
	int r;

	SYS(setsid);
	if (process_oom(c->p, &c->env, err) < 0)
		return -1;
	if (!c->middle && cmd_enter(c->pidfd, c->namespaces & ~CLONE_NEWPID, err) < 0)
		return -1;
	if (c->userns) {
		SYS(setgroups, 0, NULL);
		SYS(setresgid, 0, 0, 0);
		SYS(setresuid, 0, 0, 0);
	}
	if (c->p->keyring)
		SYS(keyctl, KEYCTL_JOIN_SESSION_KEYRING, c->p->keyring);
	if (process_limits(c->p, err) < 0 || process_labels(c->p, &c->env, err) < 0)
		return -1;
	if (c->p->terminal && set_terminal(c, err) < 0)
		return -1;
	/* before cwd and program are looked up: nothing of the host is open (CVE-2024-21626) */
	if ((unsigned int)c->sock > 3 + c->p->n_keep_fds)
		SYS(close_range, 3 + c->p->n_keep_fds, c->sock - 1, 0);
	SYS(close_range, c->sock + 1, ~0U, 0);
	if (process_user(c->p, &c->env, err) < 0 || process_find(c->p, &c->env, err) < 0)
		return -1;
	/* the parent's answer: with its pid known, and the connection to the seccomp agent */
	if (c->p->seccomp.notify) {
		r = proto_send(c->sock, MSG_READY, 0, -1);
		if (r < 0 || proto_recv(c->sock, 1U << MSG_START, &m, &c->agent, err) <= 0)
			return -1;
	}
	if (process_confine(c->p, c->agent, c->notify_state, err) < 0)
		return -1;
	SYS(close_range, 3 + c->p->n_keep_fds, ~0U, CLOSE_RANGE_CLOEXEC);
	return process_exec(c->p, &c->env, err);
}

static void exec_main(void *arg)
{
	struct exec_child *c = arg;
	struct err err = {0};

	sys_close(c->parent_sock); /* in our table alone: the number is the parent's to read */
	sys_prctl(PR_SET_NAME, (unsigned long)"proa:[exec]", 0, 0, 0);
	process_reset_signals(c->env.ignored);
	if (exec_all(c, &err) == 0 || !err.msg[0])
		err_set(&err, ERR_INTERNAL, "exec failed without a message");
	proto_fail(c->sock, &err);
	sys_exit(255);
}

static void exec_middle(void *arg)
{
	struct exec_child *c = arg;
	struct clone_args args = {.flags = CLONE_PARENT};
	struct err err = {0};
	long pid = -1;

	if (cmd_enter(c->pidfd, c->namespaces, &err) == 0) {
		pid = proc_clone(&args, exec_main, c);
		if (pid < 0)
			err_sys(&err, pid, "clone");
	}
	if (pid < 0)
		proto_fail(c->sock, &err);
	else
		proto_send(c->sock, MSG_MIDDLE, (uint32_t)pid, -1);
	sys_exit(pid < 0);
}

/* ---- deciding ---- */

static int parse_user(const char *text, struct user *u, struct arena *a, struct err *err)
{
	const char *colon = strchr(text, ':');
	const char *uid = colon ? arena_strndup(a, text, (size_t)(colon - text)) : text;

	/* the whole text must be a number: CVE-2026-30892 made "1" into 0 */
	u->uid.set = u->gid.set = true;
	if (!num_u32(uid, &u->uid.v) || (colon && !num_u32(colon + 1, &u->gid.v)))
		return err_set(err, ERR_USAGE, "--user: \"%s\" is not UID or UID:GID in numbers",
			       text);
	if (!colon)
		u->gid.v = 0;
	return 0;
}

static void add_str(struct strs *l, char *s, struct arena *a)
{
	char **v = arena_array(a, char *, l->n + 2);

	if (l->n)
		memcpy(v, l->v, sizeof(char *) * l->n);
	v[l->n] = s;
	l->v = v;
	l->n++;
	l->set = true;
}

static bool has_str(const struct strs *l, const char *s)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i], s) == 0)
			return true;
	return false;
}

/* Never into the inheritable set: CVE-2022-27650, CVE-2022-29162. */
static int add_caps(struct process *p, const struct strs *names, struct arena *a, struct err *err)
{
	struct capabilities *c = arena_new(a, struct capabilities);

	if (!names->n)
		return 0;
	if (p->capabilities)
		*c = *p->capabilities;
	for (uint32_t i = 0; i < names->n; i++) {
		int bit = caps_bit(names->v[i]);
		char *name = bit < 0 ? NULL : (char *)caps_name(bit);

		if (!name)
			return err_set(err, ERR_USAGE, "--cap: unknown capability \"%s\"",
				       names->v[i]);
		add_str(&c->bounding, name, a);
		add_str(&c->effective, name, a);
		add_str(&c->permitted, name, a);
		if (has_str(&c->inheritable, name))
			add_str(&c->ambient, name, a);
	}
	p->capabilities = c;
	return 0;
}

static int from_options(const struct exec_opts *o, struct opt_args *args, struct arena *a,
			struct process *p, struct err *err)
{
	if (args->n < 2)
		return err_set(err, ERR_USAGE,
			       "exec: what to execute is missing: proa exec ID COMMAND");
	p->args = (struct strs){.v = args->v + 1, .n = (uint32_t)args->n - 1, .set = true};
	p->terminal = (struct opt_bool){true, o->tty};
	p->consoleSize = NULL;
	for (uint32_t i = 0; i < o->env.n; i++)
		add_str(&p->env, o->env.v[i], a);
	return 0;
}

static int override(const struct exec_opts *o, struct arena *a, struct process *p, struct err *err)
{
	struct user *u = arena_new(a, struct user);

	if (p->user)
		*u = *p->user;
	p->user = u;
	if (o->cwd)
		p->cwd = o->cwd;
	if (!p->cwd)
		p->cwd = "/";
	if (o->user) {
		u->additionalGids = (struct u32s){0};
		if (parse_user(o->user, u, a, err) < 0)
			return -1;
	}
	if (o->groups.n) {
		uint32_t *v = arena_array(a, uint32_t, u->additionalGids.n + o->groups.n);

		if (u->additionalGids.n)
			memcpy(v, u->additionalGids.v, sizeof(*v) * u->additionalGids.n);
		for (uint32_t i = 0; i < o->groups.n; i++)
			if (!num_u32(o->groups.v[i], &v[u->additionalGids.n + i]))
				return err_set(err, ERR_USAGE,
					       "--additional-gids: \"%s\" is not a number",
					       o->groups.v[i]);
		u->additionalGids = (struct u32s){v, u->additionalGids.n + o->groups.n};
	}
	if (o->no_new_privs)
		p->noNewPrivileges = true;
	if (o->apparmor)
		p->apparmorProfile = o->apparmor;
	if (o->process_label)
		p->selinuxLabel = o->process_label;
	return add_caps(p, &o->caps, a, err);
}

static int decide(const struct exec_opts *o, struct opt_args *args, struct ctx *x,
		  const struct config *config, struct proc_plan *ret, struct err *err)
{
	static const struct process none;
	const struct process *from = config->process ? config->process : &none;
	struct process *p = arena_new(x->arena, struct process);
	struct strs warnings = {0};

	if (o->process) {
		if (config_load(AT_FDCWD, o->process, &process_fields, p, x->arena, err) < 0)
			return -1;
		/* what it leaves out, the container has */
		p->capabilities = p->capabilities ? p->capabilities : from->capabilities;
		p->apparmorProfile = p->apparmorProfile ? p->apparmorProfile
							: from->apparmorProfile;
		p->selinuxLabel = p->selinuxLabel ? p->selinuxLabel : from->selinuxLabel;
		p->rlimits = p->rlimits.n ? p->rlimits : from->rlimits;
		p->ioPriority = p->ioPriority ? p->ioPriority : from->ioPriority;
		p->scheduler = p->scheduler ? p->scheduler : from->scheduler;
		p->execCPUAffinity = p->execCPUAffinity ? p->execCPUAffinity
							: from->execCPUAffinity;
		if (o->tty)
			p->terminal = (struct opt_bool){true, true};
	} else {
		*p = *from;
		if (from_options(o, args, x->arena, p, err) < 0)
			return -1;
	}
	if (override(o, x->arena, p, err) < 0 ||
	    proc_plan_build(p, config, &x->facts, x->arena, ret, &warnings, err) < 0)
		return -1;
	for (uint32_t i = 0; i < warnings.n; i++)
		log_warning("%s", warnings.v[i]);
	if (!ret->args || !ret->args[0])
		return err_set(err, ERR_CONFIG, "/args: missing: the program to execute");
	ret->n_keep_fds = o->preserve_fds;
	if (ret->terminal && o->detach && !o->console_socket)
		return err_set(err, ERR_USAGE,
			       "a detached exec with a terminal needs --console-socket");
	ret->bare_newlines = ret->terminal && !o->console_socket && !attach_is_terminal();
	if (!ret->terminal && o->console_socket)
		return err_set(err, ERR_USAGE,
			       "--console-socket is given, but no terminal is asked for");
	return 0;
}

int cmd_namespaces(const struct config *c, const struct state *s)
{
	int flags = s->own_userns ? CLONE_NEWUSER : 0;

	for (uint32_t i = 0; c->linux && i < c->linux->namespaces.n; i++)
		flags |= (int)list_at(c->linux->namespaces, struct namespace, i)->type->value;
	return flags;
}

/* ---- the cgroup ---- */

static int init_cgroup(const struct ctx *x, const struct state *s)
{
	char path[32];
	char text[4096];
	const char *p;

	fmt(path, sizeof(path), "%ld/cgroup", (long)s->pid.v);
	if (fd_read_small(x->facts.proc, path, text, sizeof(text)) <= 0)
		return -ENOENT;
	p = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
	if (!p)
		return -ENOENT;
	p = strstr(p, "0::") + 3;
	text[strcspn(p, "\n") + (size_t)(p - text)] = '\0';
	return cgroup_open(s->cgroup_mount, p);
}

static int open_cgroup(const struct ctx *x, const struct exec_opts *o, const struct state *s,
		       int *ret, struct err *err)
{
	const char *sub = o->cgroups.n ? o->cgroups.v[o->cgroups.n - 1] : NULL;
	const char *path = s->cgroup_path;

	*ret = -1;
	if (!path)
		return 0;
	if (sub) {
		const char *colon = strchr(sub, ':');

		if (colon)
			return err_set(
				err, ERR_USAGE,
				"--cgroup %s: unknown controller: cgroup v2 has one hierarchy, give "
				"a path alone",
				sub);
		if (strstr(sub, ".."))
			return err_set(err, ERR_USAGE, "--cgroup: bad sub cgroup path: %s", sub);
		path = arena_fmt(x->arena, "%s/%s", path, sub);
	} else if (s->cgroup_sub) {
		path = arena_fmt(x->arena, "%s/%s", path, s->cgroup_sub);
	}
	*ret = cgroup_open(s->cgroup_mount, path);
	if (*ret < 0 && !sub)
		*ret = init_cgroup(x, s);
	if (*ret < 0)
		return err_sys(err, *ret, "exec: cgroup %s%s", s->cgroup_mount, path);
	return 0;
}

/* ---- doing ---- */

static int clone_exec(struct exec_child *c, struct clone_args *args, pid_t *ret_pid, int *ret_pidfd,
		      struct err *err)
{
	struct msg m;
	int pidfd = -1;
	long pid;
	int r;

	if (!c->middle) {
		args->flags |= CLONE_PIDFD;
		/* cppcheck-suppress autoVariables ; the kernel writes it before the clone returns
		 */
		args->pidfd = (uint64_t)(uintptr_t)&pidfd;
		pid = proc_clone(args, exec_main, c);
		*ret_pid = (pid_t)pid;
		*ret_pidfd = pidfd;
		return pid < 0 ? err_sys(err, pid, "clone") : 0;
	}
	args->flags &= ~(uint64_t)CLONE_VM;
	args->stack = args->stack_size = 0;
	pid = proc_clone(args, exec_middle, c);
	if (pid < 0)
		return err_sys(err, pid, "clone");
	r = proto_recv(c->parent_sock, 1U << MSG_MIDDLE, &m, NULL, err);
	if (r == 0)
		err_set(err, ECHILD, "the process that enters the namespaces was killed");
	(void)proc_wait((pid_t)pid);
	if (r <= 0 || m.kind == MSG_FAILED)
		return -1;
	*ret_pid = (pid_t)m.value;
	*ret_pidfd = sys_pidfd_open(*ret_pid, 0);
	return *ret_pidfd < 0 ? err_sys(err, *ret_pidfd, "pidfd_open") : 0;
}

static int spawn(struct exec_child *c, int cgroup, const struct ctx *x, const struct state *s,
		 const struct exec_opts *o, pid_t *ret_pid, int *ret_pidfd, struct err *err)
{
	static _Alignas(16) char stack[128 * 1024];
	struct clone_args args = {
		.flags = CLONE_CLEAR_SIGHAND | CLONE_VM,
		.exit_signal = SIGCHLD,
		.stack = (uint64_t)(uintptr_t)stack,
		.stack_size = sizeof(stack),
	};
	int r;

	if (cgroup >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup;
	}
	/* only children are born into a joined pid namespace; the caller itself stays where it is
	 */
	if (!c->middle && (c->namespaces & CLONE_NEWPID) &&
	    cmd_enter(c->pidfd, CLONE_NEWPID, err) < 0)
		return -1;
	r = clone_exec(c, &args, ret_pid, ret_pidfd, err);
	/* the container's cgroup has children with controllers: init has moved on, so do we */
	if (r < 0 && err->code == EBUSY && !o->cgroups.n) {
		auto_fd other = init_cgroup(x, s);

		args.cgroup = (uint64_t)other;
		if (other >= 0)
			r = clone_exec(c, &args, ret_pid, ret_pidfd, err);
	}
	if (r < 0 && err->code == EBUSY)
		err_set(err, EBUSY, "adding pid to cgroups: device or resource busy: %s",
			o->cgroups.n ? o->cgroups.v[0] : s->cgroup_path);
	return r;
}

/* What the seccomp agent is told. */
static char *notify_text(const struct exec_child *c, const struct container *k,
			 const struct config *config, pid_t pid, struct ctx *x)
{
	return notify_state_json(k->s.id, k->s.bundle, &config->annotations,
				 c->p->listener_metadata, "running", (pid_t)k->s.pid.v, pid,
				 x->arena);
}

/* Until the program runs: end of file. */
static int serve(struct exec_child *c, const struct container *k, const struct config *config,
		 struct ctx *x, pid_t pid, int *ret_master, struct err *err)
{
	for (;;) {
		auto_fd fd = -1;
		auto_fd agent = -1;
		char *text;
		struct msg m;
		int r = proto_recv(c->parent_sock, 1U << MSG_CONSOLE | 1U << MSG_READY, &m, &fd,
				   err);

		if (r == 0)
			return lifecycle_died_before_exec(&x->facts, pid, -1)
				       ? err_set(err, ECHILD,
						 "the process was killed while it was set up")
				       : 0;
		if (r < 0 || m.kind == MSG_FAILED)
			return -1;
		if (m.kind == MSG_CONSOLE) {
			*ret_master = fd_steal(&fd);
			continue;
		}
		agent = notify_connect(c->p->listener_path, err);
		if (agent < 0)
			return -1;
		text = notify_text(c, k, config, pid, x);
		if (c->middle)
			memcpy(c->notify_state, text, strlen(text) + 1);
		else
			c->notify_state = text;
		r = proto_send(c->parent_sock, MSG_START, 0, agent);
		if (r < 0)
			return err_sys(err, r, "start the process");
	}
}

static int report(const struct exec_opts *o, pid_t pid, int pidfd, struct err *err)
{
	char text[16];
	size_t n = fmt(text, sizeof(text), "%d", pid);
	int r;

	if (o->pidfd_socket) {
		auto_fd s = sock_connect(AT_FDCWD, o->pidfd_socket, SOCK_STREAM);
		ssize_t sent = s < 0 ? s : sock_send(s, "pidfd", 5, pidfd);

		if (sent < 0)
			return err_sys(err, sent, "--pidfd-socket %s", o->pidfd_socket);
	}
	if (!o->pid_file)
		return 0;
	r = fd_replace_file(AT_FDCWD, o->pid_file, 0644, text, n);
	return r < 0 ? err_sys(err, r, "--pid-file %s", o->pid_file) : 0;
}

static int run_in(struct ctx *x, const struct exec_opts *o, const struct container *k,
		  const struct config *config, struct proc_plan *p, struct err *err)
{
	struct attach t = {.signals = -1};
	struct exec_child c = {
		.p = p,
		.env = {.proc = x->facts.proc,
			.last_cap = x->facts.last_cap,
			.ignored = process_ignored_signals(x->facts.proc)},
		.namespaces = cmd_namespaces(config, &k->s),
		.console_sock = -1,
		.agent = -1,
	};
	auto_fd cgroup = -1;
	auto_fd pidfd = -1;
	int master = -1;
	pid_t pid = 0;
	int pair[2];
	int r;

	/* what joins a user namespace first cannot share memory for the time namespace's sake */
	c.userns = c.namespaces & CLONE_NEWUSER;
	c.middle = c.namespaces & (CLONE_NEWUSER | CLONE_NEWTIME);
	if (c.middle && p->seccomp.notify) {
		c.notify_state =
			notify_shared(strlen(notify_text(&c, k, config, INT32_MAX, x)) + 1);
		if (!c.notify_state)
			return err_sys(err, ENOMEM, "shared memory");
	}
	c.pidfd = sys_pidfd_open((pid_t)k->s.pid.v, 0);
	if (c.pidfd < 0)
		return err_sys(err, c.pidfd, "container not running: pidfd of init");
	if (open_cgroup(x, o, &k->s, &cgroup, err) < 0)
		return -1;
	if (o->console_socket) {
		c.console_sock = sock_connect(AT_FDCWD, o->console_socket, SOCK_STREAM);
		if (c.console_sock < 0)
			return err_sys(err, c.console_sock, "--console-socket %s",
				       o->console_socket);
	}
	r = sock_pair(pair);
	if (r < 0)
		return err_sys(err, r, "socketpair");
	c.parent_sock = pair[0];
	c.sock = pair[1];
	if (!o->detach && attach_prepare(&t, err) < 0)
		return -1;
	if (p->affinity_initial)
		SYS(sched_setaffinity, 0, p->affinity_bytes, p->affinity_initial);
	/* before a process of ours is where the container can see it (CVE-2016-9962) */
	sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (spawn(&c, cgroup, x, &k->s, o, &pid, &pidfd, err) < 0)
		return -1;
	sys_close(pair[1]);
	if (serve(&c, k, config, x, pid, &master, err) < 0 || report(o, pid, pidfd, err) < 0) {
		sys_pidfd_send_signal(pidfd, SIGKILL);
		(void)proc_wait(pid);
		return -1;
	}
	return o->detach ? 0 : attach_run(&t, pid, pidfd, master, err);
}

int cmd_exec(struct ctx *x, void *opts, struct opt_args *args, struct err *err)
{
	const struct exec_opts *o = opts;
	struct config config = {0};
	struct proc_plan p;
	struct container k;
	auto_fd dir = -1;
	int status;

	if (store_get(&x->store, args->v[0], &x->facts, false, x->arena, &k, err) < 0)
		return -1;
	dir = k.dir;
	if (!(k.status == STATUS_PAUSED && o->ignore_paused) &&
	    lifecycle_check(VERB_EXEC, k.status, k.s.id, err) < 0)
		return -1;
	if (config_load(k.dir, "config.json", &config_fields, &config, x->arena, err) < 0 ||
	    decide(o, args, x, &config, &p, err) < 0)
		return err_ctx(err, "exec %s", k.s.id);
	p.keyring = arena_fmt(x->arena, "_ses.%s", k.s.id);
	status = run_in(x, o, &k, &config, &p, err);
	return status < 0 ? err_ctx(err, "exec %s", k.s.id) : status;
}
