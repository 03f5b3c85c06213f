/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the container's output goes. Each log takes from the spool's in areas at its own pace, by a
 * cursor that outlives us; output is read from the container while every log leaves room.
 *
 * A log that cannot take what comes never stops the container for long: a full disk drops at once,
 * a journal that is slow is waited for (LOG_PATIENCE), and what was dropped is counted, and told in
 * the log itself once it takes records again.
 */
#ifndef PROA_MONITOR_LOGS_H
#define PROA_MONITOR_LOGS_H

#include "monitor.h"

enum { LOG_PATIENCE_MS = 2000 };

struct log {
	const struct log_arg *arg;
	uint32_t index; /* in the spool */
	int fd;
	int64_t size;	 /* of the current file, bytes */
	bool broken;	 /* said so already */
	bool rotates;	 /* its directory is allowed to */
	int64_t blocked; /* journald: until when it is waited for; 0 = it takes */
	int64_t retry;	 /* journald: when a connection is tried again */
	char *fields;	 /* journald: all but the message and its priority */
	size_t fields_len;
};

/* The arguments' logs into m->log. A resumed monitor goes on where the last one stopped. */
int logs_open(struct monitor *m, struct err *err) must_check;
/* What is known of the output behind what is there. */
enum log_more {
	MORE_LATER, /* nothing is waiting now */
	MORE_NOW,   /* the next read will bring more: a line without its end can wait for that */
	MORE_NEVER  /* the end */
};
/* Lets every log take what it can. */
void logs_feed(struct monitor *m, enum stream stream, enum log_more more);
/* Is there room for what comes next? */
bool logs_room(const struct monitor *m, enum stream stream);
/* Has a log not yet taken all that is there? */
bool logs_behind(const struct monitor *m, enum stream stream);
/* Waits, LOG_PATIENCE at most, for a log that is behind; for the end, when nobody else is served.
 */
void logs_wait(struct monitor *m);
void logs_polls(struct monitor *m, struct polls *p);
/* ctl's "2": files that somebody has renamed are opened anew. */
void logs_reopen(struct monitor *m);
/* Synced (unless --no-sync-log) and closed. */
void logs_close(struct monitor *m);
/* Bytes in files, and dropped, of all logs. */
uint64_t logs_written(const struct monitor *m);
uint64_t logs_dropped(const struct monitor *m);

/* ---- the drivers' ---- */
void log_drop(struct monitor *m, struct log *l, uint64_t bytes, uint64_t lines, int error);
/* The sentence about dropped records; "" if there are none. */
size_t log_untold(struct monitor *m, struct log *l, char *out, size_t size);

int log_file_open(struct monitor *m, struct log *l, struct err *err) must_check;
void log_file_feed(struct monitor *m, struct log *l, enum stream stream, enum log_more more);
void log_file_reopen(struct monitor *m, struct log *l);
void log_file_recover(struct monitor *m, struct log *l);

int log_journald_open(struct monitor *m, struct log *l, struct err *err) must_check;
void log_journald_feed(struct monitor *m, struct log *l, enum stream stream, enum log_more more);
void log_journald_polls(struct monitor *m, struct log *l, struct polls *p);

#endif
