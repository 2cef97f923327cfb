package galeratest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// become is the script that ends when the node serves.
func (s *Cluster) become(m *hosttest.Machine, node *Node, verb string) error {
	switch verb {
	case "await":
		node.Busy = ""
	case "start":
		if err := m.Start(s.engine.Unit); err != nil {
			return err
		}
	case "settle", "restart":
		if verb == "settle" && node.Synced() {
			return nil
		}
		if s.engine.BootstrapUnit != "" {
			_ = m.Stop(s.engine.BootstrapUnit)
		}
		_ = m.Stop(s.engine.Unit)
		if err := m.Start(s.engine.Unit); err != nil {
			return err
		}
	case "bootstrap":
		node.Safe, node.View, node.ViewSize = true, "", 0
		if err := m.Stop(s.engine.Unit); err != nil {
			return err
		}
		unit := s.engine.Unit
		if s.engine.BootstrapUnit != "" {
			unit = s.engine.BootstrapUnit
		} else {
			node.newCluster = true
		}
		if err := m.Start(unit); err != nil {
			return err
		}
	default:
		s.t.Errorf("unknown verb %q", verb)
	}
	if !node.Synced() {
		return fmt.Errorf("%s does not become Synced", node.Name)
	}
	return nil
}

func (s *Cluster) handle(m *hosttest.Machine, node *Node) {
	query := func(label string, answer func(args []string) (string, int)) {
		m.HandleQuery(label, func(_ *hosttest.Machine, c shell.Command) (string, int, string) {
			out, status := answer(c.Args())
			return out, status, ""
		})
	}
	change := func(label string, act func(c shell.Command) error) {
		m.Handle(label, func(_ *hosttest.Machine, c shell.Command) (string, int, string) {
			s.act = m.Name + ": " + strings.Join(append([]string{label}, c.Args()...), " ")
			defer func() { s.act = "" }()
			if err := act(c); err != nil {
				return "", 1, err.Error()
			}
			return "", 0, ""
		})
	}
	serving := func(answer func(args []string) string) func([]string) (string, int) {
		return func(args []string) (string, int) {
			if node.History == nil && !node.Standalone {
				return "", 1
			}
			return answer(args), 0
		}
	}
	query("galera-data", func(args []string) (string, int) {
		if unmounted(m, args[0]) {
			return "cores 0-1\n", 0
		}
		out := s.data(node)
		if failed := m.Files[args[1]].Content; failed != "" && node.Installed {
			out += "failed-transfers " + failed
		}
		if file, found := m.Files[args[2]]; found {
			out += fmt.Sprintf("recovered %s %d\n", strings.TrimSpace(file.Content), file.Modified)
		}
		return out, 0
	})
	query("galera-marker", func(args []string) (string, int) { return m.Files[args[0]].Content, 0 })
	query("tier-held", func([]string) (string, int) { return m.Files["/run/held"].Content, 0 })
	query("tier-drained", func(args []string) (string, int) {
		if strings.TrimSpace(m.Files[args[0]].Content) == args[1] {
			return "drained\n", 0
		}
		return "", 0
	})
	query("galera-password-versions", func(args []string) (string, int) { return m.Files[args[0]].Content, 0 })
	query("galera-wsrep", serving(func(args []string) string {
		shown := ""
		for _, name := range sorted(node.Variables) {
			if slices.Contains(alwaysAsked, name) || strings.Contains(args[2], ",'"+name+"'") {
				shown += name + "\t" + node.Variables[name] + "\n"
			}
		}
		if s.engine.Repository == "" {
			return node.status() + shown
		}
		// Percona's server has no global variable wsrep_on.
		return shown + strings.NewReplacer("wsrep_on\tON", "wsrep_provider\t/usr/lib/galera4/libgalera_smm.so", "wsrep_on\tOFF", "wsrep_provider\tnone").Replace(node.status())
	}))
	query("galera-schemas", serving(func(args []string) string {
		s.checkSession(args[2])
		return s.schemata(node.History, args[3:])
	}))
	query("galera-accounts", serving(func(args []string) string {
		s.checkSession(args[2])
		if node.rejects() && !strings.Contains(args[2], "SET SESSION wsrep_dirty_reads = 1;") {
			return "" // ERROR 1047
		}
		return node.answer(everySecond(args[4:]))
	}))

	change("galera-check-config", func(c shell.Command) error {
		if strings.Contains(string(c.Stdin()), "broken") {
			return fmt.Errorf("[ERROR] unknown suffix")
		}
		return nil
	})
	change("galera-percona-repository", func(c shell.Command) error {
		if c.Args()[0] != s.engine.Repository {
			s.t.Errorf("repository %v", c.Args())
		}
		s.offer(m, node)
		return nil
	})
	change("galera-member", func(c shell.Command) error {
		verb, transfers := c.Args()[0], c.Args()[6]
		if verb != "await" {
			m.RemoveAll(transfers)
		}
		err := s.become(m, node, verb)
		if err != nil {
			_ = m.Stop(s.engine.Unit) // a unit that is given up is stopped
		}
		return err
	})
	change("galera-initialize", func(shell.Command) error {
		node.Initialized = true
		return nil
	})
	change("galera-start-no-block", func(c shell.Command) error {
		s.wait(node)
		s.reform()
		s.admit()
		return nil
	})
	change("galera-stand-aside", func(shell.Command) error {
		s.standAside(node)
		return nil
	})
	change("galera-recover-position", func(c shell.Command) error {
		if node.UUID == "" {
			return fmt.Errorf("[ERROR] WSREP: skipping position recovery")
		}
		m.WriteFile(c.Args()[2], fmt.Sprintf("%s:%d\n", node.UUID, node.Position))
		return nil
	})
	change("tier-drain", func(c shell.Command) error {
		if _, exists := m.Files[c.Args()[0]]; !exists {
			m.WriteFile(c.Args()[0], c.Args()[1]+"\n")
		}
		m.RemoveAll("/run/held")
		return nil
	})
	change("tier-return", func(c shell.Command) error {
		if strings.TrimSpace(m.Files[c.Args()[0]].Content) == c.Args()[1] {
			m.RemoveAll(c.Args()[0])
		}
		return nil
	})
	change("galera-await-checks", func(shell.Command) error {
		node.Checks = false
		return nil
	})
	change("galera-sql", func(c shell.Command) error {
		for _, name := range s.names {
			if s.Nodes[name].Checks {
				return fmt.Errorf("%s checks its tables and waits for itself now", name)
			}
		}
		if !node.Synced() {
			return fmt.Errorf("ERROR 1047 (08S01): WSREP has not yet prepared node for application use")
		}
		if node.rejects() {
			return fmt.Errorf("ERROR 1047 (08S01): WSREP has not yet prepared node for application use")
		}
		if node.Variables["super_read_only"] == "ON" {
			return fmt.Errorf("ERROR 1290 (HY000): The MySQL server is running with the --super-read-only option")
		}
		return s.sql(node, string(c.Stdin()))
	})
	change("galera-remember-password-version", func(c shell.Command) error {
		args := c.Args()
		var lines []string
		for line := range strings.Lines(m.Files[args[0]].Content) {
			if !strings.HasPrefix(line, args[1]+" ") {
				lines = append(lines, line)
			}
		}
		m.WriteFile(args[0], strings.Join(lines, "")+strings.Join(args[1:], " ")+"\n")
		return nil
	})
	change("galera-wipe", func(shell.Command) error {
		s.Wipe(node.Name)
		return nil
	})
}

