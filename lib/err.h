/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One failure, one sentence.
 *
 * A function that can fail takes a `struct err *` last, fills it and returns -1 (or NULL). The
 * innermost level says what failed; each level above adds in front only what it alone knows. The
 * struct has a fixed size and no pointers, so it is also the datagram in which the container's
 * first process reports to its parent, and it can be filled where nothing may be allocated.
 */
#ifndef PROA_LIB_ERR_H
#define PROA_LIB_ERR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct err {
	int code;      /* the errno behind it, or one of ERR_*; 0 = no failure yet */
	int hint;      /* enum err_hint: the cure, printed by main on a line of its own */
	char msg[504]; /* NUL-terminated; cut, never overrun */
};

/* Kinds of failure that have no errno. */
enum { ERR_CONFIG = 1001, ERR_STATE, ERR_USAGE, ERR_INTERNAL };

#define must_check __attribute__((warn_unused_result))
#define printf_like(f, a) __attribute__((format(printf, f, a)))

/* Sets a new message. Always returns -1. */
int err_set(struct err *err, int code, const char *fmt, ...) printf_like(3, 4);

/* As err_set, then ": " and the text of `error` (either sign). Always returns -1. */
int err_sys(struct err *err, long error, const char *fmt, ...) printf_like(3, 4);

/* Puts "text: " in front of the message that is there. Always returns -1. */
int err_ctx(struct err *err, const char *fmt, ...) printf_like(2, 3);

/* Names the cure: text of a hint line. Always returns -1. `hint` must be a string constant's index
 * in err_hint_text. */
int err_hint(struct err *err, int hint);

/* The text of an errno (either sign) with a small first letter, as runc's users grep for it. */
const char *err_text(long error, char ret[static 64]);

/*
 * The small printf behind everything that is printed: %s %.*s %c %d %u %x %o with l, ll, z, 0 and
 * a width, and %%. No locale, no allocation, no stdio (whose pages would triple our RSS).
 * Returns the length that the whole text has, as snprintf(3).
 */
size_t fmt_v(char *out, size_t size, const char *fmt, va_list ap);
size_t fmt(char *out, size_t size, const char *fmt, ...) printf_like(3, 4);

#endif
