// SPDX-License-Identifier: Apache-2.0
/* proamon: options and messages; monitor.h says what the processes are, birth.h and serve.h what
 * they do. */
#include <string.h>

#include "birth.h"
#include "log.h"
#include "report.h"
#include "serve.h"

static int say(int fd, const struct buf *b)
{
	return fd_write_all(fd, b->data, b->len) < 0;
}

static int print_help(struct arena *a)
{
	struct buf b = BUF_INIT(a);

	buf_str(&b,
		"Usage:\n  proamon [OPTIONS]\n\nMonitors one container; a replacement for conmon. See "
		"proamon(8).\n\nOptions:\n");
	opt_help(args_table, &b);
	return say(1, &b);
}

static int print_version(struct arena *a)
{
	struct buf b = BUF_INIT(a);

	/* the first two lines are conmon's: engines take them apart */
	buf_fmt(&b,
		"conmon version " CONMON_VERSION "\ncommit: %s\nproamon version " PROAMON_VERSION
		"\n",
		PROA_COMMIT);
	return say(1, &b);
}

static void open_own_log(struct monitor *m)
{
	const char *level = m->args.raw.log_level;
	struct err err = {0};
	int n = LOG_WARNING;

	if (level)
		n = strcmp(level, "trace") == 0 ? LOG_DEBUG : log_level_from_text(level);
	if (n < 0)
		n = LOG_WARNING;
	log_program("proamon");
	if (log_open(m->args.raw.syslog ? "syslog:" : NULL, LOG_TEXT, (enum log_level)n, &err) < 0)
		(void)log_open(NULL, LOG_TEXT, (enum log_level)n, &err);
}

static void say_error(struct monitor *m, const struct err *err)
{
	struct buf b = BUF_INIT(m->a);

	buf_fmt(&b, "proamon: %s\n", err->msg);
	(void)fd_write_all(2, b.data, b.len);
	log_msg(LOG_ERROR, "%s", err->msg);
	report_sync(m, REPORT_PID, -1, err->msg);
}

int main(int argc, char **argv, char **env)
{
	struct monitor *m = arena_new(arena_main(), struct monitor);
	struct err err = {0};

	(void)argc;
	*m = (struct monitor){.a = arena_main(),
			      .env = env,
			      .sync_pipe = -1,
			      .start_pipe = -1,
			      .attach_pipe = -1,
			      .keeper = -1,
			      .signals = -1,
			      .resume_listen = -1,
			      .out = {-1, -1},
			      .in = -1,
			      .child = {-1, -1, -1},
			      .console_listen = -1,
			      .attach_listen = -1,
			      .ctl = -1,
			      .winsz = -1,
			      .notify = -1,
			      .notify_host = -1,
			      .cgroup = -1,
			      .oom_events = -1,
			      .pidfd = -1};
	if (args_parse(argv + 1, m->a, &m->args, &err) < 0) {
		say_error(m, &err);
		return 1;
	}
	if (m->args.raw.version)
		return print_version(m->a);
	if (m->args.raw.help)
		return print_help(m->a);
	open_own_log(m);
	if ((m->args.raw.resume ? birth_resume(m, &err) : birth_start(m, argv + 1, &err)) < 0) {
		say_error(m, &err);
		return 1;
	}
	return serve(m);
}
