/* SPDX-License-Identifier: Apache-2.0 */
/* The fifos in the bundle: `ctl` takes lines "1 ROWS COLS" (resize) and "2 0 0" (reopen logs),
 * `winsz` takes "ROWS COLS". */
#ifndef PROA_MONITOR_CTL_H
#define PROA_MONITOR_CTL_H

#include "monitor.h"

int ctl_open(struct monitor *m, struct err *err) must_check;
void ctl_polls(struct monitor *m, struct polls *p);

/* Pure: one line, without its newline. */
enum ctl_verb { CTL_NONE, CTL_RESIZE, CTL_REOPEN };
struct ctl_line {
	enum ctl_verb verb;
	uint32_t rows, cols;
};
struct ctl_line ctl_parse(const char *line, size_t len, bool winsz);

#endif
