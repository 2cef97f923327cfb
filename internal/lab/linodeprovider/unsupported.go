package linodeprovider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// unsupported answers the parts of the protocol that the contract's provider
// does not offer: no functions, ephemeral resources, identities or moves.
type unsupported struct{}

var errUnsupported = errors.New("the lab's stand-in of the linode provider does not offer this")

func refusal(what string) []*tfprotov6.Diagnostic { return diagnose("cannot "+what, errUnsupported) }

// GetResourceIdentitySchemas answers that no resource has an identity.
func (unsupported) GetResourceIdentitySchemas(context.Context, *tfprotov6.GetResourceIdentitySchemasRequest) (*tfprotov6.GetResourceIdentitySchemasResponse, error) {
	return &tfprotov6.GetResourceIdentitySchemasResponse{IdentitySchemas: map[string]*tfprotov6.ResourceIdentitySchema{}}, nil
}

// UpgradeResourceIdentity refuses: no resource has an identity.
func (unsupported) UpgradeResourceIdentity(_ context.Context, in *tfprotov6.UpgradeResourceIdentityRequest) (*tfprotov6.UpgradeResourceIdentityResponse, error) {
	return &tfprotov6.UpgradeResourceIdentityResponse{Diagnostics: refusal("upgrade the identity of " + in.TypeName)}, nil
}

// MoveResourceState refuses every move between resource types.
func (unsupported) MoveResourceState(_ context.Context, in *tfprotov6.MoveResourceStateRequest) (*tfprotov6.MoveResourceStateResponse, error) {
	return &tfprotov6.MoveResourceStateResponse{Diagnostics: refusal("move " + in.SourceTypeName + " to " + in.TargetTypeName)}, nil
}

// GenerateResourceConfig refuses; Terraform then generates from the schema.
func (unsupported) GenerateResourceConfig(_ context.Context, in *tfprotov6.GenerateResourceConfigRequest) (*tfprotov6.GenerateResourceConfigResponse, error) {
	return &tfprotov6.GenerateResourceConfigResponse{Diagnostics: refusal("generate configuration of " + in.TypeName)}, nil
}

// GetFunctions answers that there are none.
func (unsupported) GetFunctions(context.Context, *tfprotov6.GetFunctionsRequest) (*tfprotov6.GetFunctionsResponse, error) {
	return &tfprotov6.GetFunctionsResponse{Functions: map[string]*tfprotov6.Function{}}, nil
}

// CallFunction refuses: there are no functions.
func (unsupported) CallFunction(context.Context, *tfprotov6.CallFunctionRequest) (*tfprotov6.CallFunctionResponse, error) {
	return &tfprotov6.CallFunctionResponse{Error: &tfprotov6.FunctionError{Text: errUnsupported.Error()}}, nil
}

// ValidateEphemeralResourceConfig refuses: there are no ephemeral resources.
func (unsupported) ValidateEphemeralResourceConfig(_ context.Context, in *tfprotov6.ValidateEphemeralResourceConfigRequest) (*tfprotov6.ValidateEphemeralResourceConfigResponse, error) {
	return &tfprotov6.ValidateEphemeralResourceConfigResponse{Diagnostics: refusal("validate ephemeral " + in.TypeName)}, nil
}

// OpenEphemeralResource refuses: there are no ephemeral resources.
func (unsupported) OpenEphemeralResource(_ context.Context, in *tfprotov6.OpenEphemeralResourceRequest) (*tfprotov6.OpenEphemeralResourceResponse, error) {
	return &tfprotov6.OpenEphemeralResourceResponse{Diagnostics: refusal("open ephemeral " + in.TypeName)}, nil
}

// RenewEphemeralResource refuses: there are no ephemeral resources.
func (unsupported) RenewEphemeralResource(_ context.Context, in *tfprotov6.RenewEphemeralResourceRequest) (*tfprotov6.RenewEphemeralResourceResponse, error) {
	return &tfprotov6.RenewEphemeralResourceResponse{Diagnostics: refusal("renew ephemeral " + in.TypeName)}, nil
}

// CloseEphemeralResource refuses: there are no ephemeral resources.
func (unsupported) CloseEphemeralResource(_ context.Context, in *tfprotov6.CloseEphemeralResourceRequest) (*tfprotov6.CloseEphemeralResourceResponse, error) {
	return &tfprotov6.CloseEphemeralResourceResponse{Diagnostics: refusal("close ephemeral " + in.TypeName)}, nil
}
