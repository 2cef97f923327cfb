package linodeprovider

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/linode/linodego"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/contract"
)

// Server is the stand-in as Terraform's protocol 6 sees it.
type Server struct {
	unsupported
	schemas     *schemas
	resources   map[string]resource
	dataSources map[string]dataSource
	session     atomic.Pointer[session]
}

var _ tfprotov6.ProviderServer = (*Server)(nil)

// New reads the embedded contract and returns a server for it.
func New() (*Server, error) {
	parsed, err := parseSchemas(contract.ProviderSchema())
	if err != nil {
		return nil, err
	}
	return &Server{schemas: parsed, resources: resources(), dataSources: dataSources()}, nil
}

// GetMetadata names everything in the contract, implemented or not.
func (s *Server) GetMetadata(context.Context, *tfprotov6.GetMetadataRequest) (*tfprotov6.GetMetadataResponse, error) {
	out := &tfprotov6.GetMetadataResponse{ServerCapabilities: capabilities()}
	for _, name := range sortedKeys(s.schemas.resources) {
		out.Resources = append(out.Resources, tfprotov6.ResourceMetadata{TypeName: name})
	}
	for _, name := range sortedKeys(s.schemas.dataSources) {
		out.DataSources = append(out.DataSources, tfprotov6.DataSourceMetadata{TypeName: name})
	}
	return out, nil
}

func capabilities() *tfprotov6.ServerCapabilities {
	return &tfprotov6.ServerCapabilities{GetProviderSchemaOptional: true}
}

// GetProviderSchema serves the contract.
func (s *Server) GetProviderSchema(context.Context, *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	return &tfprotov6.GetProviderSchemaResponse{
		ServerCapabilities: capabilities(),
		Provider:           s.schemas.provider,
		ResourceSchemas:    s.schemas.resources,
		DataSourceSchemas:  s.schemas.dataSources,
	}, nil
}

// ValidateProviderConfig accepts what the schema accepts.
func (s *Server) ValidateProviderConfig(_ context.Context, in *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	return &tfprotov6.ValidateProviderConfigResponse{PreparedConfig: in.Config}, nil
}

// ConfigureProvider makes the client of the API.
func (s *Server) ConfigureProvider(_ context.Context, in *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	out := &tfprotov6.ConfigureProviderResponse{}
	config, err := decode(in.Config, s.schemas.provider)
	if err == nil {
		var configured *session
		if configured, err = newSession(config); err == nil {
			s.session.Store(configured)
		}
	}
	out.Diagnostics = diagnose("cannot configure the linode provider", err)
	return out, nil
}

// StopProvider has nothing to do: every request carries its own context.
func (s *Server) StopProvider(context.Context, *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	return &tfprotov6.StopProviderResponse{}, nil
}

// ValidateResourceConfig accepts what the schema accepts.
func (s *Server) ValidateResourceConfig(context.Context, *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return &tfprotov6.ValidateResourceConfigResponse{}, nil
}

// UpgradeResourceState reads a stored state of the same schema version.
func (s *Server) UpgradeResourceState(_ context.Context, in *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	out := &tfprotov6.UpgradeResourceStateResponse{}
	upgraded, err := s.upgrade(in)
	out.UpgradedState = upgraded
	out.Diagnostics = diagnose("cannot read the stored state of "+in.TypeName, err)
	return out, nil
}

func (s *Server) upgrade(in *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.DynamicValue, error) {
	schema, err := s.resourceSchema(in.TypeName)
	if err != nil {
		return nil, err
	}
	if in.Version != schema.Version {
		return nil, fmt.Errorf("the state has schema version %d, the lab's stand-in only reads version %d", in.Version, schema.Version)
	}
	typed, err := in.RawState.UnmarshalWithOpts(schema.ValueType(), tfprotov6.UnmarshalOpts{
		ValueFromJSONOpts: tftypes.ValueFromJSONOpts{IgnoreUndefinedAttributes: true},
	})
	if err != nil {
		return nil, err
	}
	value, err := tfprotov6.NewDynamicValue(schema.ValueType(), typed)
	return &value, err
}

// ReadResource refreshes an object; one that the API does not know is removed.
func (s *Server) ReadResource(ctx context.Context, in *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	out := &tfprotov6.ReadResourceResponse{Private: in.Private}
	state, err := s.refresh(ctx, in)
	out.NewState = state
	out.Diagnostics = diagnose("cannot read "+in.TypeName, err)
	return out, nil
}

func (s *Server) refresh(ctx context.Context, in *tfprotov6.ReadResourceRequest) (*tfprotov6.DynamicValue, error) {
	schema, handler, err := s.resource(in.TypeName)
	if err != nil {
		return nil, err
	}
	current, err := decode(in.CurrentState, schema)
	if err != nil || current == nil {
		return in.CurrentState, err
	}
	session, err := s.configured()
	if err != nil {
		return nil, err
	}
	state, err := handler.read(ctx, session, current)
	if gone(err) {
		return encode(nil, schema)
	}
	if err != nil {
		return nil, err
	}
	return encode(absent(schema.Block, state, current), schema)
}

// PlanResourceChange works for every resource of the contract.
func (s *Server) PlanResourceChange(_ context.Context, in *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	out := &tfprotov6.PlanResourceChangeResponse{PlannedPrivate: in.PriorPrivate}
	out.Diagnostics = diagnose("cannot plan "+in.TypeName, s.plan(in, out))
	return out, nil
}

