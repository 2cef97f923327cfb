package demo

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/linode/linodego"
)

// Status prints how every node of every tier is, as the provider's data sources tell it,
// and what the NodeBalancer says of its nodes. It does what a user would do who watches a
// site: a plan that only refreshes reads the data sources, changes nothing, and needs no
// lock. Other plans read a data source that depends on a repair only after the repair.
func (d Demo) Status(ctx context.Context) error {
	terraform, err := d.existing()
	if err != nil {
		return err
	}
	told, err := terraform.health(ctx)
	if err != nil {
		return err
	}
	balancers, err := d.balancers(ctx)
	if err != nil {
		return err
	}
	return told.print(d.Stdout, balancers)
}

// health returns what the data sources of the site tell.
func (t terraform) health(ctx context.Context) (report, error) {
	file := t.demo.path("status.tfplan")
	defer func() { _ = os.Remove(file) }()
	plan := t.command(ctx, "plan", "-refresh-only", "-lock=false", "-input=false", "-no-color", "-var=health_checks=true", "-out="+file)
	if out, err := plan.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("cannot ask for the health of the site: %w\n%s", err, strings.TrimSpace(string(out)))
	}
	out, err := t.command(ctx, "show", "-json", file).Output()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		err = fmt.Errorf("%w: %s", err, strings.TrimSpace(string(exit.Stderr)))
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the health of the site: %w", err)
	}
	return parseReport(out)
}

// report is the health of each tier, by the type of its data source.
type report map[string]clusterHealth

// clusterHealth is what a data source tells.
type clusterHealth struct {
	Name     string
	Summary  string
	Problems []string
	Status   map[string]map[string]any
}

// module is a module in a plan as JSON.
// https://developer.hashicorp.com/terraform/internals/json-format#values-representation
type module struct {
	Resources []struct {
		Mode, Type string
		Values     json.RawMessage
	}
	Modules []module `json:"child_modules"`
}

func parseReport(plan []byte) (report, error) {
	var document struct {
		State struct {
			Values struct {
				Root module `json:"root_module"`
			}
		} `json:"prior_state"`
	}
	if err := json.Unmarshal(plan, &document); err != nil {
		return nil, fmt.Errorf("cannot read the plan of the site: %w", err)
	}
	found := report{}
	return found, found.collect(document.State.Values.Root)
}

func (r report) collect(in module) error {
	for _, resource := range in.Resources {
		if resource.Mode != "data" || !strings.HasPrefix(resource.Type, "ha_") {
			continue
		}
		var told clusterHealth
		if err := json.Unmarshal(resource.Values, &told); err != nil {
			return fmt.Errorf("cannot read what %s tells: %w", resource.Type, err)
		}
		r[resource.Type] = told
	}
	for _, child := range in.Modules {
		if err := r.collect(child); err != nil {
			return err
		}
	}
	return nil
}

// tiers are in the order in which they are printed.
var tiers = []struct{ title, dataSource string }{
	{"files", "ha_gluster_volume"}, {"database", "ha_galera_cluster"}, {"floating IP", "ha_floating_ip"}, {"web", "ha_web_tier"},
}

// common are what the data sources tell of every node; the rest are figures.
var common = []string{"reachable", "reason", "role", "state", "packages", "server_version"}

// print writes a table of the nodes, and below it what is wrong.
func (r report) print(to io.Writer, balancers []balancer) error {
	table := tabwriter.NewWriter(to, 0, 8, 2, ' ', 0)
	fmt.Fprintln(table, "TIER\tNODE\tROLE\tSTATE\tFIGURES")
	var lines []string
	for _, tier := range tiers {
		seen, applied := r[tier.dataSource]
		if !applied {
			lines = append(lines, fmt.Sprintf("%s: it was not applied yet", tier.title))
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(seen.Status)) {
			node := seen.Status[name]
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", tier.title, name, text(node["role"]), text(cmp.Or(node["state"], node["reason"])), figures(node))
		}
		lines = append(lines, fmt.Sprintf("%s: %s", tier.title, seen.Summary))
		if len(seen.Problems) > 1 {
			for _, problem := range seen.Problems {
				lines = append(lines, "  - "+problem)
			}
		}
	}
	for _, each := range balancers {
		for _, node := range each.nodes {
			fmt.Fprintf(table, "balancer\t%s\t%s\t%s\t%s\n", node.Label, node.Mode, node.Status, "port "+strconv.Itoa(each.port))
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(to, "\n%s\n", strings.Join(lines, "\n"))
	return err
}

func text(value any) string {
	if value == nil {
		return "-"
	}
	return fmt.Sprint(value)
}

// figures are the numbers that a data source tells of a node.
func figures(node map[string]any) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(node)) {
		if number, ok := node[name].(float64); ok && !slices.Contains(common, name) {
			all = append(all, name+" "+strconv.FormatFloat(number, 'g', 4, 64))
		}
	}
	return strings.Join(all, ", ")
}

// balancer is a port of a NodeBalancer with what it says of its nodes.
type balancer struct {
	port  int
	nodes []linodego.NodeBalancerNode
}

func (d Demo) balancers(ctx context.Context) ([]balancer, error) {
	client := linodego.NewClient(nil)
	client.SetBaseURL(d.Settings.URL())
	client.SetToken(d.Settings.Token)
	all, err := client.ListNodeBalancers(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("cannot list the NodeBalancers: %w", err)
	}
	var found []balancer
	for _, each := range all {
		configs, err := client.ListNodeBalancerConfigs(ctx, each.ID, nil)
		if err != nil {
			return nil, fmt.Errorf("cannot list the NodeBalancer's ports: %w", err)
		}
		for _, config := range configs {
			nodes, err := client.ListNodeBalancerNodes(ctx, each.ID, config.ID, nil)
			if err != nil {
				return nil, fmt.Errorf("cannot list the NodeBalancer's nodes: %w", err)
			}
			found = append(found, balancer{config.Port, nodes})
		}
	}
	return found, nil
}
