// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "config.h"
#include "seccomp_profile.h"
#include "state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t room = 8 << 20;
	char *block;
	struct arena a;
	struct err err = {0};
	char *text;

	if (size > 65536)
		return 0;
	block = calloc(1, room);
	a = (struct arena){block, block + room};
	text = arena_strndup(&a, (const char *)data, size);
	struct process p = {0};

	(void)!decode(&process_fields, &p, text, size, DECODE_ANY_CASE, &a, &err);
	free(block);
	return 0;
}
