/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of a word and what it stands for; the last row has a NULL name. */
#ifndef PROA_LIB_NAMES_H
#define PROA_LIB_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct name {
	const char *name;
	int64_t value;
};

const struct name *name_find(const struct name *table, const char *name);
const struct name *name_find_n(const struct name *table, const char *name, size_t len);
/* NULL if no row has the value. */
const char *name_of(const struct name *table, int64_t value);

/* ASCII letters alone are folded: no locale. */
bool name_same_any_case(const char *a, const char *b);

/* Strict numbers: the whole text, no blanks, no sign unless signed, no overflow. */
bool num_u64(const char *s, uint64_t *ret);
bool num_i64(const char *s, int64_t *ret);
bool num_u32(const char *s, uint32_t *ret);
/* 1000, 512K, 50M, 2g, -1 (and a trailing b as in 2gb): bytes. */
bool num_bytes(const char *s, int64_t *ret);
/* 30s, 1m30s, 2h, 500ms as Go writes them, or a bare number of seconds, to ns. */
bool num_duration(const char *text, int64_t *ret);
/* A signal as kill(1) takes it: number, KILL, SIGKILL, sigkill, RTMIN+1. 0 if it is none. */
int signal_from_text(const char *s);

/* Behind `prefix` in the first line of text that begins with it ("Name:\tvalue"); NULL if none
 * does. */
const char *text_line(const char *text, const char *prefix);

/* An argv-like list: count and NULL-terminated vector. */
struct strs {
	char **v;
	uint32_t n;
	bool set;
};

#endif
