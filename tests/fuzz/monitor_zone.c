// SPDX-License-Identifier: Apache-2.0
/* Time zone files and rules: those of an image or of an environment are anybody's. */
#include "common.h"
#include "tz.h"

static void one(char *text, size_t size, struct arena *a)
{
	static const int64_t times[] = {0, 1770000000, -2000000000, 9000000000,
					INT64_MAX / 1000000000};
	struct tz z;

	(void)a;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		char stamp[40];

		if (tz_from_file((const unsigned char *)text, size, times[i], &z) == 0)
			tz_stamp(times[i] * 1000000000, z.offset % 86400, stamp);
		if (tz_from_rule(text, times[i], &z) == 0 && z.until <= times[i])
			__builtin_trap();
	}
}

FUZZ(one)
