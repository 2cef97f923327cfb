package floatingip

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"text/template"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

//go:embed templates
var templateFiles embed.FS

const (
	mainPath    = "/etc/keepalived/keepalived.conf"
	dropInPath  = "/etc/systemd/system/keepalived.service.d/terraform-ha.conf"
	scriptsPath = host.ProgramDirectory
	// nftablesDropInPath is beside the drop-in of [host.Firewall], which other tiers have.
	nftablesDropInPath = "/etc/systemd/system/nftables.service.d/terraform-ha-vrrp.conf"
	unitName           = "keepalived.service"
	scriptUser         = tier.CheckAccount
)

func instancePath(name string) string { return "/etc/keepalived/conf.d/terraform-ha-" + name + ".conf" }
func firewallPath(name string) string { return "/etc/terraform-ha/vrrp/" + name + ".nft" }
func checkPath(name string) string    { return path.Join(scriptsPath, "check-"+name) }
func rolePath(name string) string     { return path.Join(scriptsPath, "role-"+name) }

// tableName is the packet filter's table. Names have no underscore, so two
// floating IPs cannot share a table.
func tableName(name string) string {
	return "terraform_ha_vrrp_" + strings.ReplaceAll(name, "-", "_")
}

// sharedFiles are the same for every floating IP of a machine.
func sharedFiles() []host.File {
	script := func(name, source string) host.File {
		return host.File{Path: path.Join(scriptsPath, name), Content: asset(source), Mode: "0755"}
	}
	return []host.File{
		script("keepalived-filters", "filters.sh"),
		script("keepalived-prepare", "prepare.sh"),
		script("keepalived-loaded", "loaded.sh"),
		script("keepalived-release", "release.sh"),
		{Path: nftablesDropInPath, Content: asset("nftables.conf"), Mode: "0644"},
		{Path: dropInPath, Content: asset("drop-in.conf"), Mode: "0644"},
	}
}

// mainFile is the configuration that includes those of all floating IPs.
func mainFile() host.File {
	return host.File{Path: mainPath, Content: fill("keepalived.conf.tmpl", values{}), Mode: "0644"}
}

func asset(name string) []byte {
	content, err := templateFiles.ReadFile("templates/" + name)
	if err != nil {
		panic(err) // embedded
	}
	return content
}

// values are what the templates of one node are filled with.
type values struct {
	Spec
	IP, NodeAddress, Interface string
	Priority, Limit            int
	Peers                      []string
	PeerList                   string
	Checked                    bool
	CheckPath, RolePath        string
	Table                      string
	URL                        string
	// HighestRank is a new holder's priority; it falls to LowestRank, and is looked
	// at every RankSeconds.
	HighestRank, LowestRank, RankSeconds int
}

func (s Spec) valuesFor(node host.Node, networkInterface string) values {
	v := values{
		Spec: s, IP: s.ip(), NodeAddress: node.Address, Interface: networkInterface,
		Priority: s.priority(node.Name), Peers: s.peersOf(node.Name),
		Checked: s.Check.Kind != CheckNone, CheckPath: checkPath(s.Name),
		RolePath: rolePath(s.Name), Table: tableName(s.Name),
		HighestRank: highestRank, LowestRank: highestPriority + 1, RankSeconds: rankSeconds,
		// What the check asks gives up before Keepalived gives up on the check,
		// because only the check can say why.
		Limit: max(1, s.Check.TimeoutSeconds-1),
		URL:   shell.Quote(fmt.Sprintf("http://%s:%d%s", node.Address, s.Check.Port, s.Check.Path)),
	}
	v.PeerList = strings.Join(slices.Sorted(slices.Values(v.Peers)), ", ")
	return v
}

