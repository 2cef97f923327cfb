package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/linode/linodego"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/machine"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/region"
)

func ps(ctx context.Context, c command) error {
	resources, err := machine.List(ctx, c.client, "")
	if err != nil {
		return err
	}
	statuses, apiState := c.statuses(ctx)
	fmt.Fprintf(c.stdout, "lab %s in %s: %s\n", c.folder.Name, c.folder.Path, apiState)
	table := tabwriter.NewWriter(c.stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tID\tKIND\tAPI\tCONTAINER\tPUBLIC\tPRIVATE")
	others := map[string]int{}
	own := 0
	for _, each := range resources {
		if each.Lab != c.folder.Name {
			others[each.Lab]++
			continue
		}
		if each.ID == "" {
			continue
		}
		own++
		status := statuses[each.Kind+" "+each.ID]
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", orDash(status.label, each.Label), each.ID, each.Kind,
			orDash(status.status), each.State, orDash(each.PublicIPv4), orDash(each.PrivateIPv4))
	}
	if own > 0 {
		if err := table.Flush(); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(others)) {
		fmt.Fprintf(c.stdout, "another lab, or the leftovers of one: %s, %d objects (\"lab down -name %s\" removes them)\n",
			name, others[name], name)
	}
	return nil
}

// known is what the API says of a machine or balancer.
type known struct{ label, status string }

// statuses asks the API; where it does not run, the machines are leftovers.
func (c command) statuses(ctx context.Context) (map[string]known, string) {
	settings, err := c.folder.Settings()
	if errors.Is(err, region.ErrNoLab) {
		return nil, "not started; machines below are leftovers that \"lab up\" or \"lab down\" removes"
	}
	if err != nil {
		return nil, err.Error()
	}
	number, err := c.folder.Process()
	if err != nil || number == 0 {
		return nil, "its API does not run: \"lab up\" starts it again, \"lab down\" removes everything"
	}
	client := newClient(settings)
	found := map[string]known{}
	instances, err := client.ListInstances(ctx, nil)
	if err != nil {
		return nil, err.Error()
	}
	for _, each := range instances {
		found[fmt.Sprintf("machine %d", each.ID)] = known{each.Label, string(each.Status)}
	}
	balancers, err := client.ListNodeBalancers(ctx, nil)
	if err != nil {
		return nil, err.Error()
	}
	for _, each := range balancers {
		found[fmt.Sprintf("balancer %d", each.ID)] = known{deref(each.Label), c.nodes(ctx, client, each.ID)}
	}
	return found, fmt.Sprintf("API at %s, process %d", settings.URL(), number)
}

// nodes sums up a balancer's nodes.
func (c command) nodes(ctx context.Context, client *linodego.Client, id int) string {
	configs, err := client.ListNodeBalancerConfigs(ctx, id, nil)
	if err != nil {
		return err.Error()
	}
	var ports []string
	for _, each := range configs {
		ports = append(ports, fmt.Sprintf(":%d %d up %d down", each.Port, each.NodesStatus.Up, each.NodesStatus.Down))
	}
	return strings.Join(ports, ", ")
}

func newClient(settings region.Settings) *linodego.Client {
	client := linodego.NewClient(nil)
	client.SetBaseURL(settings.URL())
	client.SetToken(settings.Token)
	return &client
}

func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

func orDash(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return "-"
}
