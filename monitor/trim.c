// SPDX-License-Identifier: Apache-2.0
#include "trim.h"

#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "sys.h"

enum { PAGE = 4096, STACK = 256 * 1024 };

void trim(void)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	uintptr_t top = (here & ~(uintptr_t)(PAGE - 1)) - PAGE; /* a page for what we call */
	const Elf64_Phdr *ph = (const Elf64_Phdr *)getauxval(AT_PHDR);
	unsigned long n = getauxval(AT_PHNUM);

	/* the stack's mapping is shorter than this; what is not there is skipped */
	SYS(madvise, top - STACK, (long)STACK, MADV_DONTNEED);
	for (unsigned long i = 0; ph && i < n; i++)
		if (ph[i].p_type == PT_LOAD && ph[i].p_flags == PF_R)
			SYS(madvise, ph[i].p_vaddr & ~(uintptr_t)(PAGE - 1), ph[i].p_memsz,
			    MADV_DONTNEED);
}
