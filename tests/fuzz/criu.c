// SPDX-License-Identifier: Apache-2.0
/* What criu answers. */
#include "criu.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct criu_reply reply;

	(void)criu_decode(data, size, &reply);
	if (strlen(reply.script) >= sizeof(reply.script) ||
	    strlen(reply.message) >= sizeof(reply.message))
		__builtin_trap();
	return 0;
}
