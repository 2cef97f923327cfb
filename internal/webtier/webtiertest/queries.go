package webtiertest

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// answer registers what the commands say that only read.
func (s *Server) answer() {
	m := s.Machine
	query := func(label string, run func(args []string) string) {
		m.HandleQuery(label, func(_ *hosttest.Machine, c shell.Command) (string, int, string) { return run(c.Args()), 0, "" })
	}
	query("web-markers", func(args []string) string {
		var b strings.Builder
		for name := range m.Files {
			if path.Dir(name) == args[0] && strings.HasPrefix(path.Base(name), args[1]+"-") && path.Ext(name) == ".json" {
				b.WriteString(path.Base(name) + "\n")
			}
		}
		return b.String()
	})
	query("web-marker", func(args []string) string { return m.Files[args[0]].Content })
	query("web-apache-enabled", func([]string) string {
		return strings.Join(slices.Sorted(maps.Keys(s.Enabled)), "\n")
	})
	query("web-php", s.php)
	query("web-kernel", func(args []string) string {
		var b strings.Builder
		for _, path := range args {
			b.WriteString(path + ":" + s.Kernel[path] + "\n")
		}
		return b.String()
	})
	query("web-mount", s.mount)
	query("web-accounts", func([]string) string {
		out := "root:0:0\nwww-data:33:33\n"
		for _, name := range slices.Sorted(maps.Keys(s.Accounts)) {
			out += name + ":" + s.Accounts[name] + ":33\n"
		}
		return out
	})
	query("web-drained", s.drained)
	query("web-pending", s.pending)
	m.HandleQuery("web-wordpress-database", func(_ *hosttest.Machine, c shell.Command) (string, int, string) {
		return s.tier.Database.answer(string(c.Stdin())), 0, ""
	})
	query("web-health", func([]string) string { return s.health() })
	query("web-ask-page", func(args []string) string {
		ini := m.Files["/etc/php/8.2/fpm/conf.d/99-terraform-ha.ini"].Content
		if s.tier.Breaks != "" && strings.Contains(ini, s.tier.Breaks) {
			return "answers 500 instead of " + args[1]
		}
		return ""
	})
	m.HandleQuery("web-await-health", func(m *hosttest.Machine, c shell.Command) (string, int, string) {
		drain, mark := m.Files[c.Args()[1]], c.Args()[2]
		byOperator := drain.Content != "" && strings.TrimSpace(drain.Content) != mark
		if s.Serving() || byOperator && m.Unit(apacheUnit).Running() {
			return "", 0, ""
		}
		return "", 1, "answers " + s.health()
	})
}

func (s *Server) drained(args []string) string {
	drain, mark, rolling := args[0], args[1], args[2]
	out := ""
	if file, found := s.Machine.Files[drain]; found {
		out += map[bool]string{true: "drained change\n", false: "drained operator\n"}[strings.TrimSpace(file.Content) == mark]
	}
	if s.Exists(rolling) {
		out += "rolling\n"
	}
	return out
}

func (s *Server) pending(args []string) string {
	out := ""
	for name := range s.Machine.Files {
		if path.Dir(name) == args[0] {
			out += path.Base(name) + "\n"
		}
	}
	return out
}

// php answers in the formats of package host, under the key of the first argument.
func (s *Server) php(args []string) string {
	if s.Machine.Packages["php-fpm"] == "" {
		return ""
	}
	out := "version 8.2\n"
	if s.Exists(poolPath) {
		out += "pool\n"
	}
	for name := range strings.FieldsSeq(args[1]) {
		if s.Unknown[name] {
			out += "unloaded " + name + "\n"
		}
	}
	units, _, _ := s.Machine.Call(host.AskUnits("x", fpmUnit).Command)
	out += "units\n" + strings.Replace(units, "Unit="+fpmUnit, "Unit="+args[0], 1)
	var names []string
	for _, name := range args[2:] {
		names = append(names, strings.ReplaceAll(name, "%v", "8.2"))
	}
	files, _, _ := s.Machine.Call(host.AskFiles("x", names...).Command)
	return out + "files\n" + files
}

func (s *Server) mount(args []string) string {
	out := ""
	if known := s.Machine.Files[args[3]].Content; known != "" {
		out = "known " + known + "\n"
	}
	if mountPoint := args[0]; mountPoint != "" {
		if s.Mounted == "" {
			return out + map[bool]string{true: "occupied\n"}[s.Occupied]
		}
		out += "mounted fuse.glusterfs " + s.Mounted + "\n"
		if s.Hung {
			return out + "answer hung\n"
		}
	}
	files := s.content()
	if files.Exposed != "" {
		return out + "exposed " + files.Exposed + "\n"
	}
	if files.Site == "" {
		out += "answer new\n"
	} else {
		out += "answer ok\nsentinel " + files.Site + " " + or(files.Volume, "-") + "\n"
	}
	out += files.describe()
	if args[8] != "" && files.Root && files.config != "" {
		out += "wordpress database " + s.tier.Database.answer(files.password) + "\n"
	}
	return out
}

func (d *Database) answer(password string) string {
	switch {
	case d.Password != "" && d.Password != password:
		return "denied"
	case d.Says != "":
		return d.Says
	case d.Filled:
		return "filled"
	}
	return "empty"
}

func (c *Content) describe() string {
	if !c.Root {
		return ""
	}
	out := "root " + c.Owner + "\n"
	if !c.Stalled {
		out += "inside end\n"
	}
	if c.Sessions {
		out += "sessions 700 www-data\n"
	}
	if c.Filled {
		out += "inside filled\n"
	}
	if c.Missing != "" {
		out += "inside missing " + c.Missing + "\n"
	}
	if c.Open != "" {
		out += "inside open " + c.Open + "\n"
	}
	if c.Shut != "" {
		out += "inside shut " + c.Shut + "\n"
	}
	if c.Loader != "" {
		out += "inside loader " + host.Digest([]byte(c.Loader)) + "\n"
	}
	for line, there := range map[string]bool{
		"stamp source " + c.Source: c.Source != "",
		"stamp files " + c.Divided: c.Divided != "",
		"stamp copying":            c.Copying, "stamp copied": c.Copied, "stamp installed": c.Installed,
		"stamp config " + c.rendered + " " + c.written: c.rendered != "",
		"config " + c.config + " " + c.access:          c.config != "",
		"unsalted":                                     c.Unsalted,
	} {
		if there {
			out += "wordpress " + line + "\n"
		}
	}
	return out
}

func or(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}
