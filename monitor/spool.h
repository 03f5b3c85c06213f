/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must outlive a killed monitor: one sealed-in-size memfd, mapped by monitor and keeper.
 *
 * Output goes   pipe --splice--> in area --format--> out area --write--> log file
 *
 * and at every instant the memory tells which byte is where, so that a resumed monitor neither
 * loses nor doubles anything:
 * - the kernel itself moves `pos` of the in area forward, in the same system call that takes the
 *   bytes out of the pipe (splice's off_out points at it);
 * - a formatted batch is described (`len`, `base`, `after`) before it is written; the file's size
 *   says how much of it has been written; then the batch is committed by setting `done`, after
 * which the cursor is moved. Each of these may be repeated without harm. A terminal's output is
 * read(2) into the in area: there, what is read in the very call in which the monitor is killed is
 * lost.
 */
#ifndef PROA_MONITOR_SPOOL_H
#define PROA_MONITOR_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

enum stream { STREAM_OUT, STREAM_ERR, STREAMS };

enum {
	SPOOL_MAGIC = 0x70726f61,
	SPOOL_LOGS = 4,
	SPOOL_HEAD = 8192,
	SPOOL_IN = 256 * 1024,	/* an in area: one a stream */
	SPOOL_READ = 64 * 1024, /* taken from a pipe at once */
	SPOOL_OUT = 256 * 1024, /* an out area: one a log */
	SPOOL_SIZE = SPOOL_HEAD + STREAMS * SPOOL_IN + SPOOL_LOGS * SPOOL_OUT
};

/* A batch in a log's out area, on its way into the file. */
struct spool_batch {
	uint32_t len; /* 0 = none */
	uint32_t stream;
	uint32_t after; /* where the cursor goes when it is written, from the in area's start */
	int64_t base;	/* the file's size before it */
};

struct spool_log {
	uint32_t cursor[STREAMS]; /* taken so far, from the in area's start */
	struct spool_batch batch;
	uint64_t written; /* bytes, all files of this log */
	uint64_t dropped_bytes;
	uint64_t dropped_lines;
	uint64_t untold_bytes; /* dropped since the log last told so */
	uint64_t untold_lines;
	int32_t drop_error; /* why, an errno */
};

struct spool_head {
	uint32_t magic;
	int32_t container; /* pid; 0 = not known yet */
	/* the keeper fills these, `ended` last */
	int32_t status;	    /* raw wait status, or STATUS_UNKNOWN */
	uint32_t ended;	    /* 0, or 1 */
	uint64_t cpu_us;    /* of the process and the children it waited for */
	int64_t ended_wall; /* ns */
	int64_t ended_mono; /* ns */
	int64_t started_wall;
	int64_t started_mono;
	uint32_t oom;	   /* the cgroup has counted an OOM kill */
	uint32_t reported; /* exit files are written */
	uint32_t timed_out;
	uint32_t health; /* enum health_state */
	uint32_t health_streak;
	uint32_t restart;  /* the exit command is to start it again */
	uint32_t no_stdin; /* the container's stdin has been closed */
	uint32_t eof[STREAMS];
	int64_t pos[STREAMS];	   /* end of what was taken: an offset in the memfd */
	uint32_t compact[STREAMS]; /* bytes from here on are being moved to the start; 0 = not */
	uint64_t taken[STREAMS];   /* bytes, in all */
	struct spool_log log[SPOOL_LOGS];
};
_Static_assert(sizeof(struct spool_head) <= SPOOL_HEAD, "the head fits");

struct spool {
	int fd;
	struct spool_head *h;
	char *base;
};

/* Makes one. */
int spool_make(struct spool *s, struct err *err) must_check;
/* Maps one that another monitor left. */
int spool_map(struct spool *s, int fd, struct err *err) must_check;

static inline char *spool_in(const struct spool *s, enum stream stream)
{
	return s->base + SPOOL_HEAD + (size_t)stream * SPOOL_IN;
}
static inline char *spool_out(const struct spool *s, uint32_t log)
{
	return s->base + SPOOL_HEAD + STREAMS * SPOOL_IN + (size_t)log * SPOOL_OUT;
}
/* Bytes in the in area, from its start. */
static inline uint32_t spool_len(const struct spool *s, enum stream stream)
{
	return (uint32_t)(s->h->pos[stream] - (SPOOL_HEAD + (int64_t)stream * SPOOL_IN));
}
static inline uint32_t spool_room(const struct spool *s, enum stream stream)
{
	return SPOOL_IN - spool_len(s, stream);
}
/* Takes up to SPOOL_READ bytes out of a pipe (or, with `tty`, reads them). Bytes; 0 at end of file;
 * -errno. */
long spool_take(struct spool *s, enum stream stream, int fd, bool tty);
/* Gives back what the first `logs` logs have all taken. */
void spool_compact(struct spool *s, enum stream stream, uint32_t logs);
/* Gives the pages behind empty areas back to the kernel. */
void spool_shrink(struct spool *s, uint32_t logs);

/* Between two stores that a killed process must leave in this order. The same processor's memory is
 * read later, so the compiler is all that could change the order. */
#define spool_barrier() __asm__ volatile("" ::: "memory")

#endif
