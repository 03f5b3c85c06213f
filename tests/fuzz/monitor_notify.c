// SPDX-License-Identifier: Apache-2.0
/* Datagrams of a container to its service manager: what goes on is whole lines that may. */
#include "sdnotify.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int same(void *ctx, int pid)
{
	(void)ctx;
	return pid;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const allowed[] = {
		"READY=1", "RELOADING=1", "STOPPING=1",	     "WATCHDOG", "STATUS=",
		"ERRNO=",  "BUSERROR=",	  "MONOTONIC_USEC=", "MAINPID=", "EXTEND_TIMEOUT_USEC="};
	char out[512];
	struct sdnotify_lines l;

	if (!size)
		return 0;
	l = sdnotify_filter((const char *)data + 1, size - 1, data[0] & 1, same, NULL, out,
			    sizeof(out));
	if (l.len > sizeof(out) || (l.len && out[l.len - 1] != '\n') || memchr(out, '\0', l.len))
		__builtin_trap();
	for (const char *p = out; p < out + l.len; p = strchr(p, '\n') + 1) {
		bool known = false;

		for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
			known |= strncmp(p, allowed[i], strlen(allowed[i])) == 0;
		if (!known || (data[0] & 1 && strncmp(p, "READY=1\n", 8) == 0))
			__builtin_trap();
	}
	return 0;
}
