// SPDX-License-Identifier: Apache-2.0
#include "criu.h"

#include <linux/sched.h>
#include <signal.h>
#include <string.h>

#include "fd.h"
#include "hints.h"
#include "log.h"
#include "proc.h"
#include "proto.h"
#include "sock.h"

/* ---- Protocol Buffers: a key is field << 3 | wire type ---- */

enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

static void put_varint(struct buf *b, uint64_t v)
{
	uint8_t byte;

	for (; v >= 0x80; v >>= 7) {
		byte = (uint8_t)(v | 0x80);
		buf_add(b, &byte, 1);
	}
	byte = (uint8_t)v;
	buf_add(b, &byte, 1);
}

static void put_number(struct buf *b, unsigned field, int64_t v)
{
	put_varint(b, field << 3 | VARINT);
	put_varint(b, (uint64_t)v);
}

static void put_bytes(struct buf *b, unsigned field, const char *data, size_t len)
{
	put_varint(b, field << 3 | BYTES);
	put_varint(b, len);
	if (len)
		buf_add(b, data, len);
}

static void put_text(struct buf *b, unsigned field, const char *text)
{
	if (text)
		put_bytes(b, field, text, strlen(text));
}

static void put_option(struct buf *b, const struct criu_opt *o)
{
	struct buf inner = BUF_INIT(b->arena);

	switch (o->shape) {
	case CRIU_NUMBER:
		put_number(b, o->field, o->number);
		return;
	case CRIU_TEXT:
		put_text(b, o->field, o->text);
		return;
	case CRIU_TEXT_NUMBER:
		put_text(&inner, 1, o->text);
		put_number(&inner, 2, o->number);
		break;
	case CRIU_TEXT_TEXT:
		put_text(&inner, 1, o->text);
		put_text(&inner, 2, o->second);
		break;
	}
	put_bytes(b, o->field, inner.data, inner.len);
}

/* criu_req: type 1, opts 2, notify_success 3 */
void criu_encode(const struct criu_request *r, struct buf *out)
{
	struct buf opts = BUF_INIT(out->arena);

	for (uint32_t i = 0; i < r->n; i++)
		put_option(&opts, &r->opts[i]);
	put_number(out, 1, r->verb);
	put_bytes(out, 2, opts.data, opts.len);
}

struct reader {
	const uint8_t *p, *end;
	bool bad;
};

static uint64_t get_varint(struct reader *r)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		if (r->p == r->end)
			break;
		v |= (uint64_t)(*r->p & 0x7f) << shift;
		if (!(*r->p++ & 0x80))
			return v;
	}
	r->bad = true;
	return 0;
}

static struct reader get_bytes(struct reader *r)
{
	uint64_t n = get_varint(r);
	struct reader inner = {r->p, r->p, false};

	if (r->bad || n > (uint64_t)(r->end - r->p)) {
		r->bad = true;
		return inner;
	}
	inner.end = r->p = r->p + n;
	return inner;
}

static void skip(struct reader *r, unsigned wire)
{
	size_t n = wire == FIXED64 ? 8 : 4;

	if (wire == VARINT)
		(void)get_varint(r);
	else if (wire == BYTES)
		(void)get_bytes(r);
	else if ((wire == FIXED64 || wire == FIXED32) && (size_t)(r->end - r->p) >= n)
		r->p += n;
	else
		r->bad = true;
}

static void get_text(struct reader *r, char *out, size_t size)
{
	struct reader s = get_bytes(r);
	size_t n = (size_t)(s.end - s.p);

	n = n < size ? n : size - 1;
	memcpy(out, s.p, n);
	out[n] = '\0';
	/* it ends up on a person's terminal */
	for (char *p = out; *p; p++)
		if ((unsigned char)*p < 0x20)
			*p = ' ';
}

