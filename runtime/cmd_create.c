// SPDX-License-Identifier: Apache-2.0
/* create and run. */
#include <limits.h>
#include <linux/prctl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "attach.h"
#include "cgroup_systemd.h"
#include "cmd.h"
#include "create.h"
#include "fd.h"
#include "hooks.h"
#include "json.h"
#include "lifecycle.h"
#include "log.h"
#include "proto.h"
#include "sock.h"
#include "proc.h"

#define O(m) offsetof(struct create_opts, m)
#define CREATE_OPTIONS                                                                              \
	{"bundle", 'b', OPT_STR, O(bundle), "DIR", "the bundle (default: the current directory)"},  \
		{"config", 'f', OPT_STR, O(config), "FILE", "config.json by another name"},         \
		{"console-socket",  0,	    OPT_STR,                                                \
		 O(console_socket), "PATH", "unix socket that gets the terminal's master"},         \
		{"pid-file",  0,      OPT_STR,                                                      \
		 O(pid_file), "FILE", "write the pid of the container here"},                       \
		{"pidfd-socket",  0,	  OPT_STR,                                                  \
		 O(pidfd_socket), "PATH", "unix socket that gets a pidfd of the container"},        \
		{"no-pivot", 0, OPT_FLAG, O(no_pivot), NULL, "MS_MOVE and chroot, not pivot_root"}, \
		{"no-new-keyring",  0,	  OPT_FLAG,                                                 \
		 O(no_new_keyring), NULL, "keep the caller's session keyring"},                     \
		{"preserve-fds",  0,   OPT_U32,                                                     \
		 O(preserve_fds), "N", "hand descriptors 3 to 2+N to the container"},               \
	{                                                                                           \
		"no-subreaper", 0, OPT_FLAG, O(no_subreaper), NULL,                                 \
			"do not adopt the container's orphans"                                      \
	}

const struct opt create_opts_table[] = {CREATE_OPTIONS, OPT_END};
const struct opt run_opts_table[] = {
	CREATE_OPTIONS,
	{"detach", 'd', OPT_FLAG, O(detach), NULL, "do not wait for the container"},
	{"keep", 0, OPT_FLAG, O(keep), NULL, "keep its state when it has ended"},
	OPT_END,
};
const struct opt explain_opts_table[] = {
	CREATE_OPTIONS,
	{"json", 0, OPT_FLAG, O(json), NULL, "as JSON"},
	OPT_END,
};

static const char *absolute(struct ctx *x, const char *path)
{
	return !path || path[0] == '/' ? path : arena_fmt(x->arena, "%s/%s", x->facts.cwd, path);
}

bool cmd_is_systemd(const struct ctx *x)
{
	return x->g.systemd_cgroup ||
	       (x->g.cgroup_manager && strcmp(x->g.cgroup_manager, "systemd") == 0);
}

int cmd_plan(struct ctx *x, const struct create_opts *o, const char *id, bool run,
	     struct create_options *co, char **ret_text, size_t *ret_len, struct plan *p,
	     struct err *err)
{
	struct config *c = arena_new(x->arena, struct config);
	const char *path;
	char *text;
	size_t len = 0;

	*co = (struct create_options){
		.id = id,
		.bundle = o->bundle ? absolute(x, o->bundle) : x->facts.cwd,
		.console_socket = o->console_socket,
		.pidfd_socket = o->pidfd_socket,
		.pid_file = o->pid_file,
		.no_pivot = o->no_pivot,
		.no_new_keyring = o->no_new_keyring,
		.no_cgroup = x->g.cgroup_manager && strcmp(x->g.cgroup_manager, "disabled") == 0,
		.detach = o->detach,
		.keep = o->keep,
		.no_subreaper = o->no_subreaper,
		.preserve_fds = o->preserve_fds,
		.run = run,
		.rootless = x->g.rootless,
		.systemd = cmd_is_systemd(x),
		.bus_program = cmd_is_systemd(x) ? systemd_program(x->argv0, x->arena) : NULL,
		.listen_fds = getenv("LISTEN_FDS"),
		.notify_socket = getenv("NOTIFY_SOCKET"),
	};
	path = o->config ? absolute(x, o->config)
			 : arena_fmt(x->arena, "%s/config.json", co->bundle);
	text = fd_read_file(AT_FDCWD, path, JSON_MAX_BYTES, x->arena, &len, err);
	if (!text)
		return -1;
	/* decoding writes into the text; exec and the later hooks need it as it was */
	*ret_text = arena_alloc(x->arena, len + 1);
	memcpy(*ret_text, text, len);
	*ret_len = len;
	if (decode(&config_fields, c, text, len, 0, x->arena, err) < 0)
		return err_ctx(err, "%s", path);
	if (!co->pidfd_socket)
		co->pidfd_socket = pairs_get(&c->annotations, "run.oci.pidfd_receiver");
	if (plan_build(c, &x->facts, co, x->arena, p, err) < 0)
		return err_ctx(err, "%s", path);
	return 0;
}