// unmounted reports whether the machine has a file system for the directory that is
// not mounted.
func unmounted(m *hosttest.Machine, directory string) bool {
	known := false
	for _, disk := range m.Disks {
		if disk.Mounted == directory {
			return false
		}
		known = known || disk.UUID != ""
	}
	return known
}

// Replace puts a new machine in the place of one, which gets its block devices.
func (s *Cluster) Replace(name string) {
	m, node := s.Machines[name], s.Nodes[name]
	s.leave(node)
	for _, disk := range m.Disks {
		m.Unmount(disk)
	}
	clear(m.Files)
	clear(m.Directories)
	clear(m.Packages)
	clear(m.Held)
	clear(m.Units)
	clear(m.Occupied)
	node.Installed, node.Config, node.Variables = false, "", nil
}

// data is what lies in the data directory, in the words of the real question.
func (s *Cluster) data(node *Node) string {
	var b strings.Builder
	b.WriteString("cores 0-1\n")
	config := s.Machines[node.Name].Files[s.engine.ConfigPath].Content
	if _, rest, found := strings.Cut(config, "# Follows from the machine: "); found {
		text, _, _ := strings.Cut(rest, "\n")
		fmt.Fprintf(&b, "made-for %s\n", text)
	}
	fmt.Fprintf(&b, "size %d 4096\nsystem ext2/ext3\n", node.Disk/4096)
	// A device has the data also where no package is.
	if !node.Installed && node.UUID == "" {
		return b.String()
	}
	if node.Cache > 0 {
		fmt.Fprintf(&b, "cache %d\n", node.Cache)
	}
	b.WriteString("schema mysql\nschema performance_schema\nschema sys\n")
	for _, schema := range node.Schemas {
		fmt.Fprintf(&b, "schema %s\n", schema)
	}
	if h := s.Past[node.UUID]; h != nil {
		for _, schema := range sorted(h.Databases) {
			fmt.Fprintf(&b, "schema %s\n", schema)
		}
	}
	if node.View != "" {
		fmt.Fprintf(&b, "view_id %s\n%s", node.View, strings.Repeat("member x 0\n", node.ViewSize))
	}
	if node.UUID != "" {
		safe := 0
		if node.Safe {
			safe = 1
		}
		fmt.Fprintf(&b, "uuid %s\nseqno %d\nsafe_to_bootstrap %d\n", node.UUID, node.Seqno, safe)
	}
	if node.Free > 0 {
		fmt.Fprintf(&b, "free %d 4096\nused %d 1\n", node.Free/4096, node.Used)
	}
	return b.String()
}

