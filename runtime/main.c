// SPDX-License-Identifier: Apache-2.0
/* proa: global options, the table of verbs, one place that prints an error. */
#include <stddef.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "fault.h"
#include "fd.h"
#include "guard.h"
#include "hints.h"
#include "log.h"
#include "seccomp_profile.h"

#define G(m) offsetof(struct globals, m)
const struct opt global_opts_table[] = {
	{"root", 0, OPT_STR, G(root), "DIR",
	 "where containers' states are (/run/proa, a user's: $XDG_RUNTIME_DIR/proa)"},
	{"log", 0, OPT_STR, G(log), "TARGET", "FILE, file:FILE, journald:ID or syslog:ID"},
	{"log-format", 0, OPT_STR, G(log_format), "FORMAT", "text or json"},
	{"log-level", 0, OPT_STR, G(log_level), "LEVEL", "error, warning, info or debug"},
	{"debug", 0, OPT_FLAG, G(debug), NULL, "--log-level debug"},
	{"cgroup-manager", 0, OPT_STR, G(cgroup_manager), "NAME", "cgroupfs or disabled"},
	{"systemd-cgroup", 's', OPT_FLAG, G(systemd_cgroup), NULL,
	 "let systemd make the cgroups: cgroupsPath is SLICE:PREFIX:NAME"},
	{"rootless", 0, OPT_STR, G(rootless), "WORD",
	 "true, false or auto: do without a cgroup that may not be made"},
	{"version", 'v', OPT_FLAG, G(version), NULL, "print the version"},
	{"help", 'h', OPT_FLAG, G(help), NULL, "print this help"},
	OPT_END,
};

const struct cmd commands[] = {
	{"create", "ID", "make a container that waits to be started", create_opts_table,
	 sizeof(struct create_opts), CMD_PERMUTE | CMD_HOST | CMD_PROTECT | CMD_MAKE_ROOT, 1, 1,
	 cmd_create, NULL},
	{"start", "ID", "start a created container's program", none_opts_table, 8, CMD_PERMUTE, 1,
	 1, cmd_start, NULL},
	{"run", "ID", "create and start, and by default wait for the end", run_opts_table,
	 sizeof(struct create_opts), CMD_PERMUTE | CMD_HOST | CMD_PROTECT | CMD_MAKE_ROOT, 1, 1,
	 cmd_run, NULL},
	{"state", "ID", "print a container's state as JSON", none_opts_table, 8, CMD_PERMUTE, 1, 1,
	 cmd_state, NULL},
	{"kill", "ID [SIGNAL]", "send a signal (default: TERM)", kill_opts_table, 8, CMD_PERMUTE, 1,
	 2, cmd_kill, NULL},
	{"delete", "ID", "remove a container that has ended", delete_opts_table, 8, CMD_PERMUTE, 1,
	 1, cmd_delete, NULL},
	{"exec", "ID COMMAND [ARG...]", "run one more process in a container", exec_opts_table, 512,
	 CMD_HOST | CMD_PROTECT | CMD_FAIL_255, 1, -1, cmd_exec,
	 "Exit status: the process's own; 255 for an error of proa itself."},
	{"list", "", "list the containers", list_opts_table, 64, CMD_PERMUTE, 0, 0, cmd_list, NULL},
	{"ps", "ID [PS-OPTION...]", "list a container's processes", ps_opts_table, 64, 0, 1, -1,
	 cmd_ps, NULL},
	{"pause", "ID", "freeze all processes of a container", none_opts_table, 8, CMD_PERMUTE, 1,
	 1, cmd_pause, NULL},
	{"resume", "ID", "thaw a paused container", none_opts_table, 8, CMD_PERMUTE, 1, 1,
	 cmd_resume, NULL},
	{"update", "ID", "change the limits of a container", update_opts_table, 512, CMD_PERMUTE, 1,
	 1, cmd_update, NULL},
	{"events", "ID", "print what a container uses, and its out-of-memory kills, as JSON",
	 events_opts_table, 64, CMD_PERMUTE, 1, 1, cmd_events, NULL},
	{"spec", "", "write a config.json to begin with", spec_opts_table, 64,
	 CMD_PERMUTE | CMD_HOST | CMD_NO_STORE, 0, 0, cmd_spec, NULL},
	{"features", "", "print what this runtime can do, as JSON", none_opts_table, 8,
	 CMD_PERMUTE | CMD_NO_STORE, 0, 0, cmd_features, NULL},
	{"explain", "[ID]", "print what create would do with a bundle, and do nothing",
	 explain_opts_table, sizeof(struct create_opts), CMD_PERMUTE | CMD_HOST | CMD_NO_STORE, 0,
	 1, cmd_explain, NULL},
	{"completion", "bash|zsh", "print a completion script for a shell", none_opts_table, 8,
	 CMD_PERMUTE | CMD_NO_STORE, 1, 1, cmd_completion, NULL},
	{"checkpoint", "ID", "write a container's processes into an image (criu)",
	 checkpoint_opts_table, 256, CMD_PERMUTE | CMD_HOST, 1, 1, cmd_checkpoint, NULL},
	{"restore", "ID", "make a container out of a checkpoint (criu)", restore_opts_table, 512,
	 CMD_PERMUTE | CMD_HOST | CMD_MAKE_ROOT, 1, 1, cmd_restore, NULL},
	{"mounts", "add|remove ID FILE", "mount into a running container, or unmount there",
	 none_opts_table, 8, CMD_PERMUTE | CMD_HOST | CMD_PROTECT, 3, 3, cmd_mounts,
	 "FILE: a list as \"mounts\" of config.json has it, or an object with that; - for stdin."},
	{0},
};

