// SPDX-License-Identifier: Apache-2.0
/* spew LINE BYTES [SEED]: BYTES of output in lines of LINE bytes (0: of 1 to 9999, by SEED), each
 * numbered, half of them to stderr with a SEED of "both". No libc is needed inside a container. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	long line = atol(argv[1]);
	long left = atol(argv[2]);
	int both = argc > 3 && strcmp(argv[3], "both") == 0;
	unsigned int seed = argc > 3 ? (unsigned int)atoi(argv[3]) : 1;
	char *buf = malloc(line > 10000 ? (size_t)line + 16 : 10016);
	unsigned long count = 0;

	while (left > 0) {
		long n = line;
		int fd = both && count % 2 ? 2 : 1;
		char *p = buf;

		if (n == 0) {
			seed = seed * 1103515245u + 12345u;
			n = 1 + (long)(seed >> 8) % 9999;
		}
		if (n > left)
			n = left;
		memset(buf, 'a' + (int)(count % 26), (size_t)n);
		if (n > 12) {
			snprintf(buf, 12, "%010lu ", count);
			buf[11] = 'x';
		}
		buf[n - 1] = '\n';
		count++;
		left -= n;
		while (n > 0) {
			ssize_t w = write(fd, p, (size_t)n);

			if (w <= 0)
				return 1;
			p += w;
			n -= w;
		}
	}
	return 0;
}
