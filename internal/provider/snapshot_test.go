package provider_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
)

var update = flag.Bool("update", false, "write the snapshot of the schema and the states of this version")

// snapshots has what users of this version have written and stored: the schema, and a
// state of each resource. It is written until the version is released. From then on it
// stays, and the next version gets a folder of its own beside it.
const snapshots = "testdata/v0.1.0"

// block is the schema of the provider, of a resource, or of an ephemeral or data source.
type block struct {
	Version int64 `json:"version"`
	// Attributes says of each what it is, "string, optional, computed", by its path.
	// The elements of maps, lists and sets are "*".
	Attributes map[string]string `json:"attributes"`
}

// TestASchemaKeepsWhatUsersHaveWritten compares the schema with the snapshot. What was
// added has to be written into the snapshot with -update; what a configuration or a
// state of the snapshot's version would break on is refused, unless the resource has
// a higher schema version, which comes with an upgrade of its states.
func TestASchemaKeepsWhatUsersHaveWritten(t *testing.T) {
	now := served(t)
	file := filepath.Join(snapshots, "schema.json")
	if *update {
		write(t, file, now)
	}
	var before map[string]block
	read(t, file, &before)
	if faults := breaks(before, now); len(faults) > 0 {
		t.Errorf("the schema breaks what users of %s have:\n%s", snapshots, strings.Join(faults, "\n"))
	}
	if diff := cmp.Diff(before, now); diff != "" {
		t.Errorf("the schema is not that of %s; run this test with -update if the version is not released (-want +got):\n%s", file, diff)
	}
}

// served returns the schemas of the provider and of its resources, as Terraform gets them.
func served(t *testing.T) map[string]block {
	t.Helper()
	all := map[string]block{}
	schema := schemas(t)
	all["provider"] = described(schema.Provider)
	for name, of := range schema.ResourceSchemas {
		all[name] = described(of)
	}
	for name, of := range schema.DataSourceSchemas {
		all["data."+name] = described(of)
	}
	return all
}

