// SPDX-License-Identifier: Apache-2.0
/* Lines of the ctl and winsz fifos. */
#include "ctl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size) {
		struct ctl_line l = ctl_parse((const char *)data + 1, size - 1, data[0] & 1);

		if (l.rows > 1000 || l.cols > 1000 || (l.verb == CTL_NONE && (l.rows || l.cols)))
			__builtin_trap();
	}
	return 0;
}
