/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The monitor beside one container, or beside one exec session.
 *
 * Theory. Three processes, of which two stay:
 *
 *   engine --argv, pipes--> proamon (leaves once the pid file is written)
 *                              |
 *                           monitor   reads the container's output, writes logs, serves attach,
 * ctl, |      sd_notify and health; confined; the engine's "conmon" keeper    a parked process of a
 * few pages: parent of the runtime and, as subreaper, of the container; holds a copy of every
 *                                     descriptor and the exit status; runs the exit command
 *
 * If the monitor is killed, the container and the keeper go on: what the container writes waits in
 * its pipes, its exit status in memory that both share (spool.h), and `proamon --resume BUNDLE`
 * carries on from there. If the keeper is killed, its children come to the monitor, which is a
 * subreaper too. The keeper is the monitor's child, not its parent, because a service manager
 * expects the process named by MAINPID to be a child of its own.
 *
 * One loop (main.c): before each wait every module says what it wants to hear about, derived from
 * its state at that moment; so a descriptor whose data cannot be used now is simply not waited for,
 * and back-pressure cannot be forgotten. Nothing wakes an idle monitor.
 */
#ifndef PROA_MONITOR_MONITOR_H
#define PROA_MONITOR_MONITOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "arena.h"
#include "args.h"
#include "err.h"
#include "fd.h"
#include "polls.h"
#include "spool.h"
#include "tz.h"

enum { STATUS_UNKNOWN = -1 };

struct attach_client;
struct check;
struct log;

struct monitor {
	struct args args;
	struct arena *a;
	char **env;
	int cwd; /* of the caller, O_PATH */

	struct spool spool; /* what outlives us */

	/* pipes of the engine; -1 = none */
	int sync_pipe;
	int start_pipe;
	int attach_pipe;

	/* ours and the keeper's */
	int keeper; /* the socket to it; -1 when it is gone */
	int signals;
	int resume_listen; /* the keeper's alone */

	/* stdio of the container */
	int out[STREAMS]; /* our ends; a terminal's master is out[STREAM_OUT] */
	int in;		  /* the container's stdin or a copy of the master */
	int child[3];	  /* the container's ends; the keeper's until the runtime runs */
	int console_listen;
	char *console_path;
	char *console_dir;
	uint32_t rows, cols;
	int64_t tty_retry; /* ns, monotonic: a terminal that nobody has open is looked at again */
	int64_t tty_wait;  /* ns: twice as long each time */
	int64_t last_read;
	uint32_t burst;
	bool held[STREAMS]; /* the last read was full */
	bool busy;	    /* read since the last time that nothing happened for a while */

	struct log *log;
	uint32_t logs;
	struct tz tz;
	char stamp_local[40];
	char stamp_utc[40];

	int attach_listen;
	struct attach_client *clients;
	uint32_t clients_dropped;
	int64_t accept_retry;
	size_t in_start; /* what a client has sent and the container not yet read */
	size_t in_end;
	bool in_close; /* once that has been read */

	int ctl;
	int winsz;
	struct ctl_buf {
		char text[256];
		size_t len;
	} ctl_buf[2]; /* ctl, winsz */

	int notify;	 /* the socket in the bundle */
	int notify_host; /* connected to the service manager's */

	int cgroup; /* the container's, O_PATH */
	int oom_events;
	uint64_t oom_kills;
	uint64_t ooms;

	struct check *check;
	char *check_pidfile;

	int pidfd;	   /* the container's; -1 until it is known */
	int64_t deadline;  /* --timeout; 0 = none */
	bool runtime_done; /* the runtime has ended, runtime_status is its raw wait status */
	int runtime_status;
	bool exit_command_done;
	bool container_known;
	bool finishing; /* the container has ended: read what is left, wait for nothing */
	bool resumed;
};

/* CLOCK_MONOTONIC and CLOCK_REALTIME in nanoseconds. */
int64_t now_mono(void);
int64_t now_wall(void);

#endif
