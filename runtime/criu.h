/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Talks to the criu program (criu(8), `criu swrk`): a socket on which a request is answered by
 * notifications, each of which wants an answer, and a result. Messages are Protocol Buffers; the
 * few that are needed are written and read here.
 */
#ifndef PROA_RUNTIME_CRIU_H
#define PROA_RUNTIME_CRIU_H

#include "criu_plan.h"

/* What the program's process does before it becomes criu; in that process. */
typedef int criu_prepare(void *ctx, struct err *err);
/* criu tells how far it is: its script's name, the pid of the new init as we see it (0 if none),
 * and the terminal's master in "orphan-pts-master" (else -1). */
typedef int criu_notify(void *ctx, const char *script, pid_t pid, int fd, struct err *err);

struct criu_call {
	const struct criu_request *request;
	criu_prepare *prepare; /* may be NULL */
	criu_notify *notify;   /* may be NULL */
	void *ctx;
	int cgroup; /* the program runs there; -1: where we are */
	int work;   /* directory of its log, for the reason */
	const char *work_path;
	char **env;
};

/* Does it, to the end. *ret_pid (restore): of the restored init, our child. The sentence ends with
 * criu's own last error and where its log is. */
int criu_run(const struct criu_call *c, struct arena *a, pid_t *ret_pid,
	     struct err *err) must_check;

/* ---- for tests ---- */

void criu_encode(const struct criu_request *r, struct buf *out);
struct criu_reply {
	uint64_t type, success, errno_;
	uint64_t restored; /* pid */
	uint64_t script_pid;
	char script[64];
	char message[256];
};
/* False if it is malformed. */
bool criu_decode(const uint8_t *data, size_t len, struct criu_reply *ret);

#endif
