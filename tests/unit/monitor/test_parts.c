// SPDX-License-Identifier: Apache-2.0
/* The monitor's small pure parts: ctl lines, sd_notify's filter, health states, time zones,
 * reports. */
#include <stdlib.h>
#include <time.h>

#include "../../tap.h"
#include "ctl.h"
#include "health.h"
#include "json.h"
#include "oom.h"
#include "report.h"
#include "sdnotify.h"
#include "tz.h"

static void test_ctl(void)
{
	static const struct {
		const char *line;
		bool winsz;
		enum ctl_verb verb;
		uint32_t rows, cols;
	} cases[] = {
		{"1 24 80", false, CTL_RESIZE, 24, 80},
		{"1 0 0", false, CTL_RESIZE, 0, 0},
		{"2 0 0", false, CTL_REOPEN, 0, 0},
		{" 1  24 80 ", false, CTL_RESIZE, 24, 80},
		{"1 24 80\r", false, CTL_RESIZE, 24, 80},
		{"1 1000 1000", false, CTL_RESIZE, 1000, 1000},
		{"24 80", true, CTL_RESIZE, 24, 80},
		{"1 1001 80", false, CTL_NONE, 0, 0},
		{"1 24", false, CTL_NONE, 0, 0},
		{"1 24 80 1", false, CTL_NONE, 0, 0},
		{"1 24 80x", false, CTL_NONE, 0, 0},
		{"3 0 0", false, CTL_NONE, 0, 0},
		{"1 -1 80", false, CTL_NONE, 0, 0},
		{"1 4294967297 80", false, CTL_NONE, 0, 0},
		{"1 99999999999999999999 80", false, CTL_NONE, 0, 0},
		{"", false, CTL_NONE, 0, 0},
		{"", true, CTL_NONE, 0, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ctl_line l = ctl_parse(cases[i].line, strlen(cases[i].line), cases[i].winsz);

		if (!ok(l.verb == cases[i].verb && l.rows == cases[i].rows &&
				l.cols == cases[i].cols,
			cases[i].line))
			printf("# got: %d %u %u\n", l.verb, l.rows, l.cols);
	}
}

static int plus_1000(void *ctx, int pid)
{
	return pid == 99 ? 0 : pid + *(int *)ctx;
}

static void test_notify(void)
{
	static const struct {
		const char *in;
		const char *out;
		bool healthy, ready, barrier;
	} cases[] = {
		{"READY=1", "READY=1\n", false, true, false},
		{"READY=1", "", true, true, false},
		{"READY=1\nSTATUS=a b\n", "READY=1\nSTATUS=a b\n", false, true, false},
		{"READY=2", "", false, false, false},
		{"READY=10", "", false, false, false},
		{"STATUS=", "STATUS=\n", false, false, false},
		{"FDSTORE=1\nFDNAME=x\nSTOPPING=1", "STOPPING=1\n", false, false, false},
		{"BARRIER=1", "", false, false, true},
		{"MAINPID=5", "MAINPID=1005\n", false, false, false},
		{"MAINPID=99\nERRNO=2", "ERRNO=2\n", false, false, false},
		{"MAINPID=0", "", false, false, false},
		{"MAINPID=-1", "", false, false, false},
		{"MAINPID=99999999999999", "", false, false, false},
		{"MAINPID=", "", false, false, false},
		{"WATCHDOG=trigger\nWATCHDOG_USEC=5\nEXTEND_TIMEOUT_USEC=9\nRELOADING=1\n"
		 "MONOTONIC_USEC=7\nBUSERROR=x",
		 "WATCHDOG=trigger\nWATCHDOG_USEC=5\nEXTEND_TIMEOUT_USEC=9\nRELOADING=1\n"
		 "MONOTONIC_USEC=7\nBUSERROR=x\n",
		 false, false, false},
		{"\n\n\nREADY=1\n\n", "READY=1\n", false, true, false},
		{"", "", false, false, false},
	};
	int add = 1000;
	char out[256];
	char small[12];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sdnotify_lines l = sdnotify_filter(cases[i].in, strlen(cases[i].in),
							  cases[i].healthy, plus_1000, &add, out,
							  sizeof(out));

		out[l.len] = '\0';
		is_str(out, cases[i].out, "sd_notify: what goes on");
		ok(l.ready == cases[i].ready && l.barrier == cases[i].barrier,
		   "... and what was seen");
	}
	is_int(sdnotify_filter("STATUS=x\0y\nREADY=1", 18, false, plus_1000, &add, out, sizeof(out))
		       .len,
	       8, "a line with a NUL does not go on");
	is_int(sdnotify_filter("READY=1\nSTATUS=long", 19, false, plus_1000, &add, small,
			       sizeof(small))
		       .len,
	       8, "what does not fit is left out, whole");
}

