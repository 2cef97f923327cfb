package provider

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/linode"
	"github.com/terraform-ha/terraform-provider-ha/internal/ssh"
)

// sshModel is the provider's ssh attribute.
type sshModel struct {
	User           types.String   `tfsdk:"user"`
	Port           types.Int64    `tfsdk:"port"`
	PrivateKey     types.String   `tfsdk:"private_key"`
	Passphrase     types.String   `tfsdk:"private_key_passphrase"`
	Certificate    types.String   `tfsdk:"certificate"`
	Agent          types.Bool     `tfsdk:"agent"`
	KnownHosts     types.String   `tfsdk:"known_hosts"`
	HostKeyPolicy  types.String   `tfsdk:"host_key_policy"`
	ConnectTimeout types.String   `tfsdk:"connect_timeout"`
	BootTimeout    types.String   `tfsdk:"boot_timeout"`
	Bastions       []bastionModel `tfsdk:"bastions"`
}

type bastionModel struct {
	Host        types.String `tfsdk:"host"`
	Port        types.Int64  `tfsdk:"port"`
	User        types.String `tfsdk:"user"`
	PrivateKey  types.String `tfsdk:"private_key"`
	Passphrase  types.String `tfsdk:"private_key_passphrase"`
	Certificate types.String `tfsdk:"certificate"`
	HostKey     types.String `tfsdk:"host_key"`
}

const (
	policyPinned    = "pinned"
	policyAcceptNew = "accept-new"
)

func sshSchema() schema.SingleNestedAttribute {
	attributes := map[string]schema.Attribute{
		"user": schema.StringAttribute{Optional: true, MarkdownDescription: "Login name. Anyone but `root` must be allowed to use sudo without a password. Default: `HA_SSH_USER`, or `root`."},
		"port": schema.Int64Attribute{Optional: true, MarkdownDescription: "TCP port. Default: 22.", Validators: between(1, 65535)},
		"private_key": schema.StringAttribute{Optional: true, Sensitive: true,
			MarkdownDescription: "Private key: its content, not a path. Default: `HA_SSH_PRIVATE_KEY`, which may be base64 where a variable cannot hold line breaks."},
		"private_key_passphrase": schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: "Passphrase of the private key. Default: `HA_SSH_PRIVATE_KEY_PASSPHRASE`."},
		"certificate":            schema.StringAttribute{Optional: true, MarkdownDescription: "OpenSSH certificate for the key: its content. Default: none."},
	}
	attributes["agent"] = schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether to also ask the agent behind `SSH_AUTH_SOCK` for keys. Default: false."}
	attributes["known_hosts"] = schema.StringAttribute{Optional: true, MarkdownDescription: "Content of a known_hosts file, with hashed hosts, `@cert-authority` and `@revoked` if you like. Default: `HA_SSH_KNOWN_HOSTS`."}
	attributes["host_key_policy"] = schema.StringAttribute{Optional: true,
		MarkdownDescription: "What is done about a machine whose host key is neither in `known_hosts` nor in its node's `host_key`: `pinned` refuses it; `accept-new` accepts it once, remembers it in the resource's state, and refuses any other key later. Default: `pinned`.",
		Validators:          []validator.String{stringvalidator.OneOf(policyPinned, policyAcceptNew)}}
	attributes["connect_timeout"] = schema.StringAttribute{Optional: true, MarkdownDescription: "How long one attempt to connect may take, as a duration. Default: `10s`.", Validators: []validator.String{durationValidator{}}}
	attributes["boot_timeout"] = schema.StringAttribute{Optional: true, MarkdownDescription: "How long create and update wait for a machine that does not answer SSH yet, as a duration. Default: `5m`. A machine that has answered an earlier apply is given two minutes of it at most.", Validators: []validator.String{durationValidator{}}}
	attributes["bastions"] = schema.ListNestedAttribute{Optional: true,
		MarkdownDescription: "Machines on the way, the outermost first. Nobody needs sudo on a bastion. Default: none.",
		NestedObject:        schema.NestedAttributeObject{Attributes: bastionAttributes()}}
	return schema.SingleNestedAttribute{Optional: true, MarkdownDescription: "How machines are reached. Everything here is content: nothing is read from the runner's disk.", Attributes: attributes}
}

