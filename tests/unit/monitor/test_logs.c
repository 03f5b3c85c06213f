// SPDX-License-Identifier: Apache-2.0
/*
 * Output to log files: whatever the pieces in which it comes, the limits and the moment at which a
 * monitor is killed, the log gives back every byte, in order, each once.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../tap.h"
#include "log_format.h"
#include "logs.h"

enum { TEXT = 300000 };

static uint32_t seed = 1;

static uint32_t number(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

/* Lines of every length from none to some, of all bytes. */
static void random_text(char *out, size_t n, uint32_t line)
{
	for (size_t i = 0; i < n; i++)
		out[i] = number(line) == 0 ? '\n' : (char)(number(255) + (number(255) >= '\n'));
}

/* What a k8s log says: the text, partial records joined. -1 where it is no such log. */
static long k8s_text(const char *log, size_t len, const char *stream, char *out)
{
	char *p = out;

	while (len) {
		const char *nl = memchr(log, '\n', len);
		size_t n;

		if (!nl || nl - log < 45)
			return -1;
		n = (size_t)(nl - log);
		if (log[10] != 'T' || log[35] != ' ' || memcmp(log + 36, stream, 6) != 0 ||
		    log[42] != ' ' || (log[43] != 'F' && log[43] != 'P') || log[44] != ' ')
			return -1;
		memcpy(p, log + 45, n - 45);
		p += n - 45;
		if (log[43] == 'F')
			*p++ = '\n';
		log += n + 1;
		len -= n + 1;
	}
	return p - out;
}

static void test_k8s(void)
{
	static const char stamp[] = "2026-01-31T23:59:59.123456789+01:00";
	static char in[TEXT + LOG_SLACK], out[TEXT * 50 + LOG_SLACK], back[TEXT];
	struct log_batch b;
	bool good = true;

	strcpy(in, "a\n\nbc");
	b = log_format_k8s(stamp, STREAM_ERR, in, 5, out, 400, SIZE_MAX);
	out[b.len] = '\0';
	is_str(out,
	       "2026-01-31T23:59:59.123456789+01:00 stderr F a\n"
	       "2026-01-31T23:59:59.123456789+01:00 stderr F \n"
	       "2026-01-31T23:59:59.123456789+01:00 stderr P bc\n",
	       "k8s: whole lines are F, the rest is P");
	is_int(b.used, 5, "... all is taken");
	is_int(b.lines, 3, "... in three records");
	strcpy(in, "a\nb\n");
	b = log_format_k8s(stamp, STREAM_OUT, in, 4, out, 400, 50);
	is_int(b.used, 2, "a limit is kept by whole records");
	strcpy(in, "aaaaaaaaaa\n");
	b = log_format_k8s(stamp, STREAM_OUT, in, 11, out, 400, 50);
	is_int(b.used, 0, "... and nothing is written where none fits");
	b = log_format_k8s(stamp, STREAM_OUT, in, 11, out, 50, SIZE_MAX);
	is_int(b.used, 4, "a line that no buffer holds goes out in parts");
	is_int(out[43], 'P', "... of which the first is P");
	for (int round = 0; round < 20 && good; round++) {
		size_t n = number(TEXT);
		size_t used = 0;
		size_t len = 0;

		random_text(in, n, 1 + number(3000));
		while (used < n) {
			b = log_format_k8s(stamp, STREAM_OUT, in + used, n - used, out + len,
					   200 + number(100000), SIZE_MAX);
			if (!b.used)
				break;
			used += b.used;
			len += b.len;
		}
		good = used == n && k8s_text(out, len, "stdout", back) == (long)n &&
		       memcmp(back, in, n) == 0;
	}
	ok(good, "k8s: every byte comes back, whatever the room");
}

static void test_json(void)
{
	char out[20000];
	struct log_batch b;
	static char big[LOG_JSON_TEXT + 100], room[300000];

	b = log_format_json("2026-01-31T23:59:59.1Z", STREAM_OUT, "a\"\\\t\001\xff\xc3\xa4\nb", 10,
			    out, sizeof(out), SIZE_MAX);
	out[b.len] = '\0';
	is_str(out,
	       "{\"log\":\"a\\\"\\\\\\t\\u0001\\ufffd\xc3\xa4\\n\",\"stream\":\"stdout\","
	       "\"time\":\"2026-01-31T23:59:59.1Z\"}\n"
	       "{\"log\":\"b\",\"stream\":\"stdout\",\"time\":\"2026-01-31T23:59:59.1Z\"}\n",
	       "json-file: Docker's records");
	memset(big, 'x', sizeof(big));
	b = log_format_json("s", STREAM_OUT, big, sizeof(big), room, sizeof(room), SIZE_MAX);
	is_int(b.lines, 2, "a line of more than 16 KiB is two records");
}

static void test_line(void)
{
	char s[64];
	bool good = true;

	for (size_t n = 0; n < 40; n++)
		for (size_t at = 0; at <= n; at++) {
			memset(s, 0x8a, sizeof(s)); /* a newline with its high bit set is none */
			s[at] = '\n';
			good &= log_line(s, n) == (at < n ? at : n);
		}
	ok(good, "a newline is found wherever it is");
}

