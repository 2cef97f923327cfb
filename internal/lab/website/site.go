package website

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/linode/linodego"
)

// askLimit bounds one command on a machine, which may be dying.
const askLimit = 30 * time.Second

// Tier is one of the tiers that have machines of their own. The names of its nodes begin
// with it.
type Tier string

// The tiers of the example site.
const (
	Files     Tier = "files"
	Databases Tier = "db"
	Web       Tier = "web"
)

// Tiers are all tiers, from the ground up.
func Tiers() []Tier { return []Tier{Files, Databases, Web} }

// Machines runs programs as root on the nodes of a site.
type Machines interface {
	// Exec runs a program on a node until it ends. What it prints is written to stdout
	// while it runs.
	Exec(ctx context.Context, node string, argv []string, stdin io.Reader, stdout io.Writer) error
}

// Site is a site and how it is reached.
type Site struct {
	Machines Machines
	// Nodes are the names of the nodes of each tier, sorted.
	Nodes map[Tier][]string
	// URL is where visitors come in, without a slash at its end.
	URL string
	// Floating is the address of the database. Empty where the site has none.
	Floating string
	// Volume is the name of the volume with the files.
	Volume string
	// DocumentRoot is where web servers have the files.
	DocumentRoot string
	// Balancer returns the NodeBalancer's nodes by name. Nil where it cannot be asked.
	Balancer func(ctx context.Context) (map[string]linodego.NodeBalancerNode, error)
}

// All returns the nodes of all tiers.
func (s Site) All() []string {
	var all []string
	for _, tier := range Tiers() {
		all = append(all, s.Nodes[tier]...)
	}
	return all
}

// TierOf returns the tier of a node.
func (s Site) TierOf(node string) Tier {
	for _, tier := range Tiers() {
		if slices.Contains(s.Nodes[tier], node) {
			return tier
		}
	}
	return ""
}

// Ask runs a script as root on a node, and returns what it printed without surrounding
// white space.
func (s Site) Ask(ctx context.Context, node, script string, args ...string) (string, error) {
	return s.Feed(ctx, node, "", script, args...)
}

// Feed is [Site.Ask] for a script that reads its standard input.
func (s Site) Feed(ctx context.Context, node, stdin, script string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	return s.Run(ctx, node, stdin, script, args...)
}

// Run is [Site.Feed] for a script that takes as long as the context lets it.
func (s Site) Run(ctx context.Context, node, stdin, script string, args ...string) (string, error) {
	var out bytes.Buffer
	err := s.Machines.Exec(ctx, node, append([]string{"sh", "-c", script, "sh"}, args...), strings.NewReader(stdin), &out)
	if err != nil {
		err = fmt.Errorf("on %s: %w", node, err)
	}
	return strings.TrimSpace(out.String()), err
}

// SQL runs statements as root of one database.
func (s Site) SQL(ctx context.Context, node, statements string) (string, error) {
	return s.Feed(ctx, node, statements, "exec timeout 10 mariadb --batch --skip-column-names")
}

// BalancerOf asks the only NodeBalancer of an account for its nodes.
func BalancerOf(client *linodego.Client) func(ctx context.Context) (map[string]linodego.NodeBalancerNode, error) {
	return func(ctx context.Context) (map[string]linodego.NodeBalancerNode, error) {
		found := map[string]linodego.NodeBalancerNode{}
		balancers, err := client.ListNodeBalancers(ctx, nil)
		if err != nil || len(balancers) != 1 {
			return nil, fmt.Errorf("there are %d NodeBalancers: %w", len(balancers), err)
		}
		configs, err := client.ListNodeBalancerConfigs(ctx, balancers[0].ID, nil)
		if err != nil || len(configs) != 1 {
			return nil, fmt.Errorf("the NodeBalancer has %d ports: %w", len(configs), err)
		}
		nodes, err := client.ListNodeBalancerNodes(ctx, balancers[0].ID, configs[0].ID, nil)
		for _, node := range nodes {
			found[node.Label] = node
		}
		return found, err
	}
}
