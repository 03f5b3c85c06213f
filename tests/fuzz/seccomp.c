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
	struct seccomp s = {0};
	struct seccomp_prog p;
	struct strs lint;

	if (decode(&seccomp_fields, &s, text, size, 0, &a, &err) == 0) {
		(void)!seccomp_compile(&s, &a, &p, &err);
		seccomp_lint(&s, &a, &lint);
	}
	free(block);
	return 0;
}