func (s *Server) plan(in *tfprotov6.PlanResourceChangeRequest, out *tfprotov6.PlanResourceChangeResponse) error {
	schema, err := s.resourceSchema(in.TypeName)
	if err != nil {
		return err
	}
	proposed, err := in.ProposedNewState.IsNull()
	if err != nil || proposed {
		out.PlannedState = in.ProposedNewState
		return err
	}
	config, prior, err := decodeBoth(in.Config, in.PriorState, schema)
	if err != nil {
		return err
	}
	rules := s.resources[in.TypeName].behavior
	planned := plan(rules, schema.Block, config, prior)
	if prior != nil {
		for _, name := range replacements(rules, prior, planned) {
			out.RequiresReplace = append(out.RequiresReplace, tftypes.NewAttributePath().WithAttributeName(name))
		}
	}
	out.UnsafeToUseLegacyTypeSystem = rules.legacy
	out.PlannedState, err = encode(planned, schema)
	return err
}

func decodeBoth(a, b *tfprotov6.DynamicValue, schema *tfprotov6.Schema) (object, object, error) {
	first, errFirst := decode(a, schema)
	second, errSecond := decode(b, schema)
	return first, second, errors.Join(errFirst, errSecond)
}

// ApplyResourceChange creates, updates or deletes an object.
func (s *Server) ApplyResourceChange(ctx context.Context, in *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	out := &tfprotov6.ApplyResourceChangeResponse{NewState: in.PriorState, Private: in.PlannedPrivate}
	verb, err := s.apply(ctx, in, out)
	out.Diagnostics = diagnose(fmt.Sprintf("cannot %s %s", verb, in.TypeName), err)
	return out, nil
}

func (s *Server) apply(ctx context.Context, in *tfprotov6.ApplyResourceChangeRequest, out *tfprotov6.ApplyResourceChangeResponse) (string, error) {
	schema, handler, err := s.resource(in.TypeName)
	if err != nil {
		return "apply", err
	}
	session, err := s.configured()
	if err != nil {
		return "apply", err
	}
	prior, planned, err := decodeBoth(in.PriorState, in.PlannedState, schema)
	if err != nil {
		return "apply", err
	}
	if planned == nil {
		if err := handler.delete(ctx, session, prior); err != nil && !gone(err) {
			return "delete", err
		}
		out.NewState = in.PlannedState
		return "delete", nil
	}
	config, err := decode(in.Config, schema)
	if err != nil {
		return "apply", err
	}
	out.UnsafeToUseLegacyTypeSystem = handler.legacy
	return s.write(ctx, handler, schema, session, change{config: config, prior: prior, planned: planned}, out)
}

func (s *Server) write(ctx context.Context, handler resource, schema *tfprotov6.Schema, session *session, c change, out *tfprotov6.ApplyResourceChangeResponse) (string, error) {
	verb, run := "update", handler.update
	if c.prior == nil {
		verb, run = "create", handler.create
	}
	wanted := c.planned
	c.planned, _ = withoutUnknown(c.planned).(object)
	answered, err := run(ctx, session, c)
	if answered == nil {
		return verb, err
	}
	state := absent(schema.Block, answered, wanted)
	if !handler.legacy && err == nil {
		state, _ = settled(wanted, answered).(object)
	}
	encoded, encodeErr := encode(state, schema)
	if encodeErr != nil {
		return verb, errors.Join(err, encodeErr)
	}
	out.NewState = encoded
	return verb, err
}

// ReadDataSource looks something up.
func (s *Server) ReadDataSource(ctx context.Context, in *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	out := &tfprotov6.ReadDataSourceResponse{}
	state, err := s.lookUp(ctx, in)
	out.State = state
	out.Diagnostics = diagnose("cannot read data source "+in.TypeName, err)
	return out, nil
}

func (s *Server) lookUp(ctx context.Context, in *tfprotov6.ReadDataSourceRequest) (*tfprotov6.DynamicValue, error) {
	schema, known := s.schemas.dataSources[in.TypeName]
	if !known {
		return nil, fmt.Errorf("the contract has no data source %s", in.TypeName)
	}
	read, implemented := s.dataSources[in.TypeName]
	if !implemented {
		return nil, notImplemented(in.TypeName)
	}
	session, err := s.configured()
	if err != nil {
		return nil, err
	}
	config, err := decode(in.Config, schema)
	if err != nil {
		return nil, err
	}
	state, err := read(ctx, session, config)
	if err != nil {
		return nil, err
	}
	return encode(config.with(state), schema)
}

// ValidateDataResourceConfig accepts what the schema accepts.
func (s *Server) ValidateDataResourceConfig(context.Context, *tfprotov6.ValidateDataResourceConfigRequest) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	return &tfprotov6.ValidateDataResourceConfigResponse{}, nil
}

func (s *Server) resourceSchema(name string) (*tfprotov6.Schema, error) {
	schema, known := s.schemas.resources[name]
	if !known {
		return nil, fmt.Errorf("the contract has no resource %s", name)
	}
	return schema, nil
}

func (s *Server) resource(name string) (*tfprotov6.Schema, resource, error) {
	schema, err := s.resourceSchema(name)
	if err != nil {
		return nil, resource{}, err
	}
	handler, implemented := s.resources[name]
	if !implemented {
		return nil, resource{}, notImplemented(name)
	}
	return schema, handler, nil
}

func notImplemented(name string) error {
	return fmt.Errorf("the lab's stand-in does not implement %s", name)
}

func (s *Server) configured() (*session, error) {
	configured := s.session.Load()
	if configured == nil {
		return nil, errors.New("the linode provider is not configured yet")
	}
	return configured, nil
}

// gone tells that the API does not know an object.
func gone(err error) bool { return linodego.IsNotFound(err) || errors.Is(err, errRemoved) }

func diagnose(summary string, err error) []*tfprotov6.Diagnostic {
	if err == nil {
		return nil
	}
	return []*tfprotov6.Diagnostic{{Severity: tfprotov6.DiagnosticSeverityError, Summary: summary, Detail: err.Error()}}
}
