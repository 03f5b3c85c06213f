// SPDX-License-Identifier: Apache-2.0
/*
 * The busiest code of the monitor: at lines of 100 bytes it takes as long as the kernel takes to
 * move the bytes, so it goes by words and copies without asking how much is left (the buffers have
 * room behind them).
 */
#include "log_format.h"

#include <string.h>

#include "arena.h"

typedef uint64_t word __attribute__((may_alias, aligned(1)));
typedef uint64_t block __attribute__((vector_size(16), may_alias, aligned(1)));

static const uint64_t ones = 0x0101010101010101ULL;
static const uint64_t highs = 0x8080808080808080ULL;

/* High bits where a byte is a newline; below the lowest such bit it is exact. */
static inline uint64_t newlines(uint64_t w)
{
	uint64_t x = w ^ (ones * '\n');

	return (x - ones) & ~x & highs;
}

size_t log_line(const char *in, size_t len)
{
	size_t i = 0;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	for (; i + 8 <= len; i += 8) {
		uint64_t found = newlines(*(const word *)(in + i));

		if (found)
			return i + (size_t)__builtin_ctzll(found) / 8;
	}
#endif
	while (i < len && in[i] != '\n')
		i++;
	return i;
}

size_t log_count(const char *in, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += in[i] == '\n';
	return n;
}

/* Copies in blocks of 16, so up to 15 bytes more than asked for; both sides have them. */
static inline void copy(char *to, const char *from, size_t n)
{
	if (n >= 4096) {
		memcpy(to, from, n);
		return;
	}
	for (size_t i = 0; i < n; i += 16)
		*(block *)(to + i) = *(const block *)(from + i);
}

static const char *const stream_names[] = {"stdout", "stderr"};

struct log_batch log_format_k8s(const char *stamp, enum stream stream, const char *in, size_t len,
				char *out, size_t room, size_t limit)
{
	struct log_batch b = {0};
	_Alignas(16) char head[64] = {0};
	size_t h = fmt(head, sizeof(head), "%s %s F ", stamp, stream_names[stream]);

	while (b.used < len) {
		const char *text = in + b.used;
		size_t left = len - b.used;
		size_t n = log_line(text, left);
		bool whole = n < left;

		if (h + n + 1 > room - b.len) {
			/* a line that no buffer holds goes out in parts */
			if (b.len || room <= h + 1)
				break;
			n = room - h - 1;
			whole = false;
		}
		if (b.len + h + n + 1 > limit)
			break;
		head[h - 2] = whole ? 'F' : 'P';
		for (size_t i = 0; i < 48; i += 16)
			*(block *)(out + b.len + i) = *(const block *)(head + i);
		b.len += h;
		copy(out + b.len, text, n);
		b.len += n;
		out[b.len++] = '\n';
		b.used += n + whole;
		b.lines++;
	}
	return b;
}

/* JSON's escapes; bytes that are not UTF-8 become U+FFFD as Docker does. */
static size_t utf8(const unsigned char *s, size_t left)
{
	size_t n = s[0] < 0x80	 ? 1
		   : s[0] < 0xc2 ? 0
		   : s[0] < 0xe0 ? 2
		   : s[0] < 0xf0 ? 3
		   : s[0] < 0xf5 ? 4
				 : 0;

	if (n == 0 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

static char *json_text(char *p, const char *text, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *s = (const unsigned char *)text;

	for (size_t i = 0; i < len;) {
		size_t n = utf8(s + i, len - i);

		if (n == 0) {
			memcpy(p, "\\ufffd", 6);
			p += 6;
			i++;
		} else if (n > 1) {
			memcpy(p, s + i, n);
			p += n;
			i += n;
		} else {
			unsigned char c = s[i++];

			if (c == '"' || c == '\\') {
				*p++ = '\\';
				*p++ = (char)c;
			} else if (c == '\n' || c == '\r' || c == '\t') {
				*p++ = '\\';
				*p++ = (char)(c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
			} else if (c < 0x20 || c == 0x7f) {
				memcpy(p, "\\u00", 4);
				p[4] = hex[c >> 4];
				p[5] = hex[c & 15];
				p += 6;
			} else {
				*p++ = (char)c;
			}
		}
	}
	return p;
}

struct log_batch log_format_json(const char *stamp, enum stream stream, const char *in, size_t len,
				 char *out, size_t room, size_t limit)
{
	struct log_batch b = {0};
	char tail[LOG_JSON_HEAD];
	size_t t = fmt(tail, sizeof(tail), "\",\"stream\":\"%s\",\"time\":\"%s\"}\n",
		       stream_names[stream], stamp);

	while (b.used < len) {
		const char *text = in + b.used;
		size_t left = len - b.used;
		size_t n = log_line(text, left);
		char *p = out + b.len;

		n += n < left; /* with its newline */
		if (n > LOG_JSON_TEXT)
			n = LOG_JSON_TEXT;
		if (n * 6 + 8 + t > room - b.len)
			break;
		memcpy(p, "{\"log\":\"", 8);
		p = json_text(p + 8, text, n);
		memcpy(p, tail, t);
		if ((size_t)(p + t - out) > limit)
			break;
		b.len = (size_t)(p + t - out);
		b.used += n;
		b.lines++;
	}
	return b;
}
