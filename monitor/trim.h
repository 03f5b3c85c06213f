/* SPDX-License-Identifier: Apache-2.0 */
/* An idle process keeps only what it needs to sleep. */
#ifndef PROA_MONITOR_TRIM_H
#define PROA_MONITOR_TRIM_H

/* Gives back the stack below the caller (used once, while starting) and the read-only data, which
 * come back when they are touched. */
void trim(void);

#endif
