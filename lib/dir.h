/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a directory without allocating: getdents64(2). */
#ifndef PROA_LIB_DIR_H
#define PROA_LIB_DIR_H

#include <stdbool.h>

struct dir_entry {
	const char *name;
	bool is_dir; /* as the file system says in passing; false where it does not */
};

/* Calls fn for each entry but "." and ".." of the directory, from its start. `dir` must be open for
 * reading. The first negative answer of fn ends it and is returned; else 0 or -errno. */
int dir_each(int dir, int (*fn)(int dir, const struct dir_entry *e, void *ctx), void *ctx);

#endif
