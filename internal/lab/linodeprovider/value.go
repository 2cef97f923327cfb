package linodeprovider

import (
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"sort"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// object is a Terraform object in plain Go: nil is null, unknown{} is not yet
// known, and otherwise string, bool, int64, float64, []any and object.
type object map[string]any

// unknown marks a value that only the apply will know.
type unknown struct{}

func isUnknown(v any) bool { _, is := v.(unknown); return is }

// decode turns a protocol value into an object; a null value gives nil.
func decode(value *tfprotov6.DynamicValue, schema *tfprotov6.Schema) (object, error) {
	if value == nil {
		return nil, nil
	}
	typed, err := value.Unmarshal(schema.ValueType())
	if err != nil {
		return nil, err
	}
	return decodeObject(typed)
}

func decodeObject(typed tftypes.Value) (object, error) {
	plain, err := fromValue(typed)
	if err != nil || plain == nil {
		return nil, err
	}
	out, ok := plain.(object)
	if !ok {
		return nil, fmt.Errorf("cannot use %T as an object", plain)
	}
	return out, nil
}

func fromValue(v tftypes.Value) (any, error) {
	switch {
	case !v.IsKnown():
		return unknown{}, nil
	case v.IsNull():
		return nil, nil
	}
	switch t := v.Type(); {
	case t.Is(tftypes.String):
		var s string
		err := v.As(&s)
		return s, err
	case t.Is(tftypes.Bool):
		var b bool
		err := v.As(&b)
		return b, err
	case t.Is(tftypes.Number):
		var n big.Float
		err := v.As(&n)
		return number(&n), err
	case t.Is(tftypes.Object{}), t.Is(tftypes.Map{}):
		return fromMembers(v)
	default:
		return fromElements(v)
	}
}

func number(n *big.Float) any {
	if whole, accuracy := n.Int64(); accuracy == big.Exact {
		return whole
	}
	fraction, _ := n.Float64()
	return fraction
}

func fromMembers(v tftypes.Value) (any, error) {
	members := map[string]tftypes.Value{}
	if err := v.As(&members); err != nil {
		return nil, err
	}
	out := object{}
	for name, member := range members {
		plain, err := fromValue(member)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out[name] = plain
	}
	return out, nil
}

func fromElements(v tftypes.Value) (any, error) {
	var elements []tftypes.Value
	if err := v.As(&elements); err != nil {
		return nil, err
	}
	out := make([]any, len(elements))
	for i, element := range elements {
		plain, err := fromValue(element)
		if err != nil {
			return nil, err
		}
		out[i] = plain
	}
	if v.Type().Is(tftypes.Set{}) {
		sortElements(out)
	}
	return out, nil
}

// sortElements gives sets one order, so that they can be compared as lists.
func sortElements(elements []any) {
	key := func(v any) string {
		encoded, err := json.Marshal(v)
		if err != nil {
			return fmt.Sprint(v)
		}
		return string(encoded)
	}
	sort.SliceStable(elements, func(i, j int) bool { return key(elements[i]) < key(elements[j]) })
}

// encode turns an object into a protocol value; nil gives null.
func encode(o object, schema *tfprotov6.Schema) (*tfprotov6.DynamicValue, error) {
	var plain any
	if o != nil {
		plain = withEmptyBlocks(o, schema.Block)
	}
	typed, err := toValue(plain, schema.ValueType())
	if err != nil {
		return nil, err
	}
	value, err := tfprotov6.NewDynamicValue(schema.ValueType(), typed)
	return &value, err
}

// withEmptyBlocks writes absent list and set blocks as empty ones: Terraform
// never has a null block of these kinds.
func withEmptyBlocks(o object, block *tfprotov6.SchemaBlock) object {
	out := o.clone()
	for _, nested := range block.BlockTypes {
		if nested.Nesting != tfprotov6.SchemaNestedBlockNestingModeList && nested.Nesting != tfprotov6.SchemaNestedBlockNestingModeSet {
			continue
		}
		if isUnknown(out[nested.TypeName]) {
			continue
		}
		elements := []any{}
		for _, element := range out.objects(nested.TypeName) {
			elements = append(elements, withEmptyBlocks(element, nested.Block))
		}
		out[nested.TypeName] = elements
	}
	return out
}

func toValue(plain any, t tftypes.Type) (tftypes.Value, error) {
	if plain == nil {
		return tftypes.NewValue(t, nil), nil
	}
	if isUnknown(plain) {
		return tftypes.NewValue(t, tftypes.UnknownValue), nil
	}
	switch typed := t.(type) {
	case tftypes.Object:
		return toMembers(plain, t, func(name string) tftypes.Type { return typed.AttributeTypes[name] }, sortedKeys(typed.AttributeTypes))
	case tftypes.Map:
		return toMembers(plain, t, func(string) tftypes.Type { return typed.ElementType }, nil)
	case tftypes.List:
		return toElements(plain, t, typed.ElementType)
	case tftypes.Set:
		return toElements(plain, t, typed.ElementType)
	}
	return toPrimitive(plain, t)
}

func toPrimitive(plain any, t tftypes.Type) (tftypes.Value, error) {
	v := reflect.ValueOf(plain)
	switch {
	case t.Is(tftypes.String) && v.Kind() == reflect.String:
		return tftypes.NewValue(t, v.String()), nil
	case t.Is(tftypes.Bool) && v.Kind() == reflect.Bool:
		return tftypes.NewValue(t, v.Bool()), nil
	case t.Is(tftypes.Number) && v.CanInt():
		return tftypes.NewValue(t, v.Int()), nil
	case t.Is(tftypes.Number) && v.CanFloat():
		return tftypes.NewValue(t, v.Float()), nil
	}
	return tftypes.Value{}, fmt.Errorf("cannot write %T as %s", plain, t)
}

// toMembers refuses a member that the type does not have: a misspelled
// attribute would otherwise be lost without a word.
func toMembers(plain any, t tftypes.Type, member func(string) tftypes.Type, names []string) (tftypes.Value, error) {
	in, ok := plain.(object)
	if !ok {
		return tftypes.Value{}, fmt.Errorf("cannot write %T as %s", plain, t)
	}
	for name := range in {
		if member(name) == nil {
			return tftypes.Value{}, fmt.Errorf("cannot write the attribute %s: the schema does not have it", name)
		}
	}
	if names == nil {
		names = sortedKeys(in)
	}
	out := map[string]tftypes.Value{}
	for _, name := range names {
		value, err := toValue(in[name], member(name))
		if err != nil {
			return tftypes.Value{}, fmt.Errorf("%s: %w", name, err)
		}
		out[name] = value
	}
	return tftypes.NewValue(t, out), nil
}

func toElements(plain any, t, element tftypes.Type) (tftypes.Value, error) {
	in := reflect.ValueOf(plain)
	if in.Kind() != reflect.Slice {
		return tftypes.Value{}, fmt.Errorf("cannot write %T as %s", plain, t)
	}
	out := make([]tftypes.Value, in.Len())
	for i := range out {
		value, err := toValue(in.Index(i).Interface(), element)
		if err != nil {
			return tftypes.Value{}, err
		}
		out[i] = value
	}
	return tftypes.NewValue(t, out), nil
}
