package sitetest

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/linode/linodego"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/website"
)

const (
	documentRoot = "/srv/www/site"
	// volume is what the example calls its files.
	volume = "content"
	// wholeLimit is how long a site may take to be whole again by itself.
	wholeLimit = 3 * time.Minute
)

// tier is one of the tiers whose nodes a variable of the example declares.
type tier string

const (
	files    tier = "files"
	database tier = "db"
	web      tier = "web"
)

// variable is the example's.
func (t tier) variable() string {
	return map[tier]string{files: "file_nodes", database: "database_nodes", web: "web_nodes"}[t]
}

// firstGenerations are the machines of a tier of so many nodes, none of which was replaced.
func (t tier) firstGenerations(count int) map[string]int {
	nodes := map[string]int{}
	for n := range count {
		nodes[fmt.Sprint(t, n+1)] = 1
	}
	return nodes
}

func (s *site) databases() []string   { return slices.Sorted(maps.Keys(s.tiers[database])) }
func (s *site) fileServers() []string { return slices.Sorted(maps.Keys(s.tiers[files])) }
func (s *site) webServers() []string  { return slices.Sorted(maps.Keys(s.tiers[web])) }

// seen is the site as those see it who look after it.
func (s *site) seen() website.Site {
	return website.Site{
		Machines: website.LabMachines{Hardware: s.hardware, Numbers: s.machines},
		Nodes:    map[website.Tier][]string{website.Files: s.fileServers(), website.Databases: s.databases(), website.Web: s.webServers()},
		URL:      s.url, Floating: s.floating, Volume: volume, DocumentRoot: documentRoot,
		Balancer: s.backends,
	}
}

// ask runs a script as root in a machine, past its network.
func (s *site) ask(ctx context.Context, node, script string, args ...string) (string, error) {
	return s.seen().Ask(ctx, node, script, args...)
}

func (s *site) feed(ctx context.Context, node, stdin, script string, args ...string) (string, error) {
	return s.seen().Feed(ctx, node, stdin, script, args...)
}

// sh is like ask and fails the test where the script fails.
func (s *site) sh(t *testing.T, node, script string, args ...string) string {
	t.Helper()
	out, err := s.ask(t.Context(), node, script, args...)
	must(t, err)
	return out
}

// sql runs statements as root of one database.
func (s *site) sql(ctx context.Context, node, statements string) (string, error) {
	return s.seen().SQL(ctx, node, statements)
}

// powerOff cuts a machine's power.
func (s *site) powerOff(t *testing.T, node string) {
	t.Helper()
	must(t, website.LabMachines{Hardware: s.hardware, Numbers: s.machines}.PowerOff(t.Context(), node))
}

func (s *site) powerOn(t *testing.T, node string) {
	t.Helper()
	must(t, s.hardware.StartMachine(t.Context(), s.machines[node]))
}

// until polls until a check succeeds, and prints how long that took.
func (s *site) until(t *testing.T, what string, limit time.Duration, check func(ctx context.Context) error) {
	t.Helper()
	if last := s.within(t, what, limit, check); last != nil {
		t.Fatalf("waited %s in vain: %s: %v", limit, what, last)
	}
}

// within polls like until, and returns the last error where the check does not succeed.
func (s *site) within(t *testing.T, what string, limit time.Duration, check func(ctx context.Context) error) error {
	t.Helper()
	started := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	for {
		last := check(ctx)
		if last == nil {
			took(t, what, started)
			return nil
		}
		select {
		case <-ctx.Done():
			return last
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// wantWhole fails unless every tier is whole within a limit, without help.
func (s *site) wantWhole(t *testing.T) {
	t.Helper()
	s.until(t, "until the site was whole", wholeLimit, s.whole)
}

// whole says what is missing for every part of the site to be well.
func (s *site) whole(ctx context.Context) error { return s.seen().Whole(ctx) }

// holders are the databases that have the floating IP.
func (s *site) holders(ctx context.Context) ([]string, error) { return s.seen().Holders(ctx) }

// backends are the NodeBalancer's nodes by name.
func (s *site) backends(ctx context.Context) (map[string]linodego.NodeBalancerNode, error) {
	return website.BalancerOf(s.client)(ctx)
}

// get loads a page through the NodeBalancer as a new visitor does.
func (s *site) get(ctx context.Context, path string) (string, error) { return s.seen().Get(ctx, path) }

func (s *site) load(ctx context.Context, client *http.Client, path string) (string, error) {
	return s.seen().Load(ctx, client, path)
}

// repair is what a user would do with a site that is not well.
func (s *site) repair(t *testing.T) {
	s.find(t)
	for _, node := range slices.Sorted(maps.Keys(s.machines)) {
		if _, err := s.ask(t.Context(), node, "true"); err != nil {
			s.powerOn(t, node)
		}
	}
	s.apply(t, "apply to repair the site")
	s.wantWhole(t)
}
