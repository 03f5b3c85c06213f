// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "log.h"
#include "logs.h"
#include "oom.h"

void report_sync(struct monitor *m, enum report_kind kind, int value, const char *message)
{
	const char *key = m->args.raw.api_version ? "data"
			  : kind == REPORT_PID	  ? "pid"
						  : "exit_code";
	struct buf b = BUF_INIT(m->a);

	if (m->sync_pipe < 0)
		return;
	buf_fmt(&b, "{\"%s\": %d", key, value);
	if (message) {
		buf_str(&b, ", \"message\": ");
		buf_json_str(&b, message);
	}
	buf_str(&b, "}\n");
	/* SIGPIPE is blocked, and EPIPE is an engine that no longer wants to know */
	if (sys_write(m->sync_pipe, b.data, b.len) < 0)
		fd_drop(&m->sync_pipe);
}

void report_attach(struct monitor *m)
{
	static const char line[] = "{\"data\": 0}\n";

	if (m->attach_pipe >= 0)
		(void)sys_write(m->attach_pipe, line, sizeof(line) - 1);
}

int report_pidfile(const char *path, pid_t pid)
{
	char text[16];
	size_t n = fmt(text, sizeof(text), "%d", pid);

	return fd_replace_file(AT_FDCWD, path, 0644, text, n);
}

int report_exit_code(const struct monitor *m)
{
	int status = m->spool.h->status;

	if (m->spool.h->timed_out)
		return -1;
	if (status == STATUS_UNKNOWN)
		return 255;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void add_time(struct buf *b, const char *name, int64_t wall, int64_t mono)
{
	char text[40];

	tz_stamp_utc(wall, text);
	buf_fmt(b, ",\"%s\":\"%s\",\"%sMonotonicNs\":%lld", name, text, name, (long long)mono);
}

static void add_figure(struct buf *b, const char *name, bool has, uint64_t v)
{
	if (has)
		buf_fmt(b, ",\"%s\":%lu", name, (unsigned long)v);
}

char *report_record(const struct monitor *m, const struct oom_figures *f, struct arena *a)
{
	const struct spool_head *h = m->spool.h;
	struct buf b = BUF_INIT(a);
	int code = report_exit_code(m);

	buf_str(&b, "{\"id\":");
	buf_json_str(&b, m->args.raw.cuuid ? m->args.raw.cuuid : m->args.raw.cid);
	buf_fmt(&b, ",\"exitCode\":%d", code < 0 ? 255 : code);
	if (h->timed_out)
		buf_str(&b, ",\"reason\":\"timed out\"");
	else if (h->status == STATUS_UNKNOWN)
		buf_str(&b,
			",\"reason\":\"unknown: it was not a child of ours, and this kernel tells "
			"a process's exit status to its parent alone\"");
	if (h->status != STATUS_UNKNOWN && WIFSIGNALED(h->status))
		buf_fmt(&b, ",\"signal\":%d,\"coreDumped\":%s", WTERMSIG(h->status),
			WCOREDUMP(h->status) ? "true" : "false");
	add_time(&b, "started", h->started_wall, h->started_mono);
	add_time(&b, "finished", h->ended_wall, h->ended_mono);
	buf_fmt(&b, ",\"oomKilled\":%s", h->oom ? "true" : "false");
	add_figure(&b, "oom", f->has_memory, f->oom);
	add_figure(&b, "oomKill", f->has_memory, f->oom_kill);
	add_figure(&b, "oomGroupKill", f->has_memory, f->oom_group_kill);
	add_figure(&b, "memoryPeakBytes", f->has_peak, f->memory_peak);
	add_figure(&b, "pidsMaxEvents", f->has_pids, f->pids_max);
	add_figure(&b, "cpuUs", true, f->has_cpu ? f->cpu_us : h->cpu_us);
	add_figure(&b, "outputBytes", true, h->taken[STREAM_OUT] + h->taken[STREAM_ERR]);
	add_figure(&b, "logBytesWritten", true, logs_written(m));
	add_figure(&b, "logBytesDropped", true, logs_dropped(m));
	add_figure(&b, "attachClientsDropped", m->clients_dropped, m->clients_dropped);
	buf_str(&b, "}\n");
	return b.data;
}

static void write_in(const struct monitor *m, const char *dir, const char *name, const char *text)
{
	auto_fd d = -1;
	char why[64];
	int r;

	if (!dir)
		return;
	d = sys_openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY, 0);
	r = d < 0 ? d : fd_replace_file(d, name, 0644, text, strlen(text));
	if (r < 0)
		log_msg(LOG_ERROR, "%s: write %s/%s: %s", m->args.raw.cid, dir, name,
			err_text(r, why));
}

void report_exit(struct monitor *m)
{
	const struct args_raw *r = &m->args.raw;
	struct oom_figures f = oom_read(m);
	const char *record = report_record(m, &f, m->a);
	char code[16];
	const char *id = r->cid; /* also of an exec session, whose exit dir is its own */

	if (m->spool.h->reported)
		return;
	fmt(code, sizeof(code), "%d", report_exit_code(m));
	/* the record first: who waits for the exit file finds it there */
	if (r->exit_dir)
		write_in(m, r->exit_dir, arena_fmt(m->a, "%s.json", id), record);
	write_in(m, r->persist_dir, "exit.json", record);
	if (!r->exit_dir && !r->persist_dir && !r->exec)
		write_in(m, r->bundle, "exit.json", record);
	write_in(m, r->persist_dir, "exit", code);
	if (r->exit_dir)
		write_in(m, r->exit_dir, id, code);
	m->spool.h->reported = 1;
}
