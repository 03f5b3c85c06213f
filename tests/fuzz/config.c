// SPDX-License-Identifier: Apache-2.0
/* config.json from text to plan. The arena is cut back after each input. */
#include <stdlib.h>
#include <string.h>

#include "explain.h"
#include "plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct facts f = {.caps = ~0ULL, .last_cap = 40, .proc = -1,
				       .cgroup_mount = "/sys/fs/cgroup", .cgroup_self = "/", .cwd = "/"};
	size_t room = 8 << 20;
	char *block;
	struct arena a;
	struct create_options o = {.id = "x", .bundle = "/b"};
	struct config c = {0};
	struct err err = {0};
	struct plan p;
	char *text;

	if (size > 65536)
		return 0;
	block = calloc(1, room);
	a = (struct arena){block, block + room};
	text = arena_strndup(&a, (const char *)data, size);
	if (decode(&config_fields, &c, text, size, 0, &a, &err) == 0 &&
	    plan_build(&c, &f, &o, &a, &p, &err) == 0) {
		struct buf b = BUF_INIT(&a);

		explain_plan(&p, size & 1, &a, &b);
	}
	free(block);
	return 0;
}
