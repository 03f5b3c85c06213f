// SPDX-License-Identifier: Apache-2.0
#include "serve.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "attach.h"
#include "confine.h"
#include "console.h"
#include "ctl.h"
#include "health.h"
#include "keeper.h"
#include "log.h"
#include "logs.h"
#include "oom.h"
#include "report.h"
#include "sdnotify.h"
#include "signals.h"
#include "streams.h"
#include "trim.h"

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

/* conmon's order: output to its end, logs synced, clients that have all of it, exit files, the sync
 * pipe for exec, the other clients, and last the exit command. Podman watches for the exit file
 * once its connection ends, by inotify; a file that was there before it finds 25 ms later. */
static int finish(struct monitor *m, struct polls *p)
{
	int code;

	streams_drain(m);
	oom_check(m);
	logs_close(m);
	if (attach_flushed(m))
		attach_close(m);
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

int serve(struct monitor *m)
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
