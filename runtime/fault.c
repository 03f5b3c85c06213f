// SPDX-License-Identifier: Apache-2.0
#include "fault.h"

#ifdef PROA_FAULTS
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "path.h"
#include "sys.h"

static const char *spec;

void fault_init(void)
{
	spec = getenv("PROA_FAULT");
	path_force_walk(spec && strcmp(spec, "no-openat2") == 0);
}

bool fault_no_mount_api(void)
{
	return spec && strcmp(spec, "no-mount-api") == 0;
}

const char *fault_resctrl(void)
{
	return getenv("PROA_RESCTRL");
}

int fault_at(const char *side, const char *name, const char *moment, struct err *err)
{
	char want[128];
	size_t n;

	if (!spec)
		return 0;
	n = fmt(want, sizeof(want), "%s:%s:%s:", side, name, moment);
	if (n >= sizeof(want) || strncmp(spec, want, n) != 0)
		return 0;
	if (strcmp(spec + n, "kill") == 0)
		SYS(kill, sys_getpid(), SIGKILL);
	/* pid 1 of a namespace shrugs off even its own SIGKILL */
	if (strcmp(spec + n, "kill") == 0)
		sys_exit(137);
	return err_set(err, EIO, "%s %s: made to fail at its %s", side, name, moment);
}
#else
typedef int fault_is_empty; /* ISO C wants something in every file */
#endif
