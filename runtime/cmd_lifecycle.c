// SPDX-License-Identifier: Apache-2.0
/* start, state, kill, delete, pause, resume: what changes or asks the state of a container. */
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "cgroup.h"
#include "cmd.h"
#include "config.h"
#include "fd.h"
#include "hooks.h"
#include "lifecycle.h"
#include "log.h"
#include "notify.h"
#include "plan.h"
#include "proc.h"
#include "proto.h"
#include "sock.h"

const struct opt none_opts_table[] = {OPT_END};

/* ---- start ---- */

/* The poststart hooks and the seccomp agent are in the configuration; usually there is neither. */
static int load_config(const struct container *c, struct ctx *x, struct config *ret,
		       struct err *err)
{
	return config_load(c->dir, "config.json", &config_fields, ret, x->arena, err);
}

static int connect_agent(const struct container *c, struct ctx *x, int *ret, struct err *err)
{
	struct config config = {0};

	*ret = -1;
	if (!c->s.notifies)
		return 0;
	if (load_config(c, x, &config, err) < 0)
		return -1;
	*ret = notify_connect(notify_path(&config, x->environ), err);
	return *ret < 0 ? -1 : 0;
}

static int run_poststart(const struct container *c, struct ctx *x, struct err *err)
{
	struct hook_list l = {.name = "poststart"};
	struct config config = {0};

	if (!c->s.poststart)
		return 0;
	if (load_config(c, x, &config, err) < 0)
		return -1;
	l.hooks = &config.hooks->poststart;
	if (hooks_output(&l, &config.annotations, err) < 0)
		return -1;
	return hooks_run(&l, hooks_state_head(c->s.id, c->s.bundle, &config.annotations, x->arena),
			 "running", (pid_t)c->s.pid.v, NULL, -1, err);
}

static int start_it(const struct container *c, struct ctx *x, struct err *err)
{
	auto_fd agent = -1;
	auto_fd sock = -1;
	struct msg m;
	int r;

	if (connect_agent(c, x, &agent, err) < 0)
		return -1;
	sock = sock_connect(c->dir, START_SOCKET, SOCK_SEQPACKET);
	if (sock < 0)
		return err_sys(err, sock, "reach the container's first process");
	/* gone before it goes on: from here it is not "created" any more, whatever happens to us */
	sys_unlinkat(c->dir, START_SOCKET, 0);
	r = proto_send(sock, MSG_START, 0, agent);
	if (r < 0)
		return err_sys(err, r, "tell the container's first process");
	r = proto_recv(sock, 0, &m, NULL, err);
	if (r != 0)
		return -1;
	if (lifecycle_died_before_exec(&x->facts, (pid_t)c->s.pid.v, -1))
		return err_set(
			err, ECHILD,
			"the container's first process was killed before it started the program");
	return 0;
}

int cmd_start(struct ctx *x, void *opts, struct opt_args *args, struct err *err)
{
	struct container c;
	auto_fd dir = -1;

	(void)opts;
	if (store_get(&x->store, args->v[0], &x->facts, true, x->arena, &c, err) < 0)
		return -1;
	dir = c.dir;
	if (lifecycle_check(VERB_START, c.status, c.s.id, err) < 0)
		return -1;
	if (start_it(&c, x, err) < 0)
		return err_ctx(err, "start %s", c.s.id);
	if (run_poststart(&c, x, err) < 0) {
		/* config.md#poststart: the container is stopped and the error reported */
		struct err later;

		c.status = STATUS_RUNNING;
		if (lifecycle_delete(&x->store, &c, &x->facts, x->arena, &later) < 0)
			log_warning("%s", later.msg);
		return err_ctx(err, "start %s", c.s.id);
	}
	cmd_main_pid(x, (pid_t)c.s.pid.v);
	return 0;
}

/* ---- state ---- */

int cmd_state(struct ctx *x, void *opts, struct opt_args *args, struct err *err)
{
	struct buf b = BUF_INIT(x->arena);
	struct container c;

	(void)opts;
	if (store_get(&x->store, args->v[0], &x->facts, false, x->arena, &c, err) < 0)
		return -1;
	c.s.status = status_names[c.status];
	if (c.status == STATUS_STOPPED)
		c.s.pid.v = 0;
	c.s.ociVersion = OCI_VERSION;
	encode(&state_output_fields, &c.s, 2, &b);
	buf_str(&b, "\n");
	return cmd_print(&b, err);
}

