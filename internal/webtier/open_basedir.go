package webtier

import (
	"fmt"
	"path"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// openBasedir holds the directories that PHP may open files in against those in which
// the tier has it open some: without them every page, or every upload, fails. Sessions
// are not among them, because PHP does not compare the directory of php.ini.
func validateOpenBasedir(s Spec, found *tier.Problems) {
	value := s.PHPSettings["open_basedir"]
	if value == "" || value == "none" {
		return
	}
	type need struct{ directory, why string }
	needed := []need{{s.DocumentRoot, "the site"}}
	if s.WordPress != nil {
		needed = append(needed, need{s.state(), "WordPress's settings and salts"}, need{s.temporary(), "uploads that arrive"})
	}
	var missing []string
	for _, n := range needed {
		if !covers(value, n.directory, s.DocumentRoot) {
			missing = append(missing, fmt.Sprintf("%s (%s)", n.directory, n.why))
		}
	}
	if len(missing) > 0 {
		found.Add(tier.At("php_settings", "open_basedir"), "lacks %s, where PHP has to open files", strings.Join(missing, ", "))
	}
}

// temporary is where PHP puts uploads first.
func (s Spec) temporary() string {
	for _, name := range []string{"upload_tmp_dir", "sys_temp_dir"} {
		if directory := s.PHPSettings[name]; directory != "" {
			return directory
		}
	}
	return phpDefaults["sys_temp_dir"]
}

// covers reports whether a list of directories has one in which another lies. "." is
// that of the script.
func covers(list, directory, documentRoot string) bool {
	for entry := range strings.SplitSeq(list, ":") {
		if entry == "." {
			entry = documentRoot
		}
		entry = strings.TrimSuffix(path.Clean(entry), "/")
		if directory = path.Clean(directory); directory == entry || strings.HasPrefix(directory, entry+"/") {
			return true
		}
	}
	return false
}
