/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory for what is parsed and planned: taken from the end of a block, given back all at once
 * when the process ends. The first block is part of the program's bss, so that a small command
 * makes no system call for memory.
 *
 * Memory that runs out ends the process with a sentence (arena.c says why that is safe).
 */
#ifndef PROA_LIB_ARENA_H
#define PROA_LIB_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena {
	char *next;
	char *end;
};

struct arena *arena_main(void);
/* Zeroed memory, aligned for any object up to 8 bytes. Never NULL. */
void *arena_alloc(struct arena *a, size_t size) __attribute__((malloc, alloc_size(2)));
/* Makes the newest block larger in place where possible, else copies it. `old` may be NULL. */
void *arena_grow(struct arena *a, void *old, size_t old_size, size_t size);
char *arena_strndup(struct arena *a, const char *s, size_t len);
char *arena_strdup(struct arena *a, const char *s);
char *arena_fmt(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* For what a long-lived process says and forgets: everything allocated since `mark`, a copy of *a
 * made before, is given back. */
void arena_rewind(struct arena *a, struct arena mark);

#define arena_new(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define arena_array(a, type, n) ((type *)arena_alloc((a), sizeof(type) * (n)))

#endif
