// SPDX-License-Identifier: Apache-2.0
/*
 * Everything is allocated while deciding, before the first effect, so ending the process when
 * memory runs out leaves nothing half-made behind. Nothing allocates after clone.
 */
#include "arena.h"

#include <string.h>
#include <sys/mman.h>

#include "err.h"
#include "sys.h"

enum { FIRST_BLOCK = 64 * 1024, BLOCK = 256 * 1024 };

static _Alignas(16) char first_block[FIRST_BLOCK];
static struct arena main_arena = {first_block, first_block + FIRST_BLOCK};

struct arena *arena_main(void)
{
	return &main_arena;
}

_Noreturn static void arena_exhausted(void)
{
	static const char text[] = "proa: out of memory\n";

	(void)sys_write(2, text, sizeof(text) - 1);
	sys_exit(1);
}

void *arena_alloc(struct arena *a, size_t size)
{
	char *p = a->next;

	if (size > SIZE_MAX / 4)
		arena_exhausted();
	size = (size + 7) & ~(size_t)7;
	if (size > (size_t)(a->end - p)) {
		size_t block = size > BLOCK / 2 ? ((size + 4095) & ~(size_t)4095) : BLOCK;
		long r = SYS(mmap, NULL, block, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0);

		if (r < 0 && r > -4096)
			arena_exhausted();
		/* a large object gets a block of its own, so the rest of this one stays in use */
		if (block != BLOCK)
			return (void *)r;
		p = (char *)r;
		a->end = p + block;
	}
	a->next = p + size;
	return p; /* fresh pages are zero, and what is given back is zeroed */
}

void arena_rewind(struct arena *a, struct arena mark)
{
	/* a block that has been added since stays in use: the old one's rest is what is lost */
	if (a->end != mark.end)
		return;
	memset(mark.next, 0, (size_t)(a->next - mark.next));
	a->next = mark.next;
}

void *arena_grow(struct arena *a, void *old, size_t old_size, size_t size)
{
	size_t rounded = (old_size + 7) & ~(size_t)7;
	void *p;

	if (old && (char *)old + rounded == a->next && size <= (size_t)(a->end - (char *)old)) {
		a->next = (char *)old + ((size + 7) & ~(size_t)7);
		return old;
	}
	p = arena_alloc(a, size);
	if (old)
		memcpy(p, old, old_size);
	return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
	char *p = arena_alloc(a, len + 1);

	memcpy(p, s, len);
	p[len] = '\0';
	return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_fmt(struct arena *a, const char *format, ...)
{
	char small[256];
	va_list ap;
	size_t n;
	char *p;

	va_start(ap, format);
	n = fmt_v(small, sizeof(small), format, ap);
	va_end(ap);
	p = arena_alloc(a, n + 1);
	if (n < sizeof(small)) {
		memcpy(p, small, n + 1);
		return p;
	}
	va_start(ap, format);
	fmt_v(p, n + 1, format, ap);
	va_end(ap);
	return p;
}
