package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/linode/linodego"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/machine"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/region"
)

// askLimit bounds a question to one machine, which may be dying.
const askLimit = 20 * time.Second

// The questions print one "name: value" per line.
const (
	askFiles = `echo "glusterd: $(systemctl is-active glusterd)"
echo "brick processes: $(pgrep -c -x glusterfsd)"
peers=$(gluster pool list 2>/dev/null | tail -n +2)
echo "pool: $(echo "$peers" | grep -c Connected) of $(echo "$peers" | grep -c .) connected"`
	// Locked across the pool, so it is asked on one machine only.
	askVolumes = `volumes=$(gluster volume list 2>/dev/null) || { echo "volumes: cannot be asked"; exit 0; }
for volume in $volumes; do
    online=$(timeout 10 gluster --mode=script --xml volume status "$volume" | tr -d '\n ' | sed 's/<node>/\n/g' | grep '<path>/' | grep -c '<status>1<')
    bricks=$(gluster volume info "$volume" | grep -c '^Brick[0-9]')
    heal=$(timeout 10 gluster --mode=script volume heal "$volume" info 2>/dev/null | awk '/^Number of entries:/ { if ($4 == "-") unknown = "+?"; else sum += $4 } END { print sum + 0 unknown }')
    echo "volume $volume: $online of $bricks bricks online, $heal entries to heal"
done`
	askDatabase = `client=$(command -v mariadb || command -v mysql) || { echo "database: not installed"; exit 0; }
status=$(timeout 10 "$client" --batch --skip-column-names --execute "SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_local_state_comment', 'wsrep_cluster_status', 'wsrep_cluster_size')" 2>/dev/null) || { echo "database: does not answer"; exit 0; }
value() { echo "$status" | awk -v name="$1" '$1 == name { print $2 }'; }
echo "state: $(value wsrep_local_state_comment)"
echo "component: $(value wsrep_cluster_status)"
echo "members: $(value wsrep_cluster_size)"
echo "keepalived: $(systemctl is-active keepalived)"
[ -z "$1" ] || ! ip -4 -o address | grep -q " $1/" || echo "holds: $1"`
	askWeb = `echo "apache: $(systemctl is-active apache2)"
mounts=$(findmnt --noheadings --list --types fuse.glusterfs --output TARGET | tr '\n' ' ')
echo "mount: ${mounts:-none}"
echo "health: $(curl --silent --output /dev/null --write-out '%{http_code}' --max-time 5 http://localhost/healthz)"`
)

// row is a line of the table.
type row struct{ tier, node, state, details string }

