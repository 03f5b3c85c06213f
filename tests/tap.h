/* SPDX-License-Identifier: Apache-2.0 */
/* Unit tests that speak TAP (testanything.org). A failing check prints what it got and wanted. */
#ifndef PROA_TESTS_TAP_H
#define PROA_TESTS_TAP_H

#include <stdio.h>
#include <string.h>

static int tap_count, tap_failed;

static inline int tap_ok(int ok, const char *file, int line, const char *what)
{
	printf("%sok %d - %s\n", ok ? "" : "not ", ++tap_count, what);
	if (!ok) {
		tap_failed++;
		printf("# at %s:%d\n", file, line);
	}
	return ok;
}
static inline void tap_str(const char *got, const char *want, const char *file, int line,
			   const char *what)
{
	if (!tap_ok(got && want ? strcmp(got, want) == 0 : got == want, file, line, what))
		printf("#  got: %s\n# want: %s\n", got ? got : "(null)", want ? want : "(null)");
}
static inline void tap_int(long long got, long long want, const char *file, int line,
			   const char *what)
{
	if (!tap_ok(got == want, file, line, what))
		printf("#  got: %lld\n# want: %lld\n", got, want);
}
static inline int tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed != 0;
}

#define ok(cond, what) tap_ok(!!(cond), __FILE__, __LINE__, what)
#define is_str(got, want, what) tap_str(got, want, __FILE__, __LINE__, what)
#define is_int(got, want, what) tap_int((long long)(got), (long long)(want), __FILE__, __LINE__, what)

#endif
