// SPDX-License-Identifier: Apache-2.0
/*
 * The few functions of the C library that proa and yajl call, small rather than fast: what they
 * work on is short. The compiler must not recognise their loops and call them from within
 * themselves (-ffreestanding, no loop patterns: see the Makefile). tests/unit/test_libc.c compares
 * each with glibc's.
 */
#include "start.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#include "sys.h"

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	char *t = to;
	const char *f = from;

#if defined(__x86_64__)
	__asm__ volatile("rep movsb" : "+D"(t), "+S"(f), "+c"(n) : : "memory");
#else
	while (n--)
		*t++ = *f++;
#endif
	return to;
}

void *memmove(void *to, const void *from, size_t n)
{
	char *t = to;
	const char *f = from;

	if (t <= f || t >= f + n)
		return memcpy(to, from, n);
	while (n--)
		t[n] = f[n];
	return to;
}

void *memset(void *at, int c, size_t n)
{
	char *t = at;

#if defined(__x86_64__)
	__asm__ volatile("rep stosb" : "+D"(t), "+c"(n) : "a"(c) : "memory");
#else
	while (n--)
		*t++ = (char)c;
#endif
	return at;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a;
	const unsigned char *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

void *memchr(const void *at, int c, size_t n)
{
	const unsigned char *p = at;

	for (; n; n--, p++)
		if (*p == (unsigned char)c)
			return (void *)p;
	return NULL;
}

void *memrchr(const void *at, int c, size_t n)
{
	const unsigned char *p = at;

	while (n--)
		if (p[n] == (unsigned char)c)
			return (void *)(p + n);
	return NULL;
}

void *memmem(const void *hay, size_t n, const void *needle, size_t m)
{
	const char *p = hay;

	if (m == 0)
		return (void *)p;
	for (; n >= m; n--, p++)
		if (*p == *(const char *)needle && memcmp(p, needle, m) == 0)
			return (void *)p;
	return NULL;
}

/* Eight bytes at a time: an aligned word never reaches into a page that is not ours. */
typedef uint64_t word __attribute__((may_alias));
#define BY_WORDS __attribute__((no_sanitize("address")))

static inline uint64_t has_zero(uint64_t w)
{
	return (w - 0x0101010101010101ULL) & ~w & 0x8080808080808080ULL;
}

/* The bytes of its first word that are before `s` (the first byte is the lowest). */
static inline uint64_t before(const char *s)
{
	return (1ULL << ((uintptr_t)s % sizeof(word) * 8)) - 1;
}

static inline const char *first_of(const word *w, uint64_t found)
{
	return (const char *)w + __builtin_ctzll(found) / 8;
}

BY_WORDS size_t strlen(const char *s)
{
	const word *w = (const word *)((uintptr_t)s & ~(sizeof(word) - 1));
	uint64_t zero = has_zero(*w | before(s));

	while (!zero)
		zero = has_zero(*++w);
	return (size_t)(first_of(w, zero) - s);
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++)
		if (*a != *b || !*a)
			return (unsigned char)*a - (unsigned char)*b;
	return 0;
}

BY_WORDS char *strchrnul(const char *s, int c)
{
	word all = 0x0101010101010101ULL * (unsigned char)c;
	const word *w = (const word *)((uintptr_t)s & ~(sizeof(word) - 1));
	uint64_t found = has_zero(*w | before(s)) | has_zero((*w ^ all) | before(s));

	while (!found) {
		w++;
		found = has_zero(*w) | has_zero(*w ^ all);
	}
	return (char *)first_of(w, found);
}

char *strchr(const char *s, int c)
{
	s = strchrnul(s, c);
	return *s == (char)c ? (char *)s : NULL;
}

char *strrchr(const char *s, int c)
{
	return memrchr(s, c, strlen(s) + 1);
}

char *strstr(const char *hay, const char *needle)
{
	return memmem(hay, strlen(hay), needle, strlen(needle));
}

/* strchr finds the end too, so c itself must be looked at */
static int is_one_of(char c, const char *set)
{
	for (; *set; set++)
		if (*set == c)
			return 1;
	return 0;
}

size_t strspn(const char *s, const char *set)
{
	size_t n = 0;

	while (s[n] && is_one_of(s[n], set))
		n++;
	return n;
}

