/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages between the parent and the container's first process: the child asks, the parent
 * answers. One SOCK_SEQPACKET datagram of this one fixed size is one message; end of file is a
 * death. What arrives is treated as hostile: exact size, known kind, expected now, text terminated
 * and free of control characters.
 */
#ifndef PROA_RUNTIME_PROTO_H
#define PROA_RUNTIME_PROTO_H

#include <stdint.h>

#include "err.h"

enum msg_kind {
	/* child to parent */
	MSG_MIDDLE = 1, /* value: the pid of init as the parent sees it */
	MSG_HOOKS,	/* mounts are there: run prestart and createRuntime */
	MSG_CONSOLE,	/* with the pty's master, when nobody else takes it */
	MSG_READY,	/* everything but the last stages is done */
	MSG_FAILED,	/* err says why */
	/* parent to child */
	MSG_MAPPED, /* the id maps are written */
	MSG_GO,	    /* the hooks have run */
	MSG_START,  /* go on to the program; perhaps with a connection to the seccomp agent */
	MSG_DETACH, /* the parent ends; wait on the start socket */
	MSG_KINDS
};

struct msg {
	uint32_t kind;
	uint32_t value;
	struct err err;
};

/* 0 or -errno. */
int proto_send(int sock, enum msg_kind kind, uint32_t value, int fd);
int proto_fail(int sock, const struct err *err);
/* 1, or 0 at end of file (the peer is dead), or -1 with *err set: not one of the kinds in `allowed`
 * (bits 1 << kind), or malformed. A MSG_FAILED is always allowed and copies its err into *err. */
int proto_recv(int sock, uint32_t allowed, struct msg *ret, int *ret_fd,
	       struct err *err) must_check;
/* What a received message must satisfy; for the fuzzer. */
int proto_check(struct msg *m, long len, uint32_t allowed, struct err *err) must_check;

#endif
