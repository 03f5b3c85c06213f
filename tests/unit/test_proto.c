// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <unistd.h>

#include "../tap.h"
#include "fd.h"
#include "hints.h"
#include "lifecycle.h"
#include "proto.h"
#include "sock.h"

static void test_check(void)
{
	struct msg m = {.kind = MSG_READY};
	struct err err = {0};

	is_int(proto_check(&m, sizeof(m), 1U << MSG_READY, &err), 0, "what is due");
	is_int(proto_check(&m, sizeof(m), 1U << MSG_HOOKS, &err), -1, "what is not due");
	is_int(proto_check(&m, sizeof(m) - 1, 1U << MSG_READY, &err), -1, "too short");
	is_int(proto_check(&m, 0, 1U << MSG_READY, &err), -1, "empty");
	m.kind = 99;
	is_int(proto_check(&m, sizeof(m), ~0U, &err), -1, "unknown");
	m.kind = MSG_FAILED;
	memset(m.err.msg, 'x', sizeof(m.err.msg));
	m.err.msg[3] = '\n';
	m.err.msg[4] = '\x1b';
	m.err.hint = 1 << 20;
	m.err.code = -5;
	is_int(proto_check(&m, sizeof(m), 0, &err), 0, "a failure is always due");
	is_int(strlen(m.err.msg), sizeof(m.err.msg) - 1, "its text ends");
	ok(m.err.msg[3] == '?' && m.err.msg[4] == '?', "and has no control characters");
	ok(m.err.hint == HINT_NONE && m.err.code > 0, "and no index beyond its table");
}

static void test_pair(void)
{
	struct err err = {0};
	struct msg m;
	int pair[2];
	int fd = -1;

	is_int(sock_pair(pair), 0, "a pair");
	is_int(proto_send(pair[0], MSG_CONSOLE, 7, 1), 0, "a message with a descriptor");
	is_int(proto_recv(pair[1], 1U << MSG_CONSOLE, &m, &fd, &err), 1, "arrives");
	ok(m.value == 7 && fd >= 0, "with both");
	is_int(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC, "close-on-exec");
	close(fd);
	err_set(&err, EIO, "words");
	is_int(proto_fail(pair[0], &err), 0, "a failure");
	err.msg[0] = '\0';
	is_int(proto_recv(pair[1], 0, &m, NULL, &err), 1, "arrives");
	is_str(err.msg, "words", "word by word");
	(void)!write(pair[0], "short", 5);
	is_int(proto_recv(pair[1], ~0U, &m, NULL, &err), -1, "garbage is refused");
	close(pair[0]);
	is_int(proto_recv(pair[1], ~0U, &m, NULL, &err), 0, "end of file is a death");
	close(pair[1]);
	is_int(sock_pair(pair), 0, "another");
	close(pair[1]);
	is_int(proto_send(pair[0], MSG_GO, 0, -1), -EPIPE, "nobody there: EPIPE, no signal");
	close(pair[0]);
}

static void test_lifecycle(void)
{
	/* verb by status: creating created running paused stopped */
	static const char *const want[VERBS] = {
		[VERB_START] = "-+---",	 [VERB_KILL] = "-+++-",	  [VERB_DELETE] = "-+--+",
		[VERB_EXEC] = "-++--",	 [VERB_PAUSE] = "-++--",  [VERB_RESUME] = "---+-",
		[VERB_UPDATE] = "-+++-", [VERB_EVENTS] = "-+++-", [VERB_CHECKPOINT] = "--++-",
		[VERB_MOUNTS] = "-+++-",
	};

	for (int v = 0; v < VERBS; v++) {
		char got[6] = "";
		struct err err;

		for (int s = 0; s < 5; s++)
			got[s] = lifecycle_check((enum verb)v, (enum status)s, "c", &err) == 0
					 ? '+'
					 : '-';
		is_str(got, want[v], "what a verb may do in each state");
	}
}

static void test_hints(void)
{
	for (int i = 1; i < HINTS; i++)
		ok(hint_text(i) != NULL, "each hint has a text");
	ok(!hint_text(0) && !hint_text(HINTS) && !hint_text(-1), "and nothing else has");
}

int main(void)
{
	test_check();
	test_pair();
	test_lifecycle();
	test_hints();
	return tap_done();
}
