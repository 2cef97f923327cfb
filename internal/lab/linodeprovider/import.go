package linodeprovider

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// ImportResourceState turns the user's identifier into the attributes that
// the following read needs.
func (s *Server) ImportResourceState(_ context.Context, in *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	out := &tfprotov6.ImportResourceStateResponse{}
	state, err := s.imported(in)
	if err == nil {
		out.ImportedResources = []*tfprotov6.ImportedResource{{TypeName: in.TypeName, State: state}}
	}
	out.Diagnostics = diagnose("cannot import "+in.TypeName, err)
	return out, nil
}

func (s *Server) imported(in *tfprotov6.ImportResourceStateRequest) (*tfprotov6.DynamicValue, error) {
	schema, handler, err := s.resource(in.TypeName)
	if err != nil {
		return nil, err
	}
	state, err := handler.importID(in.ID)
	if err != nil {
		return nil, err
	}
	return encode(state, schema)
}

// plainID imports a resource by its number alone.
func plainID(id string) (object, error) {
	if _, err := strconv.Atoi(id); err != nil {
		return nil, fmt.Errorf("the import identifier %q is not a number", id)
	}
	return object{"id": id}, nil
}

// parentsAndID imports a resource by its parents' numbers and its own,
// separated by commas.
func parentsAndID(parents ...string) func(string) (object, error) {
	return func(identifier string) (object, error) {
		numbers, err := splitNumbers(identifier, append(append([]string{}, parents...), "id"))
		if err != nil {
			return nil, err
		}
		out := object{"id": strconv.FormatInt(numbers[len(parents)], 10)}
		for i, parent := range parents {
			out[parent] = numbers[i]
		}
		return out, nil
	}
}

func splitNumbers(identifier string, names []string) ([]int64, error) {
	parts := strings.Split(identifier, ",")
	form := strings.Join(names, ",")
	if len(parts) != len(names) {
		return nil, fmt.Errorf("the import identifier %q does not have the form %s", identifier, form)
	}
	out := make([]int64, len(parts))
	for i, part := range parts {
		number, err := strconv.ParseInt(strings.TrimSpace(part), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("the import identifier %q does not have the form %s: %q is not a number", identifier, form, part)
		}
		out[i] = number
	}
	return out, nil
}