// bastionAttributes have defaults of their own: what is left out is that of ssh, but
// for the port.
func bastionAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"host": schema.StringAttribute{Required: true, MarkdownDescription: "Name or address of the bastion."},
		"port": schema.Int64Attribute{Optional: true, MarkdownDescription: "TCP port, whatever that of `ssh` is. Default: 22.", Validators: between(1, 65535)},
		"user": schema.StringAttribute{Optional: true, MarkdownDescription: "Login name. Default: the `user` of `ssh`."},
		"private_key": schema.StringAttribute{Optional: true, Sensitive: true,
			MarkdownDescription: "Private key: its content, not a path. Default: the `private_key` of `ssh`, with its passphrase and its certificate, and the agent if `ssh` asks one. With a key of its own the bastion is offered that alone."},
		"private_key_passphrase": schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: "Passphrase of the bastion's own `private_key`; it counts only beside one. Default: none."},
		"certificate":            schema.StringAttribute{Optional: true, MarkdownDescription: "OpenSSH certificate for the bastion's own `private_key`: its content; it counts only beside one. Default: none."},
		"host_key":               schema.StringAttribute{Optional: true, MarkdownDescription: "The bastion's public host key as in authorized_keys, or its fingerprint `SHA256:...`. Default: what `known_hosts` has for the bastion, which must know it then, whatever `host_key_policy` is."},
	}
}

// access is what resources get from the provider block: the way to machines and
// to the Linode API.
type access struct {
	pool        *ssh.Pool
	base        ssh.Hop
	bastions    []ssh.Hop
	connect     time.Duration
	boot        time.Duration
	patience    time.Duration
	linodeToken string
	linodeURL   string
	// keyUnknown, portUnknown and linodeUnknown say that a value is not known yet,
	// at plan.
	keyUnknown    bool
	portUnknown   bool
	linodeUnknown bool
	userAgent     string
	// run is how other runs know this one.
	run string
	// progress is where steps are written for a person to follow.
	progress io.Writer
}

func newAccess(_ context.Context, model providerModel, version string) (*access, diag.Diagnostics) {
	var diags diag.Diagnostics
	settings := model.SSH
	if settings == nil {
		settings = &sshModel{}
	}
	a := &access{
		pool:      ssh.NewPool(ssh.Options{}),
		connect:   durationOr(settings.ConnectTimeout, 10*time.Second),
		boot:      durationOr(settings.BootTimeout, 5*time.Minute),
		userAgent: "terraform-provider-ha/" + version,
		run:       thisRun(),
	}
	progress, unwritable := openProgress()
	diags.Append(unwritable...)
	a.progress = progress
	a.base = ssh.Hop{
		Port: int(int64Or(settings.Port, 22)),
		User: stringOr(orEnvironment(settings.User, "HA_SSH_USER"), "root"),
		Auth: ssh.Auth{
			PrivateKey:  decodedKey(orEnvironment(settings.PrivateKey, "HA_SSH_PRIVATE_KEY")),
			Passphrase:  orEnvironment(settings.Passphrase, "HA_SSH_PRIVATE_KEY_PASSPHRASE"),
			Certificate: settings.Certificate.ValueString(),
			Agent:       settings.Agent.ValueBool(),
		},
		HostKey: ssh.HostKey{
			KnownHosts: orEnvironment(settings.KnownHosts, "HA_SSH_KNOWN_HOSTS"),
			AcceptNew:  settings.HostKeyPolicy.ValueString() == policyAcceptNew,
		},
	}
	if a.base.Auth.PrivateKey != "" {
		if err := ssh.ValidateAuth(a.base.Auth); err != nil {
			diags.Append(invalidCredentials(sshPath, err))
		}
	}
	for i, bastion := range settings.Bastions {
		hop := a.bastion(bastion)
		if hop.Auth.PrivateKey != "" {
			if err := ssh.ValidateAuth(hop.Auth); err != nil {
				diags.Append(invalidCredentials(sshPath.AtName("bastions").AtListIndex(i), err))
			}
		}
		a.bastions = append(a.bastions, hop)
	}
	if model.Linode == nil {
		model.Linode = &linodeModel{}
	}
	a.keyUnknown = settings.PrivateKey.IsUnknown()
	a.portUnknown = settings.Port.IsUnknown()
	a.linodeUnknown = model.Linode.Token.IsUnknown() || model.Linode.URL.IsUnknown()
	a.linodeToken = orEnvironment(model.Linode.Token, "LINODE_TOKEN")
	a.linodeURL = orEnvironment(model.Linode.URL, "LINODE_URL")
	return a, diags
}