/* ---- the whole way, through spool and files ---- */

struct rig {
	struct monitor m;
	struct log_arg arg[2];
	char dir[64];
	char path[2][96];
};

static void rig_open(struct rig *r, int logs, int64_t size_max, uint32_t files)
{
	static char *utc[] = {"TZ=UTC0", NULL};
	static int count;
	struct err err;

	memset(r, 0, sizeof(*r));
	snprintf(r->dir, sizeof(r->dir), "/tmp/test_logs.%d.%d", getpid(), count++);
	mkdir(r->dir, 0700);
	r->m.a = arena_main();
	r->m.env = utc;
	r->m.args.logs = (uint32_t)logs;
	r->m.args.log_size_max = size_max;
	r->m.args.log_max_files = files;
	r->m.args.raw.cid = "test";
	r->m.args.raw.no_sync_log = true;
	for (int i = 0; i < logs; i++) {
		snprintf(r->path[i], sizeof(r->path[i]), "%s/%d", r->dir, i);
		r->m.args.log[i] = (struct log_arg){i ? LOG_JSON_FILE : LOG_K8S, r->path[i]};
	}
	if (spool_make(&r->m.spool, &err) < 0 || logs_open(&r->m, &err) < 0) {
		printf("Bail out! %s\n", err.msg);
		exit(1);
	}
}

static void rig_close(struct rig *r)
{
	char command[128];

	logs_close(&r->m);
	munmap(r->m.spool.base, SPOOL_SIZE);
	close(r->m.spool.fd);
	snprintf(command, sizeof(command), "rm -rf %s", r->dir);
	if (system(command))
		exit(1);
}

/* Puts bytes into the in area as spool_take does. */
static void put(struct rig *r, enum stream s, const char *text, size_t n)
{
	int p[2];
	size_t done = 0;

	if (pipe(p) < 0)
		exit(1);
	while (done < n) {
		size_t some = n - done < 60000 ? n - done : 60000;

		if (write(p[1], text + done, some) != (ssize_t)some)
			exit(1);
		while (some) {
			long got = spool_take(&r->m.spool, s, p[0], false);

			if (got <= 0)
				break;
			some -= (size_t)got;
			done += (size_t)got;
			logs_feed(&r->m, s, some || done < n ? MORE_NOW : MORE_LATER);
		}
	}
	close(p[0]);
	close(p[1]);
}

static size_t read_logs(struct rig *r, char *out, size_t size, off_t *ret_largest)
{
	size_t len = 0;

	for (int i = 200; i >= 0; i--) {
		char path[128];
		FILE *f;
		struct stat st;

		if (i)
			snprintf(path, sizeof(path), "%s.%d", r->path[0], i);
		else
			snprintf(path, sizeof(path), "%s", r->path[0]);
		f = fopen(path, "r");
		if (!f)
			continue;
		fstat(fileno(f), &st);
		if (ret_largest && st.st_size > *ret_largest)
			*ret_largest = st.st_size;
		len += fread(out + len, 1, size - len, f);
		fclose(f);
	}
	return len;
}

static void test_files(void)
{
	static char in[TEXT], log[TEXT * 50], back[TEXT];
	struct rig r;

	for (int round = 0; round < 6; round++) {
		int64_t max = round % 2 ? 4096 + number(60000) : 0;
		size_t n = TEXT / 2 + number(TEXT / 2);
		off_t largest = 0;
		size_t done = 0;
		size_t len;

		rig_open(&r, 2, max, 200);
		random_text(in, n, 2 + number(400));
		while (done < n) {
			size_t some = 1 + number(90000);

			some = some < n - done ? some : n - done;
			put(&r, STREAM_OUT, in + done, some);
			done += some;
		}
		logs_feed(&r.m, STREAM_OUT, MORE_NEVER);
		len = read_logs(&r, log, sizeof(log), &largest);
		ok(k8s_text(log, len, "stdout", back) == (long)n && memcmp(back, in, n) == 0,
		   max ? "files, rotated: every byte, in order" : "one file: every byte, in order");
		if (max)
			ok(largest <= max, "... and none is larger than asked for");
		is_int(r.m.spool.h->log[0].dropped_bytes, 0, "... nothing was dropped");
		rig_close(&r);
	}
}

static void test_bounded(void)
{
	struct rig r;
	char path[128];
	struct stat st;
	static char in[100000];

	memset(in, 'x', sizeof(in));
	for (size_t i = 99; i < sizeof(in); i += 100)
		in[i] = '\n';
	rig_open(&r, 1, 10000, 2);
	put(&r, STREAM_OUT, in, sizeof(in));
	snprintf(path, sizeof(path), "%s.2", r.path[0]);
	ok(stat(path, &st) == 0, "two rotated files are kept");
	snprintf(path, sizeof(path), "%s.3", r.path[0]);
	ok(stat(path, &st) < 0, "... and no third");
	rig_close(&r);
}

