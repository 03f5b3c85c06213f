// SPDX-License-Identifier: Apache-2.0
#include "spool.h"

#include <string.h>
#include <sys/mman.h>

#include "fd.h"

#ifndef MADV_REMOVE
#define MADV_REMOVE 9
#endif

static int64_t area(enum stream stream)
{
	return SPOOL_HEAD + (int64_t)stream * SPOOL_IN;
}

int spool_map(struct spool *s, int fd, struct err *err)
{
	long r = SYS(mmap, NULL, SPOOL_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (r < 0 && r > -4096)
		return err_sys(err, r, "map the spool");
	s->fd = fd;
	s->base = (char *)r;
	s->h = (struct spool_head *)s->base;
	return 0;
}

int spool_make(struct spool *s, struct err *err)
{
	int fd = (int)SYS(memfd_create, "proamon", MFD_CLOEXEC);
	long r = fd < 0 ? fd : SYS(ftruncate, fd, (long)SPOOL_SIZE);

	if (r < 0) {
		fd_drop(&fd);
		return err_sys(err, r, "make the spool");
	}
	if (spool_map(s, fd, err) < 0)
		return -1;
	s->h->magic = SPOOL_MAGIC;
	for (int i = 0; i < STREAMS; i++)
		s->h->pos[i] = area(i);
	return 0;
}

long spool_take(struct spool *s, enum stream stream, int fd, bool tty)
{
	uint32_t room = spool_room(s, stream);
	size_t want = room < SPOOL_READ ? room : SPOOL_READ;
	long n;

	if (tty) {
		n = sys_read(fd, spool_in(s, stream) + spool_len(s, stream), want);
		if (n > 0)
			s->h->pos[stream] += n;
	} else {
		n = SYS_RETRY(splice, fd, NULL, s->fd, &s->h->pos[stream], want,
			      2 /* SPLICE_F_NONBLOCK */);
	}
	if (n > 0)
		s->h->taken[stream] += (uint64_t)n;
	return n;
}

static void move_to_start(struct spool *s, enum stream stream, uint32_t logs)
{
	uint32_t from = s->h->compact[stream];
	uint32_t len = spool_len(s, stream);

	if (len < from) { /* all but the last store was done before an earlier monitor died */
		s->h->compact[stream] = 0;
		return;
	}
	/* from > len - from: source and target do not overlap, and a second try finds the same */
	memcpy(spool_in(s, stream), spool_in(s, stream) + from, len - from);
	for (uint32_t i = 0; i < logs; i++) {
		uint32_t *c = &s->h->log[i].cursor[stream];

		/* a cursor below `from` was moved before an earlier monitor died: all start at or
		 * beyond it, and what they become is below it */
		if (*c >= from)
			*c -= from;
	}
	spool_barrier();
	s->h->pos[stream] = area(stream) + (len - from);
	spool_barrier();
	s->h->compact[stream] = 0;
}

void spool_compact(struct spool *s, enum stream stream, uint32_t logs)
{
	uint32_t len = spool_len(s, stream);
	uint32_t least = len;

	if (s->h->compact[stream])
		move_to_start(s, stream, logs);
	for (uint32_t i = 0; i < logs; i++)
		if (s->h->log[i].cursor[stream] < least)
			least = s->h->log[i].cursor[stream];
	if (least == 0 ||
	    (least < len && (spool_room(s, stream) >= SPOOL_READ || least <= len - least)))
		return;
	s->h->compact[stream] = least;
	spool_barrier();
	move_to_start(s, stream, logs);
}

void spool_shrink(struct spool *s, uint32_t logs)
{
	bool empty = true;

	for (int i = 0; i < STREAMS; i++)
		if (spool_len(s, i) == 0)
			SYS(madvise, spool_in(s, i), (long)SPOOL_IN, MADV_REMOVE);
		else
			empty = false;
	for (uint32_t i = 0; empty && i < logs; i++)
		if (s->h->log[i].batch.len == 0)
			SYS(madvise, spool_out(s, i), (long)SPOOL_OUT, MADV_REMOVE);
}
