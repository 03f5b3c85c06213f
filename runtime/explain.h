/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as text or JSON. Pure. */
#ifndef PROA_RUNTIME_EXPLAIN_H
#define PROA_RUNTIME_EXPLAIN_H

#include "plan.h"

void explain_plan(const struct plan *p, bool json, struct arena *a, struct buf *b);

#endif