static void test_health(void)
{
	static const struct {
		enum health_state state;
		uint32_t streak;
		bool good, start_period;
		enum health_state want;
		uint32_t want_streak;
	} cases[] = {
		{HEALTH_STARTING, 0, true, true, HEALTH_HEALTHY, 0},
		{HEALTH_STARTING, 0, false, true, HEALTH_STARTING, 0},
		{HEALTH_STARTING, 0, false, false, HEALTH_STARTING, 1},
		{HEALTH_STARTING, 2, false, false, HEALTH_UNHEALTHY, 3},
		{HEALTH_HEALTHY, 0, false, true, HEALTH_HEALTHY, 1},
		{HEALTH_HEALTHY, 2, false, false, HEALTH_UNHEALTHY, 3},
		{HEALTH_HEALTHY, 2, true, false, HEALTH_HEALTHY, 0},
		{HEALTH_UNHEALTHY, 7, false, false, HEALTH_UNHEALTHY, 8},
		{HEALTH_UNHEALTHY, 7, true, false, HEALTH_HEALTHY, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct health_now n =
			health_next((struct health_now){cases[i].state, cases[i].streak},
				    cases[i].good, cases[i].start_period, 3);

		if (!ok(n.state == cases[i].want && n.streak == cases[i].want_streak,
			"health: one result"))
			printf("# row %zu: got %d %u\n", i, n.state, n.streak);
	}
}

/* ---- time zones: glibc is the oracle ---- */

static void test_zone(const char *name)
{
	int wrong = 0;
	/* glibc's offsets of a bare rule are right from 1971 on */
	int64_t t = strchr(name, '/') && !strchr(name, ',') ? -2145916800 : 31536000;

	setenv("TZ", name, 1);
	tzset();
	/* to 2300: TZif data, the rule behind it, and around each change */
	for (; t < 10413792000; t += 86400 * 5 + 12345) {
		struct tz z = tz_at(name, t);
		struct tm tm;
		time_t tt = t;

		localtime_r(&tt, &tm);
		if (tm.tm_gmtoff != z.offset && wrong++ < 3)
			printf("# %s at %lld: got %d, glibc %ld\n", name, (long long)t, z.offset,
			       tm.tm_gmtoff);
		/* the last second of this offset, and the first of the next */
		for (int64_t e = z.until - 1; z.until != INT64_MAX && e <= z.until; e++) {
			tt = e;
			localtime_r(&tt, &tm);
			if (tm.tm_gmtoff != tz_at(name, e).offset && wrong++ < 3)
				printf("# %s at %lld (a change): glibc %ld\n", name, (long long)e,
				       tm.tm_gmtoff);
		}
	}
	ok(wrong == 0, name);
}

static void test_tz(void)
{
	static const char *const zones[] = {
		"Europe/Berlin",
		"America/New_York",
		"Asia/Kolkata",
		"Australia/Lord_Howe",
		"Africa/Casablanca",
		"Europe/Dublin",
		"Asia/Tehran",
		"Pacific/Apia",
		"America/St_Johns",
		"UTC",
		"CET-1CEST,M3.5.0,M10.5.0/3",
		"<+0330>-3:30",
		"NZST-12NZDT,M9.5.0,M4.1.0/3",
		"EST5EDT,J60,J300/1",
		"IST-2IDT,M3.4.4/26,M10.5.0",
	};
	struct tz z;
	char stamp[40];

	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
		test_zone(zones[i]);
	tz_stamp(1770000000123456789, 3600, stamp);
	is_str(stamp, "2026-02-02T03:40:00.123456789+01:00", "a stamp");
	tz_stamp(1770000000123456789, -(3 * 3600 + 1800), stamp);
	is_str(stamp, "2026-02-01T23:10:00.123456789-03:30", "... west of Greenwich");
	tz_stamp_utc(0, stamp);
	is_str(stamp, "1970-01-01T00:00:00.000000000Z", "... in UTC");
	is_int(tz_from_file((const unsigned char *)"TZif2", 5, 0, &z), -1, "a cut file is refused");
	is_int(tz_from_rule("X", 0, &z), -1, "no rule at all");
	is_int(tz_at("No/Such_Zone", 0).offset, 0, "a zone that is not there is UTC");
}

static void test_report(void)
{
	struct spool_head head = {
		.status = 3 << 8, .started_wall = 1000000000, .ended_wall = 2000000000};
	struct monitor m = {.a = arena_main(), .args.raw.cid = "a\"b", .spool.h = &head};
	struct oom_figures none = {0};
	struct oom_figures all = {true, true, true, true, 1, 2, 3, 4, 5, 6};

	is_int(report_exit_code(&m), 3, "an exit code");
	is_str(report_record(&m, &none, m.a),
	       "{\"id\":\"a\\\"b\",\"exitCode\":3,\"started\":\"1970-01-01T00:00:01.000000000Z\","
	       "\"startedMonotonicNs\":0,\"finished\":\"1970-01-01T00:00:02.000000000Z\","
	       "\"finishedMonotonicNs\":0,\"oomKilled\":false,\"cpuUs\":0,\"outputBytes\":0,"
	       "\"logBytesWritten\":0,\"logBytesDropped\":0}\n",
	       "the exit record");
	ok(strstr(report_record(&m, &all, m.a),
		  "\"oom\":1,\"oomKill\":2,\"oomGroupKill\":3,\"memoryPeakBytes\":4,"
		  "\"pidsMaxEvents\":5,\"cpuUs\":6"),
	   "... with all figures");
	head.status = 9 | 0x80;
	is_int(report_exit_code(&m), 137, "a signal is 128 more");
	ok(strstr(report_record(&m, &none, m.a), "\"signal\":9,\"coreDumped\":true"),
	   "... and named in the record");
	head.status = STATUS_UNKNOWN;
	is_int(report_exit_code(&m), 255, "unknown is 255, never 0");
	ok(strstr(report_record(&m, &none, m.a), "\"reason\":\"unknown"), "... with the reason");
	head.timed_out = 1;
	is_int(report_exit_code(&m), -1, "a time-out is -1, as conmon writes it");
}

static void test_oom(void)
{
	static const char events[] = "low 0\nhigh 0\nmax 5\noom 2\noom_kill 1\noom_group_kill 0\n";
	uint64_t v = 77;

	ok(oom_value(events, "oom", &v) && v == 2, "oom is not oom_kill");
	ok(oom_value(events, "oom_kill", &v) && v == 1, "oom_kill");
	ok(!oom_value(events, "oo", &v), "a name's beginning is none");
	ok(!oom_value("", "oom", &v), "an empty file");
}

int main(void)
{
	test_ctl();
	test_notify();
	test_health();
	test_tz();
	test_report();
	test_oom();
	return tap_done();
}
