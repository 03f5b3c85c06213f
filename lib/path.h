/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only code that takes a path below a root which somebody else may be changing.
 *
 * Every function resolves as if `root` were "/" (openat2(2) RESOLVE_IN_ROOT): absolute symlinks
 * and ".." cannot leave it, magic links are refused. What comes back is an O_PATH descriptor of the
 * very object that was found, so nothing is looked up twice. Where openat2 is missing or filtered
 * (before Linux 5.6), a walk one component at a time with O_NOFOLLOW gives the same answers.
 */
#ifndef PROA_LIB_PATH_H
#define PROA_LIB_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum path_kind { PATH_DIR, PATH_FILE };

/* Opens what is there. `flags` as open(2), O_CLOEXEC added. fd or -errno. */
int path_open(int root, const char *path, int flags);
/* The same, but any symlink on the way is an error (-ELOOP). */
int path_open_no_symlinks(int root, const char *path, int flags);
/* Opens it O_PATH, making missing directories (mode 0755) and the last component if need be. A
 * dangling symlink's target is made, inside the root. *ret_made tells if the last one is new. */
int path_make(int root, const char *path, enum path_kind kind, bool *ret_made);
/* The same for one name in `dir`, which is resolved already: -ELOOP where a symlink is in its
 * place. fd or -errno. */
int path_make_at(int dir, const char *name, enum path_kind kind, bool *ret_made);
/* Opens the parent directory of the last component (making it if `make`), whose name goes to
 * ret_name. fd or -errno. */
int path_parent(int root, const char *path, bool make, const char **ret_name);

/* Lexical: "/a//b/./../c" to "/a/c", always absolute. False if it does not fit. */
bool path_clean(const char *path, char *out, size_t size);
/* Is `path` `dir` itself or beneath it? Both clean. */
bool path_is_below(const char *path, const char *dir);
/* For tests: behave as a kernel without openat2. */
void path_force_walk(bool on);

#endif
