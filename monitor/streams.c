// SPDX-License-Identifier: Apache-2.0
#include "streams.h"

#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "attach.h"
#include "console.h"
#include "keeper.h"
#include "logs.h"

/*
 * Interrupt moderation. A container that writes many small pieces would wake us for each; after a
 * few reads in quick succession that each brought little, we wait a moment, so that the next brings
 * more. The pipe holds 1 MiB and a moment is half a millisecond, so nothing waits for us. The first
 * read after a pause is never delayed. (200 MB in lines of 100 bytes: 570,000 reads without, 6,000
 * with it.)
 */
enum { BURST_READS = 8, BURST_GAP_NS = 300000, MOMENT_NS = 500000, LITTLE = 32 * 1024 };

/* In bss, and only touched when a client sends something. */
static char input[INPUT_MAX];

char *streams_input(void)
{
	return input;
}

static int make_pipe(int *ret_read, int *ret_write, bool ours_is_read)
{
	int p[2];
	long r = SYS(pipe2, p, O_CLOEXEC);

	if (r < 0)
		return (int)r;
	*ret_read = p[0];
	*ret_write = p[1];
	/* any user in the container may open /dev/stdout again */
	SYS(fchmod, p[0], 0777);
	SYS(fchmod, p[1], 0777);
	sys_fcntl(p[ours_is_read ? 0 : 1], F_SETFL,
		  O_NONBLOCK | (ours_is_read ? O_RDONLY : O_WRONLY));
	if (ours_is_read)
		sys_fcntl(p[0], F_SETPIPE_SZ, 1 << 20);
	return 0;
}

int streams_open(struct monitor *m, struct err *err)
{
	int r = 0;

	if (m->args.passthrough) {
		for (int i = 0; i < 3; i++)
			m->child[i] = i;
		return 0;
	}
	if (m->args.raw.terminal) {
		if (console_open(m, err) < 0)
			return -1;
	} else {
		if (m->args.raw.stdin_open)
			r = make_pipe(&m->child[0], &m->in, false);
		if (r == 0)
			r = make_pipe(&m->out[STREAM_OUT], &m->child[1], true);
	}
	/* stderr always: the runtime's own words come that way */
	if (r == 0)
		r = make_pipe(&m->out[STREAM_ERR], &m->child[2], true);
	return r < 0 ? err_sys(err, r, "make the container's pipes") : 0;
}

static bool is_tty(const struct monitor *m, enum stream s)
{
	return m->args.raw.terminal && s == STREAM_OUT;
}

static void at_end(struct monitor *m, enum stream s)
{
	m->spool.h->eof[s] = 1;
	fd_drop(&m->out[s]);
	keeper_say(m, K_DROP, s == STREAM_OUT ? KEEP_OUT : KEEP_ERR);
	logs_feed(m, s, MORE_NEVER);
}

static long take(struct monitor *m, enum stream s)
{
	long n = spool_take(&m->spool, s, m->out[s], is_tty(m, s));

	if (n > 0) {
		/* logs first: compaction comes with them, so the clients' copy is found before */
		attach_send(m, is_tty(m, s) ? STREAM_OUT : s,
			    spool_in(&m->spool, s) + spool_len(&m->spool, s) - n, (size_t)n);
		m->held[s] = n == SPOOL_READ;
		logs_feed(m, s, m->held[s] ? MORE_NOW : MORE_LATER);
	}
	return n;
}

static void moderate(struct monitor *m, long n)
{
	struct timespec moment = {0, MOMENT_NS};
	int64_t now = now_mono();
	bool at_once = now - m->last_read < BURST_GAP_NS;

	m->last_read = now;
	if (n >= LITTLE)
		return;
	m->burst = at_once ? m->burst + 1 : 0;
	if (m->burst <= BURST_READS)
		return;
	SYS(nanosleep, &moment, NULL);
	m->last_read = now_mono();
}

