package webtier

import (
	"cmp"
	"embed"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// WordPressPackage is the source that means the distribution's package.
const WordPressPackage = "package"

// WordPress is a WordPress site in the document root. Its files are copied there
// once and are WordPress's own from then on: updates are WordPress's business.
type WordPress struct {
	// Source is the URL of a .tar.gz archive as wordpress.org has them, or
	// [WordPressPackage], which is the default.
	Source string
	// SHA256 is the archive's checksum.
	SHA256 string
	// DBHost is "address" or "address:port".
	DBHost string
	DBName string
	DBUser string
	// DBPassword and AdminPassword are secret; they are unknown when the site is
	// only looked at.
	DBPassword    string
	AdminPassword string
	// PasswordVersion is raised by the user to have a changed password written.
	PasswordVersion int
	TablePrefix     string
	// URL is the site's address as visitors write it, without a slash at the end.
	URL        string
	Title      string
	AdminUser  string
	AdminEmail string
	// Updates says what WordPress updates of itself: [UpdatesMinor], the default, or
	// [UpdatesNone].
	Updates string
	// XMLRPC lets visitors reach xmlrpc.php.
	XMLRPC bool
	// ProgramFiles says whether pages may write program files: [ProgramFilesWritable],
	// the default, or [ProgramFilesReadOnly].
	ProgramFiles string
	// WritableDirectories are those that pages may write all the same, beside uploads,
	// relative to the document root.
	WritableDirectories []string
}

// What WordPress may update of itself, in its scheduled work.
const (
	UpdatesMinor = "minor"
	UpdatesNone  = "none"
)

// WordPressStatus is what was seen of WordPress on the shared directory.
type WordPressStatus struct {
	// Looked says that the site's own user looked at the document root to the end.
	Looked bool
	// Filled says that the document root has files.
	Filled bool
	// Copying says that our copy of the files has begun, and Copied that it is
	// complete.
	Copying bool
	Copied  bool
	// Loader is the digest of the document root's wp-config.php, which loads the one
	// with the settings; empty without one.
	Loader string
	// Installed says that the database was filled by us, or found filled.
	Installed bool
	// Source is the checksum of the archive that the files were last taken from, or
	// [WordPressPackage].
	Source string
	// Missing are files that every WordPress has and this one has not.
	Missing []string
	// Files is what our record says of who may write what; empty where files were never
	// divided. Open and Shut are names that pages can write and should not, and the other
	// way round.
	Files string
	Open  []string
	Shut  []string
	// Rendered is the digest of the settings that the configuration was made from,
	// and ConfigSHA256 that of the file as it was written.
	Rendered     string
	ConfigSHA256 string
	// Config is that file as it was seen.
	Config host.FileState
	// Unsalted says that the salts beside it are missing.
	Unsalted bool
	// Database is what the database said to the password in wp-config.php, one of
	// the constants below; empty on machines that did not ask it.
	Database string
}

func (w WordPress) fromPackage() bool { return w.Source == WordPressPackage || w.Source == "" }

// defaulted has the tier's name in the administrator's login: "admin" is the one that
// everybody tries.
func (w WordPress) defaulted(tier string) WordPress {
	if w.Source == "" {
		w.Source = WordPressPackage
	}
	if w.TablePrefix == "" {
		w.TablePrefix = "wp_"
	}
	if w.Title == "" {
		w.Title = "WordPress"
	}
	if w.AdminUser == "" {
		w.AdminUser = tier + "-admin"
	}
	if w.Updates == "" {
		w.Updates = UpdatesMinor
	}
	if w.ProgramFiles == "" {
		w.ProgramFiles = ProgramFilesWritable
	}
	w.WritableDirectories = sorted(w.WritableDirectories)
	w.URL = strings.TrimSuffix(w.URL, "/")
	return w
}

var (
	sha256Pattern = regexp.MustCompile(`^[0-9a-f]{64}$`)
	prefixPattern = regexp.MustCompile(`^[A-Za-z0-9_]{1,20}$`)
	databaseHost  = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*(:[0-9]{1,5})?$`)
	databaseName  = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_$-]{0,63}$`)
	databaseUser  = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}$`)
	userPattern   = regexp.MustCompile(`^[A-Za-z0-9_. @-]{1,60}$`)
	emailPattern  = regexp.MustCompile(`^[^\s@"'<>()]+@[^\s@"'<>()]+\.[^\s@"'<>()]+$`)
)

func (w WordPress) validate(s Spec, found *tier.Problems) {
	at := func(attribute string) []string { return tier.At("wordpress", attribute) }
	if !s.php() {
		found.Add(at("source_url"), "WordPress needs PHP, and php is off")
	}
	if !w.fromPackage() {
		source, err := url.Parse(w.Source)
		if err != nil || (source.Scheme != "https" && source.Scheme != "http") || source.Host == "" {
			found.Add(at("source_url"), "%q is neither a URL nor %q", w.Source, WordPressPackage)
		}
		if !sha256Pattern.MatchString(w.SHA256) {
			found.Add(at("source_sha256"), "%q is not the SHA-256 of an archive in 64 lower-case hexadecimal digits", w.SHA256)
		}
	}
	if !databaseHost.MatchString(w.DBHost) {
		found.Add(at("database_host"), "%q is not a host or host:port", w.DBHost)
	}
	if !databaseName.MatchString(w.DBName) {
		found.Add(at("database_name"), "%q is not the name of a database", w.DBName)
	}
	if !databaseUser.MatchString(w.DBUser) {
		found.Add(at("database_user"), "%q is not the name of a database user", w.DBUser)
	}
	if !prefixPattern.MatchString(w.TablePrefix) {
		found.Add(at("table_prefix"), "%q is not a prefix of 1 to 20 letters, digits and underscores", w.TablePrefix)
	}
	if site, err := url.Parse(w.URL); err != nil || (site.Scheme != "http" && site.Scheme != "https") || site.Host == "" || strings.ContainsAny(w.URL, `'"\<> `) {
		found.Add(at("url"), "%q is not an address such as https://shop.example.org", w.URL)
	} else if site.Path != "" || site.RawQuery != "" || site.Fragment != "" {
		found.Add(at("url"), "%s goes on after the host name and port, and the site is served at its root", w.URL)
	}
	if w.Updates != UpdatesMinor && w.Updates != UpdatesNone {
		found.Add(at("updates"), "%q is neither %q nor %q", w.Updates, UpdatesMinor, UpdatesNone)
	}
	w.validateProgramFiles(found)
	if !userPattern.MatchString(w.AdminUser) {
		found.Add(at("admin_user"), "%q is not a login of 1 to 60 letters, digits, spaces and _ . - @", w.AdminUser)
	}
	if !emailPattern.MatchString(w.AdminEmail) {
		found.Add(at("admin_email"), "%q is not an e-mail address", w.AdminEmail)
	}
	for _, text := range []struct{ attribute, value string }{
		{"database_password_wo", w.DBPassword}, {"admin_password_wo", w.AdminPassword}, {"title", w.Title},
	} {
		if strings.ContainsFunc(text.value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			found.Add(at(text.attribute), "the text holds a control character or a line break")
		}
	}
}

