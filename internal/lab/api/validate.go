package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
)

// filterOptions are how messages are held to the contract. Defaults are not
// filled in: an update without a field must leave it alone.
func filterOptions() *openapi3filter.Options {
	return &openapi3filter.Options{
		SkipSettingDefaults:   true,
		IncludeResponseStatus: true,
		SchemaValidationOptions: []openapi3.SchemaValidationOption{
			// Linode's times carry no zone; OpenAPI's date-time demands one.
			openapi3.WithStringFormatValidator("date-time",
				openapi3.NewRegexpFormatValidator(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$`)),
		},
	}
}

func (m *match) input(ctx context.Context, c *call) *openapi3filter.RequestValidationInput {
	r := c.http.Clone(ctx)
	r.Body = http.NoBody
	if len(c.body) > 0 {
		r.Body = io.NopCloser(bytes.NewReader(c.body))
	}
	r.ContentLength = int64(len(c.body))
	return &openapi3filter.RequestValidationInput{
		Request: r, PathParams: m.params, Route: m.operation, Options: filterOptions(),
	}
}

// validateRequest refuses with 400 what the contract does not allow.
func (m *match) validateRequest(ctx context.Context, c *call) error {
	if m.operation == nil {
		return nil
	}
	// Clients post {} or nothing to operations without a body of their own.
	if m.operation.Operation.RequestBody == nil && len(bytes.Trim(c.body, "{} \r\n\t")) > 0 {
		return invalid("", "this operation takes no body")
	}
	if m.operation.Operation.RequestBody != nil && len(c.body) > 0 && c.http.Header.Get("Content-Type") == "" {
		return invalid("", "Content-Type must be application/json")
	}
	if err := openapi3filter.ValidateRequest(ctx, m.input(ctx, c)); err != nil {
		return refusal(err)
	}
	return nil
}

// refusal turns a violation of the contract into Linode's field and reason.
func refusal(err error) error {
	var request *openapi3filter.RequestError
	isRequest := errors.As(err, &request)
	field := ""
	if isRequest && request.Parameter != nil {
		field = request.Parameter.Name
	}
	var schema *openapi3.SchemaError
	if errors.As(err, &schema) {
		// the innermost error names the exact field
		for inner := schema; inner != nil; {
			schema, inner = inner, originSchemaError(inner)
		}
		if field == "" {
			field = strings.Join(schema.JSONPointer(), ".")
		}
		return &apiError{http.StatusBadRequest, field, schema.Reason}
	}
	if isRequest {
		return &apiError{http.StatusBadRequest, field, request.Error()}
	}
	return invalid("", "%v", err)
}

func originSchemaError(err *openapi3.SchemaError) *openapi3.SchemaError {
	var inner *openapi3.SchemaError
	if err.Origin != nil && errors.As(err.Origin, &inner) && len(inner.JSONPointer()) >= len(err.JSONPointer()) {
		return inner
	}
	return nil
}

// validateResponse holds an answer to the contract.
func (m *match) validateResponse(ctx context.Context, c *call, answer []byte) error {
	if m.operation == nil {
		return nil
	}
	response := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: m.input(ctx, c),
		Status:                 http.StatusOK,
		Header:                 http.Header{"Content-Type": {"application/json"}},
		Body:                   io.NopCloser(bytes.NewReader(answer)),
		Options:                filterOptions(),
	}
	if err := openapi3filter.ValidateResponse(ctx, response); err != nil {
		return fmt.Errorf("%w in %s", err, answer)
	}
	return nil
}