func schemas(t *testing.T) *tfprotov6.GetProviderSchemaResponse {
	t.Helper()
	server, err := factories["ha"]()
	if err != nil {
		t.Fatal(err)
	}
	schema, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func described(schema *tfprotov6.Schema) block {
	b := block{Version: schema.Version, Attributes: map[string]string{}}
	describe(b.Attributes, "", schema.Block.Attributes)
	for _, nested := range schema.Block.BlockTypes {
		b.Attributes[nested.TypeName] = "block " + nested.Nesting.String()
		describe(b.Attributes, nested.TypeName+".", nested.Block.Attributes)
	}
	return b
}

func describe(into map[string]string, below string, attributes []*tfprotov6.SchemaAttribute) {
	for _, a := range attributes {
		kind, within := "", below+a.Name+"."
		if a.NestedType == nil {
			kind = typeName(a.Type)
		} else {
			kind = strings.ToLower(a.NestedType.Nesting.String())
			if a.NestedType.Nesting != tfprotov6.SchemaObjectNestingModeSingle {
				within += "*."
			}
			describe(into, within, a.NestedType.Attributes)
		}
		words := []string{kind}
		for _, property := range []struct {
			is   bool
			word string
		}{
			{a.Required, required}, {a.Optional, optional}, {a.Computed, computed}, {a.Sensitive, "sensitive"}, {a.WriteOnly, "write-only"}, {a.Deprecated, "deprecated"},
		} {
			if property.is {
				words = append(words, property.word)
			}
		}
		into[below+a.Name] = strings.Join(words, ", ")
	}
}

const (
	required = "required"
	optional = "optional"
	computed = "computed"
)

// typeName is how Terraform writes a type.
func typeName(of tftypes.Type) string {
	switch of := of.(type) {
	case tftypes.Map:
		return "map(" + typeName(of.ElementType) + ")"
	case tftypes.List:
		return "list(" + typeName(of.ElementType) + ")"
	case tftypes.Set:
		return "set(" + typeName(of.ElementType) + ")"
	case tftypes.Object:
		var fields []string
		for _, name := range slices.Sorted(maps.Keys(of.AttributeTypes)) {
			fields = append(fields, name+" = "+typeName(of.AttributeTypes[name]))
		}
		return "object({" + strings.Join(fields, ", ") + "})"
	}
	for name, primitive := range map[string]tftypes.Type{"string": tftypes.String, "number": tftypes.Number, "bool": tftypes.Bool, "dynamic": tftypes.DynamicPseudoType} {
		if of.Is(primitive) {
			return name
		}
	}
	return of.String()
}

// breaks says what of the schemas before a configuration or a state may have that the
// schemas now do not accept.
func breaks(before, now map[string]block) []string {
	var faults []string
	for _, name := range slices.Sorted(maps.Keys(before)) {
		is, found := now[name]
		switch {
		case !found:
			faults = append(faults, name+" is gone")
		case is.Version < before[name].Version:
			faults = append(faults, fmt.Sprintf("%s has the schema version %d after %d", name, is.Version, before[name].Version))
		case is.Version == before[name].Version:
			faults = append(faults, changes(name, before[name].Attributes, is.Attributes)...)
		}
	}
	return faults
}

func changes(resource string, before, now map[string]string) []string {
	var faults []string
	for _, path := range slices.Sorted(maps.Keys(before)) {
		was, is := strings.Split(before[path], ", "), strings.Split(now[path], ", ")
		at := resource + "." + path
		switch {
		case now[path] == "":
			faults = append(faults, at+" is gone")
			continue
		case was[0] != is[0]:
			faults = append(faults, fmt.Sprintf("%s is a %s and was a %s", at, is[0], was[0]))
		}
		settable := slices.Contains(was, optional) || slices.Contains(was, required)
		switch {
		case slices.Contains(was, optional) && slices.Contains(is, required):
			faults = append(faults, at+" is required and was optional")
		case settable && !slices.Contains(is, optional) && !slices.Contains(is, required):
			faults = append(faults, at+" cannot be set any more")
		case slices.Contains(was, computed) && !slices.Contains(is, computed):
			faults = append(faults, at+" is not computed any more")
		}
	}
	for _, path := range slices.Sorted(maps.Keys(now)) {
		// What is required below something new breaks nobody.
		parent, _, nested := cut(path)
		if before[path] == "" && strings.Contains(now[path], required) && (!nested || before[parent] != "") {
			faults = append(faults, resource+"."+path+" is new and required")
		}
	}
	return faults
}

// cut returns the path of the attribute that another one is nested in.
func cut(path string) (parent, name string, nested bool) {
	i := strings.LastIndex(path, ".")
	if i < 0 {
		return "", path, false
	}
	return strings.TrimSuffix(path[:i], ".*"), path[i+1:], true
}

// TestDurationsAreNumbersOfSeconds is about all durations but those of timeouts, whose
// form is Terraform's.
func TestDurationsAreNumbersOfSeconds(t *testing.T) {
	durations := 0
	for name, block := range served(t) {
		for at, kind := range block.Attributes {
			last := at[strings.LastIndex(at, ".")+1:]
			seconds := strings.HasSuffix(last, "_seconds")
			if seconds {
				durations++
			}
			called := slices.ContainsFunc([]string{"timeout", "interval", "duration", "delay", "minutes"}, func(word string) bool { return strings.Contains(last, word) })
			if last != "timeouts" && (called && !seconds || seconds && !strings.HasPrefix(kind, "number")) {
				t.Errorf("%s of %s is a %s: durations are numbers whose names end with _seconds", at, name, kind)
			}
		}
	}
	if durations < 8 {
		t.Errorf("only %d durations were found", durations)
	}
}

func TestBreaksOfASchemaAreFound(t *testing.T) {
	before := map[string]block{"ha_thing": {Attributes: map[string]string{
		"name": "string, required", "size": "number, optional", "ip": "string, computed", "nodes": "map, required", "nodes.*.host": "string, required",
	}}}
	with := func(path, is string) map[string]block {
		attributes := maps.Clone(before["ha_thing"].Attributes)
		attributes[path] = is
		if is == "" {
			delete(attributes, path)
		}
		return map[string]block{"ha_thing": {Attributes: attributes}}
	}
	for name, test := range map[string]struct {
		now  map[string]block
		want []string
	}{
		"nothing":                      {before, nil},
		"more to set":                  {with("color", "string, optional"), nil},
		"less is required":             {with("name", "string, optional, computed"), nil},
		"something new with its parts": {map[string]block{"ha_thing": before["ha_thing"], "ha_new": {Attributes: map[string]string{"name": "string, required"}}}, nil},
		"a new version":                {map[string]block{"ha_thing": {Version: 1}}, nil},
		"a lower version":              {map[string]block{"ha_thing": {Version: -1}}, []string{"ha_thing has the schema version -1 after 0"}},
		"a resource is gone":           {nil, []string{"ha_thing is gone"}},
		"an attribute is gone":         {with("ip", ""), []string{"ha_thing.ip is gone"}},
		"another type":                 {with("size", "string, optional"), []string{"ha_thing.size is a string and was a number"}},
		"required":                     {with("size", "number, required"), []string{"ha_thing.size is required and was optional"}},
		"not to be set":                {with("size", "number, computed"), []string{"ha_thing.size cannot be set any more"}},
		"not computed":                 {with("ip", "string, optional"), []string{"ha_thing.ip is not computed any more"}},
		"new and required":             {with("color", "string, required"), []string{"ha_thing.color is new and required"}},
		"new and required in a node":   {with("nodes.*.zone", "string, required"), []string{"ha_thing.nodes.*.zone is new and required"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, breaks(before, test.now)); diff != "" {
				t.Errorf("breaks (-want +got):\n%s", diff)
			}
		})
	}
}

