// SPDX-License-Identifier: Apache-2.0
/*
 * The journal's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): one datagram is one entry of
 * FIELD=value lines; one too large for a datagram travels as a sealed memfd.
 */
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "log.h"
#include "log_format.h"
#include "logs.h"
#include "sock.h"

/* A line without an end waits for it until it is this long. */
enum { LINE_MAX_BYTES = 128 * 1024 };

static const char journal_socket[] = "/run/systemd/journal/socket";

static void add_field(struct buf *b, const char *name, const char *value)
{
	size_t n = strlen(value);
	uint64_t le = n; /* little endian here as everywhere we run */

	if (!strchr(value, '\n')) {
		buf_fmt(b, "%s=%s\n", name, value);
		return;
	}
	buf_fmt(b, "%s\n", name);
	buf_add(b, &le, sizeof(le));
	buf_add(b, value, n);
	buf_str(b, "\n");
}

static void make_fields(struct monitor *m, struct log *l)
{
	const struct args_raw *r = &m->args.raw;
	const char *id = r->cuuid ? r->cuuid : r->cid;
	char *short_id = arena_strndup(m->a, id, strnlen(id, 12));
	struct buf b = BUF_INIT(m->a);

	add_field(&b, "CONTAINER_ID_FULL", id);
	add_field(&b, "CONTAINER_ID", short_id);
	if (r->log_tag)
		add_field(&b, "CONTAINER_TAG", r->log_tag);
	if (r->name)
		add_field(&b, "CONTAINER_NAME", r->name);
	add_field(&b, "SYSLOG_IDENTIFIER", r->log_tag ? r->log_tag : r->name ? r->name : short_id);
	for (uint32_t i = 0; i < r->log_labels.n; i++)
		buf_fmt(&b, "%s\n", r->log_labels.v[i]);
	l->fields = b.data;
	l->fields_len = b.len;
}

static void connect_journal(struct log *l)
{
	fd_drop(&l->fd);
	l->fd = sock_connect(AT_FDCWD, journal_socket, SOCK_DGRAM);
	if (l->fd >= 0) {
		int size = 8 * 1024 * 1024;

		SYS(setsockopt, l->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	}
}

int log_journald_open(struct monitor *m, struct log *l, struct err *err)
{
	(void)err;
	make_fields(m, l);
	connect_journal(l); /* down now is not down for ever */
	return 0;
}

static long send_memfd(struct log *l, const struct iovec *iov, int n)
{
	auto_fd fd = (int)SYS(memfd_create, "journal", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	long r;

	if (fd < 0)
		return fd;
	r = SYS(writev, fd, iov, n);
	if (r >= 0)
		r = sys_fcntl(fd, F_ADD_SEALS,
			      F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
	return r < 0 ? r : sock_send(l->fd, NULL, 0, fd);
}

static long send_entry(struct monitor *m, struct log *l, const char *text, size_t len,
		       const char *priority, bool partial)
{
	static const char partial_field[] = "CONTAINER_PARTIAL_MESSAGE=true\n";
	char head[32];
	char level[16];
	uint64_t le = len;
	size_t h = fmt(head, 16, "MESSAGE\n");
	struct iovec iov[] = {
		{head, h + sizeof(le)},
		{(void *)text, len},
		{(void *)"\n", 1},
		{level, fmt(level, sizeof(level), "PRIORITY=%s\n", priority)},
		{l->fields, l->fields_len},
		{(void *)partial_field,
		 partial && !m->args.raw.no_partial ? sizeof(partial_field) - 1 : 0},
	};
	struct msghdr mh = {.msg_iov = iov, .msg_iovlen = 6};
	long r = -ENOTCONN;

	memcpy(head + h, &le, sizeof(le));
	for (int attempt = 0; attempt < 2; attempt++) {
		if (l->fd >= 0)
			r = SYS_RETRY(sendmsg, l->fd, &mh, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (r == -EMSGSIZE || r == -ENOBUFS)
			r = send_memfd(l, iov, 6);
		if (r >= 0 || r == -EAGAIN)
			return r;
		/* it was restarted, or is down; asked again once a second */
		if (now_mono() < l->retry)
			return r;
		connect_journal(l);
		if (l->fd < 0) {
			l->retry = now_mono() + 1000000000;
			return l->fd;
		}
	}
	return r;
}

/* One line, with its newline if it has one. 0, or -EAGAIN: wait. */
static int line(struct monitor *m, struct log *l, enum stream stream, const char *text, size_t len)
{
	static const char *const priorities[] = {"6", "3"};
	bool partial = text[len - 1] != '\n';
	const char *priority = priorities[stream];
	char own[2] = {0};
	struct spool_log *s = &m->spool.h->log[l->index];
	int64_t now;
	long r;

	if (s->untold_bytes) {
		char note[256];
		size_t n = log_untold(m, l, note, sizeof(note));

		if (send_entry(m, l, note, n, "4", false) >= 0) {
			s->untold_bytes = 0;
			s->untold_lines = 0;
			l->broken = false;
		}
	}
	/* sd-daemon(3)'s <N> */
	if (len > 3 && text[0] == '<' && text[1] >= '0' && text[1] <= '7' && text[2] == '>') {
		own[0] = text[1];
		priority = own;
		text += 3;
		len -= 3;
	}
	r = send_entry(m, l, text, len, priority, partial);
	if (r >= 0) {
		l->blocked = 0;
		s->written += len;
		return 0;
	}
	now = now_mono();
	if (r == -EAGAIN && !l->broken) {
		if (!l->blocked)
			l->blocked = now + LOG_PATIENCE_MS * 1000000LL;
		if (now < l->blocked)
			return -EAGAIN;
	}
	l->blocked = 0;
	log_drop(m, l, len, !partial, (int)r);
	return 0;
}

void log_journald_feed(struct monitor *m, struct log *l, enum stream stream, enum log_more more)
{
	uint32_t *cursor = &m->spool.h->log[l->index].cursor[stream];
	const char *in = spool_in(&m->spool, stream);
	uint32_t len = spool_len(&m->spool, stream);

	while (*cursor < len) {
		uint32_t left = len - *cursor;
		uint32_t n = (uint32_t)log_line(in + *cursor, left);

		if (n == left && more != MORE_NEVER && left < LINE_MAX_BYTES)
			return;
		n += n < left;
		if (line(m, l, stream, in + *cursor, n) < 0)
			return;
		*cursor += n;
	}
}

static void again(struct monitor *m, void *arg, short revents)
{
	(void)arg;
	(void)revents;
	for (int i = 0; i < STREAMS; i++)
		logs_feed(m, i, m->finishing || m->spool.h->eof[i] ? MORE_NEVER : MORE_LATER);
}

void log_journald_polls(struct monitor *m, struct log *l, struct polls *p)
{
	if (!l->blocked)
		return;
	if (now_mono() >= l->blocked) {
		again(m, l, 0);
		return;
	}
	polls_add(p, l->fd, POLLOUT, again, l);
	polls_until(p, l->blocked);
}
