package galeratest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// offer puts the engine's packages into the machine's catalog.
func (s *Cluster) offer(m *hosttest.Machine, node *Node, repository string) {
	m.Offer(s.engine.Packages...)
	m.Catalog["mariadb-backup"] = hosttest.Package{Version: "1:10-1", Source: "mariadb"}
	m.Catalog[s.engine.Server] = hosttest.Package{Version: s.engine.Versions[repository], Source: s.engine.Source, Units: []string{s.engine.Unit}, OnInstall: func(m *hosttest.Machine) {
		// The package makes no system tables in a directory that is not empty.
		node.Installed, node.Initialized = true, !node.LostAndFound
		if !m.Unit("var-lib-mysql.mount").Running() {
			m.Occupied["/var/lib/mysql"] = true
		}
		if s.engine.BootstrapUnit != "" {
			m.AddUnit(s.engine.BootstrapUnit).Static = true
		}
	}}
}

func (at machine) packages() {
	at.change("galera-percona-repository", func(c shell.Command) error {
		if at.engine.Versions[c.Args()[0]] == "" || at.engine.Repository == "" {
			at.t.Errorf("repository %v", c.Args())
		}
		at.offer(at.m, at.node, c.Args()[0])
		return nil
	})
	at.query("galera-release", func(args []string) (string, int) {
		if args[0] != "" && args[0] != at.engine.Server {
			at.t.Errorf("%s is asked for the versions of %q", at.m.Name, args[0])
		}
		return at.releases(args[0]), 0
	})
}

// Offers puts versions of the server's packages into the lists of a machine.
func (s *Cluster) Offers(name string, versions ...string) {
	m := s.Machines[name]
	if m.Offered == nil {
		m.Offered = map[string][]string{}
	}
	for known, entry := range m.Catalog {
		if entry.Source == s.engine.Source {
			m.Offered[known] = slices.Clone(versions)
		}
	}
}

// releases is what an upgrade depends on, in the words of the real question.
func (at machine) releases(server string) string {
	var b strings.Builder
	if server != "" {
		if !at.m.System.NoLists {
			for _, version := range at.m.Versions(server) {
				fmt.Fprintf(&b, "offered %s\n", version)
			}
			fmt.Fprintf(&b, "refreshed %d\n", at.m.Now()-int64(at.m.System.ListsAge.Seconds()))
		}
		fmt.Fprintf(&b, "now %d\n", at.m.Now())
	}
	if at.node.Tables != "" {
		fmt.Fprintf(&b, "tables %s-MariaDB\n", at.node.Tables)
	}
	return b.String()
}

// Release is the version of a package without its epoch and revision.
func Release(version string) string {
	if _, after, found := strings.Cut(version, ":"); found {
		version = after
	}
	version, _, _ = strings.Cut(version, "-")
	return version
}

// series is the part of a release in which servers have to agree for a backup.
func series(release string) string {
	parts := strings.Split(release, ".")
	return strings.Join(parts[:min(len(parts), 2)], ".")
}

// starts has a server of the installed version take the data directory, whose tables it
// upgrades. One that is older than those does not start, nor one of another series after a
// crash.
func (s *Cluster) starts(node *Node) error {
	node.Runs = Release(s.Machines[node.Name].Packages[s.engine.Server])
	switch had := node.Data; {
	case had == "" || node.UUID == "":
	case series(had) != series(node.Runs) && hosttest.Newer(had, node.Runs):
		return fmt.Errorf("[ERROR] the data is that of a newer version, %s", had)
	case series(had) != series(node.Runs) && node.Seqno < 0:
		return fmt.Errorf("[ERROR] upgrade after a crash is not supported: the redo log is that of %s", had)
	}
	node.Data = node.Runs
	if node.Tables != "" && series(node.Tables) != series(node.Runs) {
		node.Tables = node.Runs
	}
	return nil
}
