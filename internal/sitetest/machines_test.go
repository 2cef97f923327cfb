package sitetest

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/linode/linodego"
)

const (
	documentRoot = "/srv/www/site"
	// volume is what the example calls its files.
	volume = "content"
	// askLimit bounds one command in a machine, which may be dying.
	askLimit = 30 * time.Second
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

// ask runs a script as root in a machine, past its network.
func (s *site) ask(ctx context.Context, node, script string, args ...string) (string, error) {
	return s.feed(ctx, node, "", script, args...)
}

func (s *site) feed(ctx context.Context, node, stdin, script string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	out, err := s.hardware.Exec(ctx, s.machines[node], append([]string{"sh", "-c", script, "sh"}, args...), strings.NewReader(stdin))
	if err != nil {
		err = fmt.Errorf("on %s: %w", node, err)
	}
	return strings.TrimSpace(string(out)), err
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
	return s.feed(ctx, node, statements, "exec timeout 10 mariadb --batch --skip-column-names")
}

// silence loses whatever a machine sends from now on.
const silence = `nft -f - <<'end'
table inet power {
    chain out { type filter hook output priority -300; policy drop; }
}
end`

// powerOff cuts a machine's power. Its kernel, which is the lab's and lives on,
// would tell the peers that its connections are closed; they shall have to find
// out. The silence ends with the machine's network, that is before it boots.
func (s *site) powerOff(t *testing.T, node string) {
	t.Helper()
	s.sh(t, node, silence)
	must(t, s.hardware.PowerOff(t.Context(), s.machines[node]))
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
func (s *site) whole(ctx context.Context) error {
	for _, check := range []func(context.Context) error{s.databasesWhole, s.filesWhole, s.webWhole, s.balancerWhole} {
		if err := check(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s *site) databasesWhole(ctx context.Context) error {
	for _, node := range s.databases() {
		said, err := s.sql(ctx, node, `SELECT GROUP_CONCAT(variable_value ORDER BY variable_name) FROM information_schema.global_status
WHERE variable_name IN ('wsrep_cluster_size', 'wsrep_cluster_status', 'wsrep_local_state_comment')`)
		if err != nil {
			return err
		}
		if said != fmt.Sprint(len(s.databases()), ",Primary,Synced") {
			return fmt.Errorf("%s is %s", node, said)
		}
	}
	holders, err := s.holders(ctx)
	if err == nil && len(holders) != 1 {
		err = fmt.Errorf("the floating IP is on %v", holders)
	}
	return err
}

// holders are the databases that have the floating IP.
func (s *site) holders(ctx context.Context) ([]string, error) {
	var holders []string
	for _, node := range s.databases() {
		out, err := s.ask(ctx, node, `ip -4 -o address show to "$1/32"`, s.floating)
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
online=$(gluster --mode=script --xml volume status "$1" | tr -d '\n ' | sed 's/<node>/\n/g' | grep '<path>/' | grep -c '<status>1<')
[ "$online" = "$2" ] || { echo "$online of $2 bricks are online"; exit 0; }
gluster --mode=script volume heal "$1" info | awk '/^Number of entries:/ { if ($4 == "-") exit 1; sum += $4; bricks++ } END { if (bricks < '"$2"') exit 1; if (sum > 0) print sum " entries to heal" }'`

func (s *site) filesWhole(ctx context.Context) error {
	missing, err := s.ask(ctx, "files1", filesScript, volume, strconv.Itoa(len(s.fileServers())))
	if err == nil && missing != "" {
		err = fmt.Errorf("volume %s: %s", volume, missing)
	}
	return err
}

func (s *site) webWhole(ctx context.Context) error {
	for _, node := range s.webServers() {
		code, err := s.ask(ctx, node, "curl --silent --output /dev/null --write-out '%{http_code}' --max-time 5 http://localhost/healthz || true")
		if err == nil && code != "200" {
			err = fmt.Errorf("%s's health is %s", node, code)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *site) balancerWhole(ctx context.Context) error {
	nodes, err := s.backends(ctx)
	if err != nil {
		return err
	}
	for _, name := range s.webServers() {
		if node, found := nodes[name]; !found || node.Status != "UP" || node.Mode != linodego.ModeAccept {
			return fmt.Errorf("the NodeBalancer's %s is %q in mode %q", name, node.Status, node.Mode)
		}
	}
	_, err = s.get(ctx, "/")
	return err
}

// backends are the NodeBalancer's nodes by name.
func (s *site) backends(ctx context.Context) (map[string]linodego.NodeBalancerNode, error) {
	found := map[string]linodego.NodeBalancerNode{}
	balancers, err := s.client.ListNodeBalancers(ctx, nil)
	if err != nil || len(balancers) != 1 {
		return nil, fmt.Errorf("there are %d NodeBalancers: %w", len(balancers), err)
	}
	configs, err := s.client.ListNodeBalancerConfigs(ctx, balancers[0].ID, nil)
	if err != nil || len(configs) != 1 {
		return nil, fmt.Errorf("the NodeBalancer has %d ports: %w", len(configs), err)
	}
	nodes, err := s.client.ListNodeBalancerNodes(ctx, balancers[0].ID, configs[0].ID, nil)
	for _, node := range nodes {
		found[node.Label] = node
	}
	return found, err
}

// get loads a page through the NodeBalancer as a new visitor does.
func (s *site) get(ctx context.Context, path string) (string, error) {
	return s.load(ctx, http.DefaultClient, path)
}

func (s *site) load(ctx context.Context, client *http.Client, path string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
	if err != nil {
		return "", err
	}
	request.Close = true
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s: %.200s", path, response.Status, body)
	}
	return string(body), err
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
