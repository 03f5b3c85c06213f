// SPDX-License-Identifier: Apache-2.0
/* Logs in files: whole records in one write, rotation by renaming, and nothing torn left behind. */
#include <string.h>
#include <sys/stat.h>

#include "log.h"
#include "log_format.h"
#include "logs.h"

static int64_t file_size(int fd)
{
	struct stat st;

	return SYS(fstat, fd, &st) < 0 ? 0 : st.st_size;
}

static bool in_dir(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	while (n && dir[n - 1] == '/')
		n--;
	return strncmp(path, dir, n) == 0 && path[n] == '/' && !strstr(path + n, "/../");
}

static bool may_rotate(const struct monitor *m, const char *path)
{
	const struct strs *dirs = &m->args.raw.log_allow;

	for (uint32_t i = 0; i < dirs->n; i++)
		if (in_dir(path, dirs->v[i]))
			return true;
	return dirs->n == 0;
}

static int open_log(const char *path)
{
	return sys_openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND, 0600);
}

int log_file_open(struct monitor *m, struct log *l, struct err *err)
{
	l->fd = open_log(l->arg->path);
	if (l->fd < 0)
		return err_sys(err, l->fd, "Failed to open log file %s", l->arg->path);
	l->size = file_size(l->fd);
	l->rotates = m->args.log_size_max > 0 && may_rotate(m, l->arg->path);
	if (m->resumed)
		log_file_recover(m, l);
	return 0;
}

void log_file_reopen(struct monitor *m, struct log *l)
{
	int fd = open_log(l->arg->path);
	char why[64];

	if (fd < 0) { /* its directory is gone: the file we have is better than none */
		log_warning("%s: reopen %s: %s", m->args.raw.cid, l->arg->path, err_text(fd, why));
		return;
	}
	fd_drop(&l->fd);
	l->fd = fd;
	l->size = file_size(fd);
}

/* PATH.N-1 to PATH.N, ... PATH to PATH.1: renamed before anything is written, so that no line is
 * split and none is lost; then a new PATH. */
static void rotate(struct monitor *m, struct log *l)
{
	char from[4096];
	char to[4096];
	char why[64];
	long r = 0;
	int fd;

	if (!m->args.raw.no_sync_log)
		SYS(fdatasync, l->fd);
	for (uint32_t i = m->args.log_max_files; i > 0 && (r == 0 || r == -ENOENT); i--) {
		size_t n = fmt(to, sizeof(to), "%s.%u", l->arg->path, i);

		if (i == 1)
			fmt(from, sizeof(from), "%s", l->arg->path);
		else
			fmt(from, sizeof(from), "%s.%u", l->arg->path, i - 1);
		r = n < sizeof(to) ? SYS(renameat2, AT_FDCWD, from, AT_FDCWD, to, 0)
				   : -ENAMETOOLONG;
	}
	fd = r == 0 || r == -ENOENT ? open_log(l->arg->path) : (int)r;
	if (fd < 0) {
		/* larger than asked for is better than lost */
		if (!l->broken)
			log_warning("%s: rotate %s: %s; it grows on", m->args.raw.cid, l->arg->path,
				    err_text(fd, why));
		l->broken = true;
		l->rotates = false;
		return;
	}
	fd_drop(&l->fd);
	l->fd = fd;
	l->size = file_size(fd);
}

/* Writes the batch that the spool describes, from byte `done` on, and commits it. */
static void write_batch(struct monitor *m, struct log *l, uint32_t done)
{
	struct spool_log *s = &m->spool.h->log[l->index];
	struct spool_batch *b = &s->batch;
	const char *out = spool_out(&m->spool, l->index);
	long r = 0;

	while (done < b->len) {
		r = sys_write(l->fd, out + done, b->len - done);
		if (r < 0)
			break;
		done += (uint32_t)r;
	}
	if (done < b->len) {
		/* cut the file back to the end of the last whole record */
		uint32_t whole = done;

		while (whole && out[whole - 1] != '\n')
			whole--;
		if (whole < done)
			SYS(ftruncate, l->fd, b->base + whole);
		log_drop(m, l, b->len - whole, log_count(out + whole, b->len - whole), (int)r);
		done = whole;
	} else {
		l->broken = false;
	}
	l->size = b->base + done;
	s->written += done;
	s->cursor[b->stream] = b->after;
	spool_barrier();
	b->len = 0;
}

