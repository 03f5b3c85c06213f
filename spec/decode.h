/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Structs from JSON and back, by tables: one row a property. The kind of a row comes from the
 * type of the member it fills (_Generic), so a row of the wrong kind does not compile. Unknown
 * properties are skipped, wrong ones refused with their JSON pointer (RFC 6901).
 */
#ifndef PROA_SPEC_DECODE_H
#define PROA_SPEC_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "buf.h"
#include "err.h"
#include "names.h"

struct opt_i64 {
	bool set;
	int64_t v;
};
struct opt_u64 {
	bool set;
	uint64_t v;
};
struct opt_u32 {
	bool set;
	uint32_t v;
};
struct opt_bool {
	bool set;
	bool v;
};
struct u32s {
	uint32_t *v;
	uint32_t n;
};
/* A map of strings, in the order of the text; a later duplicate replaces the earlier. */
struct pair {
	const char *key;
	const char *value;
};
struct pairs {
	struct pair *v;
	uint32_t n;
};
/* A list, or a map of objects whose first member is `const char *` and takes the key. */
struct list {
	void **v;
	uint32_t n;
};
/* Numbers below zero are refused by all u64 and u32 kinds. */
enum field_kind {
	FIELD_STR,
	FIELD_BOOL,
	FIELD_OPT_BOOL,
	FIELD_I64,
	FIELD_U64,
	FIELD_U32,
	FIELD_STRS,
	FIELD_PAIRS,
	FIELD_ENUM,  /* const struct name *, one of the row's names */
	FIELD_ENUMS, /* struct list of const struct name * */
	FIELD_U32S,  /* struct u32s */
	FIELD_OBJ,   /* pointer to a struct, NULL if absent */
	FIELD_OBJS,  /* struct list of pointers */
	FIELD_MAP,   /* struct list of pointers, keyed */
};

struct fields;

struct field {
	const char *name;
	uint8_t name_len;
	uint8_t kind;
	bool required;
	uint16_t offset;
	const struct fields *sub;
	const struct name *names;
};

struct fields {
	size_t size; /* of the struct */
	const struct field *v;
	uint32_t n;
};

#define FIELD_KIND(m)                                                                              \
	_Generic((m),                                                                              \
		const char *: FIELD_STR,                                                           \
		bool: FIELD_BOOL,                                                                  \
		struct opt_bool: FIELD_OPT_BOOL,                                                   \
		struct opt_i64: FIELD_I64,                                                         \
		struct opt_u64: FIELD_U64,                                                         \
		struct opt_u32: FIELD_U32,                                                         \
		struct strs: FIELD_STRS,                                                           \
		struct u32s: FIELD_U32S,                                                           \
		struct pairs: FIELD_PAIRS,                                                         \
		const struct name *: FIELD_ENUM)

#define FIELD_ROW(T, m, text, k, req, s, nm)                                                       \
	{                                                                                          \
		.name = (text), .name_len = sizeof(text) - 1, .kind = (k), .required = (req),      \
		.offset = offsetof(T, m), .sub = (s), .names = (nm)                                \
	}
#undef linux
#define F(T, m) FIELD_ROW(T, m, #m, FIELD_KIND(((T *)0)->m), false, NULL, NULL)
#define F_REQ(T, m) FIELD_ROW(T, m, #m, FIELD_KIND(((T *)0)->m), true, NULL, NULL)
#define F_AS(T, m, text) FIELD_ROW(T, m, text, FIELD_KIND(((T *)0)->m), false, NULL, NULL)
#define F_ENUM(T, m, nm) FIELD_ROW(T, m, #m, FIELD_KIND(((T *)0)->m), false, NULL, nm)
#define F_ENUM_REQ(T, m, nm) FIELD_ROW(T, m, #m, FIELD_KIND(((T *)0)->m), true, NULL, nm)
#define F_ENUMS(T, m, nm)                                                                          \
	FIELD_ROW(T, m, #m, _Generic(((T *)0)->m, struct list : FIELD_ENUMS), false, NULL, nm)
#define F_OBJ(T, m, s) FIELD_ROW(T, m, #m, FIELD_OBJ, false, s, NULL)
#define F_OBJ_REQ(T, m, s) FIELD_ROW(T, m, #m, FIELD_OBJ, true, s, NULL)
#define F_OBJS(T, m, s)                                                                            \
	FIELD_ROW(T, m, #m, _Generic(((T *)0)->m, struct list : FIELD_OBJS), false, s, NULL)
#define F_MAP(T, m, s)                                                                             \
	FIELD_ROW(T, m, #m, _Generic(((T *)0)->m, struct list : FIELD_MAP), false, s, NULL)
#define FIELDS(T, rows)                                                                            \
	{                                                                                          \
		.size = sizeof(T), .v = (rows), .n = sizeof(rows) / sizeof((rows)[0])              \
	}

enum { DECODE_ANY_CASE = 1 }; /* keys match as Go's encoding/json matches them */

/* Text is changed and kept (strings stay in it). Fills the struct at `out`, which is zeroed. */
int decode(const struct fields *t, void *out, char *text, size_t len, int flags, struct arena *a,
	   struct err *err) must_check;
/* One object as JSON; members that are unset are left out. indent 0 = on one line. */
void encode(const struct fields *t, const void *in, int indent, struct buf *out);

/* for (i...) over a list of T pointers */
#define list_at(list, T, i) ((T *)(list).v[i])

#endif
