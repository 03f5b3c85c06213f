// SPDX-License-Identifier: Apache-2.0
#include "ctl.h"

#include <poll.h>
#include <string.h>

#include "console.h"
#include "log.h"
#include "logs.h"

enum { SIZE_MAX_ROWS = 1000 };

static int make_fifo(int dir, const char *name)
{
	long r = SYS(mknodat, dir, name, 0010000 /* S_IFIFO */ | 0660, 0);

	if (r == -EEXIST) {
		/* an earlier run's; readers of that one are none of ours */
		sys_unlinkat(dir, name, 0);
		r = SYS(mknodat, dir, name, 0010000 | 0660, 0);
	}
	/* for writing too, so that it has no end of file between two writers (fifo(7)) */
	return r < 0 ? (int)r : sys_openat(dir, name, O_RDWR | O_NONBLOCK | O_NOFOLLOW, 0);
}

int ctl_open(struct monitor *m, struct err *err)
{
	auto_fd dir = sys_openat(AT_FDCWD, m->args.raw.bundle, O_PATH | O_DIRECTORY, 0);

	if (dir < 0)
		return err_sys(err, dir, "open the bundle %s", m->args.raw.bundle);
	m->ctl = make_fifo(dir, "ctl");
	if (m->ctl < 0)
		return err_sys(err, m->ctl, "make %s/ctl", m->args.raw.bundle);
	m->winsz = make_fifo(dir, "winsz");
	if (m->winsz < 0)
		return err_sys(err, m->winsz, "make %s/winsz", m->args.raw.bundle);
	return 0;
}

static const char *next_number(const char *s, const char *end, uint32_t *ret)
{
	uint32_t v = 0;

	while (s < end && *s == ' ')
		s++;
	if (s == end || *s < '0' || *s > '9')
		return NULL;
	for (; s < end && *s >= '0' && *s <= '9'; s++)
		if (v <= 100000)
			v = v * 10 + (uint32_t)(*s - '0');
	*ret = v;
	return s;
}

struct ctl_line ctl_parse(const char *s, size_t len, bool winsz)
{
	const char *end = s + len;
	uint32_t v[3] = {1, 0, 0};

	for (int i = winsz; i < 3; i++) {
		s = next_number(s, end, &v[i]);
		if (!s)
			return (struct ctl_line){CTL_NONE, 0, 0};
	}
	while (s < end && (*s == ' ' || *s == '\r'))
		s++;
	if (s != end || v[0] < 1 || v[0] > 2 || v[1] > SIZE_MAX_ROWS || v[2] > SIZE_MAX_ROWS)
		return (struct ctl_line){CTL_NONE, 0, 0};
	return (struct ctl_line){v[0] == 1 ? CTL_RESIZE : CTL_REOPEN, v[1], v[2]};
}

static void obey(struct monitor *m, const char *line, size_t len, bool winsz)
{
	struct ctl_line c = ctl_parse(line, len, winsz);

	if (c.verb == CTL_RESIZE)
		console_resize(m, c.rows, c.cols);
	else if (c.verb == CTL_REOPEN)
		logs_reopen(m);
	else
		log_warning("%s: %s: \"%.*s\" is no command; \"1 ROWS COLS\" or \"2 0 0\" is",
			    m->args.raw.cid, winsz ? "winsz" : "ctl", (int)(len < 60 ? len : 60),
			    line);
}

static void readable(struct monitor *m, void *arg, short revents)
{
	bool winsz = arg;
	struct ctl_buf *b = &m->ctl_buf[winsz];
	ssize_t n = sys_read(winsz ? m->winsz : m->ctl, b->text + b->len, sizeof(b->text) - b->len);
	char *nl;

	(void)revents;
	if (n <= 0)
		return;
	b->len += (size_t)n;
	while ((nl = memchr(b->text, '\n', b->len))) {
		size_t used = (size_t)(nl - b->text);

		obey(m, b->text, used, winsz);
		memmove(b->text, nl + 1, b->len - used - 1);
		b->len -= used + 1;
	}
	/* no line is that long: the rest of it is no command either */
	if (b->len == sizeof(b->text))
		b->len = 0;
}

void ctl_polls(struct monitor *m, struct polls *p)
{
	polls_add(p, m->ctl, POLLIN, readable, NULL);
	polls_add(p, m->winsz, POLLIN, readable, m);
}
