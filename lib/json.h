/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON (RFC 8259) as a stream of events. The one file that knows yajl.
 *
 * Strings that need no decoding are handed out where they stand in the text: the closing quote is
 * overwritten with a NUL. So the text must be writable and must live as long as its strings.
 */
#ifndef PROA_LIB_JSON_H
#define PROA_LIB_JSON_H

#include "arena.h"
#include "err.h"
#include "sys.h"

enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_MAP, JSON_LIST };

enum { JSON_MAX_DEPTH = 64, JSON_MAX_BYTES = 16 * 1024 * 1024 };

struct json_events {
	/* A scalar: text of a string or number, NULL for null, "" or NULL-terminated "true". */
	int (*scalar)(void *ctx, enum json_kind kind, const char *text);
	int (*key)(void *ctx, const char *text);
	int (*open)(void *ctx, enum json_kind kind);
	int (*close)(void *ctx);
};

/* Parses one value. An event that returns -1 ends it; that event has filled *err. Syntax errors
 * say line and column. */
int json_parse(char *text, size_t len, struct arena *a, const struct json_events *ev, void *ctx,
	       struct err *err) must_check;

#endif
