/* SPDX-License-Identifier: Apache-2.0 */
/* Local time without a C library: TZif files (RFC 8536) and POSIX TZ rules. */
#ifndef PROA_MONITOR_TZ_H
#define PROA_MONITOR_TZ_H

#include <stddef.h>
#include <stdint.h>

struct tz {
	int32_t offset; /* seconds east of UTC */
	int64_t until;	/* the first second at which it may be another; INT64_MAX = never */
};

/* The local offset at `now` (seconds since 1970): as the environment's TZ says, or /etc/localtime.
 * UTC where neither can be read. */
struct tz tz_at(const char *env_tz, int64_t now);

/* Pure: the same from a TZif file's bytes, and from a rule such as CET-1CEST,M3.5.0,M10.5.0/3.
 * 0, or -1 where it cannot be understood. */
int tz_from_file(const unsigned char *data, size_t len, int64_t now, struct tz *ret);
int tz_from_rule(const char *rule, int64_t now, struct tz *ret);

/* 2026-01-31T23:59:59.123456789+01:00 of wall time `ns`; 35 characters and a NUL. */
void tz_stamp(int64_t ns, int32_t offset, char out[static 40]);
/* The same in UTC with a Z. */
void tz_stamp_utc(int64_t ns, char out[static 40]);

#endif
