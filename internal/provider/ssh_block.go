package provider

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/float64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/provider/cluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/ssh"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
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
	ConnectTimeout types.Float64  `tfsdk:"connect_timeout_seconds"`
	BootTimeout    types.Float64  `tfsdk:"boot_timeout_seconds"`
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
	upToAnHour := []validator.Float64{float64validator.Between(0.1, 3600)}
	attributes := map[string]schema.Attribute{
		"user": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "SSH user. A user other than `root` needs passwordless sudo. Default: `HA_SSH_USER`, or `root`.",
		},
		"port": schema.Int64Attribute{Optional: true, MarkdownDescription: "TCP port. Default: 22.", Validators: cluster.Between(1, 65535)},
		"private_key": schema.StringAttribute{
			Optional:            true,
			Sensitive:           true,
			MarkdownDescription: "Private key: its content, not a path. Default: `HA_SSH_PRIVATE_KEY`, which may be encoded in base64 if the variable cannot contain line breaks.",
		},
		"private_key_passphrase": schema.StringAttribute{
			Optional:            true,
			Sensitive:           true,
			MarkdownDescription: "Passphrase of the private key. Default: `HA_SSH_PRIVATE_KEY_PASSPHRASE`.",
		},
		"certificate": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "OpenSSH certificate for the key: its content, not a path. Default: none.",
		},
	}
	attributes["agent"] = schema.BoolAttribute{
		Optional:            true,
		MarkdownDescription: "Whether to use the keys of the SSH agent at `SSH_AUTH_SOCK` too. Default: false.",
	}
	attributes["known_hosts"] = schema.StringAttribute{
		Optional:            true,
		MarkdownDescription: "Content of a known_hosts file. Hashed hosts, `@cert-authority` and `@revoked` are supported. Default: `HA_SSH_KNOWN_HOSTS`.",
	}
	attributes["host_key_policy"] = schema.StringAttribute{Optional: true,
		MarkdownDescription: "How to treat a host key that is neither in `known_hosts` nor in `host_key` of the node: `pinned` refuses it; " +
			"`accept-new` accepts it once, stores it in the state of the resource, and refuses any other key later. Default: " +
			"`pinned`.",
		Validators: []validator.String{stringvalidator.OneOf(policyPinned, policyAcceptNew)}}
	attributes["connect_timeout_seconds"] = schema.Float64Attribute{Optional: true, Validators: upToAnHour,
		MarkdownDescription: "Time limit for one connection attempt in seconds, 0.1 to 3600. Default: 10."}
	attributes["boot_timeout_seconds"] = schema.Float64Attribute{Optional: true, Validators: upToAnHour,
		MarkdownDescription: "How long create and update wait for a machine that does not answer SSH yet, in seconds, 0.1 to 3600. Default: 300. For " +
			"a machine that has answered an earlier apply, the limit is 120 seconds, or 20 seconds if the plan said that the apply would be refused."}
	attributes["bastions"] = schema.ListNestedAttribute{Optional: true,
		MarkdownDescription: "Bastions between Terraform and the machines, in the order of the hops. Bastions do not need sudo. Default: none.",
		NestedObject:        schema.NestedAttributeObject{Attributes: bastionAttributes()}}
	return schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "How to connect to the machines. All values are content, not paths: the provider reads no files.",
		Attributes:          attributes,
	}
}

// bastionAttributes have defaults of their own: what is left out is that of ssh, but
// for the port.
func bastionAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"host": schema.StringAttribute{Required: true, MarkdownDescription: "Name or address of the bastion."},
		"port": schema.Int64Attribute{
			Optional:            true,
			MarkdownDescription: "TCP port, independent of the `port` of `ssh`. Default: 22.",
			Validators:          cluster.Between(1, 65535),
		},
		"user": schema.StringAttribute{Optional: true, MarkdownDescription: "SSH user. Default: the `user` of `ssh`."},
		"private_key": schema.StringAttribute{Optional: true, Sensitive: true,
			MarkdownDescription: "Private key: its content, not a path. Default: the `private_key` of `ssh`, with its passphrase and its certificate, and " +
				"the agent if `ssh` uses one. If this is set, only this key is offered to the bastion."},
		"private_key_passphrase": schema.StringAttribute{
			Optional:            true,
			Sensitive:           true,
			MarkdownDescription: "Passphrase of the bastion's own `private_key`, and used only with it. Default: none.",
		},
		"certificate": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "OpenSSH certificate for the bastion's own `private_key`, and used only with it: its content, not a path. Default: none.",
		},
		"host_key": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Public host key of the bastion, in the format of authorized_keys, or its fingerprint `SHA256:...`. Default: what " +
				"`known_hosts` has for the bastion, which must be a key, independent of `host_key_policy`.",
		},
	}
}

// newAccess makes the access that the provider block describes. It dials nothing.
func newAccess(_ context.Context, model providerModel, version string) (*cluster.Access, diag.Diagnostics) {
	settings := model.SSH
	if settings == nil {
		settings = &sshModel{}
	}
	a, diags := cluster.NewAccess()
	a.ConnectTimeout = secondsOr(settings.ConnectTimeout, 10)
	a.BootTimeout = secondsOr(settings.BootTimeout, 300)
	a.Default = ssh.Hop{
		Port: portOr22(settings.Port),
		User: cmp.Or(orEnvironment(settings.User, "HA_SSH_USER"), "root"),
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
	if a.Default.Auth.PrivateKey != "" {
		if err := ssh.ValidateAuth(a.Default.Auth); err != nil {
			diags.Append(invalidCredentials(sshPath, err))
		}
	}
	for i, bastion := range settings.Bastions {
		hop := bastionHop(a.Default, bastion)
		if hop.Auth.PrivateKey != "" {
			if err := ssh.ValidateAuth(hop.Auth); err != nil {
				diags.Append(invalidCredentials(sshPath.AtName("bastions").AtListIndex(i), err))
			}
		}
		a.Bastions = append(a.Bastions, hop)
	}
	if model.Linode == nil {
		model.Linode = &linodeModel{}
	}
	a.KeyUnknown = settings.PrivateKey.IsUnknown()
	a.PortUnknown = settings.Port.IsUnknown()
	a.Linode = cluster.Linode{
		Token:     orEnvironment(model.Linode.Token, "LINODE_TOKEN"),
		URL:       orEnvironment(model.Linode.URL, "LINODE_URL"),
		UserAgent: "terraform-provider-ha/" + version,
		Unknown:   model.Linode.Token.IsUnknown() || model.Linode.URL.IsUnknown(),
	}
	return a, diags
}

// bastionHop returns the hop to a bastion, which has what ssh has where it says nothing.
func bastionHop(hop ssh.Hop, model bastionModel) ssh.Hop {
	hop.HostKey.AcceptNew = false
	hop.Host = model.Host.ValueString()
	hop.Name = cluster.BastionName(hop.Host)
	hop.Port = portOr22(model.Port)
	hop.User = cmp.Or(model.User.ValueString(), hop.User)
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
	text := fmt.Sprintf("%s: %s", at, tier.Sentence(err))
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

func portOr22(value types.Int64) int {
	if value.IsNull() || value.IsUnknown() {
		return 22
	}
	return int(value.ValueInt64())
}

func secondsOr(value types.Float64, otherwise float64) time.Duration {
	if !value.IsNull() && !value.IsUnknown() {
		otherwise = value.ValueFloat64()
	}
	return time.Duration(otherwise * float64(time.Second))
}
