// SPDX-License-Identifier: Apache-2.0
#include "keeper.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "log.h"
#include "logs.h"
#include "proc.h"
#include "sock.h"
#include "trim.h"

struct keeper {
	struct monitor *m; /* our copy */
	char **runtime;
	char **check;
	char *pid_env; /* "LISTEN_PID=..." among the environment, to be rewritten; or NULL */
	int sock;      /* to the monitor; -1 while it is dead */
	int signals;
	int fd[KEEP_COUNT];
	pid_t runtime_pid; /* 0 = none */
	pid_t check_pid;
	pid_t exit_pid;
	int container_fd; /* a pidfd, where the container is not our child; else -1 */
	bool runtime_ran;
};

/* ---------------------------------------------------------------- children */

struct child {
	struct keeper *k;
	char **argv;
	char **env;
	int fd[3]; /* -1 = /dev/null */
	bool die_with_us;
};

/* The monitor tries to be spared by the OOM killer; what it runs is not to inherit that. */
static void own_oom_score(void)
{
	(void)fd_write_file(AT_FDCWD, "/proc/self/oom_score_adj", "0", 1);
}

static void child_main(void *arg)
{
	struct child *c = arg;
	int null = sys_openat(AT_FDCWD, "/dev/null", O_RDWR, 0);
	uint64_t none = 0;
	int high[3];
	long r;

	if (c->die_with_us)
		sys_prctl(1 /* PR_SET_PDEATHSIG */, SIGKILL, 0, 0, 0);
	/* first out of the way, so that none is overwritten before it is placed */
	for (int i = 0; i < 3; i++)
		high[i] = sys_fcntl(c->fd[i] >= 0 ? c->fd[i] : null, F_DUPFD_CLOEXEC, 3);
	for (int i = 0; i < 3; i++)
		SYS(dup3, high[i], i, 0);
	own_oom_score();
	if (c->k->pid_env)
		fmt(c->k->pid_env, 24, "LISTEN_PID=%d", sys_getpid());
	SYS(rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none));
	r = SYS(execve, c->argv[0], c->argv, c->env);
	{
		char text[512];
		char why[64];
		size_t n = fmt(text, sizeof(text), "proamon: cannot run %s: %s\n", c->argv[0],
			       err_text(r, why));

		(void)sys_write(2, text, n < sizeof(text) ? n : sizeof(text) - 1);
	}
	sys_exit(127);
}

static pid_t run(struct child *c)
{
	struct clone_args args = {.exit_signal = SIGCHLD};

	return (pid_t)proc_clone(&args, child_main, c);
}

static void say(struct keeper *k, enum keeper_kind kind, int value)
{
	struct keeper_msg msg = {kind, value};

	if (k->sock >= 0)
		(void)sock_send(k->sock, &msg, sizeof(msg), -1);
}

static void run_runtime(struct keeper *k)
{
	struct child c = {
		k, k->runtime, k->m->env, {k->m->child[0], k->m->child[1], k->m->child[2]}, true};
	pid_t pid;

	if (k->runtime_ran)
		return;
	k->runtime_ran = true;
	pid = run(&c);
	for (int i = 0; i < 3; i++)
		if (k->m->child[i] > 2)
			fd_drop(&k->m->child[i]);
	if (pid < 0)
		say(k, K_RUNTIME_ENDED, 127 << 8);
	else
		k->runtime_pid = pid;
}

static void run_check(struct keeper *k)
{
	struct child c = {
		k, k->check, k->m->env, {-1, k->fd[KEEP_CHECK_OUT], k->fd[KEEP_CHECK_OUT]}, true};
	pid_t pid;

	sys_unlinkat(AT_FDCWD, k->m->check_pidfile, 0);
	pid = run(&c);
	if (pid < 0)
		say(k, K_CHECK_ENDED, 127 << 8);
	else
		k->check_pid = pid;
}

/* The runtime's exec is the parent of what it runs in the container: while it is there, so is the
 * pid that it has written. */