/* ---- kill, delete ---- */

struct many_opts {
	bool all, force, regex;
};
const struct opt kill_opts_table[] = {
	{"all", 'a', OPT_FLAG, offsetof(struct many_opts, all), NULL,
	 "signal all processes of the container"},
	{"regex", 'r', OPT_FLAG, offsetof(struct many_opts, regex), NULL,
	 "ID is a regular expression"},
	OPT_END,
};
const struct opt delete_opts_table[] = {
	{"force", 'f', OPT_FLAG, offsetof(struct many_opts, force), NULL,
	 "kill it first; no error if it does not exist"},
	{"regex", 'r', OPT_FLAG, offsetof(struct many_opts, regex), NULL,
	 "ID is a regular expression"},
	OPT_END,
};
const size_t kill_opts_size = sizeof(struct many_opts);
const size_t delete_opts_size = sizeof(struct many_opts);

/* The regular expression is grep's to know: an engine of our own, or the C library's (70 KiB),
 * would be there for this one option. */
static int matching(struct ctx *x, const char *pattern, struct strs *ret, struct err *err)
{
	char *argv[] = {(char *)"grep", (char *)"-E", (char *)"-e", (char *)pattern, NULL};
	auto_fd in = (int)SYS(memfd_create, "ids", 1);
	auto_fd out = (int)SYS(memfd_create, "matches", 1);
	struct helper grep = {.path = "grep",
			      .argv = argv,
			      .env = (char **)x->environ,
			      .in = in,
			      .out = out,
			      .cwd = -1};
	struct buf b = BUF_INIT(x->arena);
	struct strs all = {0};
	char self[32];
	size_t len;
	char *text;
	int r;

	*ret = (struct strs){.v = arena_array(x->arena, char *, 1)};
	if (x->store.root >= 0 && store_list(&x->store, x->arena, &all, err) < 0)
		return -1;
	for (uint32_t i = 0; i < all.n; i++)
		buf_fmt(&b, "%s\n", all.v[i]);
	r = in < 0 ? in : b.len ? fd_write_all(in, b.data, b.len) : 0;
	if (r == 0)
		r = (int)SYS(lseek, in, 0, 0);
	if (r == 0)
		r = helper_run(&grep);
	if (r < 0)
		return err_sys(err, r, "--regex: run grep");
	fmt(self, sizeof(self), "/proc/self/fd/%d", out);
	text = fd_read_file(AT_FDCWD, self, 16 << 20, x->arena, &len, err);
	if (!text)
		return -1;
	if (r > 1 << 8)
		return err_set(err, ERR_USAGE, "--regex: \"%s\" is not a regular expression",
			       pattern);
	ret->v = arena_array(x->arena, char *, all.n + 1);
	for (char *line = text; *line;) {
		size_t n = strcspn(line, "\n");

		ret->v[ret->n++] = arena_strndup(x->arena, line, n);
		line += n + (line[n] == '\n');
	}
	return 0;
}

static int kill_one(struct ctx *x, const char *id, int sig, bool all, struct err *err)
{
	struct container c;
	auto_fd dir = -1;
	auto_fd cg = -1;
	auto_fd pidfd = -1;
	int r;

	if (store_get(&x->store, id, &x->facts, false, x->arena, &c, err) < 0)
		return -1;
	dir = c.dir;
	if (c.s.cgroup_path && (all || !c.s.own_pidns))
		cg = cgroup_open(c.s.cgroup_mount, c.s.cgroup_path);
	/* without a pid namespace init's end leaves the others: SIGKILL means all of them */
	if (cg >= 0 && (all || (sig == SIGKILL && !c.s.own_pidns)) &&
	    cgroup_wait_empty(cg, 0) == 0) {
		r = cgroup_signal_all(cg, sig);
		return r < 0 ? err_sys(err, r, "kill %s: all of its cgroup", id) : 0;
	}
	if (lifecycle_check(VERB_KILL, c.status, id, err) < 0)
		return all ? 0 : -1;
	pidfd = sys_pidfd_open((pid_t)c.s.pid.v, 0);
	r = pidfd < 0 ? pidfd : sys_pidfd_send_signal(pidfd, sig);
	if (r == -ESRCH)
		return err_set(err, ERR_STATE, "container not running: %s: no such process", id);
	if (r < 0)
		return err_sys(err, r, "kill %s with signal %d", id, sig);
	/* a frozen process takes its SIGKILL when it is thawed; cgroup v2 lets it through at once
	 */
	return 0;
}

