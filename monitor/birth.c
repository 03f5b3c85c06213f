// SPDX-License-Identifier: Apache-2.0
#include "birth.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "attach.h"
#include "console.h"
#include "ctl.h"
#include "health.h"
#include "keeper.h"
#include "log.h"
#include "logs.h"
#include "proc.h"
#include "report.h"
#include "sdnotify.h"
#include "signals.h"
#include "sock.h"
#include "streams.h"

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

int birth_start(struct monitor *m, char **argv, struct err *err)
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

/* NUL-terminated strings from *at up to an empty one (or the end), as a vector; *at moves behind.
 */
static char **split(struct arena *a, char **at, const char *end)
{
	uint32_t n = 0;
	char **v;

	for (const char *p = *at; p < end && *p; p += strlen(p) + 1)
		n++;
	v = arena_array(a, char *, n + 1);
	for (uint32_t i = 0; i < n; i++) {
		v[i] = *at;
		*at += strlen(*at) + 1;
	}
	(*at)++;
	return v;
}

int birth_resume(struct monitor *m, struct err *err)
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