static void end_check(struct keeper *k)
{
	char text[16];
	uint32_t pid;

	if (!k->check_pid)
		return;
	if (fd_read_small(AT_FDCWD, k->m->check_pidfile, text, sizeof(text)) > 0 &&
	    num_u32(text, &pid) && pid > 1)
		SYS(kill, pid, SIGKILL);
	SYS(kill, k->check_pid, SIGKILL);
}

/* conmon's order: descriptors closed, subreaper off (what the command starts and leaves is not
 * ours), then the command. */
static void run_exit_command(struct keeper *k, bool restart)
{
	const struct args_raw *raw = &k->m->args.raw;
	struct arena *a = k->m->a;
	struct strs argv = {.v = arena_array(a, char *, raw->exit_args.n + 2)};
	char **env = k->m->env;
	struct child c = {k, argv.v, env, {-1, -1, -1}, false};
	pid_t pid;

	argv.v[0] = (char *)raw->exit_command;
	for (uint32_t i = 0; i < raw->exit_args.n; i++)
		argv.v[i + 1] = raw->exit_args.v[i];
	if (restart) {
		uint32_t n = 0;

		while (env[n])
			n++;
		c.env = arena_array(a, char *, n + 2);
		memcpy(c.env, env, n * sizeof(*env));
		c.env[n] = (char *)"PROAMON_ACTION=restart";
	}
	sys_prctl(36 /* PR_SET_CHILD_SUBREAPER */, 0, 0, 0, 0);
	if (k->m->args.exit_delay_s) {
		struct timespec ts = {k->m->args.exit_delay_s, 0};

		while (SYS(nanosleep, &ts, &ts) == -EINTR)
			;
	}
	pid = run(&c);
	if (pid < 0)
		say(k, K_EXIT_COMMAND_ENDED, 127 << 8);
	else
		k->exit_pid = pid;
}

/* ---------------------------------------------------------------- ends */

static void container_ended(struct keeper *k, int status, const struct rusage *ru)
{
	struct spool_head *h = k->m->spool.h;

	if (h->ended)
		return;
	h->status = status;
	if (ru)
		h->cpu_us = (uint64_t)(ru->ru_utime.tv_sec + ru->ru_stime.tv_sec) * 1000000 +
			    (uint64_t)(ru->ru_utime.tv_usec + ru->ru_stime.tv_usec);
	h->ended_wall = now_wall();
	h->ended_mono = now_mono();
	spool_barrier();
	h->ended = 1;
	say(k, K_CONTAINER_ENDED, status);
}

/* If it was one that we ran ourselves, the monitor hears of it. */
static void own_ended(struct keeper *k, pid_t pid, int status)
{
	struct {
		pid_t *pid;
		enum keeper_kind told;
	} own[] = {{&k->runtime_pid, K_RUNTIME_ENDED},
		   {&k->check_pid, K_CHECK_ENDED},
		   {&k->exit_pid, K_EXIT_COMMAND_ENDED}};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (*own[i].pid == pid) {
			*own[i].pid = 0;
			say(k, own[i].told, status);
			return;
		}
}

/* Reaps. Until the container's pid is known nothing but the runtime is reaped: the container's
 * zombie keeps its pid and its status for us. Its status is noted before it is reaped, so that if
 * we are killed in between, the monitor, to whom it goes, can still wait for it. */
static void reap(struct keeper *k)
{
	pid_t container = k->m->spool.h->container;
	siginfo_t info = {0};
	struct rusage ru;
	int status;
	pid_t pid;

	if (!container) {
		if (k->runtime_pid && SYS(wait4, k->runtime_pid, &status, WNOHANG, NULL) > 0)
			own_ended(k, k->runtime_pid, status);
		/* a container that never was: the exit command is all there is to wait for */
		if (k->exit_pid && SYS(wait4, k->exit_pid, &status, WNOHANG, NULL) > 0)
			own_ended(k, k->exit_pid, status);
		return;
	}
	if (!k->m->spool.h->ended &&
	    SYS(waitid, P_PID, container, &info, WEXITED | WNOHANG | WNOWAIT, &ru) == 0 &&
	    info.si_pid == container) {
		status = info.si_code == CLD_EXITED   ? info.si_status << 8
			 : info.si_code == CLD_DUMPED ? info.si_status | 0x80
						      : info.si_status;
		container_ended(k, status, &ru);
	}
	/* ours, and what the container has left to us */
	while ((pid = (pid_t)SYS(wait4, -1, &status, WNOHANG, NULL)) > 0)
		own_ended(k, pid, status);
}

