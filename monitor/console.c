// SPDX-License-Identifier: Apache-2.0
#include "console.h"

#include <asm/termbits.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "keeper.h"
#include "log.h"
#include "proc.h"
#include "sock.h"

/* A directory of ours alone with the socket in it: nobody can take the name between its choice and
 * the bind, and nobody else can connect. */
int console_open(struct monitor *m, struct err *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	const char *tmp = env_get(m->env, "TMPDIR");
	char dir[90];
	int r = -EEXIST;

	for (int attempt = 0; attempt < 16 && r == -EEXIST; attempt++) {
		unsigned char random[8] = {0};
		char name[9] = {0};

		SYS(getrandom, random, sizeof(random), 0);
		for (int i = 0; i < 8; i++)
			name[i] = letters[random[i] % 32];
		/* sun_path holds 108 bytes, and the runtime gets this path */
		if (fmt(dir, sizeof(dir), "%s/conmon-term.%s", tmp && *tmp ? tmp : "/tmp", name) >=
		    sizeof(dir))
			return err_set(err, ENAMETOOLONG,
				       "TMPDIR %s is too long for the console socket", tmp);
		r = sys_mkdirat(AT_FDCWD, dir, 0700);
	}
	if (r < 0)
		return err_sys(err, r, "make a directory %s for the console socket", dir);
	m->console_dir = arena_strdup(m->a, dir);
	m->console_path = arena_fmt(m->a, "%s/s", dir);
	m->console_listen = sock_listen(AT_FDCWD, m->console_path, SOCK_STREAM);
	if (m->console_listen < 0) {
		sys_unlinkat(AT_FDCWD, dir, AT_REMOVEDIR);
		return err_sys(err, m->console_listen, "listen on %s", m->console_path);
	}
	return 0;
}

static void close_socket(struct monitor *m)
{
	if (m->console_listen < 0)
		return;
	fd_drop(&m->console_listen);
	sys_unlinkat(AT_FDCWD, m->console_path, 0);
	sys_unlinkat(AT_FDCWD, m->console_dir, AT_REMOVEDIR);
}

static void take(struct monitor *m)
{
	struct pollfd p = {.fd = m->console_listen, .events = POLLIN};
	auto_fd c = -1;
	char data[256];
	struct termios t;
	int fd;

	if (SYS(ppoll, &p, 1, &(struct timespec){0}, NULL, 0) <= 0)
		return;
	c = (int)SYS_RETRY(accept4, m->console_listen, NULL, NULL, SOCK_CLOEXEC);
	if (c < 0)
		return;
	if (sock_recv(c, data, sizeof(data), &fd) <= 0 || fd < 0) {
		log_warning("%s: the console socket was opened and no terminal came",
			    m->args.raw.cid);
		return;
	}
	if (SYS(ioctl, fd, TCGETS, &t) < 0) {
		log_warning("%s: what came through the console socket is no terminal",
			    m->args.raw.cid);
		sys_close(fd);
		return;
	}
	/* \n to \r\n, which raw-mode clients count on */
	t.c_oflag |= ONLCR;
	SYS(ioctl, fd, TCSETS, &t);
	sys_fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK);
	m->out[STREAM_OUT] = fd;
	/* apart, so that one can be closed alone */
	m->in = (int)SYS(fcntl, fd, F_DUPFD_CLOEXEC, 3);
	keeper_hold(m, KEEP_OUT, fd);
	keeper_hold(m, KEEP_IN, m->in);
	if (m->rows || m->cols)
		console_resize(m, m->rows, m->cols);
	close_socket(m);
}

static void come(struct monitor *m, void *arg, short revents)
{
	(void)arg;
	(void)revents;
	take(m);
}

void console_polls(struct monitor *m, struct polls *p)
{
	polls_add(p, m->console_listen, POLLIN, come, NULL);
}

void console_settle(struct monitor *m)
{
	if (m->console_listen >= 0)
		take(m);
	close_socket(m);
}

void console_resize(struct monitor *m, uint32_t rows, uint32_t cols)
{
	struct winsize w = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};

	/* asked for before the terminal is there: kept for then */
	m->rows = rows;
	m->cols = cols;
	if (m->args.raw.terminal && m->out[STREAM_OUT] >= 0)
		SYS(ioctl, m->out[STREAM_OUT], TIOCSWINSZ, &w);
}
