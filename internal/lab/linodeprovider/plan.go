package linodeprovider

import (
	"maps"
	"reflect"
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// behavior is what the schema alone does not say about a resource's plan.
// Nested attributes are named with dots.
type behavior struct {
	// legacy says that the real resource is built on SDK v2: Terraform then
	// tolerates what the framework forbids, and the state shows the API's view.
	legacy bool
	// defaults are written where the configuration says nothing.
	defaults map[string]any
	// replace names top-level attributes and blocks whose change needs a new object.
	replace []string
	// volatile names computed attributes that any update may change.
	volatile []string
	// computedBlocks may be filled by the API when the configuration has none.
	computedBlocks []string
	// adjust corrects the planned object where the real resource has a rule of its own.
	adjust func(config, prior, planned object)
}

// planner works out a planned object from the configuration and the prior state.
type planner struct {
	behavior
	creating bool
	updating bool
}

// plan returns the object that an apply would lead to. Without any difference
// between configuration and state it is exactly the prior object.
func plan(b behavior, block *tfprotov6.SchemaBlock, config, prior object) object {
	p := planner{behavior: b, creating: prior == nil}
	planned := p.object(block, config, prior, "")
	if !p.creating && !reflect.DeepEqual(planned, withEmptyBlocks(prior, block)) {
		p.updating = true
		planned = p.object(block, config, prior, "")
	}
	return planned
}

// replacements names the attributes whose change cannot be made in place.
func replacements(b behavior, prior, planned object) []string {
	var out []string
	for _, name := range b.replace {
		if changed(name, prior, planned) {
			out = append(out, name)
		}
	}
	return out
}

func (p planner) object(block *tfprotov6.SchemaBlock, config, prior object, path string) object {
	planned := p.attributes(block.Attributes, config, prior, path)
	for _, nested := range block.BlockTypes {
		name := path + nested.TypeName
		planned[nested.TypeName] = p.block(nested, config[nested.TypeName], prior[nested.TypeName], name)
	}
	if path == "" && p.adjust != nil {
		p.adjust(config, prior, planned)
	}
	return planned
}

func (p planner) attributes(attributes []*tfprotov6.SchemaAttribute, config, prior object, path string) object {
	planned := object{}
	for _, attribute := range attributes {
		planned[attribute.Name] = p.attribute(attribute, config[attribute.Name], prior, path+attribute.Name)
	}
	return planned
}

func (p planner) attribute(a *tfprotov6.SchemaAttribute, config any, parent object, path string) any {
	prior, hasDefault := parent[a.Name], false
	var fallback any
	if config == nil {
		fallback, hasDefault = p.defaults[path]
	}
	switch {
	case a.WriteOnly:
		return nil
	case config != nil && a.NestedType != nil:
		return p.nested(a.NestedType, config, prior, path)
	case config != nil:
		return p.kept(config, prior)
	case hasDefault:
		return p.kept(fallback, prior)
	case !a.Computed:
		return p.kept(nil, prior)
	case p.creating || parent == nil, p.updating && slices.Contains(p.volatile, path):
		return unknown{}
	}
	return prior
}

// kept holds SDK v2's rule that an absent attribute and a zero one are equal:
// such a pair is no difference.
func (p planner) kept(wanted, prior any) any {
	if p.legacy && !p.creating && isZero(wanted) && isZero(prior) {
		return prior
	}
	return wanted
}

func (p planner) nested(t *tfprotov6.SchemaObject, config, prior any, path string) any {
	elements, isList := config.([]any)
	if !isList {
		member, isObject := config.(object)
		if !isObject {
			return config
		}
		before, _ := prior.(object)
		return p.attributes(t.Attributes, member, before, path+".")
	}
	return eachElement(elements, prior, func(element, before object) object {
		return p.attributes(t.Attributes, element, before, path+".")
	})
}

func (p planner) block(nested *tfprotov6.SchemaNestedBlock, config, prior any, path string) any {
	if isUnknown(config) {
		return config
	}
	if nested.Nesting == tfprotov6.SchemaNestedBlockNestingModeSingle {
		member, present := config.(object)
		if !present {
			return nil
		}
		before, _ := prior.(object)
		return p.object(nested.Block, member, before, path+".")
	}
	elements, _ := config.([]any)
	if len(elements) == 0 && slices.Contains(p.computedBlocks, path) {
		if prior == nil {
			return unknown{}
		}
		return prior
	}
	return eachElement(elements, prior, func(element, before object) object {
		return p.object(nested.Block, element, before, path+".")
	})
}

// eachElement pairs configured and prior elements by their position.
func eachElement(elements []any, prior any, convert func(element, before object) object) []any {
	previous, _ := prior.([]any)
	out := make([]any, len(elements))
	for i, element := range elements {
		member, ok := element.(object)
		if !ok {
			out[i] = element
			continue
		}
		var before object
		if i < len(previous) {
			before, _ = previous[i].(object)
		}
		out[i] = convert(member, before)
	}
	return out
}

// settled keeps every planned value and fills the unknown ones with what the
// API answered: Terraform accepts nothing else of a framework resource.
func settled(planned, answered any) any {
	switch p := planned.(type) {
	case unknown:
		return answered
	case object:
		a, _ := answered.(object)
		out := object{}
		maps.Copy(out, p)
		for name := range out {
			out[name] = settled(out[name], a[name])
		}
		return out
	case []any:
		a, _ := answered.([]any)
		out := make([]any, len(p))
		for i := range p {
			var element any
			if i < len(a) {
				element = a[i]
			}
			out[i] = settled(p[i], element)
		}
		return out
	}
	return planned
}

// withoutUnknown turns unknown values into null, the form in which the
// handlers see a planned object.
func withoutUnknown(v any) any {
	switch typed := v.(type) {
	case unknown:
		return nil
	case object:
		out := object{}
		for name, member := range typed {
			out[name] = withoutUnknown(member)
		}
		return out
	case []any:
		out := make([]any, len(typed))
		for i, element := range typed {
			out[i] = withoutUnknown(element)
		}
		return out
	}
	return v
}

func isZero(v any) bool {
	if v == nil {
		return true
	}
	if elements, ok := v.([]any); ok {
		return len(elements) == 0
	}
	return !isUnknown(v) && reflect.ValueOf(v).IsZero()
}

// absent writes the API's zero values as null where the user may leave the
// attribute out and did: the API cannot tell the two apart, a plan does.
func absent(block *tfprotov6.SchemaBlock, state, prior object) object {
	out := state.clone()
	for _, a := range block.Attributes {
		if a.Optional && !a.Computed && isZero(out[a.Name]) && prior[a.Name] == nil {
			out[a.Name] = nil
		}
	}
	for _, nested := range block.BlockTypes {
		elements, ok := out[nested.TypeName].([]any)
		if !ok {
			continue
		}
		out[nested.TypeName] = eachElement(elements, prior[nested.TypeName], func(element, before object) object {
			return absent(nested.Block, element, before)
		})
	}
	return out
}