/* A container that is not our child (its runtime has a subreaper of its own below us, or is a
 * client of a daemon): watched by pidfd; from Linux 6.15 on that also tells the status. */
static void foreign_ended(struct keeper *k)
{
	struct {
		uint64_t mask, cgroupid;
		uint32_t pid, tgid, ppid, ids[8], exit_code;
		uint32_t more[16];
	} info = {.mask = 1 << 3 /* PIDFD_INFO_EXIT */};
	/* PIDFD_GET_INFO of the first published size, 64 bytes */
	long r = SYS(ioctl, k->container_fd, 0xc040ff0bUL, &info);

	fd_drop(&k->container_fd);
	container_ended(k, r == 0 && (info.mask & (1 << 3)) ? (int)info.exit_code : STATUS_UNKNOWN,
			NULL);
}

static void container_known(struct keeper *k, pid_t pid)
{
	siginfo_t info = {0};

	k->m->spool.h->container = pid;
	if (SYS(waitid, P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT, NULL) == -ECHILD) {
		k->container_fd = sys_pidfd_open(pid, 0);
		if (k->container_fd < 0)
			container_ended(k, STATUS_UNKNOWN, NULL);
	}
	reap(k);
}

/* ---------------------------------------------------------------- a new monitor */

static void hand_over(struct keeper *k, int to)
{
	struct keeper_msg msg = {K_HOLD, 0};
	struct iovec iov = {&msg, sizeof(msg)};
	union {
		struct cmsghdr align;
		char data[CMSG_SPACE(sizeof(int) * KEEP_COUNT)];
	} control = {0};
	struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.data};
	struct cmsghdr *c = &control.align;
	int fds[KEEP_COUNT] = {0};
	size_t n = 0;

	/* which there are, as bits; those follow in order */
	for (int i = 0; i < KEEP_COUNT; i++)
		if (k->fd[i] >= 0) {
			msg.value |= 1 << i;
			fds[n++] = k->fd[i];
		}
	mh.msg_controllen = CMSG_SPACE(sizeof(int) * n);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int) * n);
	memcpy(CMSG_DATA(c), fds, sizeof(int) * n);
	if (SYS_RETRY(sendmsg, to, &mh, MSG_NOSIGNAL) > 0) {
		fd_drop(&k->sock);
		k->sock = to;
		if (!k->m->spool.h->container && !k->runtime_pid)
			say(k, K_RUNTIME_ENDED, 0);
	} else {
		sys_close(to);
	}
}

/* Somebody on our socket in the bundle: a monitor, if the last one is dead and it is root's or
 * our own user's. */
static void caller(struct keeper *k)
{
	struct ucred cred = {.uid = (uid_t)-1};
	socklen_t len = sizeof(cred);
	int c = (int)SYS_RETRY(accept4, k->m->resume_listen, NULL, NULL, SOCK_CLOEXEC);

	if (c < 0)
		return;
	SYS(getsockopt, c, SOL_SOCKET, SO_PEERCRED, &cred, &len);
	if ((cred.uid != 0 && cred.uid != (uid_t)SYS(geteuid)) || k->sock >= 0)
		sys_close(c);
	else
		hand_over(k, c);
}

/* ---------------------------------------------------------------- the loop */

static void drop_all(struct keeper *k)
{
	for (int i = 0; i < KEEP_COUNT; i++)
		fd_drop(&k->fd[i]);
	fd_drop(&k->m->resume_listen);
	/* whatever the engine left open in us too (podman's held ports): but the link to the
	 * monitor and the signals */
	for (int fd = 3, end; fd >= 0; fd = end + 1) {
		int a = k->sock < k->signals ? k->sock : k->signals;
		int b = k->sock < k->signals ? k->signals : k->sock;

		end = fd <= a ? a : fd <= b ? b : -1;
		if (end != fd)
			SYS(close_range, fd, end < 0 ? ~0U : (unsigned int)end - 1, 0);
		if (end < 0)
			break;
	}
}

