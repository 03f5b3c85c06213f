// SPDX-License-Identifier: Apache-2.0
#include "attach.h"

#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "log.h"
#include "sock.h"
#include "streams.h"

/* Packets wait in `queue` one behind the other, each behind its length. */
struct packet {
	uint16_t len; /* of what follows: the stream's byte and the data */
};

struct attach_client {
	struct attach_client *next;
	int fd; /* -1: gone, the row is used again */
	bool half_closed;
	char *queue; /* NULL while nothing waits */
	size_t head;
	size_t tail;
	int64_t progress; /* when it last took something, ns */
};

int attach_open(struct monitor *m, struct err *err)
{
	const struct args_raw *r = &m->args.raw;
	auto_fd dir = -1;
	char link[4096];
	int fd;

	if (m->args.passthrough)
		return 0;
	dir = sys_openat(AT_FDCWD, r->bundle, O_PATH | O_DIRECTORY, 0);
	if (dir < 0)
		return err_sys(err, dir, "open the bundle %s", r->bundle);
	sys_unlinkat(dir, "attach", 0);
	/* the mode is the bind's, not a moment later */
	SYS(umask, 0077);
	fd = sock_listen(dir, "./attach", SOCK_SEQPACKET | SOCK_NONBLOCK);
	SYS(umask, 0022);
	if (fd < 0)
		return err_sys(err, fd, "listen on %s/attach", r->bundle);
	m->attach_listen = fd;
	if (r->full_attach)
		return 0;
	fmt(link, sizeof(link), "%s/%s", r->socket_dir ? r->socket_dir : "/var/run/crio",
	    r->cuuid ? r->cuuid : r->cid);
	if (r->socket_dir)
		SYS(mkdirat, AT_FDCWD, r->socket_dir, 0700);
	sys_unlinkat(AT_FDCWD, link, 0);
	{
		long e = SYS(symlinkat, r->bundle, AT_FDCWD, link);

		if (e < 0 && r->socket_dir)
			return err_sys(err, e, "make the link %s to %s", link, r->bundle);
	}
	return 0;
}

/* ---------------------------------------------------------------- output */

static void unqueue(struct attach_client *c)
{
	if (c->queue)
		SYS(munmap, c->queue, (long)ATTACH_QUEUE);
	c->queue = NULL;
	c->head = 0;
	c->tail = 0;
}

static void drop(struct attach_client *c)
{
	unqueue(c);
	fd_drop(&c->fd);
}