size_t strcspn(const char *s, const char *set)
{
	size_t n = 0;

	while (s[n] && !is_one_of(s[n], set))
		n++;
	return n;
}

char *strcpy(char *restrict to, const char *restrict from)
{
	return memcpy(to, from, strlen(from) + 1);
}

char *strcat(char *restrict to, const char *restrict from)
{
	strcpy(to + strlen(to), from);
	return to;
}

static void swap(char *a, char *b, size_t size)
{
	while (size--) {
		char c = a[size];

		a[size] = b[size];
		b[size] = c;
	}
}

/* Heap sort: no allocation, no recursion, n log n whatever the input. */
static void sift(char *v, size_t at, size_t n, size_t size, int (*cmp)(const void *, const void *))
{
	for (;;) {
		size_t child = at * 2 + 1;

		if (child >= n)
			return;
		if (child + 1 < n && cmp(v + child * size, v + (child + 1) * size) < 0)
			child++;
		if (cmp(v + at * size, v + child * size) >= 0)
			return;
		swap(v + at * size, v + child * size, size);
		at = child;
	}
}

void qsort(void *base, size_t n, size_t size, int (*cmp)(const void *, const void *))
{
	char *v = base;

	for (size_t i = n / 2; i--;)
		sift(v, i, n, size, cmp);
	for (size_t i = n; i > 1;) {
		i--;
		swap(v, v + i * size, size);
		sift(v, 0, i, size, cmp);
	}
}

int clock_gettime(clockid_t clock, struct timespec *ts)
{
	return (int)SYS(clock_gettime, clock, ts);
}

/* The error texts are glibc's, as a table (gen/tables.c). */
#include "gen/errors.h"

const char *strerrordesc_np(int error)
{
	if (error < 0 || (size_t)error >= sizeof(gen_errors) / sizeof(gen_errors[0]))
		return NULL;
	return gen_errors[error];
}

struct cmsghdr *__cmsg_nxthdr(struct msghdr *m, struct cmsghdr *c)
{
	char *next = (char *)c + CMSG_ALIGN(c->cmsg_len);
	char *end = (char *)m->msg_control + m->msg_controllen;

	if (c->cmsg_len < sizeof(*c) || next + sizeof(*c) > end ||
	    next + CMSG_ALIGN(((struct cmsghdr *)next)->cmsg_len) > end)
		return NULL;
	return (struct cmsghdr *)next;
}

unsigned int gnu_dev_major(dev_t dev);
unsigned int gnu_dev_minor(dev_t dev);
dev_t gnu_dev_makedev(unsigned int major, unsigned int minor);

unsigned int gnu_dev_major(dev_t dev)
{
	return (unsigned int)((dev >> 8 & 0xfff) | (dev >> 32 & ~0xfffU));
}

unsigned int gnu_dev_minor(dev_t dev)
{
	return (unsigned int)((dev & 0xff) | (dev >> 12 & ~0xffU));
}

dev_t gnu_dev_makedev(unsigned int major, unsigned int minor)
{
	return (minor & 0xff) | (dev_t)(major & 0xfff) << 8 | (dev_t)(minor & ~0xffU) << 12 |
	       (dev_t)(major & ~0xfffU) << 32;
}

/* ---- what yajl's objects refer to and our use of them never reaches ---- */

_Noreturn void abort(void)
{
	static const char text[] =
		"proa: internal error: a function that is not there was called\n";

	(void)sys_write(2, text, sizeof(text) - 1);
	sys_exit(134);
}

/* yajl_do_parse calls strtod only for a number without a callback (json.c has one). */
double strtod(const char *restrict s, char **restrict end)
{
	(void)s;
	(void)end;
	abort();
}

/* json.c gives yajl its own allocator. */
void *malloc(size_t n)
{
	(void)n;
	abort();
}
void *calloc(size_t n, size_t m)
{
	(void)n;
	(void)m;
	abort();
}
void *realloc(void *p, size_t n)
{
	(void)p;
	(void)n;
	abort();
}
void free(void *p)
{
	(void)p;
	abort();
}

int *__errno_location(void);
int *__errno_location(void)
{
	static int unused;

	return &unused;
}

void __assert_fail(const char *a, const char *f, unsigned int l, const char *fn);
void __assert_fail(const char *a, const char *f, unsigned int l, const char *fn)
{
	(void)a;
	(void)f;
	(void)l;
	(void)fn;
	abort();
}