// alwaysAsked are the variables that are asked for whatever the settings are.
var alwaysAsked = []string{"lower_case_table_names", "wsrep_reject_queries", "read_only", "super_read_only", "offline_mode", "pxc_maint_mode"}

// rejects reports whether the server refuses everybody's queries.
func (n *Node) rejects() bool {
	rejected := n.Variables["wsrep_reject_queries"]
	return rejected != "" && rejected != "NONE"
}

func (n *Node) status() string {
	switch {
	case n.Standalone:
		return "wsrep_cluster_status\tDisconnected\nwsrep_ready\tON\nwsrep_connected\tOFF\nwsrep_local_state\t0\nwsrep_cluster_size\t0\nwsrep_on\tOFF\nversion\t10.11.19-MariaDB\n"
	case n.NonPrimary:
		return "wsrep_cluster_status\tnon-Primary\nwsrep_ready\tOFF\nwsrep_connected\tON\nwsrep_local_state\t0\nwsrep_local_state_comment\tInitialized\nwsrep_cluster_size\t1\nwsrep_on\tON\nversion\t10.11.19-MariaDB\n"
	}
	state, comment := 4, "Synced"
	if n.Busy != "" {
		state, comment = 2, n.Busy
	}
	return fmt.Sprintf("wsrep_cluster_status\tPrimary\nwsrep_ready\tON\nwsrep_connected\tON\nwsrep_local_state\t%d\nwsrep_local_state_comment\t%s\nwsrep_cluster_size\t%d\nwsrep_cluster_conf_id\t%d\nwsrep_cluster_state_uuid\t%s\nwsrep_on\tON\nversion\t10.11.19-MariaDB\n",
		state, comment, len(n.History.Members), n.History.views, n.History.UUID)
}
