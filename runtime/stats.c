// SPDX-License-Identifier: Apache-2.0
#include "stats.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "err.h"

/* A decimal number at p; "max" is the largest. */
static uint64_t number(const char *p)
{
	uint64_t v = 0;

	if (strncmp(p, "max", 3) == 0)
		return UINT64_MAX;
	for (; *p >= '0' && *p <= '9'; p++)
		v = v * 10 + (uint64_t)(*p - '0');
	return v;
}

/* What comes behind `key` and `separator` in a text of words and lines; NULL if it is not there. */
static const char *find(const char *text, const char *key, char separator)
{
	size_t n = strlen(key);

	for (const char *p = text; p && (p = strstr(p, key)) != NULL; p += n)
		if ((p == text || p[-1] == '\n' || p[-1] == ' ') && p[n] == separator)
			return p + n + 1;
	return NULL;
}

static uint64_t sum_limits(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

struct member {
	const char *key;  /* in the cgroup's file */
	const char *name; /* in JSON */
	unsigned int scale;
};

/* ,"name":{...} of those rows that the text has. */
static void object(struct buf *out, const char *name, const char *text, const struct member *m,
		   size_t n)
{
	bool first = true;

	buf_fmt(out, "\"%s\":{", name);
	for (size_t i = 0; i < n; i++) {
		const char *v = find(text, m[i].key, ' ');

		if (!v)
			continue;
		buf_fmt(out, "%s\"%s\":%" PRIu64, first ? "" : ",", m[i].name,
			number(v) * m[i].scale);
		first = false;
	}
	buf_str(out, "}");
}

/* Pressure stall information (psi.rst): "some avg10=0.00 ... total=0\nfull ...". */
static void psi(const struct stats_source *s, const char *file, bool *first, struct buf *out)
{
	static const char *const kinds[] = {"some", "full"};
	static const char *const keys[] = {"avg10", "avg60", "avg300", "total"};
	const char *text = s->read(s, file);
	bool any = false;

	if (!text || !*text)
		return;
	buf_fmt(out, "%s\"psi\":{", *first ? "" : ",");
	for (size_t k = 0; k < 2; k++) {
		const char *line = find(text, kinds[k], ' ');

		if (!line)
			continue;
		buf_fmt(out, "%s\"%s\":{", any ? "," : "", kinds[k]);
		for (size_t i = 0; i < 4; i++) {
			const char *v = find(line, keys[i], '=');

			buf_fmt(out, "%s\"%s\":%.*s", i ? "," : "", keys[i],
				v ? (int)strspn(v, "0123456789.") : 1, v ? v : "0");
		}
		buf_str(out, "}");
		any = true;
	}
	buf_str(out, "}");
	*first = false;
}

static void cpu(const struct stats_source *s, struct buf *out)
{
	static const struct member usage[] = {
		{"usage_usec", "total", 1000},
		{"system_usec", "kernel", 1000},
		{"user_usec", "user", 1000},
	};
	static const struct member throttling[] = {
		{"nr_periods", "periods", 1},
		{"nr_throttled", "throttledPeriods", 1},
		{"throttled_usec", "throttledTime", 1000},
	};
	const char *text = s->read(s, "cpu.stat");
	bool first = false;

	buf_str(out, "\"cpu\":{");
	object(out, "usage", text, usage, 3);
	buf_str(out, ",");
	object(out, "throttling", text, throttling, 3);
	psi(s, "cpu.pressure", &first, out);
	buf_str(out, "}");
}

/* "0-2,7" as numbers. */
static void numbers(struct buf *out, const char *name, const char *text)
{
	bool first = true;

	buf_fmt(out, "\"%s\":[", name);
	while (text && *text >= '0' && *text <= '9') {
		uint64_t from = number(text);
		uint64_t to = from;

		text += strspn(text, "0123456789");
		if (*text == '-') {
			to = number(++text);
			text += strspn(text, "0123456789");
		}
		for (; from <= to && to < 65536; from++) {
			buf_fmt(out, "%s%" PRIu64, first ? "" : ",", from);
			first = false;
		}
		text += *text == ',';
	}
	buf_str(out, "]");
}

static void cpuset(const struct stats_source *s, struct buf *out)
{
	const char *cpus = s->read(s, "cpuset.cpus.effective");

	buf_str(out, ",\"cpuset\":{");
	if (cpus) {
		numbers(out, "cpus", cpus);
		buf_str(out, ",");
		numbers(out, "mems", s->read(s, "cpuset.mems.effective"));
	}
	buf_str(out, "}");
}

static void usage(struct buf *out, const char *name, uint64_t limit, uint64_t now, const char *peak,
		  uint64_t failed)
{
	buf_fmt(out, "\"%s\":{\"limit\":%" PRIu64 ",\"usage\":%" PRIu64, name, limit, now);
	if (peak)
		buf_fmt(out, ",\"max\":%" PRIu64, number(peak));
	buf_fmt(out, ",\"failcnt\":%" PRIu64 "}", failed);
}

static uint64_t value(const struct stats_source *s, const char *file, uint64_t none)
{
	const char *text = s->read(s, file);

	return text ? number(text) : none;
}

/* The events of a file: "max 3" in memory.events. */
static uint64_t event(const struct stats_source *s, const char *file, const char *key)
{
	const char *v = find(s->read(s, file), key, ' ');

	return v ? number(v) : 0;
}

static void raw(struct buf *out, const char *text)
{
	bool first = true;

	buf_str(out, "\"raw\":{");
	while (text && *text) {
		size_t line = strcspn(text, "\n");
		size_t key = strcspn(text, " \n");

		if (key < line) {
			buf_fmt(out, "%s\"%.*s\":%" PRIu64, first ? "" : ",", (int)key, text,
				number(text + key + 1));
			first = false;
		}
		text += line + (text[line] == '\n');
	}
	buf_str(out, "}");
}

static void memory(const struct stats_source *s, struct buf *out)
{
	const char *stat = s->read(s, "memory.stat");
	const char *file = find(stat, "file", ' ');
	bool first = true;

	buf_str(out, ",\"memory\":{");
	if (s->read(s, "memory.current")) {
		uint64_t limit = value(s, "memory.max", UINT64_MAX);
		uint64_t now = value(s, "memory.current", 0);

		buf_fmt(out, "\"cache\":%" PRIu64 ",", file ? number(file) : 0);
		usage(out, "usage", limit, now, s->read(s, "memory.peak"),
		      event(s, "memory.events", "max"));
		buf_str(out, ",");
		/* as in the configuration, memory and swap together */
		usage(out, "swap", sum_limits(limit, value(s, "memory.swap.max", UINT64_MAX)),
		      now + value(s, "memory.swap.current", 0), NULL,
		      event(s, "memory.swap.events", "max"));
		/* cgroup v1's: readers expect the members */
		buf_str(out, ",\"kernel\":{\"limit\":0,\"failcnt\":0},"
			     "\"kernelTCP\":{\"limit\":0,\"failcnt\":0},");
		raw(out, stat);
		first = false;
	}
	psi(s, "memory.pressure", &first, out);
	buf_str(out, "}");
}

static void pids(const struct stats_source *s, struct buf *out)
{
	uint64_t limit = value(s, "pids.max", UINT64_MAX);

	buf_str(out, ",\"pids\":{");
	if (s->read(s, "pids.current"))
		buf_fmt(out, "\"current\":%" PRIu64, value(s, "pids.current", 0));
	if (limit != UINT64_MAX)
		buf_fmt(out, ",\"limit\":%" PRIu64, limit);
	buf_str(out, "}");
}

/* One list of io.stat's "8:0 rbytes=1 wbytes=2 rios=3 ...": a row for each device and operation. */
static void io_list(struct buf *out, const char *name, const char *text, const struct member *m)
{
	bool first = true;

	buf_fmt(out, "\"%s\":[", name);
	while (*text) {
		size_t len = strcspn(text, "\n");
		const char *colon = memchr(text, ':', len);

		for (size_t i = 0; i < 3 && colon; i++) {
			const char *v = find(text, m[i].key, '=');

			if (!v || v > text + len)
				continue;
			buf_fmt(out,
				"%s{\"major\":%" PRIu64 ",\"minor\":%" PRIu64
				",\"op\":\"%s\",\"value\":%" PRIu64 "}",
				first ? "" : ",", number(text), number(colon + 1), m[i].name,
				number(v));
			first = false;
		}
		text += len + (text[len] == '\n');
	}
	buf_str(out, "]");
}

static void blkio(const struct stats_source *s, struct buf *out)
{
	static const struct member bytes[] = {
		{"rbytes", "Read", 1}, {"wbytes", "Write", 1}, {"dbytes", "Discard", 1}};
	static const struct member requests[] = {
		{"rios", "Read", 1}, {"wios", "Write", 1}, {"dios", "Discard", 1}};
	const char *text = s->read(s, "io.stat");
	bool first = true;

	buf_str(out, ",\"blkio\":{");
	if (text && *text) {
		io_list(out, "ioServiceBytesRecursive", text, bytes);
		buf_str(out, ",");
		io_list(out, "ioServicedRecursive", text, requests);
		first = false;
	}
	psi(s, "io.pressure", &first, out);
	buf_str(out, "}");
}

static void hugetlb(const struct stats_source *s, struct buf *out)
{
	/* all that Linux has on some machine (hugetlbpage.rst) */
	static const char *const sizes[] = {"64KB",  "1MB",   "2MB", "8MB", "16MB", "32MB",
					    "256MB", "512MB", "1GB", "2GB", "16GB"};
	bool first = true;

	buf_str(out, ",\"hugetlb\":{");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char file[48];

		fmt(file, sizeof(file), "hugetlb.%s.current", sizes[i]);
		if (!s->read(s, file))
			continue;
		buf_fmt(out, "%s\"%s\":{\"usage\":%" PRIu64, first ? "" : ",", sizes[i],
			value(s, file, 0));
		fmt(file, sizeof(file), "hugetlb.%s.events", sizes[i]);
		buf_fmt(out, ",\"failcnt\":%" PRIu64 "}", event(s, file, "max"));
		first = false;
	}
	buf_str(out, "}");
}

void stats_json(const struct stats_source *s, const char *id, struct buf *out)
{
	buf_str(out, "{\"type\":\"stats\",\"id\":");
	buf_json_str(out, id);
	buf_str(out, ",\"data\":{");
	cpu(s, out);
	cpuset(s, out);
	memory(s, out);
	pids(s, out);
	blkio(s, out);
	hugetlb(s, out);
	buf_str(out, ",\"intel_rdt\":{},\"network_interfaces\":null}}\n");
}

uint64_t stats_oom(const char *memory_events)
{
	const char *oom = find(memory_events, "oom", ' ');
	const char *kill = find(memory_events, "oom_kill", ' ');

	return (oom ? number(oom) : 0) + (kill ? number(kill) : 0);
}