// stored is a resource as a state has it.
type stored struct {
	Type          string         `json:"type"`
	SchemaVersion int64          `json:"schema_version"`
	Attributes    map[string]any `json:"attributes"`
}

func stateFile(subject string) string { return filepath.Join(snapshots, "state", subject+".json") }

// TestStatesOfThisVersionAreRead gives the states of the snapshot, each of which an
// apply of that version has made, to the provider as Terraform does.
func TestStatesOfThisVersionAreRead(t *testing.T) {
	files, err := filepath.Glob(stateFile("*"))
	if err != nil {
		t.Fatal(err)
	}
	missing := schemas(t).ResourceSchemas
	for _, file := range files {
		var before stored
		read(t, file, &before)
		delete(missing, before.Type)
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			if faults := unread(t, before); faults != "" {
				t.Error(faults)
			}
			before.Attributes["an attribute that nobody knows"] = "value"
			if unread(t, before) == "" {
				t.Error("an attribute that is not in the schema is read as well")
			}
		})
	}
	for kind := range missing {
		t.Errorf("%s has no state of %s", snapshots, kind)
	}
}

// unread says what of a state the provider does not read or reads as something else.
func unread(t *testing.T, before stored) string {
	t.Helper()
	schema := schemas(t).ResourceSchemas[before.Type]
	if schema == nil {
		return "there is no " + before.Type
	}
	server, err := factories["ha"]()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(before.Attributes)
	if err != nil {
		t.Fatal(err)
	}
	upgraded, err := server.UpgradeResourceState(t.Context(), &tfprotov6.UpgradeResourceStateRequest{
		TypeName: before.Type, Version: before.SchemaVersion, RawState: &tfprotov6.RawState{JSON: raw}})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range upgraded.Diagnostics {
		return d.Summary + ": " + d.Detail
	}
	of := schema.ValueType()
	got, err := upgraded.UpgradedState.Unmarshal(of)
	if err != nil {
		t.Fatal(err)
	}
	if before.SchemaVersion != schema.Version {
		return "" // its upgrade has a test of its own, of what it makes of each attribute
	}
	want, err := (&tfprotov6.RawState{JSON: raw}).UnmarshalWithOpts(of, tfprotov6.UnmarshalOpts{ValueFromJSONOpts: tftypes.ValueFromJSONOpts{IgnoreUndefinedAttributes: true}})
	if err != nil {
		return err.Error()
	}
	if len(before.Attributes) > len(schema.Block.Attributes) {
		return "the state has attributes that the schema does not have"
	}
	if !got.Equal(want) {
		return fmt.Sprintf("the state is read as %s and not as %s", got, want)
	}
	return ""
}

// records writes the state of a resource that was just made into the snapshot with
// -update. Without, it looks that the snapshot has the same attributes: what they say
// is another time's.
type records struct{ subject, address string }

// CheckState implements statecheck.StateCheck.
func (r records) CheckState(_ context.Context, req statecheck.CheckStateRequest, resp *statecheck.CheckStateResponse) {
	for _, found := range req.State.Values.RootModule.Resources {
		if found.Address != r.address {
			continue
		}
		now := stored{Type: found.Type, SchemaVersion: int64(found.SchemaVersion), Attributes: found.AttributeValues} //nolint:gosec // a schema version is small
		if *update {
			if now.Attributes["private_key"] != nil {
				now.Attributes["private_key"] = "a private key" // none belongs into a repository
			}
			resp.Error = save(stateFile(r.subject), now)
			return
		}
		var before stored
		content, err := os.ReadFile(stateFile(r.subject))
		if err == nil {
			err = json.Unmarshal(content, &before)
		}
		if err == nil && before.SchemaVersion == now.SchemaVersion {
			for name := range now.Attributes {
				if _, found := before.Attributes[name]; !found {
					err = errors.Join(err, fmt.Errorf("%s has no attribute %s; run the test with -update", stateFile(r.subject), name))
				}
			}
		}
		resp.Error = err
		return
	}
	resp.Error = fmt.Errorf("the state has no %s", r.address)
}

func write(t *testing.T, file string, content any) {
	t.Helper()
	if err := save(file, content); err != nil {
		t.Fatal(err)
	}
}

func save(file string, content any) error {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(content); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, out.Bytes(), 0o644)
}

func read(t *testing.T, file string, into any) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, into); err != nil {
		t.Fatal(err)
	}
}
