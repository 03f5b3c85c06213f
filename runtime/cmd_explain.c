// SPDX-License-Identifier: Apache-2.0
#include "cmd.h"
#include "create.h"
#include "explain.h"

int cmd_explain(struct ctx *x, void *opts, struct opt_args *args, struct err *err)
{
	struct create_opts *o = opts;
	struct create_options co;
	struct buf b = BUF_INIT(x->arena);
	struct plan p;
	char *text;
	size_t len;

	if (cmd_plan(x, o, args->n ? args->v[0] : "ID", false, &co, &text, &len, &p, err) < 0)
		return -1;
	explain_plan(&p, o->json, x->arena, &b);
	return cmd_print(&b, err);
}