static void readable(struct monitor *m, void *arg, short revents)
{
	enum stream s = arg ? STREAM_ERR : STREAM_OUT;
	long n;

	(void)revents;
	if (m->out[s] < 0)
		return;
	n = take(m, s);
	if (n > 0) {
		m->busy = true;
		if (!is_tty(m, s))
			moderate(m, n);
	} else if (is_tty(m, s) && (n == -EIO || n == 0)) {
		/* nobody has the terminal open; somebody may open it again */
		m->tty_wait = m->tty_wait ? m->tty_wait * 2 : 100000000;
		if (m->tty_wait > 2000000000)
			m->tty_wait = 2000000000;
		m->tty_retry = now_mono() + m->tty_wait;
		return;
	} else if (n != -EAGAIN) {
		at_end(m, s);
	}
	m->tty_wait = 0;
}

/* A read that was full promised more, and a line's beginning waits for it: is there more? */
static void settle(struct monitor *m, enum stream s)
{
	int waiting = 0;

	if (!m->held[s])
		return;
	m->held[s] = false;
	if (SYS(ioctl, m->out[s], FIONREAD, &waiting) < 0 || waiting == 0)
		logs_feed(m, s, MORE_LATER);
}

static void writable(struct monitor *m, void *arg, short revents)
{
	(void)arg;
	(void)revents;
	streams_push_input(m);
}

void streams_polls(struct monitor *m, struct polls *p)
{
	for (int s = 0; s < STREAMS; s++) {
		settle(m, s);
		/* the runtime's words are collected before they are a container's output */
		if (m->out[s] < 0 || !logs_room(m, s) || !attach_room(m) ||
		    (s == STREAM_ERR && !m->container_known))
			continue;
		if (is_tty(m, s) && m->tty_retry) {
			if (now_mono() < m->tty_retry) {
				polls_until(p, m->tty_retry);
				continue;
			}
			m->tty_retry = 0;
		}
		polls_add(p, m->out[s], POLLIN, readable, s ? m : NULL);
	}
	if (m->in >= 0 && m->in_end > m->in_start)
		polls_add(p, m->in, POLLOUT, writable, NULL);
}

void streams_drain(struct monitor *m)
{
	m->finishing = true;
	for (int s = 0; s < STREAMS; s++) {
		/* a terminal's end is EIO, and nothing more can come: the container is dead. A
		 * process that outlives it elsewhere may hold the pipe and write on, so there is an
		 * end to it: what the pipe held at the container's end, at most. */
		uint64_t most = m->spool.h->taken[s] + (4 << 20);

		while (m->out[s] >= 0 && m->spool.h->taken[s] < most) {
			long n = take(m, s);

			if (n <= 0)
				break;
			if (spool_room(&m->spool, s) == 0)
				logs_wait(m);
		}
		logs_feed(m, s, MORE_NEVER);
		while (logs_behind(m, s))
			logs_wait(m);
		fd_drop(&m->out[s]);
	}
}

size_t streams_runtime_stderr(struct monitor *m, char *out, size_t size)
{
	size_t len = 0;

	while (m->out[STREAM_ERR] >= 0 && len < size - 1) {
		ssize_t n = sys_read(m->out[STREAM_ERR], out + len, size - 1 - len);

		if (n <= 0)
			break;
		len += (size_t)n;
	}
	out[len] = '\0';
	return len;
}

void streams_push_input(struct monitor *m)
{
	while (m->in >= 0 && m->in_start < m->in_end) {
		ssize_t n = sys_write(m->in, input + m->in_start, m->in_end - m->in_start);

		if (n == -EAGAIN)
			return;
		if (n < 0) { /* the container has closed it */
			streams_close_input(m);
			return;
		}
		m->in_start += (size_t)n;
	}
	m->in_start = 0;
	m->in_end = 0;
	if (m->in_close)
		streams_close_input(m);
}

void streams_close_input(struct monitor *m)
{
	m->in_close = true;
	if (m->in >= 0 && m->in_start < m->in_end)
		return; /* after what is on its way */
	fd_drop(&m->in);
	keeper_say(m, K_DROP, KEEP_IN);
	m->spool.h->no_stdin = 1;
}
