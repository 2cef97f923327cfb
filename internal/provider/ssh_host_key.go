package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/mapplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/ssh"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// sshHostKey is a key in the state and nothing else: it contacts no machine.
type sshHostKey struct{}

func newSSHHostKey() resource.Resource { return sshHostKey{} }

// sshHostKeyModel is an ha_ssh_host_key.
type sshHostKeyModel struct {
	ID          types.String `tfsdk:"id"`
	Keepers     types.Map    `tfsdk:"keepers"`
	PublicKey   types.String `tfsdk:"public_key"`
	PrivateKey  types.String `tfsdk:"private_key"`
	Fingerprint types.String `tfsdk:"fingerprint"`
}

func (sshHostKey) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_ssh_host_key"
}

func (sshHostKey) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	made := []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
	resp.Schema = schema.Schema{
		MarkdownDescription: "An Ed25519 SSH host key for a machine that is yet to be created, so that the first connection to it can be verified. " +
			"Pass the private key to the machine when it is created, and the public key to its node. The private key is stored in " +
			"the state, and wherever it is passed to the machine.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{Computed: true, MarkdownDescription: "Fingerprint of the key.", PlanModifiers: made},
			"keepers": schema.MapAttribute{Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Arbitrary values. If one changes, the key is replaced. Use the values that replace the machine. Default: none.",
				PlanModifiers:       []planmodifier.Map{mapplanmodifier.RequiresReplace()}},
			"public_key": schema.StringAttribute{Computed: true, PlanModifiers: made,
				MarkdownDescription: "Public key in the format of authorized_keys, for `host_key` of a node and for cloud-init's `ssh_keys.ed25519_public`."},
			"private_key": schema.StringAttribute{Computed: true, Sensitive: true, PlanModifiers: made,
				MarkdownDescription: "Private key in OpenSSH's format, without a passphrase, for cloud-init's `ssh_keys.ed25519_private`."},
			"fingerprint": schema.StringAttribute{Computed: true, PlanModifiers: made, MarkdownDescription: "Fingerprint of the public key, `SHA256:...`."},
		},
	}
}

// Create makes the key, once.
func (sshHostKey) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan sshHostKeyModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	pair, err := ssh.NewKeyPair()
	if err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("private_key"), "Unable to Create SSH Host Key", tier.Sentence(err))
		return
	}
	plan.ID = types.StringValue(pair.Fingerprint)
	plan.PublicKey = types.StringValue(pair.Public)
	plan.PrivateKey = types.StringValue(pair.Private)
	plan.Fingerprint = plan.ID
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

// Read has nothing to look at.
func (sshHostKey) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

// Update is never called: every change is a new key.
func (sshHostKey) Update(context.Context, resource.UpdateRequest, *resource.UpdateResponse) {}

// Delete takes the key out of the state alone.
func (sshHostKey) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