static void commit(struct monitor *m, struct log *l, enum stream stream, size_t len, uint32_t after)
{
	struct spool_batch *b = &m->spool.h->log[l->index].batch;

	b->stream = stream;
	b->after = after;
	b->base = l->size;
	spool_barrier();
	b->len = (uint32_t)len;
	spool_barrier();
	write_batch(m, l, 0);
}

/* After a killed monitor: the file's size tells how much of the last batch is in it. */
void log_file_recover(struct monitor *m, struct log *l)
{
	struct spool_batch *b = &m->spool.h->log[l->index].batch;
	int64_t done = l->size - b->base;

	if (b->len)
		write_batch(m, l, done < 0 ? 0 : done > b->len ? b->len : (uint32_t)done);
}

static struct log_batch format(struct monitor *m, struct log *l, enum stream stream, const char *in,
			       size_t len, size_t limit)
{
	char *out = spool_out(&m->spool, l->index);

	if (l->arg->driver == LOG_K8S)
		return log_format_k8s(m->stamp_local, stream, in, len, out, SPOOL_OUT - LOG_SLACK,
				      limit);
	return log_format_json(m->stamp_utc, stream, in, len, out, SPOOL_OUT - LOG_SLACK, limit);
}

/* Formats as much as fits the file, rotating it when the next record does not. */
static struct log_batch next_batch(struct monitor *m, struct log *l, enum stream stream,
				   const char *in, size_t len)
{
	int64_t max = m->args.log_size_max;
	struct log_batch b;

	if (!l->rotates)
		return format(m, l, stream, in, len, SIZE_MAX);
	b = format(m, l, stream, in, len, l->size < max ? (size_t)(max - l->size) : 0);
	if (b.used == 0 && l->size > 0) {
		rotate(m, l);
		b = format(m, l, stream, in, len, l->size < max ? (size_t)(max - l->size) : 0);
	}
	/* a record that is larger than a file may be has one of its own */
	if (b.used == 0) {
		size_t line = log_line(in, len);

		b = format(m, l, stream, in, line < len ? line + 1 : line, SIZE_MAX);
	}
	return b;
}

/* Where reading stopped is no reason to cut a line in two: its beginning waits for the next read,
 * unless nothing more is there or it is long anyway. */
static uint32_t whole_lines(struct monitor *m, enum stream stream, uint32_t from, uint32_t len,
			    enum log_more more)
{
	const char *in = spool_in(&m->spool, stream);
	uint32_t end = len;

	if (more != MORE_NOW)
		return len;
	while (end > from && in[end - 1] != '\n' && len - end < SPOOL_READ / 2)
		end--;
	return end > from && in[end - 1] == '\n' ? end : len;
}

void log_file_feed(struct monitor *m, struct log *l, enum stream stream, enum log_more more)
{
	struct spool_log *s = &m->spool.h->log[l->index];
	uint32_t len = spool_len(&m->spool, stream);
	char note[256];

	if (s->untold_bytes && s->cursor[stream] < len) {
		size_t n = log_untold(m, l, note, sizeof(note));
		struct log_batch b = next_batch(m, l, STREAM_ERR, note, n);
		uint64_t bytes = s->untold_bytes;
		uint64_t lines = s->untold_lines;

		commit(m, l, stream, b.len, s->cursor[stream]);
		if (s->untold_bytes == bytes) {
			s->untold_bytes = 0;
			s->untold_lines = 0;
		} else { /* still no room: the note itself does not count */
			s->dropped_bytes -= s->untold_bytes - bytes;
			s->dropped_lines -= s->untold_lines - lines;
			s->untold_bytes = bytes;
			s->untold_lines = lines;
		}
	}
	len = whole_lines(m, stream, s->cursor[stream], len, more);
	while (s->cursor[stream] < len) {
		uint32_t at = s->cursor[stream];
		struct log_batch b =
			next_batch(m, l, stream, spool_in(&m->spool, stream) + at, len - at);

		commit(m, l, stream, b.len, at + (uint32_t)b.used);
	}
}
