/* SPDX-License-Identifier: Apache-2.0 */
/* Text that grows in an arena. `data` is NUL-terminated after each call. */
#ifndef PROA_LIB_BUF_H
#define PROA_LIB_BUF_H

#include <string.h>

#include "arena.h"

struct buf {
	struct arena *arena;
	char *data;
	size_t len;
	size_t cap;
};

#define BUF_INIT(a) ((struct buf){.arena = (a)})

void buf_add(struct buf *b, const void *data, size_t len);
/* (inline, so that the length of a constant is one) */
static inline __attribute__((always_inline)) void buf_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}
void buf_fmt(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. */
void buf_json_str(struct buf *b, const char *s);
/* As buf_str, where only letters, digits and -_./@+=:, stay bare; else in '...' for a shell. */
void buf_shell(struct buf *b, const char *s);

#endif
