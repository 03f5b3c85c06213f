// SPDX-License-Identifier: Apache-2.0
#include "common.h"
#include "config.h"

static void process(char *text, size_t size, struct arena *a)
{
	struct process p = {0};
	struct err err = {0};

	(void)!decode(&process_fields, &p, text, size, DECODE_ANY_CASE, a, &err);
}

FUZZ(process)