static void test_cap(void)
{
	struct rig r;
	static char in[100000];
	struct stat st;

	memset(in, '\n', sizeof(in));
	rig_open(&r, 1, 0, 1);
	r.m.args.log_global_size_max = 1000;
	for (int i = 0; i < 100; i++)
		put(&r, STREAM_OUT, in, 10);
	stat(r.path[0], &st);
	ok(st.st_size >= 1000 && st.st_size < 1500, "the global cap holds (CVE-2022-1708)");
	is_int(r.m.spool.h->log[0].dropped_lines + (uint64_t)(st.st_size / 46), 1000,
	       "... and what is beyond it is counted");
	rig_close(&r);
}

/* A monitor that is killed between any two stores: what its successor finds is one of the states
 * that these tests make by hand. */
static void test_killed(void)
{
	struct rig r;
	struct spool_log *s;
	char log[4096];
	size_t len;

	for (uint32_t done = 0; done <= 47; done++) {
		struct err err;
		bool good;
		int fd;

		rig_open(&r, 1, 0, 1);
		s = &r.m.spool.h->log[0];
		/* a batch of one record is described, `done` bytes of it are in the file */
		memcpy(spool_in(&r.m.spool, STREAM_OUT), "a\nb", 3);
		r.m.spool.h->pos[STREAM_OUT] += 3;
		memcpy(spool_out(&r.m.spool, 0), "2026-01-31T23:59:59.123456789+01:00 stdout F a\n",
		       47);
		s->batch = (struct spool_batch){47, STREAM_OUT, 2, 0};
		fd = open(r.path[0], O_WRONLY);
		if (write(fd, spool_out(&r.m.spool, 0), done) != (ssize_t)done)
			exit(1);
		close(fd);
		logs_close(&r.m);
		r.m.resumed = true;
		r.m.logs = 0;
		good = logs_open(&r.m, &err) == 0;
		logs_feed(&r.m, STREAM_OUT, MORE_NEVER);
		len = read_logs(&r, log, sizeof(log), NULL);
		good = good && len == 94 && memcmp(log + 43, "F a\n", 4) == 0 &&
		       memcmp(log + 47 + 43, "P b\n", 4) == 0;
		if (!good || done == 47)
			ok(good, "killed in the middle of a write: nothing is lost, nothing twice");
		rig_close(&r);
	}
}

static void test_compaction(void)
{
	struct rig r;
	struct spool_head *h;

	rig_open(&r, 2, 0, 1);
	h = r.m.spool.h;
	/* stopped between the copy and the cursors, and between one cursor and the next */
	for (int moved = 0; moved < 3; moved++) {
		memset(spool_in(&r.m.spool, STREAM_OUT), '-', 1000);
		memcpy(spool_in(&r.m.spool, STREAM_OUT) + 900, "the last hundred", 16);
		h->pos[STREAM_OUT] = SPOOL_HEAD + 1000;
		h->compact[STREAM_OUT] = 900;
		h->log[0].cursor[STREAM_OUT] = moved > 0 ? 10 : 910;
		h->log[1].cursor[STREAM_OUT] = moved > 1 ? 0 : 900;
		spool_compact(&r.m.spool, STREAM_OUT, 2);
		ok(h->log[0].cursor[STREAM_OUT] == 10 && h->log[1].cursor[STREAM_OUT] == 0 &&
			   spool_len(&r.m.spool, STREAM_OUT) == 100 &&
			   memcmp(spool_in(&r.m.spool, STREAM_OUT), "the last hundred", 16) == 0,
		   "killed while the spool was compacted: done again, to the same end");
	}
	/* only the last store was missing */
	h->compact[STREAM_OUT] = 900;
	spool_compact(&r.m.spool, STREAM_OUT, 2);
	is_int(spool_len(&r.m.spool, STREAM_OUT), 100, "... and what was done is not done twice");
	rig_close(&r);
}

static void test_untold(void)
{
	struct rig r;
	char log[4096];
	size_t len;

	rig_open(&r, 1, 0, 1);
	close(r.m.log[0].fd);
	r.m.log[0].fd = open("/dev/full", O_WRONLY);
	put(&r, STREAM_OUT, "lost\nlost too\n", 14);
	is_int(r.m.spool.h->log[0].dropped_lines, 2, "a full disk drops, and counts");
	close(r.m.log[0].fd);
	r.m.log[0].fd = open(r.path[0], O_WRONLY | O_APPEND);
	put(&r, STREAM_OUT, "there\n", 6);
	len = read_logs(&r, log, sizeof(log) - 1, NULL);
	log[len] = '\0';
	ok(strstr(log, "stderr F proamon: 2 lines (") && strstr(log, "no space left on device"),
	   "... and says so in the log when it takes records again");
	ok(strstr(log, "stdout F there\n"), "... which then goes on");
	rig_close(&r);
}

int main(void)
{
	test_k8s();
	test_json();
	test_line();
	test_files();
	test_bounded();
	test_cap();
	test_killed();
	test_compaction();
	test_untold();
	return tap_done();
}
