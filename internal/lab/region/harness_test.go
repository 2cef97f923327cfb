package region

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/linode/linodego"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/docker"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/ssh"
)

const (
	testLab = "region-test"
	// serveVariable turns this test's program into the lab's API.
	serveVariable = "REGION_TEST_SERVE"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(serveVariable); path != "" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		ctx, cancel := labtest.ServeContext(ctx, false)
		defer cancel()
		if err := Serve(ctx, docker.CLI{}, Folder{Path: path, Name: testLab}, os.Stderr); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// lab is a running lab with a client of its API.
type lab struct {
	t        *testing.T
	docker   docker.CLI
	folder   Folder
	settings Settings
	client   *linodego.Client
	// hostKeys are what machines were given in their user data, by label.
	hostKeys map[string]string
}

func newLab(t *testing.T) *lab {
	t.Helper()
	labtest.NeedsDocker(t)
	l := &lab{t: t, hostKeys: map[string]string{}, folder: Folder{Path: t.TempDir(), Name: testLab}}
	t.Setenv(serveVariable, l.folder.Path)
	t.Cleanup(func() {
		if t.Failed() {
			log, _ := os.ReadFile(l.folder.LogFile())
			t.Logf("the API's log:\n%s", log)
		}
		if err := Down(context.Background(), l.docker, l.folder); err != nil {
			t.Error(err)
		}
	})
	l.up()
	return l
}

func (l *lab) up() {
	l.t.Helper()
	program, err := os.Executable()
	if err == nil {
		l.settings, err = Up(l.t.Context(), l.docker, l.folder, []string{program}, l.t.Output())
	}
	l.must(err)
	client := linodego.NewClient(nil)
	client.SetBaseURL(l.settings.URL())
	client.SetToken(l.settings.Token)
	client.SetPollDelay(100)
	l.client = &client
}

func (l *lab) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

// until polls until a check succeeds, and says how long it took.
func (l *lab) until(what string, check func() error) {
	l.t.Helper()
	started := time.Now()
	for {
		last := check()
		if last == nil {
			l.t.Logf("%s after %s", what, time.Since(started).Round(10*time.Millisecond))
			return
		}
		if time.Since(started) > 60*time.Second {
			l.t.Fatalf("waited in vain: %s: %v", what, last)
		}
		select {
		case <-l.t.Context().Done():
			l.t.Fatal(last)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (l *lab) create(label, address string) *linodego.Instance {
	l.t.Helper()
	key, err := os.ReadFile(l.folder.KeyFile() + ".pub")
	l.must(err)
	pair, err := ssh.NewKeyPair()
	l.must(err)
	l.hostKeys[label] = pair.Public
	userData, err := json.Marshal(map[string]any{"ssh_keys": map[string]string{"ed25519_private": pair.Private, "ed25519_public": pair.Public}})
	l.must(err)
	created, err := l.client.CreateInstance(l.t.Context(), linodego.InstanceCreateOptions{
		Region: "us-ord", Type: "g6-nanode-1", Label: label, Image: "linode/debian12", PrivateIP: true,
		AuthorizedKeys: []string{strings.TrimSpace(string(key))},
		Metadata:       &linodego.InstanceMetadataOptions{UserData: base64.StdEncoding.EncodeToString(append([]byte("#cloud-config\n"), userData...))},
		Interfaces: []linodego.InstanceConfigInterfaceCreateOptions{
			{Purpose: linodego.InterfacePurposePublic},
			{Purpose: linodego.InterfacePurposeVLAN, Label: "site", IPAMAddress: address},
		},
	})
	l.must(err)
	return created
}

func (l *lab) running(id int) {
	l.t.Helper()
	_, err := l.client.WaitForInstanceStatus(l.t.Context(), id, linodego.InstanceRunning, 120)
	l.must(err)
}

// run runs a command over SSH, as a provider would, and trusts nothing but the key
// that the machine was given.
func (l *lab) run(instance *linodego.Instance, script shell.Text, args ...string) (string, error) {
	l.t.Helper()
	key, err := os.ReadFile(l.folder.KeyFile())
	l.must(err)
	pool := ssh.NewPool(ssh.Options{})
	defer pool.Close()
	client := pool.Client(ssh.Target{Node: instance.Label, Hop: ssh.Hop{
		Host: instance.IPv4[0].String(), Auth: ssh.Auth{PrivateKey: string(key)}, HostKey: ssh.HostKey{Pinned: []string{l.hostKeys[instance.Label]}},
	}})
	result, err := client.Run(l.t.Context(), shell.Script(script, args...))
	return strings.TrimSpace(string(result.Stdout)), err
}

// serveName makes a machine answer HTTP with its name, also after a reboot.
const serveName shell.Text = `: region-serve-name
set -e
DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install socat > /dev/null
cat > /usr/local/bin/answer <<'end'
#!/bin/sh
read -r line
printf 'HTTP/1.1 200 OK\r\nContent-Length: %s\r\nConnection: close\r\n\r\n%s' "$(hostname | tr -d '\n' | wc -c)" "$(hostname)"
end
chmod 755 /usr/local/bin/answer
cat > /etc/systemd/system/answer.service <<'end'
[Service]
ExecStart=/usr/bin/socat TCP-LISTEN:80,fork,reuseaddr EXEC:/usr/local/bin/answer
[Install]
WantedBy=multi-user.target
end
systemctl enable --quiet --now answer`

// site is two machines behind a NodeBalancer.
type site struct {
	*lab
	one, two *linodego.Instance
	balancer *linodego.NodeBalancer
	config   *linodego.NodeBalancerConfig
	nodes    map[string]int
}

func (l *lab) build() *site {
	l.t.Helper()
	s := &site{lab: l, nodes: map[string]int{}}
	s.one, s.two = l.create("one", "10.0.0.1/24"), l.create("two", "10.0.0.2/24")
	label := "front"
	balancer, err := l.client.CreateNodeBalancer(l.t.Context(), linodego.NodeBalancerCreateOptions{Region: "us-ord", Label: &label})
	l.must(err)
	s.balancer = balancer
	s.config, err = l.client.CreateNodeBalancerConfig(l.t.Context(), balancer.ID, linodego.NodeBalancerConfigCreateOptions{
		Port: 80, Protocol: linodego.ProtocolHTTP, Algorithm: linodego.AlgorithmRoundRobin, Stickiness: linodego.StickinessNone,
		Check: linodego.CheckHTTP, CheckPath: "/", CheckInterval: 2, CheckTimeout: 1, CheckAttempts: 2,
	})
	l.must(err)
	for _, instance := range []*linodego.Instance{s.one, s.two} {
		l.running(instance.ID)
		_, err := l.run(instance, serveName)
		l.must(err)
		s.addNode(instance.Label, privateAddress(instance))
	}
	return s
}

func privateAddress(instance *linodego.Instance) string {
	for _, address := range instance.IPv4 {
		if address.IsPrivate() && strings.HasPrefix(address.String(), "192.168.") {
			return address.String()
		}
	}
	return ""
}

func (s *site) addNode(label, address string) {
	s.t.Helper()
	node, err := s.client.CreateNodeBalancerNode(s.t.Context(), s.balancer.ID, s.config.ID, linodego.NodeBalancerNodeCreateOptions{
		Address: address + ":80", Label: label, Weight: 100, Mode: linodego.ModeAccept,
	})
	s.must(err)
	s.nodes[label] = node.ID
}

// status is a node's status as the API tells it.
func (s *site) status(label string) string {
	s.t.Helper()
	node, err := s.client.GetNodeBalancerNode(s.t.Context(), s.balancer.ID, s.config.ID, s.nodes[label])
	s.must(err)
	return node.Status
}

func (s *site) has(label, status string) func() error {
	return func() error {
		if now := s.status(label); now != status {
			return fmt.Errorf("%s is %s", label, now)
		}
		return nil
	}
}

// get asks the NodeBalancer.
func (s *site) get() (string, error) {
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, "http://"+*s.balancer.IPv4+"/", nil)
	if err != nil {
		return "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = errors.New(response.Status)
	}
	return string(body), err
}

// answers counts who answers some requests, of which none may fail.
func (s *site) answers(requests int) map[string]int {
	s.t.Helper()
	by := map[string]int{}
	for range requests {
		body, err := s.get()
		s.must(err)
		by[body]++
	}
	return by
}
