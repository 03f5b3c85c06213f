// SPDX-License-Identifier: Apache-2.0
#include "log.h"

#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "buf.h"
#include "fd.h"
#include "names.h"

enum log_sink { SINK_STDERR, SINK_FILE, SINK_JOURNALD, SINK_SYSLOG };

static struct {
	enum log_sink sink;
	enum log_format format;
	enum log_level level;
	int fd;
	const char *ident;
	const char *program;
} the_log = {.fd = -1, .level = LOG_WARNING, .program = "proa"};

static const struct name level_names[] = {
	{"error", LOG_ERROR}, {"warning", LOG_WARNING}, {"warn", LOG_WARNING},
	{"info", LOG_INFO},   {"debug", LOG_DEBUG},	{NULL, 0},
};

void log_program(const char *name)
{
	the_log.program = name;
}

enum log_level log_level_now(void)
{
	return the_log.level;
}

int log_level_from_text(const char *text)
{
	const struct name *n = name_find(level_names, text);

	return n ? (int)n->value : -1;
}

/* Days since 1970-01-01 to a date (proleptic Gregorian; H. Hinnant's civil_from_days). */
static void civil_from_days(int64_t days, int64_t *y, unsigned int *m, unsigned int *d)
{
	int64_t z = days + 719468;
	int64_t era = z / 146097;
	unsigned int doe = (unsigned int)(z - era * 146097);
	unsigned int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned int doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	unsigned int mp = (5 * doy + 2) / 153;

	*d = doy - (153 * mp + 2) / 5 + 1;
	*m = mp < 10 ? mp + 3 : mp - 9;
	*y = (int64_t)yoe + era * 400 + (*m <= 2);
}

void log_time(char out[static 40])
{
	struct timespec ts = {0};
	unsigned int month;
	unsigned int day;
	int64_t year;
	long sec;

	clock_gettime(CLOCK_REALTIME, &ts);
	civil_from_days(ts.tv_sec / 86400, &year, &month, &day);
	sec = ts.tv_sec % 86400;
	fmt(out, 40, "%04ld-%02u-%02uT%02ld:%02ld:%02ld.%09ldZ", (long)year, month, day, sec / 3600,
	    sec / 60 % 60, sec % 60, ts.tv_nsec);
}

static int open_datagram(const char *path, struct err *err)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = (int)SYS(socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return err_sys(err, fd, "--log: socket");
	fmt(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	r = (int)SYS(connect, fd, &sa, sizeof(sa));
	if (r < 0) {
		sys_close(fd);
		return err_sys(err, r, "--log: connect to %s", path);
	}
	return fd;
}

int log_open(const char *target, enum log_format format, enum log_level level, struct err *err)
{
	the_log.format = format;
	the_log.level = level;
	if (!target || !*target)
		return 0;
	if (strncmp(target, "journald:", 9) == 0) {
		the_log.sink = SINK_JOURNALD;
		the_log.ident = target + 9;
		the_log.fd = open_datagram("/run/systemd/journal/socket", err);
	} else if (strncmp(target, "syslog:", 7) == 0) {
		the_log.sink = SINK_SYSLOG;
		the_log.ident = target + 7;
		the_log.fd = open_datagram("/dev/log", err);
	} else {
		if (strncmp(target, "file:", 5) == 0)
			target += 5;
		the_log.sink = SINK_FILE;
		the_log.fd = sys_openat(AT_FDCWD, target, O_WRONLY | O_CREAT | O_APPEND, 0644);
		if (the_log.fd < 0)
			return err_sys(err, the_log.fd, "--log: open %s", target);
	}
	return the_log.fd < 0 ? -1 : 0;
}

/* One message must be one write, so that two processes' lines never mix. */
static void emit(enum log_level level, const char *msg)
{
	static const int priority[] = {3, 4, 6, 7};
	const char *name = name_of(level_names, level);
	struct arena mark = *arena_main();
	struct buf b = BUF_INIT(arena_main());
	char now[40];

	log_time(now);
	if (the_log.sink == SINK_JOURNALD)
		buf_fmt(&b, "PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\nCONTAINER_ID=%s\nMESSAGE=%s\n",
			priority[level], the_log.program, the_log.ident, msg);
	else if (the_log.sink == SINK_SYSLOG)
		buf_fmt(&b, "<%d>%s[%d]: %s: %s", 3 * 8 + priority[level], the_log.program,
			sys_getpid(), the_log.ident, msg);
	else if (the_log.format == LOG_JSON) {
		buf_fmt(&b, "{\"level\":\"%s\",\"msg\":", name);
		buf_json_str(&b, msg);
		buf_fmt(&b, ",\"time\":\"%s\"}\n", now);
	} else if (the_log.sink == SINK_FILE) {
		buf_fmt(&b, "time=\"%s\" level=%s msg=", now, name);
		buf_json_str(&b, msg);
		buf_str(&b, "\n");
	} else {
		buf_fmt(&b, "%s: %s: %s\n", the_log.program, name, msg);
	}
	(void)sys_write(the_log.fd >= 0 ? the_log.fd : 2, b.data, b.len);
	arena_rewind(arena_main(), mark);
}

void log_msg(enum log_level level, const char *format, ...)
{
	char text[1024];
	va_list ap;

	if (level > the_log.level)
		return;
	va_start(ap, format);
	fmt_v(text, sizeof(text), format, ap);
	va_end(ap);
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20)
			*p = *p == '\n' ? ' ' : '?';
	/* an error with no --log is printed by main, in its own form */
	if (level == LOG_ERROR && the_log.sink == SINK_STDERR)
		return;
	emit(level, text);
}