static bool obey(struct keeper *k)
{
	struct keeper_msg msg;
	int fd;
	ssize_t n = sock_recv(k->sock, &msg, sizeof(msg), &fd);
	auto_fd got = fd;

	if (n != sizeof(msg)) {
		/* the monitor is dead. Without a socket in the bundle nobody can come after it. */
		fd_drop(&k->sock);
		return k->m->resume_listen >= 0;
	}
	switch (msg.kind) {
	case K_RUN_RUNTIME:
		run_runtime(k);
		break;
	case K_CONTAINER:
		container_known(k, msg.value);
		trim();
		break;
	case K_SIGNAL:
		if (k->runtime_pid)
			SYS(kill, k->runtime_pid, msg.value);
		break;
	case K_CHECK:
		if (!k->check_pid)
			run_check(k);
		break;
	case K_END_CHECK:
		end_check(k);
		break;
	case K_HOLD:
	case K_DROP:
		if (msg.value >= 0 && msg.value < KEEP_COUNT) {
			fd_drop(&k->fd[msg.value]);
			k->fd[msg.value] = fd_steal(&got);
		}
		break;
	case K_EXIT_COMMAND:
		drop_all(k);
		run_exit_command(k, msg.value);
		break;
	default:
		return false;
	}
	return true;
}

static void keeper_main(void *arg)
{
	struct keeper *k = arg;
	struct monitor *m = k->m;
	uint64_t mask = 1ULL << (SIGCHLD - 1);

	sys_prctl(15 /* PR_SET_NAME */, (unsigned long)"proamon-keeper", 0, 0, 0);
	sys_prctl(36 /* PR_SET_CHILD_SUBREAPER */, 1, 0, 0, 0);
	/* what is the monitor's alone */
	fd_drop(&m->signals);
	fd_drop(&m->keeper); /* the other end of our socket: its end of file is the monitor's death
			      */
	fd_drop(&m->sync_pipe);
	fd_drop(&m->start_pipe);
	fd_drop(&m->attach_pipe);
	fd_drop(&m->console_listen);
	fd_drop(&m->notify_host);
	for (uint32_t i = 0; i < m->logs; i++)
		fd_drop(&m->log[i].fd);
	k->signals = (int)SYS(signalfd4, -1, &mask, sizeof(mask), SFD_CLOEXEC | SFD_NONBLOCK);
	if (k->signals < 0)
		sys_exit(1);
	if (!m->args.raw.exec_attach)
		run_runtime(k);
	for (;;) {
		struct pollfd p[] = {{.fd = k->signals, .events = POLLIN},
				     {.fd = k->sock, .events = POLLIN},
				     {.fd = m->resume_listen, .events = POLLIN},
				     {.fd = k->container_fd, .events = POLLIN}};

		SYS(ppoll, p, 4, NULL, NULL, 0);
		if (p[0].revents) {
			struct signalfd_siginfo si[4];

			(void)sys_read(k->signals, si, sizeof(si));
			reap(k);
		}
		if (p[3].revents)
			foreign_ended(k);
		if (p[1].revents && !obey(k))
			sys_exit(0);
		if (p[2].revents)
			caller(k);
	}
}

/* ---------------------------------------------------------------- the monitor's side */

