// SPDX-License-Identifier: Apache-2.0
#include "json.h"

#include <stdbool.h>
#include <string.h>
#include <yajl/yajl_parse.h>

struct parse {
	char *text;
	size_t len;
	struct arena *arena;
	const struct json_events *ev;
	void *ctx;
	struct err *err;
	int depth;
	char number[64];
};

/* yajl asks for a size only; ours must know the old one to move a block. */
static void *yajl_arena_alloc(void *ctx, size_t size)
{
	size_t *p = arena_alloc(ctx, size + sizeof(size_t));

	*p = size;
	return p + 1;
}

static void *yajl_arena_realloc(void *ctx, void *old, size_t size)
{
	size_t *p = old;

	if (!old)
		return yajl_arena_alloc(ctx, size);
	p--;
	p = arena_grow(ctx, p, *p + sizeof(size_t), size + sizeof(size_t));
	*p = size;
	return p + 1;
}

static void yajl_arena_free(void *ctx, void *p)
{
	(void)ctx;
	(void)p;
}

/* NULL with *err set if the string holds a NUL, which no C string can. */
static const char *in_place(struct parse *p, const unsigned char *s, size_t len)
{
	char *str = (char *)s;

	/* without an escape it lies in the text, where the lexer has refused control characters */
	if (str >= p->text && str + len < p->text + p->len) {
		str[len] = '\0'; /* the lexer is past the closing quote already */
		return str;
	}
	if (memchr(s, '\0', len)) {
		err_set(p->err, ERR_CONFIG, "a string holds a NUL character (\\u0000)");
		return NULL;
	}
	return arena_strndup(p->arena, str, len);
}

static int on_null(void *ctx)
{
	struct parse *p = ctx;

	return p->ev->scalar(p->ctx, JSON_NULL, "null") == 0;
}

static int on_bool(void *ctx, int value)
{
	struct parse *p = ctx;

	return p->ev->scalar(p->ctx, JSON_BOOL, value ? "true" : "false") == 0;
}

static int on_number(void *ctx, const char *s, size_t len)
{
	struct parse *p = ctx;

	if (len >= sizeof(p->number)) {
		err_set(p->err, ERR_CONFIG, "a number of %zu digits is too long", len);
		return 0;
	}
	memcpy(p->number, s, len);
	p->number[len] = '\0';
	return p->ev->scalar(p->ctx, JSON_NUMBER, p->number) == 0;
}

static int on_string(void *ctx, const unsigned char *s, size_t len)
{
	struct parse *p = ctx;
	const char *str = in_place(p, s, len);

	return str && p->ev->scalar(p->ctx, JSON_STRING, str) == 0;
}

static int on_key(void *ctx, const unsigned char *s, size_t len)
{
	struct parse *p = ctx;
	const char *str = in_place(p, s, len);

	return str && p->ev->key(p->ctx, str) == 0;
}

static int on_open(struct parse *p, enum json_kind kind)
{
	if (++p->depth > JSON_MAX_DEPTH) {
		err_set(p->err, ERR_CONFIG, "nested deeper than %d levels", JSON_MAX_DEPTH);
		return 0;
	}
	return p->ev->open(p->ctx, kind) == 0;
}

static int on_open_map(void *ctx)
{
	return on_open(ctx, JSON_MAP);
}

static int on_open_list(void *ctx)
{
	return on_open(ctx, JSON_LIST);
}

static int on_close(void *ctx)
{
	struct parse *p = ctx;

	p->depth--;
	return p->ev->close(p->ctx) == 0;
}

static int syntax_error(struct parse *p, size_t at)
{
	size_t line = 1;
	size_t column = 1;

	for (size_t i = 0; i < at && i < p->len; i++) {
		column++;
		if (p->text[i] == '\n') {
			line++;
			column = 1;
		}
	}
	return err_set(p->err, ERR_CONFIG, "line %zu, column %zu: not valid JSON", line, column);
}

int json_parse(char *text, size_t len, struct arena *a, const struct json_events *ev, void *ctx,
	       struct err *err)
{
	static const yajl_callbacks callbacks = {
		.yajl_null = on_null,
		.yajl_boolean = on_bool,
		.yajl_number = on_number,
		.yajl_string = on_string,
		.yajl_start_map = on_open_map,
		.yajl_map_key = on_key,
		.yajl_end_map = on_close,
		.yajl_start_array = on_open_list,
		.yajl_end_array = on_close,
	};
	struct parse p = {.text = text, .len = len, .arena = a, .ev = ev, .ctx = ctx, .err = err};
	yajl_alloc_funcs mem = {
		.malloc = yajl_arena_alloc,
		.realloc = yajl_arena_realloc,
		.free = yajl_arena_free,
		.ctx = a,
	};
	yajl_handle h;
	yajl_status st;

	if (len > JSON_MAX_BYTES)
		return err_set(err, EFBIG, "larger than %d bytes", JSON_MAX_BYTES);
	h = yajl_alloc(&callbacks, &mem, &p);
	st = yajl_parse(h, (const unsigned char *)text, len);
	if (st == yajl_status_ok) {
		size_t used = yajl_get_bytes_consumed(h);

		st = yajl_complete_parse(h);
		if (st != yajl_status_ok)
			return syntax_error(&p, used);
	}
	if (st == yajl_status_client_canceled)
		return -1;
	if (st != yajl_status_ok)
		return syntax_error(&p, yajl_get_bytes_consumed(h));
	return 0;
}