// reporter writes the steps of one resource.
func (a *access) reporter(ctx context.Context, resource string) *reporter {
	return &reporter{ctx: ctx, resource: resource, progress: a.progress}
}

// bastionLabel begins the names of bastions in messages.
const bastionLabel = "bastion "

func (a *access) bastion(model bastionModel) ssh.Hop {
	hop := a.base
	hop.HostKey.AcceptNew = false
	hop.Host = model.Host.ValueString()
	hop.Name = bastionLabel + hop.Host
	hop.Port = int(int64Or(model.Port, 22))
	hop.User = stringOr(model.User.ValueString(), hop.User)
	if key := model.PrivateKey.ValueString(); key != "" {
		hop.Auth = ssh.Auth{PrivateKey: decodedKey(key), Passphrase: model.Passphrase.ValueString(), Certificate: model.Certificate.ValueString()}
	}
	if pinned := model.HostKey.ValueString(); pinned != "" {
		hop.HostKey.Pinned = []string{pinned}
	}
	return hop
}

// invalidCredentials names the attribute, which may also come from a variable.
func invalidCredentials(at path.Path, err error) diag.Diagnostic {
	at = authPath(at, err)
	text := fmt.Sprintf("%s: %s", at, sentence(err))
	if last, _ := at.Steps().LastStep(); at.ParentPath().Equal(sshPath) && fmt.Sprint(last) != "certificate" {
		text += fmt.Sprintf(" Set it in the provider block, or in HA_SSH_%s.", strings.ToUpper(fmt.Sprint(last)))
	}
	return diag.NewAttributeErrorDiagnostic(at, "Invalid SSH Credentials", text)
}

// authPath finds the attribute that an error of the credentials is about.
func authPath(at path.Path, err error) path.Path {
	var certificate *ssh.CertificateError
	var passphrase *ssh.PassphraseError
	switch {
	case errors.As(err, &certificate):
		return at.AtName("certificate")
	case errors.As(err, &passphrase):
		return at.AtName("private_key_passphrase")
	}
	return at.AtName("private_key")
}

// requireKey reports a missing key, once machines are about to be reached.
func (a *access) requireKey() error {
	if a.base.Auth.PrivateKey == "" && !a.base.Auth.Agent && !a.keyUnknown {
		return fmt.Errorf("no SSH key is configured: set ssh.private_key in the provider block or HA_SSH_PRIVATE_KEY, or set ssh.agent = true")
	}
	return nil
}

// hosts returns the machines of a cluster. Nothing is dialed until one is used.
// A machine that does not answer then is given the time of wait.
func (a *access) hosts(nodes map[string]nodeModel, remembered map[string]string, wait func(name string) time.Duration) (host.Hosts, map[string]*ssh.Client) {
	hosts, clients := host.Hosts{}, map[string]*ssh.Client{}
	for name, node := range nodes {
		clients[name] = a.pool.Client(ssh.Target{Node: name, Hop: a.hop(name, node, remembered[name]), Bastions: a.bastions, ConnectTimeout: a.connect, Wait: wait(name)})
		hosts[name] = host.New(name, clients[name])
	}
	return hosts, clients
}

