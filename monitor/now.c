// SPDX-License-Identifier: Apache-2.0
#include <time.h>

#include "monitor.h"

int64_t now_mono(void)
{
	struct timespec ts = {0};

	SYS(clock_gettime, CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

int64_t now_wall(void)
{
	struct timespec ts = {0};

	SYS(clock_gettime, CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}
