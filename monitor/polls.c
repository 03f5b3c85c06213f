// SPDX-License-Identifier: Apache-2.0
#include "polls.h"

#include "monitor.h"
#include "sys.h"

void polls_add(struct polls *p, int fd, short events, poll_fn *fn, void *arg)
{
	if (fd < 0)
		return;
	if (p->n == p->cap) {
		uint32_t cap = p->cap ? p->cap * 2 : 16;

		p->fd = arena_grow(p->a, p->fd, p->cap * sizeof(*p->fd), cap * sizeof(*p->fd));
		p->row = arena_grow(p->a, p->row, p->cap * sizeof(*p->row), cap * sizeof(*p->row));
		p->cap = cap;
	}
	p->fd[p->n] = (struct pollfd){.fd = fd, .events = events};
	p->row[p->n++] = (struct poll_row){fn, arg};
}

void polls_until(struct polls *p, int64_t at)
{
	if (at && (!p->deadline || at < p->deadline))
		p->deadline = at;
}

void polls_wait(struct polls *p, struct monitor *m)
{
	struct timespec ts = {0};
	uint32_t n = p->n;
	long r;

	if (p->deadline) {
		int64_t left = p->deadline - now_mono();

		if (left > 0)
			ts = (struct timespec){left / 1000000000, left % 1000000000};
	}
	r = SYS(ppoll, p->fd, n, p->deadline ? &ts : NULL, NULL, 0);
	for (uint32_t i = 0; r > 0 && i < n; i++)
		if (p->fd[i].revents)
			p->row[i].fn(m, p->row[i].arg, p->fd[i].revents);
}
