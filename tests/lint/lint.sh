#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rules of the project that no compiler knows, as TAP: layers, libraries at arm's length, sizes.
cd "$(dirname "$0")/../.." || exit 1
. tests/lint/check.bash
includes() { grep -Hn '^#include' "$@" | tr -d '"<>'; }
names() { basename -a "$1"/*.h | paste -sd '|'; }
check "lib includes neither spec nor runtime" "$(includes lib/*.[ch] | grep -E "include ($(names spec)|$(names runtime))$")"
check "spec does not include runtime" "$(includes spec/*.[ch] | grep -E "include ($(names runtime))$")"
# (names that both have, console.h for one, are the file's own: quoted includes look beside it first)
check "monitor includes neither spec nor runtime" "$(includes monitor/*.[ch] | grep -E "include ($(names spec)|$(names runtime))$" | grep -vE "include ($(names monitor))$")"
check "runtime does not include monitor" "$(includes runtime/*.[ch] spec/*.[ch] | grep -E "include ($(names monitor))$" | grep -vE "include ($(names runtime))$")"
check "yajl is included by lib/json.c alone" "$(grep -ln '<yajl/' ./*/*.[ch] | grep -v '^./lib/json.c$')"
check "libseccomp and libcap are included by gen alone" "$(grep -ln '<seccomp.h>\|<sys/capability.h>' ./*/*.[ch] | grep -v '^./gen/')"
check "libdbus is included by bus/bus.c alone" "$(grep -ln '<dbus/' ./*/*.[ch] | grep -v '^./bus/bus.c$')"
check "no shell, NSS, locale or dlopen" "$(grep -n 'system(\|popen(\|getpwnam\|getpwuid\|getgrnam\|setlocale\|dlopen' lib/*.c spec/*.c runtime/*.c monitor/*.c)"
check "no stdio" "$(grep -nE '\b(printf|fprintf|snprintf|fopen|perror|strerror) ?\(' lib/*.c spec/*.c runtime/*.c monitor/*.c)"
check "no goto" "$(grep -n 'goto ' lib/*.c spec/*.c runtime/*.c monitor/*.c)"
check "nothing reads errno" "$(grep -nP '\b(errno)\b(?!\.h)' lib/*.[ch] spec/*.c runtime/*.c monitor/*.c | grep -vE '^\S+:[0-9]+:\s*(/?\*|//)|-errno|`errno`|// |/\*|errno ')"
# one file alone may take a path below a root that others change
check "openat2 is called by lib/path.c, and for /proc" "$(grep -nE 'sys_openat2\(' runtime/*.c | grep -vE 'runtime/(process|sysctl)\.c')"
check "every file names its licence" "$(for f in lib/*.[ch] spec/*.[ch] runtime/*.[ch] monitor/*.[ch] start/*.[ch] gen/*.c bus/*.c contrib/*.conf contrib/*.toml tests/*/*.[ch] tests/unit/monitor/*.c bats/*.* bats/*/*.* tests/*.sh tests/*/*.sh tests/*/*.bash tests/ns/run tests/vm/run; do
	grep -q 'SPDX-License-Identifier: Apache-2.0' "$f" || echo "$f"
done)"
check "build/proa is static and below 900 KiB" "$(for f in build/proa; do
	[ -f $f ] || continue
	readelf -d $f 2>/dev/null | grep NEEDED
	[ "$(stat -c %s $f)" -lt 921600 ] || echo "$f is $(stat -c %s $f) bytes"
done)"
check "lines are not long" "$(awk 'length($0) > 110 {print FILENAME": "FNR}' lib/*.[ch] spec/*.[ch] runtime/*.[ch] monitor/*.[ch])"
check "no file is over 640 lines" "$(wc -l runtime/*.c lib/*.c spec/*.c monitor/*.c | awk '$2 != "total" && $1 > 640')"
check "build/proamon is static and below 400 KiB" "$(for f in build/proamon; do
	[ -f $f ] || continue
	readelf -d $f 2>/dev/null | grep NEEDED
	[ "$(stat -c %s $f)" -lt 409600 ] || echo "$f is $(stat -c %s $f) bytes"
done)"
options() {
	{
		build/proa --help
		for v in create run exec kill delete list ps update events spec explain checkpoint restore; do
			build/proa $v --help
		done
	} | grep -oE -- '--[a-z][a-z0-9-]+' | sort -u
}
check "proa.8 names every option" "$(for o in $(options); do
	grep -qF -- "$(printf '%s' "$o" | sed 's/-/\\-/g')" runtime/proa.8 || echo "$o"
done)"
check "proamon.8 names every option" "$(for o in $(build/proamon --help | grep -oE -- '--[a-z][a-z0-9-]+' | sort -u); do
	grep -qF -- "$(printf '%s' "$o" | sed 's/-/\\-/g')" monitor/proamon.8 || echo "$o"
done)"
check "docs/conformance.md names tests that are there" "$(
	grep '^|' docs/conformance.md | grep -oE '"[^"]{6,}"' | tr -d '"' | sort -u | while read -r title; do
		grep -qhF -- "$title" bats/*.bats bats/*/*.bats || echo "$title"
	done
	grep -oE 'differential [a-z0-9, -]+' docs/conformance.md | sed 's/differential//' | tr ',' '\n' | tr -d ' ' | sort -u | while read -r bundle; do
		[ -z "$bundle" ] || [ "$bundle" = NAME ] || grep -qE "^\*?$bundle	" tests/differential/bundles || echo "$bundle"
	done
)"
echo "1..$n"
exit $bad
