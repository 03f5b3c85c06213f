// SPDX-License-Identifier: Apache-2.0
#include "state.h"

#define T struct state
static const struct field file_rows[] = {
	F_REQ(T, ociVersion), F_REQ(T, id),	  F(T, pid),	      F_REQ(T, bundle),
	F(T, rootfs),	      F(T, created),	  F(T, owner),	      F(T, annotations),
	F(T, init_start),     F(T, cgroup_mount), F(T, cgroup_path),  F(T, cgroup_top),
	F(T, rdt_group),      F(T, rdt_path),	  F(T, rdt_monitor),  F(T, poststart),
	F(T, poststop),	      F(T, notifies),	  F(T, own_pidns),    F(T, own_userns),
	F(T, rootless),	      F(T, cgroup_sub),	  F(T, systemd_unit), F(T, systemd_bus),
	F(T, systemd_user),
};
const struct fields state_file_fields = FIELDS(T, file_rows);

static const struct field output_rows[] = {
	F(T, ociVersion), F(T, id),	 F(T, pid),   F(T, status),	 F(T, bundle),
	F(T, rootfs),	  F(T, created), F(T, owner), F(T, annotations),
};
const struct fields state_output_fields = FIELDS(T, output_rows);
#undef T
