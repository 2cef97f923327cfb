package webtier

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// workers returns how many requests PHP works on at once: what the user said, or
// what fits into memory beside the system at 64 MiB each, which is what a
// request of a common content management system takes. It goes in steps, so
// that a kernel that reports a little less memory changes nothing.
func workers(wanted, memoryMiB int) int {
	if wanted > 0 {
		return wanted
	}
	fit := (memoryMiB - 512) / 64
	return min(max(fit-fit%5, 5), 100)
}

// phpDefaults are for code on a network file system: look at a file rarely, keep
// what was read in memory, and write nothing there that is temporary.
var phpDefaults = map[string]string{
	"opcache.enable":                  "1",
	"opcache.memory_consumption":      "256",
	"opcache.interned_strings_buffer": "16",
	"opcache.max_accelerated_files":   "20000",
	"opcache.validate_timestamps":     "1",
	"opcache.revalidate_freq":         "60",
	"realpath_cache_size":             "4M",
	"realpath_cache_ttl":              "600",
	"expose_php":                      "Off",
	"memory_limit":                    "256M",
	"upload_max_filesize":             "64M",
	"post_max_size":                   "72M",
	"max_execution_time":              "120",
	"session.save_handler":            "files",
	"session.save_path":               "/var/lib/php/sessions",
	"sys_temp_dir":                    "/tmp",
}

// settings returns the lines of php.ini: name, and value as php.ini has it. The last of
// what is wanted counts most.
func settings(wanted ...map[string]string) []setting {
	together := map[string]string{}
	for _, more := range wanted {
		maps.Copy(together, more)
	}
	merged := mergedSettings(together)
	var list []setting
	for _, name := range slices.Sorted(maps.Keys(merged)) {
		list = append(list, setting{name, phpLiteral(name, merged[name])})
	}
	return list
}

func mergedSettings(wanted map[string]string) map[string]string {
	merged := maps.Clone(phpDefaults)
	maps.Copy(merged, wanted)
	// A file is sent in a post, with something around it.
	if _, told := wanted["post_max_size"]; !told {
		if upload := phpSize(merged["upload_max_filesize"]); upload >= phpSize(merged["post_max_size"]) {
			merged["post_max_size"] = fmt.Sprintf("%dM", upload/mebibyte+8)
		}
	}
	return merged
}

// phpLiteral writes a value as php.ini has it. In quotes a value is text: that keeps
// what looks like one of php.ini's own words, but the constants of error_reporting
// would be text as well, which counts as 0.
func phpLiteral(name, value string) string {
	if name == "error_reporting" {
		return value
	}
	// "none" is the word of the documentation, and without quotes php.ini's for nothing.
	if value == "none" && (name == "auto_prepend_file" || name == "auto_append_file") {
		return ""
	}
	return `"` + value + `"`
}

const mebibyte = 1 << 20

// sizePattern is an amount as PHP reads it. Behind any other letter, such as the B of
// "64MB", it takes the number for bytes without a word.
var sizePattern = regexp.MustCompile(`^-?[0-9]+[KMGkmg]?$`)

// sizes are the settings that are amounts of memory or data.
var sizes = []string{"memory_limit", "post_max_size", "realpath_cache_size", "upload_max_filesize"}

// phpSize returns an amount in bytes; 0 for what is none.
func phpSize(value string) int64 {
	factor := int64(1)
	if value != "" {
		switch value[len(value)-1] {
		case 'K', 'k':
			factor = 1 << 10
		case 'M', 'm':
			factor = mebibyte
		case 'G', 'g':
			factor = 1 << 30
		}
	}
	number, err := strconv.ParseInt(strings.TrimRight(value, "KMGkmg"), 10, 64)
	if err != nil {
		return 0
	}
	return number * factor
}

// pageSeconds is when PHP-FPM ends a page that is still being made. PHP's own limit
// does not count the time for which a page waits, so that it needs some more.
func pageSeconds(wanted map[string]string) int {
	const least = 300
	own, err := strconv.Atoi(mergedSettings(wanted)["max_execution_time"])
	if err != nil {
		return least
	}
	return max(least, own+60)
}