func readWordPress(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	for _, line := range answers.Parts.Lines(sharedPart) {
		words := fields(line, 6)
		switch words[0] {
		case "inside":
			parseInside(&seen.WordPress, words[1:])
		case "wordpress":
			parseWordPress(&seen.WordPress, words[1:])
		}
	}
}

func parseWordPress(seen *WordPressStatus, words []string) {
	switch words[0] {
	case "filled":
		seen.Filled = true
	case "stamp":
		switch words[1] {
		case "copying":
			seen.Copying = true
		case "copied":
			seen.Copied = true
		case "installed":
			seen.Installed = true
		case "source":
			seen.Source = words[2]
		case "files":
			seen.Files = strings.TrimSpace(strings.Join(words[2:], " "))
		case "config":
			seen.Rendered, seen.ConfigSHA256 = words[2], words[3]
		}
	case "unsalted":
		seen.Unsalted = true
	case "database":
		seen.Database = words[1]
	case "config":
		seen.Config = host.FileState{Exists: true, SHA256: words[1], Mode: words[2], Owner: words[3], Group: words[4]}
	}
}

// siteStatus is what holds for the site, whichever machine has seen it: without a
// mount each has files and a record of its own, and the database is still one.
type siteStatus struct {
	database  string
	installed bool
	// number is that of the owner of program files.
	number int
}

// planWordPress appends the work on WordPress. The files lie on the shared
// directory, so one machine does it for all; without one, each does. Machines that
// are busy with other work have their turn after the next observation.
func planWordPress(d *draft) error {
	s := d.spec
	if s.WordPress == nil {
		return nil
	}
	site := siteStatus{number: d.programNumber()}
	for _, m := range d.machines {
		seen := m.seen.WordPress
		site.database = cmp.Or(site.database, seen.Database)
		site.installed = site.installed || seen.Installed || seen.recordLost(s)
	}
	for _, m := range d.machines {
		if m.busy() || !m.seen.Serving() || m.seen.Mount.Answer != AnswerOK {
			continue
		}
		if refused := refuseWordPress(s, m.seen, site); refused != nil {
			if !d.plan.Empty() {
				return nil // the tier's own repair comes first
			}
			refused.Node = m.node.Name
			return refused
		}
		steps := wordpressSteps(s, m.node, m.seen.WordPress, site)
		d.plan.Serial("WordPress", steps...)
		if s.Mount != nil || len(steps) > 0 {
			break
		}
	}
	return nil
}

