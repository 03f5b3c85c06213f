// SPDX-License-Identifier: Apache-2.0
#include "err.h"

#include <stdint.h>
#include <string.h>

struct sink {
	char *out;
	size_t size; /* of out, with room for the NUL */
	size_t len;  /* what the text has, even if out was too small */
};

static void sink_put(struct sink *s, const char *text, size_t len)
{
	if (s->len + 1 < s->size) {
		size_t room = s->size - s->len - 1;

		memcpy(s->out + s->len, text, len < room ? len : room);
	}
	s->len += len;
}

static void sink_num(struct sink *s, unsigned long long v, unsigned int base, bool neg,
		     size_t width, char pad, bool left)
{
	char digits[32];
	size_t n = 0;

	do
		digits[sizeof(digits) - ++n] = "0123456789abcdef"[v % base];
	while ((v /= base) != 0);
	while (n + neg < width && pad == '0' && n < sizeof(digits) - 1)
		digits[sizeof(digits) - ++n] = '0';
	if (neg)
		digits[sizeof(digits) - ++n] = '-';
	for (size_t i = n; i < width && !left; i++)
		sink_put(s, " ", 1);
	sink_put(s, digits + sizeof(digits) - n, n);
	for (size_t i = n; i < width && left; i++)
		sink_put(s, " ", 1);
}

static long long arg_signed(va_list *ap, int longs)
{
	return longs == 0   ? va_arg(*ap, int)
	       : longs == 1 ? va_arg(*ap, long)
			    : va_arg(*ap, long long);
}

static unsigned long long arg_unsigned(va_list *ap, int longs)
{
	return longs == 0   ? va_arg(*ap, unsigned int)
	       : longs == 1 ? va_arg(*ap, unsigned long)
			    : va_arg(*ap, unsigned long long);
}

static void sink_str(struct sink *s, const char *str, long precision, size_t width, bool left)
{
	size_t len;

	if (!str)
		str = "(null)";
	len = precision >= 0 ? strnlen(str, (size_t)precision) : strlen(str);
	for (size_t i = len; i < width && !left; i++)
		sink_put(s, " ", 1);
	sink_put(s, str, len);
	for (size_t i = len; i < width && left; i++)
		sink_put(s, " ", 1);
}

size_t fmt_v(char *out, size_t size, const char *format, va_list args)
{
	struct sink s = {out, size, 0};
	va_list ap;

	va_copy(ap, args);
	for (const char *p = format; *p; p++) {
		const char *next = p;
		size_t width = 0;
		long precision = -1;
		int longs = 0;
		char pad = ' ';
		bool left = false;

		while (*next && *next != '%')
			next++;
		if (next != p) {
			sink_put(&s, p, (size_t)(next - p));
			p = next - 1;
			continue;
		}
		p++;
		if (*p == '-') {
			left = true;
			p++;
		}
		if (*p == '0') {
			pad = '0';
			p++;
		}
		for (; *p >= '0' && *p <= '9'; p++)
			width = width * 10 + (size_t)(*p - '0');
		if (p[0] == '*') {
			width = (size_t)va_arg(ap, int);
			p++;
		}
		if (p[0] == '.' && p[1] == '*') {
			precision = va_arg(ap, int);
			p += 2;
		}
		for (; *p == 'l' || *p == 'z'; p++)
			longs++;
		switch (*p) {
		case 'd': {
			long long v = arg_signed(&ap, longs);

			sink_num(&s, v < 0 ? 0ULL - (unsigned long long)v : (unsigned long long)v,
				 10, v < 0, width, pad, left);
			break;
		}
		case 'u':
			sink_num(&s, arg_unsigned(&ap, longs), 10, false, width, pad, left);
			break;
		case 'x':
			sink_num(&s, arg_unsigned(&ap, longs), 16, false, width, pad, left);
			break;
		case 'o':
			sink_num(&s, arg_unsigned(&ap, longs), 8, false, width, pad, left);
			break;
		case 'c': {
			char c = (char)va_arg(ap, int);

			sink_put(&s, &c, 1);
			break;
		}
		case 's':
			sink_str(&s, va_arg(ap, const char *), precision, width, left);
			break;
		default:
			sink_put(&s, "%", 1);
			break;
		}
	}
	va_end(ap);
	if (size)
		out[s.len < size ? s.len : size - 1] = '\0';
	return s.len;
}

size_t fmt(char *out, size_t size, const char *format, ...)
{
	va_list ap;
	size_t n;

	va_start(ap, format);
	n = fmt_v(out, size, format, ap);
	va_end(ap);
	return n;
}

const char *err_text(long error, char ret[static 64])
{
	const char *text = strerrordesc_np((int)(error < 0 ? -error : error));

	fmt(ret, 64, "%s", text ? text : "unknown error");
	/* "I/O error"-like texts keep their capitals */
	if (ret[0] >= 'A' && ret[0] <= 'Z' && ret[1] >= 'a' && ret[1] <= 'z')
		ret[0] = (char)(ret[0] - 'A' + 'a');
	return ret;
}

int err_set(struct err *err, int code, const char *format, ...)
{
	va_list ap;

	err->code = code;
	err->hint = 0;
	va_start(ap, format);
	fmt_v(err->msg, sizeof(err->msg), format, ap);
	va_end(ap);
	return -1;
}

int err_sys(struct err *err, long error, const char *format, ...)
{
	char text[64];
	va_list ap;
	size_t n;

	err->code = (int)(error < 0 ? -error : error);
	err->hint = 0;
	va_start(ap, format);
	n = fmt_v(err->msg, sizeof(err->msg), format, ap);
	va_end(ap);
	if (n < sizeof(err->msg))
		fmt(err->msg + n, sizeof(err->msg) - n, ": %s", err_text(error, text));
	return -1;
}

int err_ctx(struct err *err, const char *format, ...)
{
	char old[sizeof(err->msg)];
	va_list ap;
	size_t n;

	memcpy(old, err->msg, sizeof(old));
	old[sizeof(old) - 1] = '\0';
	va_start(ap, format);
	n = fmt_v(err->msg, sizeof(err->msg), format, ap);
	va_end(ap);
	if (n < sizeof(err->msg))
		fmt(err->msg + n, sizeof(err->msg) - n, ": %s", old);
	return -1;
}

int err_hint(struct err *err, int hint)
{
	err->hint = hint;
	return -1;
}
