/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: container output to the records of a log file. */
#ifndef PROA_MONITOR_LOG_FORMAT_H
#define PROA_MONITOR_LOG_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "spool.h"

/* Bytes that a record has beyond its text, at most; and how far behind `room` may be written. */
enum { LOG_K8S_HEAD = 46, LOG_JSON_HEAD = 128, LOG_JSON_TEXT = 16384, LOG_SLACK = 64 };

struct log_batch {
	size_t used;  /* input bytes taken */
	size_t len;   /* output bytes */
	size_t lines; /* records */
};

/*
 * Formats whole records until the input ends, or the next would bring the batch over `limit` bytes
 * or does not fit in `room` (in and out may be touched LOG_SLACK bytes beyond their ends); `stamp`
 * is tz_stamp's or tz_stamp_utc's. A record is a line, or what stands without a newline at the
 * input's end. k8s: `STAMP stdout|stderr F|P TEXT\n` (the CRI's log format; P = the line goes on).
 * json:
 * {"log":"TEXT\n","stream":"stdout","time":"STAMP"}\n as Docker writes it, lines of more than 16
 * KiB in pieces of which only the last has a \n.
 */
struct log_batch log_format_k8s(const char *stamp, enum stream stream, const char *in, size_t len,
				char *out, size_t room, size_t limit);
struct log_batch log_format_json(const char *stamp, enum stream stream, const char *in, size_t len,
				 char *out, size_t room, size_t limit);

/* Offset of the first newline, or len. */
size_t log_line(const char *in, size_t len);
/* Newlines in it. */
size_t log_count(const char *in, size_t len);

#endif