int cmd_print(const struct buf *b, struct err *err)
{
	int r = b->len ? fd_write_all(1, b->data, b->len) : 0;

	return r < 0 ? err_sys(err, r, "write to stdout") : 0;
}

static const struct cmd *find_command(const char *name)
{
	for (const struct cmd *c = commands; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

static int print_help(struct arena *a, const struct cmd *c, struct err *err)
{
	struct buf b = BUF_INIT(a);

	if (c) {
		buf_fmt(&b,
			"NAME:\n   proa %s - %s\n\nUSAGE:\n   proa [GLOBAL OPTIONS] %s [OPTIONS] %s\n",
			c->name, c->summary, c->name, c->operands);
		if (c->opts->name)
			buf_str(&b, "\nOPTIONS:\n");
		opt_help(c->opts, &b);
		buf_str(&b, "  -h, --help                    print this help\n");
		if (c->notes)
			buf_fmt(&b, "\n%s\n", c->notes);
		return cmd_print(&b, err);
	}
	buf_str(&b,
		"NAME:\n   proa - a small OCI runtime\n\nUSAGE:\n   proa [GLOBAL OPTIONS] COMMAND "
		"[OPTIONS] ...\n\nCOMMANDS:\n");
	for (c = commands; c->name; c++)
		buf_fmt(&b, "   %-12s %s\n", c->name, c->summary);
	buf_str(&b, "\nGLOBAL OPTIONS:\n");
	opt_help(global_opts_table, &b);
	return cmd_print(&b, err);
}

static int print_version(struct arena *a, struct err *err)
{
	struct buf b = BUF_INIT(a);

	buf_fmt(&b, "proa version %s\ncommit: %s\nspec: %s\nlibseccomp: %s\n", PROA_VERSION,
		PROA_COMMIT, OCI_VERSION, seccomp_library_version);
	return cmd_print(&b, err);
}

/* 0, 1 and 2 must be something, or what we open would land there and be the container's. */
static void fill_stdio(void)
{
	struct pollfd p[] = {{.fd = 0}, {.fd = 1}, {.fd = 2}};
	struct timespec now = {0, 0};

	if (SYS(ppoll, p, 3, &now, NULL, 0) <= 0)
		return; /* all three are open, and nothing is wrong with any */
	for (int fd = 0; fd < 3; fd++)
		if (p[fd].revents & POLLNVAL)
			SYS(openat, AT_FDCWD, "/dev/null", O_RDWR, 0);
}

static int open_log(const struct globals *g, struct err *err)
{
	int level = g->debug ? LOG_DEBUG : LOG_WARNING;
	enum log_format format = LOG_TEXT;

	if (g->log_level) {
		level = log_level_from_text(g->log_level);
		if (level < 0)
			return err_set(err, ERR_USAGE,
				       "--log-level: \"%s\" is not error, warning, info or debug",
				       g->log_level);
	}
	if (g->log_format && strcmp(g->log_format, "json") == 0)
		format = LOG_JSON;
	else if (g->log_format && strcmp(g->log_format, "text") != 0)
		return err_set(err, ERR_USAGE, "--log-format: \"%s\" is neither text nor json",
			       g->log_format);
	return log_open(g->log, format, (enum log_level)level, err);
}

static int check_globals(const struct globals *g, struct err *err)
{
	static const char *const managers[] = {"cgroupfs", "systemd", "disabled"};

	for (size_t i = 0; g->cgroup_manager && i < 3; i++)
		if (strcmp(g->cgroup_manager, managers[i]) == 0)
			return 0;
	if (g->cgroup_manager)
		return err_set(err, ERR_USAGE,
			       "--cgroup-manager: \"%s\" is neither cgroupfs nor systemd nor "
			       "disabled",
			       g->cgroup_manager);
	return 0;
}

/* Each promised descriptor must be there before we open anything that could take its number and
 * be handed to the container in its place (runc #5474). */
static int check_kept_fds(const struct opt *table, const void *opts, struct err *err)
{
	const char *listen = getenv("LISTEN_FDS");
	uint32_t n = 0;
	uint32_t l = 0;

	for (; table->name; table++)
		if (strcmp(table->name, "preserve-fds") == 0)
			break;
	if (!table->name)
		return 0;
	n = *(const uint32_t *)((const char *)opts + table->offset);
	if (listen && num_u32(listen, &l) && l < 1024)
		n += l;
	for (uint32_t fd = 3; fd < 3 + n; fd++)
		if (sys_fcntl((int)fd, F_GETFD, 0) < 0)
			return err_set(
				err, EBADF,
				"--preserve-fds %u: descriptor %u is not open, and each from 3 to "
				"%u must be%s",
				n - l, fd, 2 + n, l ? " (with those of LISTEN_FDS)" : "");
	return 0;
}

/* What needs nothing but the words. */
static int parse_command(struct ctx *x, const struct cmd *c, char **argv, void *opts,
			 struct opt_args *args, struct err *err)
{
	if (opt_parse(c->opts, opts, argv, c->flags & CMD_PERMUTE, x->arena, args, err) < 0)
		return err_ctx(err, "%s", c->name);
	if (args->n < c->min || (c->max >= 0 && args->n > c->max))
		return err_set(err, ERR_USAGE, "%s: %s operands; usage: proa %s [OPTIONS] %s",
			       c->name, args->n < c->min ? "too few" : "too many", c->name,
			       c->operands);
	return check_kept_fds(c->opts, opts, err);
}

static int run_command(struct ctx *x, const struct cmd *c, char **argv, char **environ,
		       char **all_argv, struct err *err)
{
	struct opt_args args;
	void *opts = arena_alloc(x->arena, c->size > 512 ? c->size : 512);
	struct err log_err;
	int r;

	for (char **v = argv; *v; v++) {
		if (strcmp(*v, "--help") == 0 || strcmp(*v, "-h") == 0)
			return print_help(x->arena, c, err);
		if (strcmp(*v, "--") == 0 || (!(c->flags & CMD_PERMUTE) && (*v)[0] != '-'))
			break;
	}
	r = parse_command(x, c, argv, opts, &args, err);
	/* the log opens a descriptor, so it comes after the check; but it hears of what was found
	 */
	if (open_log(&x->g, r < 0 ? &log_err : err) < 0 || r < 0)
		return -1;
	if ((c->flags & CMD_PROTECT) && guard_executable(all_argv, environ, err) < 0)
		return -1;
	if (check_globals(&x->g, err) < 0 || facts_probe(x->arena, &x->facts, err) < 0)
		return -1;
	x->facts.environ = (char **)environ;
	if (c->flags & CMD_HOST)
		facts_probe_host(x->arena, &x->facts);
	if (!(c->flags & CMD_NO_STORE) && store_open(x->g.root, &x->facts, c->flags & CMD_MAKE_ROOT,
						     x->arena, &x->store, err) < 0)
		return -1;
	return c->run(x, opts, &args, err);
}

static int proa(struct ctx *x, char **argv, char **environ, const struct cmd **ret_cmd,
		struct err *err)
{
	struct opt_args rest;

	if (opt_parse(global_opts_table, &x->g, argv + 1, false, x->arena, &rest, err) < 0)
		return -1;
	if (x->g.version)
		return print_version(x->arena, err);
	if (x->g.help || !rest.n || strcmp(rest.v[0], "help") == 0)
		return print_help(x->arena, rest.n > 1 ? find_command(rest.v[1]) : NULL, err) < 0
			       ? -1
		       : rest.n || x->g.help ? 0
					     : 1;
	*ret_cmd = find_command(rest.v[0]);
	if (!*ret_cmd)
		return err_set(err, ERR_USAGE,
			       "No help topic for '%s': there is no such command (see proa --help)",
			       rest.v[0]);
	return run_command(x, *ret_cmd, rest.v + 1, environ, argv, err);
}

/* The one place that prints a failure: to stderr for people and monitors, to the log for engines.
 */
static void print_error(struct arena *a, const struct err *err)
{
	const char *hint = hint_text(err->hint);
	struct buf b = BUF_INIT(a);

	log_msg(LOG_ERROR, "%s%s%s%s", err->msg[0] ? err->msg : "internal error without a message",
		hint ? " (hint: " : "", hint ? hint : "", hint ? ")" : "");
	buf_fmt(&b, "proa: %s\n", err->msg[0] ? err->msg : "internal error without a message");
	if (hint)
		buf_fmt(&b, "hint: %s\n", hint);
	(void)sys_write(2, b.data, b.len);
}

int main(int argc, char **argv, char **environ)
{
	struct ctx x = {.arena = arena_main(), .environ = environ, .argv0 = argv[0]};
	const struct cmd *c = NULL;
	struct err err = {0};
	int status;

	(void)argc;
	fault_init();
	fill_stdio();
	if (!argv[0])
		return 1;
	status = proa(&x, argv, environ, &c, &err);
	if (status >= 0)
		sys_exit(status);
	print_error(x.arena, &err);
	sys_exit(c && (c->flags & CMD_FAIL_255) ? 255 : 1);
}
