#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clang-format, cppcheck and clang-tidy over the tree, as TAP. Each one's exclusions have their reasons in
# .clang-tidy and below.
cd "$(dirname "$0")/../.." || exit 1
. tests/lint/check.bash
check "clang-format" "$(clang-format --dry-run -Werror ./{lib,spec,runtime,monitor}/*.[ch] bus/*.c tests/unit/*/*.c 2>&1)"
# unknownMacro: SYS() and the field tables; ctuuninitvar: an output argument is not initialised by its caller
cpp() {
	cppcheck -q --std=c11 --enable=warning,portability --inline-suppr --suppress=unknownMacro \
		--suppress=nullPointerArithmeticRedundantCheck --suppress=ctuuninitvar -D__x86_64__ -DPROA_COMMIT='""' -Ilib \
		-Ibuild "$@" 2>&1
}
check "cppcheck: runtime" "$(cpp -Ispec -Iruntime lib spec runtime)"
check "cppcheck: monitor" "$(cpp -Imonitor monitor)"
tidy() {
	clang-tidy --quiet "$1" -- -std=gnu17 -D_GNU_SOURCE -DPROA_COMMIT='""' -Ilib -Ispec -I"$(dirname "$1")" -Ibuild 2>/dev/null
}
export -f tidy
check "clang-tidy" "$(printf '%s\n' {lib,spec,runtime,monitor}/*.c | xargs -P"$(nproc)" -I{} bash -c 'tidy {}')"
echo "1..$n"
exit $bad