/* criu_notify: script 1, pid 2; criu_restore_resp: pid 1 */
static void get_inner(struct reader in, uint64_t *pid, unsigned pid_field, struct criu_reply *ret,
		      bool *bad)
{
	while (in.p < in.end && !in.bad) {
		uint64_t key = get_varint(&in);

		if (key == (pid_field << 3 | VARINT))
			*pid = get_varint(&in);
		else if (ret && key == (1 << 3 | BYTES))
			get_text(&in, ret->script, sizeof(ret->script));
		else
			skip(&in, key & 7);
	}
	*bad |= in.bad;
}

/* criu_resp: type 1, success 2, restore 4, notify 5, cr_errno 7, cr_errmsg 9 */
bool criu_decode(const uint8_t *data, size_t len, struct criu_reply *ret)
{
	struct reader r = {data, data + len, false};

	*ret = (struct criu_reply){0};
	while (r.p < r.end && !r.bad) {
		uint64_t key = get_varint(&r);

		switch (key) {
		case 1 << 3 | VARINT:
			ret->type = get_varint(&r);
			break;
		case 2 << 3 | VARINT:
			ret->success = get_varint(&r);
			break;
		case 4 << 3 | BYTES:
			get_inner(get_bytes(&r), &ret->restored, 1, NULL, &r.bad);
			break;
		case 5 << 3 | BYTES:
			get_inner(get_bytes(&r), &ret->script_pid, 2, ret, &r.bad);
			break;
		case 7 << 3 | VARINT:
			ret->errno_ = get_varint(&r);
			break;
		case 9 << 3 | BYTES:
			get_text(&r, ret->message, sizeof(ret->message));
			break;
		default:
			skip(&r, key & 7);
		}
	}
	return !r.bad;
}

/* ---- the program ---- */

struct child {
	const struct criu_call *call;
	int control; /* its end: the socket to talk on, or why there is none */
};

static bool is_descriptor(const struct criu_opt *o)
{
	return o->field == CRIU_IMAGES_DIR_FD || o->field == CRIU_WORK_DIR_FD ||
	       o->field == CRIU_INHERIT_FD || o->field == CRIU_STATUS_FD;
}

static void child_fail(const struct child *c, const struct err *err)
{
	proto_fail(c->control, err);
	sys_exit(127);
}

/* A copy of us: what is asked of criu says which descriptors it gets. It looks for those of the
 * request in the process that made the socket, by /proc: so that is this process, in whose mount
 * namespace its directories are. */
static void child_main(void *arg)
{
	struct child *c = arg;
	const struct criu_request *r = c->call->request;
	struct err err = {0};
	uint64_t none = 0;
	char number[16];
	char *argv[] = {(char *)"criu", (char *)"swrk", number, NULL};
	struct helper criu = {.path = "criu", .argv = argv, .env = c->call->env};
	int pair[2];
	int e;

	if (c->call->prepare && c->call->prepare(c->call->ctx, &err) < 0)
		child_fail(c, &err);
	e = sock_pair(pair);
	if (e == 0)
		e = proto_send(c->control, MSG_READY, 0, pair[0]);
	if (e < 0) {
		err_sys(&err, e, "socket to criu");
		child_fail(c, &err);
	}
	SYS(close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC);
	for (uint32_t i = 0; i < r->n; i++)
		if (is_descriptor(&r->opts[i]))
			sys_fcntl((int)r->opts[i].number, F_SETFD, 0);
	sys_fcntl(pair[1], F_SETFD, 0);
	fmt(number, sizeof(number), "%d", pair[1]);
	SYS(rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none));
	e = helper_exec(&criu);
	err_sys(&err, e, "run criu");
	if (e == -ENOENT)
		(void)err_hint(&err, HINT_CRIU);
	child_fail(c, &err);
}

/* The first line of its log that criu calls an error; NULL if there is none. A limit of its own
 * that it could not raise, and its last words, are no reason. */
static const char *first_error(const struct criu_call *c, const char *log, struct arena *a)
{
	struct err ignored = {0};
	size_t len = 0;
	char *text = fd_read_file(c->work, log, 64 << 20, a, &len, &ignored);

	for (char *line = text; line && *line;) {
		size_t n = strcspn(line, "\n");
		char *next = line + n + (line[n] == '\n');
		char *e;

		line[n] = '\0';
		e = strstr(line, "Error (");
		if (e && !strstr(e, "rlimit:") && !strstr(e, " FAILED"))
			return e;
		line = next;
	}
	return NULL;
}

