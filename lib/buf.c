// SPDX-License-Identifier: Apache-2.0
#include "buf.h"

#include <string.h>

#include "err.h"

static void buf_room(struct buf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 256;

	if (b->len + more + 1 <= b->cap)
		return;
	while (cap < b->len + more + 1)
		cap *= 2;
	b->data = arena_grow(b->arena, b->data, b->cap, cap);
	b->cap = cap;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	buf_room(b, len);
	memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buf_fmt(struct buf *b, const char *format, ...)
{
	va_list ap;
	size_t n;

	buf_room(b, 128);
	va_start(ap, format);
	n = fmt_v(b->data + b->len, b->cap - b->len, format, ap);
	va_end(ap);
	if (n >= b->cap - b->len) {
		buf_room(b, n);
		va_start(ap, format);
		fmt_v(b->data + b->len, b->cap - b->len, format, ap);
		va_end(ap);
	}
	b->len += n;
}

/* How many bytes the UTF-8 sequence at s has; 0 if it is not one (RFC 3629). */
static size_t utf8_len(const unsigned char *s)
{
	size_t n = s[0] < 0x80			 ? 1
		   : s[0] >= 0xc2 && s[0] < 0xe0 ? 2
		   : (s[0] & 0xf0) == 0xe0	 ? 3
		   : s[0] >= 0xf0 && s[0] < 0xf5 ? 4
						 : 0;

	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

void buf_json_str(struct buf *b, const char *s)
{
	buf_str(b, "\"");
	while (*s) {
		const char *p = s;
		size_t n;

		while ((unsigned char)*p >= 0x20 && *p != '"' && *p != '\\' &&
		       (unsigned char)*p < 0x80)
			p++;
		if (p != s)
			buf_add(b, s, (size_t)(p - s));
		s = p;
		if (!*s)
			break;
		n = utf8_len((const unsigned char *)s);
		if (n > 1) {
			buf_add(b, s, n);
			s += n;
			continue;
		}
		if (n == 0)
			buf_str(b, "\xef\xbf\xbd");
		else if (*s == '\n')
			buf_str(b, "\\n");
		else if (*s == '\t')
			buf_str(b, "\\t");
		else if (*s == '"' || *s == '\\')
			buf_fmt(b, "\\%c", *s);
		else
			buf_fmt(b, "\\u%04x", (unsigned int)(unsigned char)*s);
		s++;
	}
	buf_str(b, "\"");
}

void buf_shell(struct buf *b, const char *s)
{
	static const char bare[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "-_./@+=:,";

	if (*s && s[strspn(s, bare)] == '\0') {
		buf_str(b, s);
		return;
	}
	buf_str(b, "'");
	for (; *s; s++)
		buf_add(b, *s == '\'' ? "'\\''" : s, *s == '\'' ? 4 : 1);
	buf_str(b, "'");
}
