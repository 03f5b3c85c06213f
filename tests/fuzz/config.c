// SPDX-License-Identifier: Apache-2.0
/* config.json from text to plan. */
#include "common.h"
#include "explain.h"
#include "plan.h"

static void config(char *text, size_t size, struct arena *a)
{
	static const struct facts f = {.caps = ~0ULL, .last_cap = 40, .proc = -1,
				       .cgroup_mount = "/sys/fs/cgroup", .cgroup_self = "/", .cwd = "/"};
	struct create_options o = {.id = "x", .bundle = "/b"};
	struct config c = {0};
	struct err err = {0};
	struct plan p;

	if (decode(&config_fields, &c, text, size, 0, a, &err) == 0 &&
	    plan_build(&c, &f, &o, a, &p, &err) == 0) {
		struct buf b = BUF_INIT(a);

		explain_plan(&p, size & 1, a, &b);
	}
}

FUZZ(config)