static int each_id(struct ctx *x, const char *arg, bool regex, struct strs *ids, struct err *err)
{
	if (regex)
		return matching(x, arg, ids, err);
	ids->v = arena_array(x->arena, char *, 2);
	ids->v[0] = (char *)arg;
	ids->n = 1;
	return 0;
}

int cmd_kill(struct ctx *x, void *opts, struct opt_args *args, struct err *err)
{
	const struct many_opts *o = opts;
	const char *text = args->n > 1 ? args->v[1] : "TERM";
	int sig = signal_from_text(text);
	struct strs ids = {0};

	/* 0 asks whether it is there, as kill(2) does */
	if (!sig && strcmp(text, "0") != 0)
		return err_set(err, ERR_USAGE, "kill: unknown signal \"%s\"", text);
	if (each_id(x, args->v[0], o->regex, &ids, err) < 0)
		return -1;
	for (uint32_t i = 0; i < ids.n; i++)
		if (kill_one(x, ids.v[i], sig, o->all, err) < 0)
			return -1;
	return 0;
}

static int delete_one(struct ctx *x, const char *id, bool force, struct err *err)
{
	struct container c;
	auto_fd dir = -1;

	if (store_get(&x->store, id, &x->facts, true, x->arena, &c, err) < 0) {
		if (force && err->code == ENOENT)
			return 0;
		/* a state file that nobody can read must not keep its directory for ever */
		if (force && err->code == ERR_CONFIG)
			return store_remove(&x->store, id, -1, err);
		return -1;
	}
	dir = c.dir;
	if (!force && lifecycle_check(VERB_DELETE, c.status, id, err) < 0)
		return -1;
	return lifecycle_delete(&x->store, &c, &x->facts, x->arena, err);
}

int cmd_delete(struct ctx *x, void *opts, struct opt_args *args, struct err *err)
{
	const struct many_opts *o = opts;
	struct strs ids = {0};

	if (each_id(x, args->v[0], o->regex, &ids, err) < 0)
		return -1;
	for (uint32_t i = 0; i < ids.n; i++)
		if (delete_one(x, ids.v[i], o->force, err) < 0)
			return err_ctx(err, "delete %s", ids.v[i]);
	return 0;
}

/* ---- pause, resume ---- */

enum { FREEZE_MS = 10000 };

static int freeze(struct ctx *x, const char *id, enum verb verb, struct err *err)
{
	struct container c;
	auto_fd dir = -1;
	auto_fd cg = -1;

	if (store_get(&x->store, id, &x->facts, true, x->arena, &c, err) < 0)
		return -1;
	dir = c.dir;
	if (lifecycle_check(verb, c.status, id, err) < 0)
		return -1;
	if (!c.s.cgroup_path)
		return err_set(
			err, ERR_STATE,
			"%s: the container has no cgroup of its own, and only a cgroup can be "
			"frozen",
			id);
	cg = cgroup_open(c.s.cgroup_mount, c.s.cgroup_path);
	if (cg < 0)
		return err_sys(err, cg, "%s: open its cgroup %s", id, c.s.cgroup_path);
	if (cgroup_freeze(cg, verb == VERB_PAUSE, FREEZE_MS, err) < 0)
		return err_ctx(err, "%s %s", verb == VERB_PAUSE ? "pause" : "resume", id);
	return 0;
}

int cmd_pause(struct ctx *x, void *opts, struct opt_args *args, struct err *err)
{
	(void)opts;
	return freeze(x, args->v[0], VERB_PAUSE, err);
}

int cmd_resume(struct ctx *x, void *opts, struct opt_args *args, struct err *err)
{
	(void)opts;
	return freeze(x, args->v[0], VERB_RESUME, err);
}
