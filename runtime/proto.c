// SPDX-License-Identifier: Apache-2.0
#include "proto.h"

#include <string.h>

#include "fd.h"
#include "hints.h"
#include "sock.h"

int proto_send(int sock, enum msg_kind kind, uint32_t value, int fd)
{
	struct msg m = {.kind = kind, .value = value};
	ssize_t n = sock_send(sock, &m, sizeof(m), fd);

	return n < 0 ? (int)n : 0;
}

int proto_fail(int sock, const struct err *err)
{
	struct msg m = {.kind = MSG_FAILED, .err = *err};
	ssize_t n = sock_send(sock, &m, sizeof(m), -1);

	return n < 0 ? (int)n : 0;
}

int proto_check(struct msg *m, long len, uint32_t allowed, struct err *err)
{
	if (len != (long)sizeof(*m))
		return err_set(err, EPROTO, "a message of %ld bytes where %zu were expected", len,
			       sizeof(*m));
	if (m->kind == 0 || m->kind >= MSG_KINDS)
		return err_set(err, EPROTO, "a message of the unknown kind %u", m->kind);
	m->err.msg[sizeof(m->err.msg) - 1] = '\0';
	for (char *p = m->err.msg; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	if (m->err.hint < 0 || m->err.hint >= HINTS)
		m->err.hint = HINT_NONE;
	if (m->err.code < 0)
		m->err.code = EPROTO;
	if (m->kind != MSG_FAILED && !(allowed >> m->kind & 1))
		return err_set(err, EPROTO, "a message of kind %u that is not due now", m->kind);
	return 0;
}

int proto_recv(int sock, uint32_t allowed, struct msg *ret, int *ret_fd, struct err *err)
{
	int fd = -1;
	ssize_t n = sock_recv(sock, ret, sizeof(*ret), &fd);

	/* a peer that ended without reading our last message: its own last words come after this */
	if (n == -ECONNRESET)
		n = sock_recv(sock, ret, sizeof(*ret), &fd);
	if (n == 0 || n == -ECONNRESET)
		return 0;
	if (n < 0)
		return err_sys(err, n, "receive a message");
	if (proto_check(ret, n, allowed, err) < 0) {
		fd_drop(&fd);
		return -1;
	}
	if (ret->kind == MSG_FAILED)
		*err = ret->err;
	if (ret_fd)
		*ret_fd = fd;
	else
		fd_drop(&fd);
	return 1;
}
