// SPDX-License-Identifier: Apache-2.0
/* proamon: the sequence of a monitor's life. monitor.h says what the processes are. */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "attach.h"
#include "confine.h"
#include "console.h"
#include "ctl.h"
#include "health.h"
#include "keeper.h"
#include "log.h"
#include "logs.h"
#include "monitor.h"
#include "oom.h"
#include "proc.h"
#include "report.h"
#include "sdnotify.h"
#include "signals.h"
#include "sock.h"
#include "streams.h"
#include "trim.h"

int64_t now_mono(void)
{
	struct timespec ts = {0};

	SYS(clock_gettime, CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

int64_t now_wall(void)
{
	struct timespec ts = {0};

	SYS(clock_gettime, CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* ---------------------------------------------------------------- start */

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

static int pipe_from_env(struct monitor *m, const char *name)
{
	const char *text = env_get(m->env, name);
	uint32_t fd;

	if (!text || !num_u32(text, &fd) || sys_fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0)
		return -1;
	return (int)fd;
}

/* The engine moves us into our cgroup, then writes: nothing is forked before. */
static void wait_for_start(struct monitor *m)
{
	char text[64];

	if (m->start_pipe < 0)
		return;
	(void)sys_read(m->start_pipe, text, sizeof(text));
	if (!m->args.raw.exec_attach)
		fd_drop(&m->start_pipe);
}

/* Forks; the first process writes the child's pid and leaves, the child returns from here. */
static int detach(struct monitor *m, struct err *err)
{
	const char *pidfile = m->args.raw.monitor_pidfile;
	long pid = 0;
	int r = 0;

	if (!m->args.raw.sync)
		pid = SYS(clone, SIGCHLD, 0, 0, 0, 0);
	if (pid < 0)
		return err_sys(err, pid, "fork");
	if (pid > 0 || m->args.raw.sync) {
		if (pidfile)
			r = report_pidfile(pidfile, pid ? (pid_t)pid : sys_getpid());
		if (r < 0) {
			if (pid)
				SYS(kill, pid, SIGKILL);
			return err_sys(err, r, "Failed to write conmon pidfile %s", pidfile);
		}
	}
	if (pid > 0)
		sys_exit(0);
	if (!m->args.passthrough) {
		auto_fd null = sys_openat(AT_FDCWD, "/dev/null", O_RDWR, 0);

		for (int i = 0; i < 3; i++)
			SYS(dup3, null, i, 0);
	}
	SYS(setsid);
	sys_prctl(36 /* PR_SET_CHILD_SUBREAPER */, 1, 0, 0, 0);
	return 0;
}

/* The caller's cwd, argv and environment for a monitor that resumes. */
static int keep_args(struct monitor *m, char **argv)
{
	int fd = (int)SYS(memfd_create, "proamon-args", MFD_CLOEXEC);
	char cwd[4096];
	struct arena mark = *m->a;
	struct buf b = BUF_INIT(m->a);

	if (fd < 0 || SYS(getcwd, cwd, sizeof(cwd)) < 0)
		return -1;
	buf_add(&b, cwd, strlen(cwd) + 1);
	for (; *argv; argv++)
		buf_add(&b, *argv, strlen(*argv) + 1);
	buf_add(&b, "", 1);
	for (char **e = m->env; *e; e++)
		buf_add(&b, *e, strlen(*e) + 1);
	if (fd_write_all(fd, b.data, b.len) < 0)
		fd_drop(&fd);
	arena_rewind(m->a, mark);
	return fd;
}

static void spare_from_oom(void)
{
	(void)fd_write_file(AT_FDCWD, "/proc/self/oom_score_adj", "-1000", 5);
}

/* Paths are resolved once, so that nothing depends on the cwd later. */
static int resolve(struct monitor *m, struct err *err)
{
	struct args_raw *r = &m->args.raw;
	char cwd[4096];
	long n = SYS(getcwd, cwd, sizeof(cwd));

	if (n < 0)
		return err_sys(err, n, "getcwd");
	if (!r->bundle)
		r->bundle = arena_strdup(m->a, cwd);
	if (r->bundle[0] != '/')
		r->bundle = arena_fmt(m->a, "%s/%s", cwd, r->bundle);
	if (!r->pidfile)
		r->pidfile = arena_fmt(m->a, "%s/pidfile-%s", cwd, r->cid);
	m->check_pidfile = arena_fmt(m->a, "%s/health.pid", r->bundle);
	if (SYS(faccessat, AT_FDCWD, r->runtime, 1 /* X_OK */) < 0)
		return err_set(
			err, ERR_USAGE,
			"Runtime path %s is not valid: no such program, or it may not be run",
			r->runtime);
	return 0;
}

static int listen_for_resume(struct monitor *m, struct err *err)
{
	auto_fd dir = -1;

	/* an exec session's bundle may be the container's own */
	if (m->args.raw.exec || m->args.passthrough)
		return 0;
	dir = sys_openat(AT_FDCWD, m->args.raw.bundle, O_PATH | O_DIRECTORY, 0);
	if (dir < 0)
		return err_sys(err, dir, "open the bundle %s", m->args.raw.bundle);
	sys_unlinkat(dir, KEEPER_SOCKET, 0);
	SYS(umask, 0077);
	m->resume_listen = sock_listen(dir, "./" KEEPER_SOCKET, SOCK_SEQPACKET);
	SYS(umask, 0022);
	if (m->resume_listen < 0)
		return err_sys(err, m->resume_listen, "listen on %s/" KEEPER_SOCKET,
			       m->args.raw.bundle);
	return 0;
}

static int start(struct monitor *m, char **argv, struct err *err)
{
	int args_fd;

	SYS(umask, 0022);
	if (resolve(m, err) < 0 || logs_open(m, err) < 0)
		return -1;
	spare_from_oom();
	m->sync_pipe = pipe_from_env(m, "_OCI_SYNCPIPE");
	m->start_pipe = pipe_from_env(m, "_OCI_STARTPIPE");
	m->attach_pipe = pipe_from_env(m, "_OCI_ATTACHPIPE");
	if (m->args.raw.exec_attach && m->attach_pipe < 0)
		return err_set(err, ERR_USAGE, "--attach specified but _OCI_ATTACHPIPE was not");
	wait_for_start(m);
	if (detach(m, err) < 0 || signals_open(m, err) < 0 || spool_make(&m->spool, err) < 0 ||
	    streams_open(m, err) < 0 || attach_open(m, err) < 0 || ctl_open(m, err) < 0 ||
	    sdnotify_open(m, err) < 0 || health_open(m, err) < 0 || listen_for_resume(m, err) < 0)
		return -1;
	args_fd = keep_args(m, argv);
	if (keeper_start(m, args_runtime(&m->args, m->args.raw.pidfile, m->console_path, m->a),
			 args_check(&m->args, m->check_pidfile, m->a), args_fd, err) < 0)
		return -1;
	fd_drop(&args_fd);
	report_attach(m);
	return 0;
}

/* ---------------------------------------------------------------- a killed monitor's successor */

static char **split(struct arena *a, char **at, char *end)
{
	struct strs v = {.v = arena_array(a, char *, 1024)};

	while (*at < end && **at && v.n < 1023) {
		v.v[v.n++] = *at;
		*at += strlen(*at) + 1;
	}
	(*at)++;
	return v.v;
}

static int resume(struct monitor *m, struct err *err)
{
	bool sync = m->args.raw.sync;
	const char *pidfile = m->args.raw.monitor_pidfile;
	int fd[KEEP_COUNT];
	char path[40];
	char *text;
	char *at;
	char **argv;
	size_t len;

	m->resumed = true;
	if (keeper_resume(m, m->args.raw.resume, fd, err) < 0)
		return -1;
	fmt(path, sizeof(path), "/proc/self/fd/%d", fd[KEEP_ARGS]);
	text = fd_read_file(AT_FDCWD, path, 16 << 20, m->a, &len, err);
	if (!text)
		return -1;
	at = text + strlen(text) + 1;
	SYS(chdir, text);
	argv = split(m->a, &at, text + len);
	m->env = split(m->a, &at, text + len);
	m->args = (struct args){0};
	if (args_parse(argv, m->a, &m->args, err) < 0 || resolve(m, err) < 0)
		return -1;
	m->args.raw.sync = sync;
	if (pidfile)
		m->args.raw.monitor_pidfile = pidfile;
	fd_drop(&fd[KEEP_ARGS]);
	if (spool_map(&m->spool, fd[KEEP_SPOOL], err) < 0)
		return -1;
	if (m->spool.h->magic != SPOOL_MAGIC)
		return err_set(err, ERR_STATE, "the keeper is another version's");
	m->out[STREAM_OUT] = fd[KEEP_OUT];
	m->out[STREAM_ERR] = fd[KEEP_ERR];
	m->in = fd[KEEP_IN];
	m->attach_listen = fd[KEEP_ATTACH];
	m->ctl = fd[KEEP_CTL];
	m->winsz = fd[KEEP_WINSZ];
	m->notify = fd[KEEP_NOTIFY];
	SYS(umask, 0022);
	spare_from_oom();
	if (logs_open(m, err) < 0 || detach(m, err) < 0 || signals_open(m, err) < 0 ||
	    sdnotify_open(m, err) < 0 || health_open(m, err) < 0)
		return -1;
	for (int i = 0; i < STREAMS; i++)
		logs_feed(m, i, m->spool.h->eof[i] ? MORE_NEVER : MORE_LATER);
	return 0;
}

/* ---------------------------------------------------------------- the container */

/* Its pid is known: watch it. */
static int adopt(struct monitor *m)
{
	struct spool_head *h = m->spool.h;

	m->pidfd = sys_pidfd_open(h->container, 0);
	m->container_known = true;
	oom_open(m);
	if (m->args.timeout_s)
		m->deadline = (m->resumed ? h->started_mono : now_mono()) +
			      m->args.timeout_s * 1000000000LL;
	health_begin(m);
	return 0;
}

static pid_t read_pidfile(struct monitor *m)
{
	char text[32];
	uint32_t pid;

	if (fd_read_small(AT_FDCWD, m->args.raw.pidfile, text, sizeof(text)) <= 0)
		return 0;
	text[strcspn(text, "\n ")] = '\0';
	return num_u32(text, &pid) && pid <= INT32_MAX ? (pid_t)pid : 0;
}

/* The runtime has ended: either there is a container now, or the engine hears why not. */
static bool created(struct monitor *m)
{
	struct spool_head *h = m->spool.h;
	char text[8192];
	pid_t pid = 0;

	console_settle(m);
	if (WIFEXITED(m->runtime_status) && WEXITSTATUS(m->runtime_status) == 0)
		pid = read_pidfile(m);
	if (pid <= 0) {
		streams_runtime_stderr(m, text, sizeof(text));
		if (!text[0] && WIFSIGNALED(m->runtime_status))
			fmt(text, sizeof(text), "the runtime was killed by signal %d\n",
			    WTERMSIG(m->runtime_status));
		else if (!text[0])
			fmt(text, sizeof(text),
			    "the runtime ended with status %d and wrote no pid to %s\n",
			    WEXITSTATUS(m->runtime_status), m->args.raw.pidfile);
		report_sync(m, REPORT_PID, -1, text);
		log_msg(LOG_ERROR, "%s: runtime: %s", m->args.raw.cid, text);
		return false;
	}
	h->started_wall = now_wall();
	h->started_mono = now_mono();
	h->container = pid;
	keeper_say(m, K_CONTAINER, pid);
	adopt(m);
	if (!m->args.raw.exec || m->args.raw.api_version)
		report_sync(m, REPORT_PID, pid, NULL);
	fd_drop(&m->attach_pipe);
	return true;
}

/* The keeper was killed: what it ran is ours to wait for, as we are a subreaper too. */
static void keeper_gone(struct monitor *m)
{
	log_warning("%s: the keeper is gone: no exit command and no health checks from here on",
		    m->args.raw.cid);
	if (!m->container_known) {
		m->runtime_done = true;
		m->runtime_status = SIGKILL; /* it died with it */
	}
}

static void heard(struct monitor *m, void *arg, short revents)
{
	struct keeper_msg msg;

	(void)arg;
	(void)revents;
	if (!keeper_hear(m, &msg)) {
		keeper_gone(m);
		return;
	}
	switch (msg.kind) {
	case K_RUNTIME_ENDED:
		m->runtime_done = true;
		m->runtime_status = msg.value;
		break;
	case K_CHECK_ENDED:
		health_result(m, msg.value);
		break;
	case K_EXIT_COMMAND_ENDED:
		m->exit_command_done = true;
		break;
	default:
		break; /* the container's end is in the spool */
	}
}

static void container_gone(struct monitor *m, void *arg, short revents)
{
	struct spool_head *h = m->spool.h;
	siginfo_t info = {0};

	(void)arg;
	(void)revents;
	if (h->ended)
		return;
	h->status = SYS(waitid, P_PID, h->container, &info, WEXITED | WNOHANG, NULL) == 0 &&
				    info.si_pid
			    ? (info.si_code == CLD_EXITED ? info.si_status << 8 : info.si_status)
			    : STATUS_UNKNOWN;
	h->ended_wall = now_wall();
	h->ended_mono = now_mono();
	h->ended = 1;
}

static void client_ready(struct monitor *m, void *arg, short revents)
{
	char text[64];

	(void)arg;
	(void)revents;
	/* the second word on the start pipe: the client has attached, or the engine is gone */
	(void)sys_read(m->start_pipe, text, sizeof(text));
	fd_drop(&m->start_pipe);
	keeper_say(m, K_RUN_RUNTIME, 0);
}

static void time_out(struct monitor *m)
{
	if (!m->deadline || now_mono() < m->deadline)
		return;
	m->deadline = 0;
	m->spool.h->timed_out = 1;
	signals_kill_group(m);
}

static void one_round(struct monitor *m, struct polls *p)
{
	p->n = 0;
	p->deadline = 0;
	polls_add(p, m->keeper, POLLIN, heard, NULL);
	if (m->keeper < 0)
		polls_add(p, m->pidfd, POLLIN, container_gone, NULL);
	if (m->args.raw.exec_attach)
		polls_add(p, m->start_pipe, POLLIN, client_ready, NULL);
	signals_polls(m, p);
	/* these two may make room, by giving somebody up; then the streams are asked for more */
	logs_polls(m, p);
	attach_polls(m, p);
	streams_polls(m, p);
	console_polls(m, p);
	ctl_polls(m, p);
	oom_polls(m, p);
	sdnotify_polls(m, p);
	health_polls(m, p);
	polls_until(p, m->deadline);
	if (m->busy) {
		/* after a burst, once: the pages it has used go back */
		int64_t quiet = m->last_read + 1000000000;

		if (now_mono() >= quiet) {
			m->busy = false;
			spool_shrink(&m->spool, m->logs);
			trim();
		} else {
			polls_until(p, quiet);
		}
	}
	polls_wait(p, m);
	time_out(m);
}

/* ---------------------------------------------------------------- the end */

static void run_exit_command(struct monitor *m, struct polls *p)
{
	if (!m->args.raw.exit_command || m->keeper < 0)
		return;
	keeper_say(m, K_EXIT_COMMAND, (int)m->spool.h->restart);
	while (!m->exit_command_done && m->keeper >= 0) {
		p->n = 0;
		p->deadline = 0;
		polls_add(p, m->keeper, POLLIN, heard, NULL);
		polls_wait(p, m);
	}
}

static void close_rest(struct monitor *m)
{
	char path[4096];

	fd_drop(&m->signals);
	fd_drop(&m->ctl);
	fd_drop(&m->winsz);
	fd_drop(&m->in);
	fd_drop(&m->pidfd);
	fd_drop(&m->cgroup);
	fd_drop(&m->oom_events);
	fd_drop(&m->start_pipe);
	fd_drop(&m->attach_pipe);
	fmt(path, sizeof(path), "%s/" KEEPER_SOCKET, m->args.raw.bundle);
	if (!m->args.raw.exec && !m->args.passthrough)
		sys_unlinkat(AT_FDCWD, path, 0);
}

/* conmon's order: output to its end, logs synced, exit files, the sync pipe for exec, clients, and
 * last the exit command. */
static int finish(struct monitor *m, struct polls *p)
{
	int code;

	streams_drain(m);
	oom_check(m);
	logs_close(m);
	report_exit(m);
	code = report_exit_code(m);
	if (m->args.raw.exec)
		report_sync(m, REPORT_EXIT, code,
			    m->spool.h->timed_out ? "command timed out" : NULL);
	fd_drop(&m->sync_pipe);
	sdnotify_close(m);
	health_close(m);
	/* clients that read get the rest; nobody who waits for the exit file waits for them */
	while (!attach_flushed(m)) {
		p->n = 0;
		p->deadline = 0;
		attach_polls(m, p);
		polls_wait(p, m);
	}
	attach_close(m);
	close_rest(m);
	run_exit_command(m, p);
	keeper_say(m, K_DONE, 0);
	return code < 0 ? 255 : code;
}

static int abandon(struct monitor *m, struct polls *p)
{
	fd_drop(&m->sync_pipe);
	logs_close(m);
	sdnotify_close(m);
	health_close(m);
	attach_close(m);
	close_rest(m);
	run_exit_command(m, p);
	keeper_say(m, K_DONE, 0);
	return 1;
}

static int serve(struct monitor *m)
{
	struct polls p = {.a = m->a};

	if (m->resumed && m->spool.h->container)
		adopt(m);
	while (!m->container_known && !m->runtime_done)
		one_round(m, &p);
	if (!m->container_known && !created(m))
		return abandon(m, &p);
	confine(m);
	m->busy = true; /* starting is a burst too */
	m->last_read = now_mono();
	while (!m->spool.h->ended)
		one_round(m, &p);
	return finish(m, &p);
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
	if ((m->args.raw.resume ? resume(m, &err) : start(m, argv + 1, &err)) < 0) {
		say_error(m, &err);
		return 1;
	}
	return serve(m);
}