// bodyBytes lifts the limit of a gibibyte that Apache has of its own since 2.4.54, where
// PHP is to take more.
func bodyBytes(wanted map[string]string) int64 {
	const apachesOwn = 1 << 30
	if post := phpSize(mergedSettings(wanted)["post_max_size"]); post > apachesOwn {
		return post
	}
	return 0
}

// errorLevels are the constants of error_reporting.
var errorLevels = regexp.MustCompile(`\bE_(ALL|STRICT|DEPRECATED|NOTICE|PARSE|(USER_|CORE_|COMPILE_)?(ERROR|WARNING)|RECOVERABLE_ERROR|USER_(NOTICE|DEPRECATED))\b`)

var (
	levelsTogether = regexp.MustCompile(`^ *[~!]? *[0-9]+( *[&|^] *[~!]? *[0-9]+)* *$`)
	levelsInside   = regexp.MustCompile(`\([^()]*\)`)
)

// isErrorReporting reports whether php.ini makes a number of the value.
func isErrorReporting(value string) bool {
	value = errorLevels.ReplaceAllString(value, "1")
	for inside := levelsInside.FindString(value); inside != ""; inside = levelsInside.FindString(value) {
		if !levelsTogether.MatchString(inside[1 : len(inside)-1]) {
			return false
		}
		value = strings.Replace(value, inside, "1", 1)
	}
	return levelsTogether.MatchString(value)
}

// phpReserved are settings that the tier has attributes of its own for.
var phpReserved = map[string]string{
	"doc_root": "doc_root is the tier's own: the directory of the site is document_root",
	"user_dir": "user_dir has no meaning here: nobody's home directory is part of the site",
}

func validatePHPSettings(s Spec, found *tier.Problems) {
	if !s.php() && (len(s.PHPSettings) > 0 || s.PHPWorkers != 0) {
		found.Add(tier.At("php_settings"), "php_settings and php_workers are of no use while php is off")
	}
	if s.PHPWorkers < 0 || s.PHPWorkers > 2000 {
		found.Add(tier.At("php_workers"), "PHP has between 1 and 2000 workers, not %d", s.PHPWorkers)
	}
	for _, name := range slices.Sorted(maps.Keys(s.PHPSettings)) {
		if message := phpSettingProblem(name, s.PHPSettings[name]); message != "" {
			found.Add(tier.At("php_settings", name), "%s", message)
		}
	}
	upload, post := s.PHPSettings["upload_max_filesize"], s.PHPSettings["post_max_size"]
	if upload != "" && post != "" && phpSize(post) > 0 && phpSize(upload) > phpSize(post) {
		found.Add(tier.At("php_settings", "upload_max_filesize"), "%s is more than post_max_size, %s: a file is sent in a post, which is cut off there", upload, post)
	}
}

// phpSettingProblem says why a setting cannot be given to PHP, or would not do what it
// says; empty if it can.
func phpSettingProblem(name, value string) string {
	switch {
	case !settingPattern.MatchString(name), strings.HasSuffix(strings.ToLower(name), "extension"):
		return fmt.Sprintf("%q is not the name of a PHP setting", name)
	case phpReserved[name] != "":
		return phpReserved[name]
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "the value of " + name + " holds a control character or a line break"
	case strings.ContainsAny(value, `"\`) || strings.Contains(value, "${"):
		return "the value of " + name + ` holds a quote, a backslash or "${", which php.ini reads as more than text`
	case name == "error_reporting" && !isErrorReporting(value):
		return fmt.Sprintf("%q is neither a number nor made of PHP's constants, such as E_ALL & ~E_DEPRECATED", value)
	case slices.Contains(sizes, name) && !sizePattern.MatchString(value):
		return fmt.Sprintf("%q is not an amount such as 64M: PHP knows K, M and G and takes all else for bytes", value)
	}
	return ""
}