// hop is a node as the way to it ends.
func (a *access) hop(name string, node nodeModel, remembered string) ssh.Hop {
	hop := a.base
	hop.Name, hop.Host = name, node.Host.ValueString()
	hop.Port = int(int64Or(node.Port, int64(a.base.Port)))
	hop.User = stringOr(node.User.ValueString(), a.base.User)
	hop.HostKey.Remembered = remembered
	if pinned := node.HostKey.ValueString(); pinned != "" {
		hop.HostKey.Pinned = []string{pinned}
	}
	return hop
}

// acceptedUnrecorded warns of host keys that were accepted as new by a create that
// failed and so recorded nothing: the next apply would accept whatever is there.
func (a *access) acceptedUnrecorded(nodes map[string]nodeModel) diag.Diagnostics {
	var diags diag.Diagnostics
	if !a.base.HostKey.AcceptNew {
		return diags
	}
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(nodes)) {
		hop := a.hop(name, nodes[name], "")
		client := a.pool.Client(ssh.Target{Node: name, Hop: hop, Bastions: a.bastions, ConnectTimeout: a.connect})
		if key := client.LearnedHostKey(); key != "" && !hop.Vouched() {
			lines = append(lines, hop.KnownHostsName()+" "+key)
		}
	}
	if len(lines) > 0 {
		diags.AddWarning("Host Keys Accepted and Not Recorded", "These keys were accepted as new, and a create that failed records nothing. The next apply would accept whichever keys it finds. "+
			"Put these lines into the provider's known_hosts if they are the machines' own:\n\n"+strings.Join(lines, "\n"))
	}
	return diags
}

// defaultPort is where a machine is reached whose node names no port; null while
// that is not known. There is no access where a configuration is only validated.
func (a *access) defaultPort() types.Int64 {
	if a == nil || a.portUnknown {
		return types.Int64Null()
	}
	return types.Int64Value(int64(a.base.Port))
}

// atOnce is for machines that answer now or do not count.
func atOnce(string) time.Duration { return 0 }

// rebootPatience is how long a change waits for a machine that has answered an
// earlier run: it may be rebooting, but it is no machine that is being installed.
const rebootPatience = 2 * time.Minute

func (a *access) patienceWith(node, before nodeModel) time.Duration {
	if node.sameMachine(before) {
		return min(a.boot, rebootPatience)
	}
	return a.boot
}

// nodeBalancers returns the client of the Linode API.
func (a *access) nodeBalancers() (*linode.Client, error) {
	if a.linodeToken == "" {
		return nil, fmt.Errorf("no Linode token is configured: set linode.token in the provider block or LINODE_TOKEN")
	}
	return linode.New(linode.Options{Token: a.linodeToken, URL: a.linodeURL, UserAgent: a.userAgent})
}

// decodedKey undoes base64, in which a key travels where line breaks cannot.
func decodedKey(key string) string {
	if strings.Contains(key, "-----BEGIN") || key == "" {
		return key
	}
	if decoded, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(key), "")); err == nil && strings.Contains(string(decoded), "-----BEGIN") {
		return string(decoded)
	}
	return key
}

func stringOr(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

func int64Or(value types.Int64, otherwise int64) int64 {
	if value.IsNull() || value.IsUnknown() {
		return otherwise
	}
	return value.ValueInt64()
}

func durationOr(value types.String, otherwise time.Duration) time.Duration {
	if duration, err := time.ParseDuration(value.ValueString()); err == nil {
		return duration
	}
	return otherwise
}

// thisRun says which process on which machine this is, for people and for other
// runs. Containers have the same names and numbers again and again, so it also
// has the time.
func thisRun() string {
	name, err := os.Hostname()
	if err != nil {
		name = "a machine without a name"
	}
	return fmt.Sprintf("process %d on %s, since %s", os.Getpid(), name, time.Now().UTC().Format(time.RFC3339))
}
