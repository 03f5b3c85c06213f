// SPDX-License-Identifier: Apache-2.0
#include "logs.h"

#include <string.h>

#include "log.h"
#include "log_format.h"
#include "proc.h"
#include "tz.h"

static bool is_file(const struct log *l)
{
	return l->arg->driver == LOG_K8S || l->arg->driver == LOG_JSON_FILE;
}

int logs_open(struct monitor *m, struct err *err)
{
	m->log = arena_array(m->a, struct log, MAX_LOGS);
	for (uint32_t i = 0; i < m->args.logs; i++) {
		struct log *l = &m->log[m->logs];

		*l = (struct log){.arg = &m->args.log[i], .index = m->logs, .fd = -1};
		if (l->arg->driver == LOG_NONE || l->arg->driver == LOG_PASSTHROUGH)
			continue;
		m->logs++;
		if ((is_file(l) ? log_file_open : log_journald_open)(m, l, err) < 0)
			return -1;
	}
	return 0;
}

/* The time of a read is the time of its lines: one stamp, and the zone's offset looked up again
 * only when it may have changed. */
static void stamp(struct monitor *m)
{
	int64_t now = now_wall();

	if (now / 1000000000 >= m->tz.until)
		m->tz = tz_at(env_get(m->env, "TZ"), now / 1000000000);
	tz_stamp(now, m->tz.offset, m->stamp_local);
	tz_stamp_utc(now, m->stamp_utc);
}

void logs_feed(struct monitor *m, enum stream stream, enum log_more more)
{
	struct spool_head *h = m->spool.h;

	if (m->logs)
		stamp(m);
	for (uint32_t i = 0; i < m->logs; i++) {
		struct log *l = &m->log[i];
		uint32_t *cursor = &h->log[i].cursor[stream];
		uint32_t len = spool_len(&m->spool, stream);

		/* CVE-2022-1708: beyond the cap output is read and dropped */
		if (m->args.log_global_size_max && *cursor < len &&
		    h->log[i].written >= (uint64_t)m->args.log_global_size_max) {
			h->log[i].dropped_bytes += len - *cursor;
			h->log[i].dropped_lines +=
				log_count(spool_in(&m->spool, stream) + *cursor, len - *cursor);
			*cursor = len;
			continue;
		}
		if (is_file(l))
			log_file_feed(m, l, stream, more);
		else
			log_journald_feed(m, l, stream, more);
	}
	spool_compact(&m->spool, stream, m->logs);
}

bool logs_room(const struct monitor *m, enum stream stream)
{
	return spool_room(&m->spool, stream) > 0;
}

bool logs_behind(const struct monitor *m, enum stream stream)
{
	for (uint32_t i = 0; i < m->logs; i++)
		if (m->spool.h->log[i].cursor[stream] < spool_len(&m->spool, stream))
			return true;
	return false;
}

void logs_polls(struct monitor *m, struct polls *p)
{
	for (uint32_t i = 0; i < m->logs; i++)
		if (!is_file(&m->log[i]))
			log_journald_polls(m, &m->log[i], p);
}

void logs_wait(struct monitor *m)
{
	struct polls p = {.a = m->a};

	logs_polls(m, &p);
	if (p.n)
		polls_wait(&p, m);
}

void logs_reopen(struct monitor *m)
{
	for (uint32_t i = 0; i < m->logs; i++)
		if (is_file(&m->log[i]))
			log_file_reopen(m, &m->log[i]);
}

void logs_close(struct monitor *m)
{
	for (uint32_t i = 0; i < m->logs; i++) {
		if (is_file(&m->log[i]) && m->log[i].fd >= 0 && !m->args.raw.no_sync_log)
			SYS(fsync, m->log[i].fd);
		fd_drop(&m->log[i].fd);
	}
}

uint64_t logs_written(const struct monitor *m)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < m->logs; i++)
		sum += m->spool.h->log[i].written;
	return sum;
}

uint64_t logs_dropped(const struct monitor *m)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < m->logs; i++)
		sum += m->spool.h->log[i].dropped_bytes;
	return sum;
}

void log_drop(struct monitor *m, struct log *l, uint64_t bytes, uint64_t lines, int error)
{
	struct spool_log *s = &m->spool.h->log[l->index];
	char why[64];

	s->dropped_bytes += bytes;
	s->dropped_lines += lines;
	s->untold_bytes += bytes;
	s->untold_lines += lines;
	s->drop_error = error;
	if (!l->broken)
		log_warning("%s: log %s takes no more: %s; what comes is counted and dropped",
			    m->args.raw.cid, l->arg->path ? l->arg->path : "journald",
			    err_text(error, why));
	l->broken = true;
}

size_t log_untold(struct monitor *m, struct log *l, char *out, size_t size)
{
	const struct spool_log *s = &m->spool.h->log[l->index];
	char why[64];

	out[0] = '\0';
	if (!s->untold_bytes)
		return 0;
	return fmt(out, size, "proamon: %lu lines (%lu bytes) of output are missing here: %s\n",
		   (unsigned long)s->untold_lines, (unsigned long)s->untold_bytes,
		   err_text(s->drop_error, why));
}
