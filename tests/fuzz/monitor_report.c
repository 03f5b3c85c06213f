// SPDX-License-Identifier: Apache-2.0
/* What a runtime writes to stderr reaches the engine as one line of JSON that says the same. */
#include "report.h"

#include <string.h>
#include <unistd.h>

#include "common.h"
#include "json.h"

static int scalar(void *seen, enum json_kind kind, const char *text)
{
	*(int *)seen += kind == JSON_STRING || (kind == JSON_NUMBER && strcmp(text, "-1") == 0);
	return 0;
}

static int key(void *seen, const char *text)
{
	*(int *)seen += strcmp(text, "data") == 0 || strcmp(text, "message") == 0;
	return 0;
}

static int open_close(void *seen, enum json_kind kind)
{
	(void)seen;
	return kind == JSON_MAP ? 0 : -1;
}

static int close_map(void *seen)
{
	(void)seen;
	return 0;
}

static void one(char *text, size_t size, struct arena *a)
{
	struct monitor m = {.a = a, .args.raw.api_version = true};
	struct err err = {0};
	char line[FUZZ_MAX];
	static const struct json_events events = {scalar, key, open_close, close_map};
	int seen = 0;
	int p[2];
	long n;

	if (size > 8191 || pipe(p) < 0)
		return;
	m.sync_pipe = p[1];
	report_sync(&m, REPORT_PID, -1, text);
	n = read(p[0], line, sizeof(line) - 1);
	close(p[0]);
	close(m.sync_pipe);
	if (n <= 0 || line[n - 1] != '\n' || memchr(line, '\n', (size_t)n - 1))
		__builtin_trap();
	line[n] = '\0';
	if (json_parse(line, (size_t)n, a, &events, &seen, &err) < 0 || seen != 4)
		__builtin_trap();
}

FUZZ(one)
