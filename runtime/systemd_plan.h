/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pure: a container's scope for systemd, as the words that proa-bus takes.
 *
 * cgroupsPath is SLICE:PREFIX:NAME (runc's form), the unit PREFIX-NAME.scope in SLICE. Each limit
 * is given twice: as a property, so that systemd knows of it and keeps it over a daemon-reload, and
 * into the cgroup's file, for what systemd has no property for. The rows are those of
 * cgroup_knobs: one place knows what a resource means.
 */
#ifndef PROA_RUNTIME_SYSTEMD_PLAN_H
#define PROA_RUNTIME_SYSTEMD_PLAN_H

#include "plan.h"

/* linux.cgroupsPath (may be NULL) to the unit and its slice. */
int systemd_unit(const char *cgroups_path, const char *id, bool user, struct arena *a,
		 const char **ret_unit, const char **ret_slice, struct err *err) must_check;
/* Writes that have a property, as NAME=SIGNATURE:VALUE; appended to *ret. */
int systemd_limits(const struct cgroup_write *w, uint32_t n, struct arena *a, struct strs *ret,
		   struct err *err) must_check;
/* The annotations org.systemd.property.NAME: VALUE in GVariant's text form (true, 5, uint64 5, 2.5,
 * 'text', ['a', 'b']); names in ...Sec become ...USec. Appended to *ret. */
int systemd_annotations(const struct pairs *annotations, struct arena *a, struct strs *ret,
			struct err *err) must_check;
/* All that StartTransientUnit is told. */
int systemd_plan(const struct config *c, const char *id, struct arena *a, struct cgroup_plan *g,
		 struct err *err) must_check;

#endif
