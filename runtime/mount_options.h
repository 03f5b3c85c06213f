/* SPDX-License-Identifier: Apache-2.0 */
/* The words of mounts[].options; `features` lists them. */
#ifndef PROA_RUNTIME_MOUNT_OPTIONS_H
#define PROA_RUNTIME_MOUNT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum mount_word {
	WORD_NONE,
	WORD_BIND,
	WORD_REMOUNT,
	WORD_COPYUP,
	WORD_IDMAP,
	WORD_SRC_NOFOLLOW,
};

struct mount_option {
	const char *name;
	bool rec;
	uint8_t word;
	unsigned long set, clr;	     /* MS_* */
	uint64_t attr_set, attr_clr; /* MOUNT_ATTR_* */
	unsigned long propagation;   /* MS_* */
};

extern const struct mount_option mount_options[]; /* ends with a NULL name */

#endif
