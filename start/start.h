/* SPDX-License-Identifier: Apache-2.0 */
/* What start.c and libc.c define are the C library's own functions; <stdlib.h>, <string.h> and
 * <sys/auxv.h> declare them. */
#ifndef PROA_START_H
#define PROA_START_H

#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>

#endif
