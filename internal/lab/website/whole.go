package website

import (
	"context"
	"fmt"
	"strconv"

	"github.com/linode/linodego"
)

// Whole says what is missing for every part of the site to be well.
func (s Site) Whole(ctx context.Context) error {
	for _, check := range []func(context.Context) error{s.databasesWhole, s.holderWhole, s.filesWhole, s.webWhole, s.balancerWhole} {
		if err := check(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s Site) databasesWhole(ctx context.Context) error {
	for _, node := range s.Nodes[Databases] {
		said, err := s.SQL(ctx, node, `SELECT GROUP_CONCAT(variable_value ORDER BY variable_name) FROM information_schema.global_status
WHERE variable_name IN ('wsrep_cluster_size', 'wsrep_cluster_status', 'wsrep_local_state_comment')`)
		if err != nil {
			return err
		}
		if said != fmt.Sprint(len(s.Nodes[Databases]), ",Primary,Synced") {
			return fmt.Errorf("%s is %s", node, said)
		}
	}
	return nil
}

func (s Site) holderWhole(ctx context.Context) error {
	if s.Floating == "" || len(s.Nodes[Databases]) == 0 {
		return nil
	}
	holders, err := s.Holders(ctx)
	if err == nil && len(holders) != 1 {
		err = fmt.Errorf("the floating IP is on %v", holders)
	}
	return err
}

// Holders returns the databases that have the floating IP.
func (s Site) Holders(ctx context.Context) ([]string, error) {
	var holders []string
	for _, node := range s.Nodes[Databases] {
		out, err := s.Ask(ctx, node, `ip -4 -o address show to "$1/32"`, s.Floating)
		if err != nil {
			return nil, err
		}
		if out != "" {
			holders = append(holders, node)
		}
	}
	return holders, nil
}

const filesScript = `set -e
processes=$(gluster --mode=script --xml volume status "$1" | tr -d '\n ' | sed 's/<node>/\n/g')
online=$(echo "$processes" | grep '<path>/' | grep -c '<status>1<')
[ "$online" = "$2" ] || { echo "$online of $2 bricks are online"; exit 0; }
! echo "$processes" | grep '<hostname>Self-heal' | grep -q '<status>0<' || { echo 'a self-heal daemon is not running'; exit 0; }
gluster --mode=script volume heal "$1" info | awk '/^Number of entries:/ { if ($4 == "-") exit 1; sum += $4; bricks++ } END { if (bricks < '"$2"') exit 1; if (sum > 0) print sum " entries to heal" }'`

func (s Site) filesWhole(ctx context.Context) error {
	servers := s.Nodes[Files]
	if len(servers) == 0 {
		return nil
	}
	missing, err := s.Ask(ctx, servers[0], filesScript, s.Volume, strconv.Itoa(len(servers)))
	if err == nil && missing != "" {
		err = fmt.Errorf("volume %s: %s", s.Volume, missing)
	}
	return err
}

func (s Site) webWhole(ctx context.Context) error {
	for _, node := range s.Nodes[Web] {
		code, err := s.Ask(ctx, node, "curl --silent --output /dev/null --write-out '%{http_code}' --max-time 5 http://localhost/healthz || true")
		if err == nil && code != "200" {
			err = fmt.Errorf("%s's health is %s", node, code)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s Site) balancerWhole(ctx context.Context) error {
	if s.Balancer != nil {
		nodes, err := s.Balancer(ctx)
		if err != nil {
			return err
		}
		for _, name := range s.Nodes[Web] {
			if node, found := nodes[name]; !found || node.Status != "UP" || node.Mode != linodego.ModeAccept {
				return fmt.Errorf("the NodeBalancer's %s is %q in mode %q", name, node.Status, node.Mode)
			}
		}
	}
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	_, err := s.Get(ctx, "/")
	return err
}