// refuseWordPress refuses to touch somebody else's files, and to fill a database
// that once was filled: an empty one is a loss, which another first installation
// would only hide.
func refuseWordPress(s Spec, node NodeStatus, site siteStatus) *reconcile.RefusedError {
	seen := node.WordPress
	switch {
	case node.Root.Exists && !seen.Looked:
		return &reconcile.RefusedError{
			What:     "look at the WordPress in " + s.DocumentRoot,
			Evidence: []string{"as " + siteUser + " it could not be looked at within 3 s"},
			Remedy:   "Look for processes of " + siteUser + " that should not be there, and for a document root with very many files.",
		}
	case seen.Filled && !seen.known(s) && !s.Adopt:
		return &reconcile.RefusedError{
			What:     "install WordPress in " + s.DocumentRoot,
			Evidence: []string{"the document root has files which are not ours"},
			Remedy:   "Empty the directory, or choose another document_root.",
			Path:     []string{"document_root"},
		}
	case site.installed && site.database == DatabaseEmpty:
		return databaseLost(s)
	}
	return nil
}

// known reports whether we have been at work in the document root.
func (w WordPressStatus) known(s Spec) bool {
	return w.Copying || w.copied(s) || w.Installed || w.Rendered != ""
}

// recordLost reports that the files are ours and our record of them is gone.
func (w WordPressStatus) recordLost(s Spec) bool {
	return w.ours(s) && !w.Copying && !w.Copied && !w.Installed && w.Rendered == ""
}

// copied reports whether all files are there. The last one to be written is
// wp-config.php: it stands for a record that is lost, in a restore that leaves
// out dot files for example.
func (w WordPressStatus) copied(s Spec) bool { return w.Copied || w.ours(s) }

// wordpressSteps has the database let WordPress in with the wanted password before
// that is written down: the database may be the one that changes later, or never.
func wordpressSteps(s Spec, node host.Node, seen WordPressStatus, site siteStatus) []Step {
	var steps []Step
	add := func(title, why string, do action) { steps = append(steps, step(node.Name, title, why, do)) }
	if !seen.copied(s) {
		add("copy WordPress", "WordPress is not in "+s.DocumentRoot, copyWordPress(s))
	}
	if seen.Copied && len(seen.Missing) > 0 {
		add("restore missing files of WordPress", "WordPress misses "+strings.Join(seen.Missing, ", "), restoreWordPress(s))
	}
	if reasons := ownerReasons(s, seen, site.number); len(reasons) > 0 || !seen.copied(s) && s.readOnly() {
		why := ""
		if seen.copied(s) {
			why = strings.Join(reasons, "; ")
		}
		add("give files of WordPress to their owners", why, divideFiles(s, site.number))
	}
	reasons := configReasons(s, seen)
	answer := site.database
	if s.Mount == nil {
		answer = seen.Database // it was asked with this machine's own wp-config.php
	}
	denied := answer == DatabaseDenied && seen.Installed && len(reasons) == 0
	if len(reasons) > 0 || denied || !seen.Installed {
		why, limit := "", newDatabasePatience
		if denied {
			limit = databasePatience
			why = fmt.Sprintf("the database at %s does not let %s in", s.WordPress.DBHost, s.WordPress.DBUser)
		}
		add("wait for the database", why, awaitDatabase(s, site.installed, limit))
	}
	if len(reasons) > 0 || denied {
		// What the database refuses may be an older password, and the wanted one
		// what it was waited for with.
		add("write wp-config.php", strings.Join(reasons, "; "), writeWordPressConfig(s))
	}
	if !seen.Installed {
		add("install WordPress", "WordPress is not installed in the database", installWordPress(s))
	}
	if len(steps) == 0 && s.WordPress.outdated(seen) {
		add("update WordPress", "WordPress was not made from the declared archive", updateWordPress(s))
	}
	return steps
}

// wordpressRecord is the file of our own record of WordPress, a line per fact.
func (s Spec) wordpressRecord() string { return path.Join(s.state(), "wordpress") }

//go:embed php/*.php
var phpPrograms embed.FS

// phpCode returns programs for "php -r", one after the other. What is in a file for
// readers alone is left out: the tag that it begins with, and comments on lines of
// their own.
func phpCode(names ...string) string {
	var code strings.Builder
	for _, name := range names {
		content, err := phpPrograms.ReadFile("php/" + name + ".php")
		if err != nil {
			panic(err) // what is embedded is part of the program
		}
		for line := range strings.Lines(string(content)) {
			if line != "<?php\n" && !strings.HasPrefix(line, "//") {
				code.WriteString(line)
			}
		}
	}
	return code.String()
}
