/* SPDX-License-Identifier: Apache-2.0 */
/* tmpcopyup: a new tmpfs gets what the directory below it holds. */
#ifndef PROA_RUNTIME_COPYUP_H
#define PROA_RUNTIME_COPYUP_H

/* Copies all that is in directory `from` to directory `to` (O_PATH descriptors): files,
 * directories, symlinks, nodes, with modes, owners and times. Not across mounts. 0 or -errno. */
int copyup(int from, int to);

#endif