func fill(name string, v values) []byte {
	parsed, err := template.New(name).Funcs(template.FuncMap{
		"drainFile":    func() string { return tier.DrainFile },
		"checkAccount": func() string { return tier.CheckAccount },
	}).ParseFS(templateFiles, "templates/"+name)
	if err != nil {
		panic(err) // embedded and covered by the goldens
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, v); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// instanceFile is Keepalived's configuration of this address on this node. It
// may hold the secret.
func instanceFile(v values) host.File {
	return host.File{Path: instancePath(v.Name), Content: fill("instance.conf.tmpl", v), Mode: "0600"}
}

// sentBy is the digest of the part of an instance's file that all machines have to
// agree on, with each its own addresses and priority. What comes before it, the
// check, is each machine's own business.
func sentBy(instance host.File) string {
	_, after, _ := bytes.Cut(instance.Content, []byte("\nvrrp_instance "))
	return host.Digest(append([]byte("vrrp_instance "), after...))
}

// firewallFile is the packet filter of this address on this node.
func firewallFile(v values) host.File {
	return host.File{Path: firewallPath(v.Name), Content: fill("firewall.nft.tmpl", v), Mode: "0644"}
}

// checkFile is the check; there is none for the kind none.
func checkFile(v values) (host.File, bool) {
	if !v.Checked {
		return host.File{}, false
	}
	content := fill("check.sh.tmpl", v)
	content = append(content, fill("check-"+string(v.Check.Kind)+".sh.tmpl", v)...)
	return host.File{Path: checkPath(v.Name), Content: content, Mode: "0755"}, true
}

// roleFile is what Keepalived calls when its state changes.
func roleFile(v values) host.File {
	return host.File{Path: v.RolePath, Content: fill("role.sh.tmpl", v), Mode: "0755"}
}

// marker remembers the wanted state on the machine, without the secret, so that
// an import can find it.
func (s Spec) marker() host.Marker {
	remembered := settings{
		Address: s.Address, Additional: s.Additional, Interface: s.Interface, RouterID: s.RouterID,
		AdvertisementIntervalSeconds: s.AdvertisementIntervalSeconds,
		Preempt:                      s.Preempt, Method: s.Method, Check: s.Check, Priorities: map[string]int{},
	}
	for _, node := range s.Nodes {
		remembered.Priorities[node.Address] = s.priority(node.Name)
	}
	content, err := json.Marshal(remembered)
	if err != nil {
		panic(err) // strings and numbers always marshal
	}
	return host.Marker{Kind: Kind, Name: s.Name, Detail: map[string]string{"settings": string(content)}}
}

// settings are what the marker keeps of a [Spec].
type settings struct {
	Address                      string   `json:"address"`
	Additional                   []string `json:"additional,omitempty"`
	Interface                    string   `json:"interface,omitempty"`
	RouterID                     int      `json:"router_id"`
	AdvertisementIntervalSeconds int      `json:"advertisement_interval"`
	Preempt                      bool     `json:"preempt"`
	Method                       Method   `json:"method"`
	Check                        Check    `json:"check"`
	// Priorities are by address, because names belong to the user's configuration.
	Priorities map[string]int `json:"priorities"`
}

// holder is what the machine says to other tiers about the addresses.
func (s Spec) holder() tier.Holder {
	return tier.Holder{
		Kind: Kind, Name: s.Name, Addresses: append([]string{s.Address}, s.Additional...),
		// The check has to fail, each time at the end of its time, and the others have
		// to miss some advertisements.
		ReleaseSeconds: (s.Check.IntervalSeconds+s.Check.TimeoutSeconds)*s.Check.Fall + 5*s.AdvertisementIntervalSeconds + 5,
	}
}

// wantedFiles are all files but Keepalived's own configuration, which is tested
// before it is put in place.
func wantedFiles(v values) []host.File {
	files := append([]host.File{v.Spec.marker().File(), v.Spec.holder().File()}, sharedFiles()...)
	if check, found := checkFile(v); found {
		files = append(files, check)
	}
	return append(files, roleFile(v), firewallFile(v))
}

// configurationFiles are what Keepalived reads.
func configurationFiles(v values) []host.File {
	return []host.File{mainFile(), instanceFile(v)}
}

func (s Spec) packages() []string {
	packages := []string{"keepalived", "nftables"}
	if !s.Preempt {
		packages = append(packages, "iputils-ping")
	}
	if s.Check.Kind == CheckHTTP {
		packages = append(packages, "curl")
	}
	return packages
}