// Status prints a line for each machine and each node of the NodeBalancer.
func (d Demo) Status(ctx context.Context) error {
	site, err := d.site(ctx)
	if err != nil {
		return err
	}
	containers, err := machine.List(ctx, d.Docker, d.Settings.Name)
	if err != nil {
		return err
	}
	rows, err := d.rows(ctx, site, containers)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(d.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(table, "TIER\tNODE\tMACHINE\tHEALTH")
	for _, each := range rows {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", each.tier, each.node, each.state, each.details)
	}
	return table.Flush()
}

// site is what the outputs of the example tell.
type site struct {
	// nodes are public addresses by tier and node.
	nodes    map[string]map[string]string
	floating string
}

func (d Demo) site(ctx context.Context) (site, error) {
	terraform, err := d.existing()
	if err != nil {
		return site{}, err
	}
	out, err := terraform.command(ctx, "output", "-json").Output()
	var outputs struct {
		Nodes    struct{ Value map[string]map[string]string }
		Floating struct{ Value string } `json:"floating_ip"`
	}
	if err == nil {
		err = json.Unmarshal(out, &outputs)
	}
	if err != nil {
		return site{}, fmt.Errorf("cannot read the site's outputs: %w", err)
	}
	address, _, _ := strings.Cut(outputs.Floating.Value, "/")
	return site{outputs.Nodes.Value, address}, nil
}

func (d Demo) rows(ctx context.Context, site site, containers []machine.Resource) ([]row, error) {
	hardware, err := region.Hardware(ctx, d.Docker, d.Folder)
	if err != nil {
		return nil, err
	}
	var rows []row
	var all sync.WaitGroup
	for _, tier := range slices.Sorted(maps.Keys(site.nodes)) {
		for _, node := range slices.Sorted(maps.Keys(site.nodes[tier])) {
			found := at(containers, site.nodes[tier][node])
			rows = append(rows, row{tier, node, found.State, "-"})
		}
	}
	for n, each := range rows {
		found := at(containers, site.nodes[each.tier][each.node])
		all.Go(func() { rows[n].details = d.ask(ctx, hardware, found, questions(each.tier), site.floating) })
	}
	all.Wait()
	rows = append(rows, row{"files", "volumes", "", d.volumes(ctx, hardware, site, containers)})
	slices.SortStableFunc(rows, func(a, b row) int { return strings.Compare(a.tier, b.tier) })
	balancers, err := d.balancers(ctx, containers)
	return append(rows, balancers...), err
}

// volumes asks the first file server that runs.
func (d Demo) volumes(ctx context.Context, hardware *machine.Region, site site, containers []machine.Resource) string {
	for _, node := range slices.Sorted(maps.Keys(site.nodes["files"])) {
		if found := at(containers, site.nodes["files"][node]); found.State == "running" {
			return d.ask(ctx, hardware, found, askVolumes, "")
		}
	}
	return "-"
}

// questions are what is asked of each machine of a tier.
func questions(tier string) string {
	return map[string]string{"files": askFiles, "db": askDatabase, "web": askWeb}[tier]
}

// at returns the container with a public address, or one that is missing.
func at(containers []machine.Resource, address string) machine.Resource {
	for _, each := range containers {
		if each.PublicIPv4 == address {
			return each
		}
	}
	return machine.Resource{State: "missing"}
}

func (d Demo) ask(ctx context.Context, hardware *machine.Region, of machine.Resource, script, floating string) string {
	number, err := strconv.Atoi(of.ID)
	if err != nil || of.State != "running" || script == "" {
		return "-"
	}
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	out, err := hardware.Exec(ctx, number, []string{"sh", "-c", script, "sh", floating}, nil)
	if err != nil {
		return err.Error()
	}
	return strings.ReplaceAll(strings.TrimSpace(string(out)), "\n", ", ")
}

// balancers tells what the NodeBalancers say of their nodes.
func (d Demo) balancers(ctx context.Context, containers []machine.Resource) ([]row, error) {
	client := linodego.NewClient(nil)
	client.SetBaseURL(d.Settings.URL())
	client.SetToken(d.Settings.Token)
	balancers, err := client.ListNodeBalancers(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("cannot list the NodeBalancers: %w", err)
	}
	var rows []row
	for _, balancer := range balancers {
		state := "missing"
		for _, each := range containers {
			if each.Kind == "balancer" && each.ID == strconv.Itoa(balancer.ID) {
				state = each.State
			}
		}
		configs, err := client.ListNodeBalancerConfigs(ctx, balancer.ID, nil)
		if err != nil {
			return nil, fmt.Errorf("cannot list the NodeBalancer's ports: %w", err)
		}
		for _, config := range configs {
			nodes, err := client.ListNodeBalancerNodes(ctx, balancer.ID, config.ID, nil)
			if err != nil {
				return nil, fmt.Errorf("cannot list the NodeBalancer's nodes: %w", err)
			}
			said := make([]string, 0, len(nodes))
			for _, node := range nodes {
				said = append(said, fmt.Sprintf("%s: %s (%s)", node.Label, node.Status, node.Mode))
			}
			rows = append(rows, row{"balancer", fmt.Sprintf("port %d", config.Port), state, strings.Join(said, ", ")})
		}
	}
	return rows, nil
}