static int check_terminal(const struct plan *p, const struct create_options *co, struct err *err)
{
	bool alone = !co->run || co->detach;

	if (p->proc.terminal && alone && !co->console_socket)
		return err_set(
			err, ERR_USAGE,
			"process.terminal is true: --console-socket must say who gets the terminal "
			"(or set it to false)");
	if (!p->proc.terminal && co->console_socket)
		return err_set(
			err, ERR_USAGE,
			"--console-socket is given, but process.terminal is false in config.json");
	return 0;
}

int cmd_prepare(struct ctx *x, const struct create_opts *o, const char *id, bool run,
		struct create *c, struct create_options *co, struct plan *p, struct err *err)
{
	char *text = NULL;
	size_t len = 0;

	if (id_check(id, err) < 0 || cmd_plan(x, o, id, run, co, &text, &len, p, err) < 0 ||
	    check_terminal(p, co, err) < 0)
		return -1;
	for (uint32_t i = 0; i < p->warnings.n; i++)
		log_warning("%s", p->warnings.v[i]);
	p->proc.bare_newlines = p->proc.terminal && !co->console_socket && !attach_is_terminal();
	*c = (struct create){
		.plan = p,
		.facts = &x->facts,
		.o = co,
		.arena = x->arena,
		.store = &x->store,
		.config_text = text,
		.config_len = len,
		.dir = -1,
		.cgroup = -1,
		.leaf = -1,
		.pidfd = -1,
		.sock = -1,
		.master = -1,
		.net = {.there = -1, .home = -1},
		.scope = {.hold = -1},
		.init = {.plan = p,
			 .facts = &x->facts,
			 .sock = -1,
			 .parent_sock = -1,
			 .root_tree = -1,
			 .console_sock = -1,
			 .start_sock = -1,
			 .agent = -1,
			 .slave = -1,
			 .own_ns = -1,
			 .mounts = {.root = -1, .null = -1, .empty = -1, .parent = -1},
			 .env = {.proc = x->facts.proc,
				 .last_cap = x->facts.last_cap,
				 .ignored = process_ignored_signals(x->facts.proc)}},
	};
	c->init.hook_head = hooks_state_head(id, p->bundle, &p->config->annotations, x->arena);
	return 0;
}

/* Nothing but SIGKILL may end us between the first step and the last. */
void cmd_block_signals(uint64_t *old)
{
	uint64_t all = ~0ULL;

	SYS(rt_sigprocmask, SIG_BLOCK, &all, old, sizeof(all));
}

int cmd_create(struct ctx *x, void *opts, struct opt_args *args, struct err *err)
{
	const struct create_opts *o = opts;
	struct create_options co;
	struct create c;
	struct plan p;
	uint64_t old = 0;
	int r;

	if (cmd_prepare(x, o, args->v[0], false, &c, &co, &p, err) < 0)
		return -1;
	cmd_block_signals(&old);
	r = create_run(&c, create_steps, err);
	if (r == 0) {
		r = proto_send(c.sock, MSG_DETACH, 0, -1);
		if (r < 0) {
			err_sys(err, r, "let the container's first process go");
			create_undo(&c, create_steps);
		}
	}
	return r < 0 ? err_ctx(err, "create %s", args->v[0]) : 0;
}

void cmd_main_pid(const struct ctx *x, pid_t pid)
{
	const char *path = env_get(x->environ, "NOTIFY_SOCKET");
	char text[32];
	auto_fd s = path && path[0] == '/' ? sock_connect(AT_FDCWD, path, SOCK_DGRAM) : -1;
	ssize_t n = s < 0 ? s : sock_send(s, text, fmt(text, sizeof(text), "MAINPID=%d", pid), -1);

	if (path && n < 0)
		log_warning("NOTIFY_SOCKET %s: MAINPID is not told", path);
}

static int finish(struct ctx *x, struct create *c, struct err *err)
{
	struct container k = {.dir = c->dir, .s = c->state, .status = STATUS_STOPPED, .pidfd = -1};

	return lifecycle_delete(&x->store, &k, &x->facts, x->arena, err);
}

int cmd_foreground(struct ctx *x, struct create *c, struct attach *t, struct err *err)
{
	int status = attach_run(t, c->pid, c->pidfd, c->master, err);

	fd_drop(&c->pidfd);
	if (!c->o->keep && finish(x, c, err) < 0) {
		log_warning("%s", err->msg);
		*err = (struct err){0};
	}
	return status;
}

int cmd_run(struct ctx *x, void *opts, struct opt_args *args, struct err *err)
{
	const struct create_opts *o = opts;
	struct attach t = {.signals = -1};
	struct create_options co;
	struct create c;
	struct plan p;

	if (cmd_prepare(x, o, args->v[0], true, &c, &co, &p, err) < 0 ||
	    attach_prepare(&t, err) < 0)
		return -1;
	/* orphans of the container come to us, and end with it */
	if (!co.detach && !co.no_subreaper)
		sys_prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	if (create_run(&c, create_steps, err) < 0)
		return err_ctx(err, "run %s", args->v[0]);
	if (create_start(&c, err) < 0) {
		create_undo(&c, create_steps);
		return err_ctx(err, "run %s", args->v[0]);
	}
	if (co.detach) {
		cmd_main_pid(x, c.pid);
		return 0;
	}
	return cmd_foreground(x, &c, &t, err);
}
