// SPDX-License-Identifier: Apache-2.0
#include <stdint.h>
#include <string.h>

#include "proto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct msg m = {0};
	struct err err = {0};
	uint32_t allowed = size ? data[0] * 0x01010101U : 0;

	memcpy(&m, data, size < sizeof(m) ? size : sizeof(m));
	if (proto_check(&m, (long)size, allowed, &err) == 0 && strlen(m.err.msg) >= sizeof(m.err.msg))
		__builtin_trap();
	return 0;
}
