// SPDX-License-Identifier: Apache-2.0
#include "common.h"
#include "seccomp_profile.h"

static void seccomp(char *text, size_t size, struct arena *a)
{
	struct seccomp s = {0};
	struct seccomp_prog p;
	struct err err = {0};
	struct strs lint;

	if (decode(&seccomp_fields, &s, text, size, 0, a, &err) == 0) {
		(void)!seccomp_compile(&s, false, a, &p, &err);
		seccomp_lint(&s, a, &lint);
	}
}

FUZZ(seccomp)
