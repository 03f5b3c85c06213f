// SPDX-License-Identifier: Apache-2.0
#include "common.h"
#include "state.h"

static void state(char *text, size_t size, struct arena *a)
{
	struct state s = {0};
	struct err err = {0};

	if (decode(&state_file_fields, &s, text, size, 0, a, &err) == 0) {
		struct buf b = BUF_INIT(a);

		encode(&state_output_fields, &s, 2, &b);
	}
}

FUZZ(state)
