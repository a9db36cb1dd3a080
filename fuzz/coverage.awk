# Lines of core that its tests run, from the lcov of cargo-llvm-cov: file by file, without the tests themselves
# (what follows `#[cfg(test)]`, and files named after tests). Exits with 1 below MIN percent.
BEGIN { FS = ":" }
/^SF:/ {
    file = $2; tests = 0; count = 0
    if (index(file, ROOT "core/src/") != 1) { file = ""; next }
    while ((getline text < file) > 0) { count++; if (text ~ /^#\[cfg\(test\)\]/) { tests = count; break } }
    close(file)
    if (file ~ /tests\.rs$/) tests = 1
    file = substr(file, length(ROOT "core/src/") + 1)
}
/^DA:/ && file != "" {
    split($2, hit, ",")
    if (tests && hit[1] + 0 >= tests) next
    lines[file]++; all++
    if (hit[2] + 0 > 0) { run[file]++; ran++ } else missed[file] = missed[file] " " hit[1]
}
END {
    for (file in lines) printf "%-28s %5d of %5d  %6.2f %%%s\n", file, run[file], lines[file], 100 * run[file] / lines[file], SHOW ? missed[file] : "" | "sort"
    close("sort")
    if (!all) { print "no line of core was measured"; exit 1 }
    printf "%-28s %5d of %5d  %6.2f %%\n", "core/src, without its tests", ran, all, 100 * ran / all
    if (100 * ran < MIN * all) { printf "below %s %%\n", MIN; exit 1 }
}
