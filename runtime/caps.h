/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities (capabilities(7)): names to masks (pure), and putting the masks on. */
#ifndef PROA_RUNTIME_CAPS_H
#define PROA_RUNTIME_CAPS_H

#include "config.h"

struct caps {
	uint64_t bounding, effective, permitted, inheritable, ambient;
};

/* Names the kernel or we do not know are left out with a warning, and so are those that cannot be
 * granted (config.md#linux-process): `last` is the kernel's highest capability, `have` what is ours
 * to give. What cannot be raised is dropped: effective is cut to permitted, ambient to permitted
 * and inheritable. */
void caps_plan(const struct capabilities *c, int last, uint64_t have, struct arena *a,
	       struct caps *ret, struct strs *warnings);
/* Bit of a name with or without CAP_, any case; -1 if it is unknown. */
int caps_bit(const char *name);
const char *caps_name(int bit);
/* In the order the kernel wants. Nothing is allocated. 0 or -errno. */
int caps_drop_bounding(uint64_t keep, int last);
int caps_apply(const struct caps *c);

#endif
