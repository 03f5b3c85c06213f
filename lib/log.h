/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages for people (stderr) and for engines (--log). The only global of the programs.
 * Engines read --log FILE --log-format json as one object a line with level, msg and time, and
 * show the last "error" line; the file is opened for appending and never truncated.
 */
#ifndef PROA_LIB_LOG_H
#define PROA_LIB_LOG_H

#include "err.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_TEXT, LOG_JSON };

/* `target`: NULL (stderr only), a file's path, file:PATH, journald:ID or syslog:ID. */
int log_open(const char *target, enum log_format format, enum log_level level,
	     struct err *err) must_check;
/* The name that our messages bear; "proa" if nothing is said. */
void log_program(const char *name);
int log_level_from_text(const char *text); /* -1 if it is none */
enum log_level log_level_now(void);

void log_msg(enum log_level level, const char *format, ...) printf_like(2, 3);
#define log_debug(...)                                                                             \
	do {                                                                                       \
		if (log_level_now() >= LOG_DEBUG)                                                  \
			log_msg(LOG_DEBUG, __VA_ARGS__);                                           \
	} while (0)
#define log_warning(...) log_msg(LOG_WARNING, __VA_ARGS__)

/* RFC 3339 in UTC with nanoseconds, e.g. 2026-01-31T23:59:59.123456789Z. */
void log_time(char out[static 40]);

#endif
