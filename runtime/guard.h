/* SPDX-License-Identifier: Apache-2.0 */
/* Our own executable, out of the container's reach (CVE-2019-5736). */
#ifndef PROA_RUNTIME_GUARD_H
#define PROA_RUNTIME_GUARD_H

#include "err.h"

/*
 * A program in the container can be made to run /proc/self/exe, and what runs can later be opened
 * for writing through /proc/PID/exe. So we run from a place where writing is refused by the kernel:
 * from where we are, if that mount is read-only already or the file can never be the container's to
 * write; else from a read-only clone of the mount (two calls and an execve, no copy); on kernels
 * without that, from a sealed copy in memory. Comes back when we are safe.
 */
int guard_executable(char **argv, char **env, struct err *err) must_check;

#endif