static long send_packet(int fd, const char *data, size_t len, char stream)
{
	struct iovec iov[] = {{&stream, 1}, {(void *)data, len}};
	struct msghdr mh = {.msg_iov = iov, .msg_iovlen = 2};

	return SYS_RETRY(sendmsg, fd, &mh, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void enqueue(struct attach_client *c, const char *data, size_t len, char stream)
{
	struct packet head = {(uint16_t)(len + 1)};

	if (!c->queue) {
		long r = SYS(mmap, NULL, (long)ATTACH_QUEUE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (r < 0 && r > -4096) {
			drop(c);
			return;
		}
		c->queue = (char *)r;
		c->progress = now_mono();
	}
	if (c->tail + sizeof(head) + 1 + len > ATTACH_QUEUE && c->head) {
		memmove(c->queue, c->queue + c->head, c->tail - c->head);
		c->tail -= c->head;
		c->head = 0;
	}
	/* attach_room has seen to it; after the container's end there is no more to wait for */
	if (c->tail + sizeof(head) + 1 + len > ATTACH_QUEUE) {
		drop(c);
		return;
	}
	memcpy(c->queue + c->tail, &head, sizeof(head));
	c->queue[c->tail + sizeof(head)] = stream;
	memcpy(c->queue + c->tail + sizeof(head) + 1, data, len);
	c->tail += sizeof(head) + 1 + len;
}

static void send_client(struct attach_client *c, const char *data, size_t len, char stream)
{
	while (len && c->fd >= 0) {
		size_t n = len < ATTACH_PACKET ? len : ATTACH_PACKET;
		long r = c->queue ? -EAGAIN : send_packet(c->fd, data, n, stream);

		if (r == -EAGAIN || r == -ENOBUFS)
			enqueue(c, data, n, stream);
		else if (r < 0)
			drop(c);
		data += n;
		len -= n;
	}
}

void attach_send(struct monitor *m, enum stream stream, const char *data, size_t len)
{
	for (struct attach_client *c = m->clients; c; c = c->next)
		if (c->fd >= 0)
			send_client(c, data, len, (char)(2 + (int)stream));
}

bool attach_room(const struct monitor *m)
{
	/* what a read of SPOOL_READ can become, packet by packet */
	const size_t most = SPOOL_READ + SPOOL_READ / ATTACH_PACKET * 8 + 64;

	for (const struct attach_client *c = m->clients; c; c = c->next)
		if (c->fd >= 0 && c->queue && ATTACH_QUEUE - (c->tail - c->head) < most)
			return false;
	return true;
}

static void flush(struct monitor *m, void *arg, short revents)
{
	struct attach_client *c = arg;

	(void)m;
	if (revents & POLLERR)
		drop(c);
	while (c->fd >= 0 && c->head < c->tail) {
		struct packet head;
		const char *p = c->queue + c->head;
		long r;

		memcpy(&head, p, sizeof(head));
		p += sizeof(head);
		r = send_packet(c->fd, p + 1, head.len - 1U, *p);
		if (r == -EAGAIN || r == -ENOBUFS)
			return;
		if (r < 0) {
			drop(c);
			return;
		}
		c->head += sizeof(head) + head.len;
		c->progress = now_mono();
	}
	unqueue(c);
}

bool attach_flushed(const struct monitor *m)
{
	for (const struct attach_client *c = m->clients; c; c = c->next)
		if (c->fd >= 0 && c->queue)
			return false;
	return true;
}

/* ---------------------------------------------------------------- input */

static void input_ended(struct monitor *m, struct attach_client *c)
{
	c->half_closed = true;
	if (m->args.raw.stdin_open && !m->args.raw.leave_stdin_open && !m->args.raw.terminal)
		streams_close_input(m);
}

static void readable(struct monitor *m, void *arg, short revents)
{
	struct attach_client *c = arg;
	ssize_t n;

	if (c->fd < 0)
		return;
	if (revents & (POLLOUT | POLLERR))
		flush(m, c, revents);
	if (c->fd < 0 || !(revents & (POLLIN | POLLHUP | POLLRDHUP)) || c->half_closed) {
		if (c->half_closed && revents & POLLHUP)
			drop(c);
		return;
	}
	if (m->in_start == m->in_end) {
		m->in_start = 0;
		m->in_end = 0;
	}
	n = SYS_RETRY(recvfrom, c->fd, streams_input() + m->in_end, INPUT_MAX - m->in_end,
		      MSG_DONTWAIT, NULL, NULL);
	if (n == -EAGAIN)
		return;
	if (n <= 0) {
		input_ended(m, c);
		if (n < 0 || revents & POLLHUP)
			drop(c);
		return;
	}
	if (m->in < 0 || m->in_close)
		return; /* nobody reads it */
	m->in_end += (size_t)n;
	streams_push_input(m);
}

/* ---------------------------------------------------------------- clients */

static void add_client(struct monitor *m, int fd)
{
	struct attach_client *c = m->clients;

	while (c && c->fd >= 0)
		c = c->next;
	if (!c) {
		c = arena_new(m->a, struct attach_client);
		c->next = m->clients;
		m->clients = c;
	}
	*c = (struct attach_client){.next = c->next, .fd = fd};
}

static void come(struct monitor *m, void *arg, short revents)
{
	(void)arg;
	(void)revents;
	for (;;) {
		int fd = (int)SYS(accept4, m->attach_listen, NULL, NULL,
				  SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM)
			m->accept_retry = now_mono() + 1000000000; /* it would be asked on and on */
		if (fd < 0)
			return;
		add_client(m, fd);
	}
}

static void give_up(struct monitor *m, struct attach_client *c)
{
	log_warning("%s: an attached client has read nothing for %d s: dropped", m->args.raw.cid,
		    ATTACH_PATIENCE_MS / 1000);
	m->clients_dropped++;
	drop(c);
}

void attach_polls(struct monitor *m, struct polls *p)
{
	const int64_t patience = ATTACH_PATIENCE_MS * 1000000LL;
	bool full = m->in_start < m->in_end;
	int64_t now = 0;

	if (m->accept_retry && now_mono() < m->accept_retry) {
		polls_until(p, m->accept_retry);
	} else {
		m->accept_retry = 0;
		polls_add(p, m->attach_listen, POLLIN, come, NULL);
	}
	for (struct attach_client *c = m->clients; c; c = c->next) {
		short events = 0;

		if (c->fd < 0)
			continue;
		if (c->queue) {
			events |= POLLOUT;
			if (m->finishing || ATTACH_QUEUE - (c->tail - c->head) < 2 * SPOOL_READ) {
				now = now ? now : now_mono();
				if (now >= c->progress + patience) {
					give_up(m, c);
					continue;
				}
				polls_until(p, c->progress + patience);
			}
		}
		if (!c->half_closed && !full)
			events |= POLLIN;
		polls_add(p, c->fd, events, readable, c);
	}
}

void attach_close(struct monitor *m)
{
	const struct args_raw *r = &m->args.raw;
	char path[4096];

	for (struct attach_client *c = m->clients; c; c = c->next)
		drop(c);
	if (m->attach_listen < 0)
		return;
	fd_drop(&m->attach_listen);
	fmt(path, sizeof(path), "%s/attach", r->bundle);
	sys_unlinkat(AT_FDCWD, path, 0);
	if (r->full_attach)
		return;
	fmt(path, sizeof(path), "%s/%s", r->socket_dir ? r->socket_dir : "/var/run/crio",
	    r->cuuid ? r->cuuid : r->cid);
	sys_unlinkat(AT_FDCWD, path, 0);
}