static int failed(const struct criu_call *c, const struct criu_reply *reply, struct arena *a,
		  struct err *err)
{
	const char *log = c->request->verb == CRIU_RESTORE ? "restore.log" : "dump.log";
	const char *reason = first_error(c, log, a);
	char words[64];

	if (!reason)
		reason = reply->message[0] ? reply->message
			 : reply->errno_   ? err_text((long)reply->errno_, words)
					   : "it ended without an answer";
	return err_set(err, ECHILD, "criu failed: %s (log: %s/%s)", reason, c->work_path, log);
}

static int answer(int sock, bool success, struct arena *a, struct err *err)
{
	struct buf b = BUF_INIT(a);
	ssize_t n;

	put_number(&b, 1, CRIU_NOTIFY);
	put_number(&b, 3, success);
	n = sock_send(sock, b.data, b.len, -1);
	return n < 0 ? err_sys(err, n, "answer criu") : 0;
}

/* Until the result is there. */
static int talk(const struct criu_call *c, int control, struct arena *a, struct criu_reply *reply,
		struct err *err)
{
	struct buf b = BUF_INIT(a);
	struct err own = {0};
	auto_fd sock = -1;
	struct msg m;
	ssize_t n;

	n = proto_recv(control, 1U << MSG_READY, &m, &sock, err);
	if (n == 0)
		return err_set(err, ECHILD, "the process that becomes criu was killed");
	if (n < 0 || m.kind == MSG_FAILED)
		return -1;
	criu_encode(c->request, &b);
	n = sock_send(sock, b.data, b.len, -1);
	if (n < 0 && n != -EPIPE)
		return err_sys(err, n, "ask criu");
	for (;;) {
		uint8_t data[4096];
		auto_fd fd = -1;

		n = sock_recv(sock, data, sizeof(data), &fd);
		if (n <= 0) /* it did not become criu, or criu died */
			return proto_recv(control, 0, &m, NULL, err) != 0
				       ? -1
				       : failed(c, reply, a, err);
		if (!criu_decode(data, (size_t)n, reply))
			return err_set(err, EBADMSG, "criu's answer is malformed");
		if (reply->type != CRIU_NOTIFY) {
			if (!reply->success && own.msg[0]) {
				*err = own;
				return -1;
			}
			return reply->success ? 0 : failed(c, reply, a, err);
		}
		log_debug("criu: %s", reply->script);
		if (c->notify &&
		    c->notify(c->ctx, reply->script, (pid_t)reply->script_pid, fd, &own) < 0) {
			if (answer(sock, false, a, err) < 0)
				return -1;
		} else if (answer(sock, true, a, err) < 0) {
			return -1;
		}
	}
}

int criu_run(const struct criu_call *c, struct arena *a, pid_t *ret_pid, struct err *err)
{
	struct clone_args args = {
		.flags = CLONE_CLEAR_SIGHAND,
		.exit_signal = SIGCHLD,
	};
	struct child child = {.call = c};
	struct criu_reply reply = {0};
	struct buf line = BUF_INIT(a);
	int pair[2];
	long pid;
	int r;

	for (uint32_t i = 0; log_level_now() >= LOG_DEBUG && i < c->request->n; i++) {
		line.len = 0;
		criu_opt_text(&c->request->opts[i], &line);
		log_debug("criu option: %s", line.data);
	}
	r = sock_pair(pair);
	if (r < 0)
		return err_sys(err, r, "socketpair");
	child.control = pair[1];
	if (c->cgroup >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)c->cgroup;
	}
	pid = proc_clone(&args, child_main, &child);
	sys_close(pair[1]);
	r = pid < 0 ? err_sys(err, pid, "clone the process for criu")
		    : talk(c, pair[0], a, &reply, err);
	sys_close(pair[0]);
	if (pid > 0)
		(void)proc_wait((pid_t)pid);
	*ret_pid = (pid_t)reply.restored;
	return r;
}
