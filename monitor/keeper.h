/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper: the parked process behind the monitor.
 *
 * It is the parent of everything that is run (runtime, health checks, exit command) and, as
 * subreaper, of the container. It does three things and between them sleeps in one ppoll(2): it
 * reports ends (the container's into the spool, then a message), it runs what the monitor asks for,
 * and it hands the descriptors to a monitor that resumes. It is forked before the monitor confines
 * itself, so that what the exit command does is not confined.
 *
 * A message is one SEQPACKET datagram, a struct keeper_msg; K_HOLD carries one descriptor.
 */
#ifndef PROA_MONITOR_KEEPER_H
#define PROA_MONITOR_KEEPER_H

#include "monitor.h"

enum keeper_kind {
	/* monitor to keeper */
	K_RUN_RUNTIME,	/* run it now */
	K_CONTAINER,	/* value: the pid that the runtime has written */
	K_SIGNAL,	/* value: a signal for the runtime */
	K_CHECK,	/* run one health check */
	K_END_CHECK,	/* kill it, and what it runs in the container */
	K_HOLD,		/* value: enum keeper_fd; the descriptor to keep under that name */
	K_DROP,		/* value: enum keeper_fd; close it */
	K_EXIT_COMMAND, /* value: 1 = with PROAMON_ACTION=restart; run it and say how it ended */
	K_DONE,		/* leave */
	/* keeper to monitor */
	K_RUNTIME_ENDED, /* value: raw wait status */
	K_CONTAINER_ENDED,
	K_CHECK_ENDED, /* value: raw wait status */
	K_EXIT_COMMAND_ENDED,
};

struct keeper_msg {
	int32_t kind;
	int32_t value;
};

/* What a monitor needs to go on. The order is that of the descriptors handed to a resumed one. */
enum keeper_fd {
	KEEP_SPOOL,
	KEEP_ARGS, /* memfd: cwd, argv and the environment as NUL-terminated strings */
	KEEP_OUT,
	KEEP_ERR,
	KEEP_IN,
	KEEP_ATTACH,
	KEEP_CTL,
	KEEP_WINSZ,
	KEEP_NOTIFY,
	KEEP_HEALTH,
	KEEP_CHECK_OUT,
	KEEP_COUNT
};

/* Forks it. m->keeper is the socket to it afterwards. `runtime` and `check` are command lines. */
int keeper_start(struct monitor *m, char **runtime, char **check, int args_fd,
		 struct err *err) must_check;
/* Says something; a keeper that is gone is noticed elsewhere. */
void keeper_say(struct monitor *m, enum keeper_kind kind, int value);
void keeper_hold(struct monitor *m, enum keeper_fd which, int fd);
/* Hears one message. 1, or 0 when the keeper is gone. */
int keeper_hear(struct monitor *m, struct keeper_msg *ret);
/* A monitor that resumes: gets the descriptors from the keeper of `bundle`, its socket in
 * m->keeper. */
int keeper_resume(struct monitor *m, const char *bundle, int ret_fds[static KEEP_COUNT],
		  struct err *err) must_check;

/* Name of the keeper's socket in the bundle. */
#define KEEPER_SOCKET "keeper"

#endif
