// SPDX-License-Identifier: Apache-2.0
#include "signals.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

#include "keeper.h"

static uint64_t bit(int sig)
{
	return 1ULL << (sig - 1);
}

int signals_open(struct monitor *m, struct err *err)
{
	uint64_t forwarded = bit(SIGTERM) | bit(SIGINT) | bit(SIGQUIT);
	/* everything else that can end us by default is not for us: a terminal that hangs up, a
	 * reader that is gone */
	uint64_t blocked = forwarded | bit(SIGHUP) | bit(SIGPIPE) | bit(SIGUSR1) | bit(SIGUSR2) |
			   bit(SIGALRM) | bit(SIGCHLD);
	int fd;

	SYS(rt_sigprocmask, SIG_SETMASK, &blocked, NULL, sizeof(blocked));
	fd = (int)SYS(signalfd4, -1, &forwarded, sizeof(forwarded), SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return err_sys(err, fd, "make a signal descriptor");
	m->signals = fd;
	return 0;
}

void signals_send(struct monitor *m, int sig)
{
	if (m->pidfd >= 0)
		sys_pidfd_send_signal(m->pidfd, sig);
}

void signals_kill_group(struct monitor *m)
{
	pid_t pid = m->spool.h->container;

	if (m->pidfd < 0 || sys_pidfd_send_signal(m->pidfd, 0) < 0)
		return;
	/* PIDFD_SIGNAL_PROCESS_GROUP from Linux 6.9 on. Before, the number: the process was there
	 * just now, and it is not reaped before its parent, the keeper, has been told. */
	if (SYS(pidfd_send_signal, m->pidfd, SIGKILL, NULL, 1 << 2) < 0 && SYS(getpgid, pid) == pid)
		SYS(kill, -pid, SIGKILL);
	signals_send(m, SIGKILL);
}

static void readable(struct monitor *m, void *arg, short revents)
{
	struct signalfd_siginfo si;

	(void)arg;
	(void)revents;
	while (sys_read(m->signals, &si, sizeof(si)) == sizeof(si)) {
		if (m->pidfd >= 0)
			signals_send(m, (int)si.ssi_signo);
		else
			keeper_say(m, K_SIGNAL, (int)si.ssi_signo);
	}
}

void signals_polls(struct monitor *m, struct polls *p)
{
	polls_add(p, m->signals, POLLIN, readable, NULL);
}
