// SPDX-License-Identifier: Apache-2.0
#include "attach.h"

#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>

#include "fd.h"
#include "proc.h"

struct raw_kernel_termios {
	uint32_t iflag, oflag, cflag, lflag;
	uint8_t line, cc[19];
};

bool attach_is_terminal(void)
{
	struct raw_kernel_termios t;

	return sys_ioctl(0, TCGETS, &t) == 0;
}

int attach_prepare(struct attach *t, struct err *err)
{
	uint64_t all = ~0ULL;

	/* faults of our own must kill us, job control must stop us */
	for (size_t i = 0; i < 5; i++)
		all &= ~(1ULL << ((int[]){SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGSYS}[i] - 1));
	SYS(rt_sigprocmask, SIG_BLOCK, &all, &t->old_mask, sizeof(all));
	t->signals = (int)SYS(signalfd4, -1, &all, sizeof(all), SFD_CLOEXEC | SFD_NONBLOCK);
	return t->signals < 0 ? err_sys(err, t->signals, "signalfd") : 0;
}

struct copy {
	int from, to;
	char data[4096];
	size_t have, done;
	bool ended;
};

/* Moves what can be moved. False when the source has ended and all is written. */
static bool copy_some(struct copy *c, short events_from, short events_to)
{
	if (c->have == c->done && !c->ended && (events_from & (POLLIN | POLLHUP | POLLERR))) {
		ssize_t n = sys_read(c->from, c->data, sizeof(c->data));

		if (n <= 0 && n != -EAGAIN)
			c->ended = true; /* EIO: the last holder of the other end is gone */
		c->have = n > 0 ? (size_t)n : 0;
		c->done = 0;
		events_to |= POLLOUT;
	}
	if (c->have > c->done && (events_to & (POLLOUT | POLLERR | POLLHUP))) {
		ssize_t n = sys_write(c->to, c->data + c->done, c->have - c->done);

		if (n > 0)
			c->done += (size_t)n;
		else if (n != -EAGAIN)
			c->done = c->have; /* nobody reads: the terminal must not block for that */
	}
	return !c->ended || c->have > c->done;
}

static void copy_size(int from, int to)
{
	struct winsize size;

	if (sys_ioctl(from, TIOCGWINSZ, &size) == 0)
		sys_ioctl(to, TIOCSWINSZ, &size);
}

/* The caller's terminal gives every byte to the container's. Nothing to do where it is none. */
static bool set_raw(int fd, struct raw_kernel_termios *old)
{
	struct raw_kernel_termios t;

	if (sys_ioctl(fd, TCGETS, old) < 0)
		return false;
	t = *old;
	t.iflag &= ~(uint32_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
	t.oflag &= ~(uint32_t)OPOST;
	t.lflag &= ~(uint32_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	t.cflag = (t.cflag & ~(uint32_t)(CSIZE | PARENB)) | CS8;
	t.cc[VMIN] = 1;
	t.cc[VTIME] = 0;
	return sys_ioctl(fd, TCSETS, &t) == 0;
}

static void pass_signals(const struct attach *t, int pidfd, int master)
{
	struct signalfd_siginfo s[4];
	ssize_t n = sys_read(t->signals, s, sizeof(s));

	for (ssize_t i = 0; n > 0 && i < n / (ssize_t)sizeof(s[0]); i++) {
		switch (s[i].ssi_signo) {
		case SIGCHLD:
		case SIGURG:
			break;
		case SIGWINCH:
			if (master >= 0)
				copy_size(0, master);
			break;
		case SIGTSTP:
		case SIGTTIN:
		case SIGTTOU:
			if (master < 0)
				SYS(kill, sys_getpid(), SIGSTOP);
			break;
		default:
			sys_pidfd_send_signal(pidfd, (int)s[i].ssi_signo);
			break;
		}
	}
}

static int loop(const struct attach *t, int pidfd, int master)
{
	struct copy in = {.from = 0, .to = master, .ended = master < 0};
	struct copy out = {.from = master, .to = 1, .ended = master < 0};
	bool alive = true;

	while (alive || !out.ended || out.have > out.done) {
		bool in_pending = in.have > in.done;
		bool out_pending = out.have > out.done;
		struct pollfd p[6] = {
			{.fd = alive ? t->signals : -1, .events = POLLIN},
			{.fd = alive ? pidfd : -1, .events = POLLIN},
			{.fd = !in.ended && !in_pending ? 0 : -1, .events = POLLIN},
			{.fd = in_pending ? master : -1, .events = POLLOUT},
			{.fd = !out.ended && !out_pending ? master : -1, .events = POLLIN},
			{.fd = out_pending ? 1 : -1, .events = POLLOUT},
		};
		/* when it has ended, what is in the terminal's buffer is still there to be read */
		struct timespec now = {0, 0};
		long r = SYS(ppoll, p, 6, alive ? NULL : &now, NULL, 0);

		if (r < 0 && r != -EINTR)
			return (int)r;
		if (r == 0 && !alive)
			break;
		/* a signal is for one that lives; with its end comes a SIGCHLD that says no more */
		if (p[1].revents)
			alive = false;
		else if (p[0].revents)
			pass_signals(t, pidfd, master);
		copy_some(&in, p[2].revents, p[3].revents);
		if (in.ended && in.have == in.done && master >= 0 && p[2].revents) {
			char eot = 4; /* what a terminal has for end of file */

			(void)sys_write(master, &eot, 1);
		}
		copy_some(&out, p[4].revents, p[5].revents);
	}
	return 0;
}

int attach_run(struct attach *t, pid_t pid, int pidfd, int master, struct err *err)
{
	struct raw_kernel_termios old;
	bool raw = false;
	int r;

	if (master >= 0) {
		raw = set_raw(0, &old);
		copy_size(0, master);
	}
	r = loop(t, pidfd, master);
	if (raw)
		sys_ioctl(0, TCSETS, &old);
	if (r < 0)
		return err_sys(err, r, "wait for the container");
	r = proc_wait(pid);
	return r < 0 ? err_sys(err, r, "wait for pid %d", pid) : r;
}