int keeper_start(struct monitor *m, char **runtime, char **check, int args_fd, struct err *err)
{
	struct keeper *k = arena_new(m->a, struct keeper);
	struct clone_args args = {.exit_signal = SIGCHLD};
	int pair[2];
	long r = sock_pair(pair);

	if (r < 0)
		return err_sys(err, r, "make a socket pair");
	*k = (struct keeper){.m = m,
			     .runtime = runtime,
			     .check = check,
			     .sock = pair[1],
			     .container_fd = -1,
			     .fd = {[KEEP_SPOOL] = m->spool.fd,
				    [KEEP_ARGS] = args_fd,
				    [KEEP_OUT] = m->out[STREAM_OUT],
				    [KEEP_ERR] = m->out[STREAM_ERR],
				    [KEEP_IN] = m->in,
				    [KEEP_ATTACH] = m->attach_listen,
				    [KEEP_CTL] = m->ctl,
				    [KEEP_WINSZ] = m->winsz,
				    [KEEP_NOTIFY] = m->notify,
				    [KEEP_HEALTH] = -1,
				    [KEEP_CHECK_OUT] = -1}};
	if (env_get(m->env, "LISTEN_PID"))
		for (char **e = m->env; *e; e++)
			if (strncmp(*e, "LISTEN_PID=", 11) == 0) {
				k->pid_env = arena_alloc(m->a, 24);
				*e = k->pid_env;
			}
	m->keeper = pair[0];
	spool_barrier();
	r = proc_clone(&args, keeper_main, k);
	sys_close(pair[1]);
	if (r < 0) {
		fd_drop(&m->keeper);
		return err_sys(err, r, "start the keeper");
	}
	/* what is the keeper's alone */
	fd_drop(&m->resume_listen);
	for (int i = 0; i < 3; i++)
		if (m->child[i] > 2)
			fd_drop(&m->child[i]);
	return 0;
}

void keeper_say(struct monitor *m, enum keeper_kind kind, int value)
{
	struct keeper_msg msg = {kind, value};

	if (m->keeper >= 0)
		(void)sock_send(m->keeper, &msg, sizeof(msg), -1);
}

void keeper_hold(struct monitor *m, enum keeper_fd which, int fd)
{
	struct keeper_msg msg = {K_HOLD, (int)which};

	if (m->keeper >= 0)
		(void)sock_send(m->keeper, &msg, sizeof(msg), fd);
}

int keeper_hear(struct monitor *m, struct keeper_msg *ret)
{
	int fd;
	ssize_t n = sock_recv(m->keeper, ret, sizeof(*ret), &fd);

	fd_drop(&fd);
	if (n == sizeof(*ret))
		return 1;
	fd_drop(&m->keeper);
	return 0;
}

int keeper_resume(struct monitor *m, const char *bundle, int ret_fds[static KEEP_COUNT],
		  struct err *err)
{
	struct keeper_msg msg;
	struct iovec iov = {&msg, sizeof(msg)};
	union {
		struct cmsghdr align;
		char data[CMSG_SPACE(sizeof(int) * KEEP_COUNT)];
	} control;
	struct msghdr mh = {.msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control.data,
			    .msg_controllen = sizeof(control.data)};
	auto_fd dir = sys_openat(AT_FDCWD, bundle, O_PATH | O_DIRECTORY, 0);
	size_t got = 0;
	long r;

	if (dir < 0)
		return err_sys(err, dir, "--resume: open %s", bundle);
	m->keeper = sock_connect(dir, "./" KEEPER_SOCKET, SOCK_SEQPACKET);
	if (m->keeper < 0)
		return err_sys(
			err, m->keeper,
			"--resume %s: nothing to resume: no keeper answers on %s/" KEEPER_SOCKET,
			bundle, bundle);
	r = SYS_RETRY(recvmsg, m->keeper, &mh, MSG_CMSG_CLOEXEC);
	if (r != sizeof(msg))
		return err_set(
			err, ERR_STATE,
			"--resume %s: its monitor is still there, or the container is another "
			"user's",
			bundle);
	for (int i = 0; i < KEEP_COUNT; i++)
		ret_fds[i] = -1;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&mh); c; c = CMSG_NXTHDR(&mh, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			for (int i = 0; i < KEEP_COUNT; i++)
				if (msg.value & 1 << i &&
				    CMSG_LEN((got + 1) * sizeof(int)) <= c->cmsg_len)
					memcpy(&ret_fds[i], CMSG_DATA(c) + got++ * sizeof(int),
					       sizeof(int));
	if (ret_fds[KEEP_SPOOL] < 0 || ret_fds[KEEP_ARGS] < 0)
		return err_set(err, ERR_STATE, "--resume %s: the keeper is another version's",
			       bundle);
	return 0;
}
