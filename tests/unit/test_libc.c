// SPDX-License-Identifier: Apache-2.0
/* start/libc.c against glibc: the same calls with the same answers, on random and awkward inputs. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "../tap.h"

#define memcpy own_memcpy
#define memmove own_memmove
#define memset own_memset
#define memcmp own_memcmp
#define memchr own_memchr
#define memrchr own_memrchr
#define memmem own_memmem
#define strlen own_strlen
#define strnlen own_strnlen
#define strcmp own_strcmp
#define strncmp own_strncmp
#define strchrnul own_strchrnul
#define strchr own_strchr
#define strrchr own_strrchr
#define strstr own_strstr
#define strspn own_strspn
#define strcspn own_strcspn
#define strcpy own_strcpy
#define strcat own_strcat
#define qsort own_qsort
#define clock_gettime own_clock_gettime
#define strerrordesc_np own_strerrordesc_np
#define __cmsg_nxthdr own_cmsg_nxthdr
#define gnu_dev_major own_major
#define gnu_dev_minor own_minor
#define gnu_dev_makedev own_makedev
#define abort own_abort
#define strtod own_strtod
#define malloc own_malloc
#define calloc own_calloc
#define realloc own_realloc
#define free own_free
#define __errno_location own_errno_location
#define __assert_fail own_assert_fail
#include "../../start/libc.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef memrchr
#undef memmem
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchrnul
#undef strchr
#undef strrchr
#undef strstr
#undef strspn
#undef strcspn
#undef strcpy
#undef strcat
#undef qsort
#undef strerrordesc_np
#undef gnu_dev_major
#undef gnu_dev_minor
#undef gnu_dev_makedev

static int sign(int v)
{
	return (v > 0) - (v < 0);
}

static uint32_t state = 12345;

static uint32_t next(void)
{
	state = state * 1103515245 + 12345;
	return state >> 8;
}

/* Short strings of few letters, so that matches are frequent; some bytes are negative as char. */
static void fill(char *s, size_t n)
{
	static const char letters[] = "ab/\xff";
	size_t len = next() % n;

	for (size_t i = 0; i < len; i++)
		s[i] = letters[next() % 4];
	s[len] = '\0';
}

static void test_strings(void)
{
	long bad[16] = {0};

	for (int i = 0; i < 20000; i++) {
		char a[24];
		char b[6];
		char x[64];
		char y[64];
		size_t n = next() % 8;
		int c = "ab/\xff"[next() % 5];

		fill(a, sizeof(a));
		fill(b, sizeof(b));
		bad[0] += own_strlen(a) != strlen(a) || own_strnlen(a, n) != strnlen(a, n);
		bad[1] += sign(own_strcmp(a, b)) != sign(strcmp(a, b));
		bad[2] += sign(own_strncmp(a, b, n)) != sign(strncmp(a, b, n));
		bad[3] += own_strchr(a, c) != strchr(a, c) || own_strrchr(a, c) != strrchr(a, c) ||
			  own_strchrnul(a, c) != strchrnul(a, c);
		bad[4] += own_strstr(a, b) != strstr(a, b);
		bad[5] += own_strspn(a, b) != strspn(a, b) || own_strcspn(a, b) != strcspn(a, b);
		bad[6] += own_memchr(a, c, n) != memchr(a, c, n) ||
			  own_memrchr(a, c, n) != memrchr(a, c, n);
		bad[7] += own_memmem(a, strlen(a), b, strlen(b)) != memmem(a, strlen(a), b, strlen(b));
		bad[8] += sign(own_memcmp(a, b, n % 5)) != sign(memcmp(a, b, n % 5));
		for (size_t j = 0; j < sizeof(x); j++)
			x[j] = y[j] = (char)next();
		own_memmove(x + next() % 1 + n, x + 8, 20);
		memmove(y + n, y + 8, 20);
		own_memset(x + 40, c, n);
		memset(y + 40, c, n);
		own_memcpy(x + 50, a, n);
		memcpy(y + 50, a, n);
		bad[9] += memcmp(x, y, sizeof(x)) != 0;
		own_strcpy(x, a);
		own_strcat(x, b);
		strcpy(y, a);
		strcat(y, b);
		bad[10] += strcmp(x, y) != 0;
	}
	for (int i = 0; i < 11; i++)
		is_int(bad[i], 0, "20,000 random strings: the same as glibc");
}

static int by_int(const void *a, const void *b)
{
	int x = *(const int *)a;
	int y = *(const int *)b;

	return (x > y) - (x < y);
}

static void test_sort(void)
{
	long bad = 0;

	for (int round = 0; round < 200; round++) {
		int x[100];
		int y[100];
		size_t n = next() % 100;

		for (size_t i = 0; i < n; i++)
			x[i] = y[i] = (int)(next() % 50);
		own_qsort(x, n, sizeof(int), by_int);
		qsort(y, n, sizeof(int), by_int);
		bad += memcmp(x, y, n * sizeof(int)) != 0;
	}
	is_int(bad, 0, "200 random sorts");
}

static void test_rest(void)
{
	union {
		struct cmsghdr align;
		char data[CMSG_SPACE(4) * 2];
	} c = {0};
	struct msghdr m = {.msg_control = c.data, .msg_controllen = sizeof(c.data)};
	struct cmsghdr *first = CMSG_FIRSTHDR(&m);

	for (int e = 0; e < 140; e++)
		is_str(own_strerrordesc_np(e), strerrordesc_np(e), "error text");
	is_str(own_strerrordesc_np(-1), NULL, "no error is negative");
	ok(own_makedev(259, 70000) == makedev(259, 70000) && own_major(makedev(259, 70000)) == 259 &&
		   own_minor(makedev(259, 70000)) == 70000,
	   "large device numbers");
	first->cmsg_len = CMSG_LEN(4);
	((struct cmsghdr *)(c.data + CMSG_SPACE(4)))->cmsg_len = CMSG_LEN(4);
	ok((char *)own_cmsg_nxthdr(&m, first) == c.data + CMSG_SPACE(4), "the next control message");
	((struct cmsghdr *)(c.data + CMSG_SPACE(4)))->cmsg_len = 1000;
	ok(own_cmsg_nxthdr(&m, first) == NULL, "... not beyond the end");
}

int main(void)
{
	test_strings();
	test_sort();
	test_rest();
	return tap_done();
}
