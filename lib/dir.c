// SPDX-License-Identifier: Apache-2.0
#include "dir.h"

#include <string.h>

#include "sys.h"

/* struct linux_dirent64 of getdents(2) */
struct raw {
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
	char name[];
};

enum { TYPE_DIR = 4 };

int dir_each(int dir, int (*fn)(int dir, const struct dir_entry *e, void *ctx), void *ctx)
{
	_Alignas(8) char list[2048];

	SYS(lseek, dir, 0, 0);
	for (;;) {
		long n = SYS(getdents64, dir, list, sizeof(list));

		if (n <= 0)
			return (int)n;
		for (long at = 0; at < n;) {
			const struct raw *r = (const struct raw *)(list + at);
			struct dir_entry e = {r->name, r->type == TYPE_DIR};
			bool dots = strcmp(r->name, ".") == 0 || strcmp(r->name, "..") == 0;
			int answer = dots ? 0 : fn(dir, &e, ctx);

			if (answer < 0)
				return answer;
			at += r->reclen;
		}
	}
}
