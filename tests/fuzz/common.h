/* SPDX-License-Identifier: Apache-2.0 */
/* A fuzzer over a text: body(text, size, arena) with an arena of its own for each input. */
#ifndef PROA_TESTS_FUZZ_COMMON_H
#define PROA_TESTS_FUZZ_COMMON_H

#include <stdlib.h>

#include "arena.h"
#include "err.h"

enum { FUZZ_ROOM = 8 << 20, FUZZ_MAX = 65536 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ(body)                                                                                 \
	int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)                               \
	{                                                                                          \
		char *block = calloc(1, FUZZ_ROOM);                                                \
		struct arena a = {block, block + FUZZ_ROOM};                                       \
                                                                                                   \
		if (size <= FUZZ_MAX)                                                              \
			body(arena_strndup(&a, (const char *)data, size), size, &a);               \
		free(block);                                                                       \
		return 0;                                                                          \
	}

#endif
