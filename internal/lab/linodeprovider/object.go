package linodeprovider

import (
	"fmt"
	"maps"
	"reflect"
	"strconv"
	"time"
)

func (o object) clone() object {
	out := object{}
	maps.Copy(out, o)
	return out
}

// with returns a copy in which the given attributes replace those of o.
func (o object) with(changes object) object {
	out := o.clone()
	maps.Copy(out, changes)
	return out
}

// has tells whether an attribute is neither null nor unknown.
func (o object) has(name string) bool { return o[name] != nil && !isUnknown(o[name]) }

func (o object) str(name string) string {
	s, _ := o[name].(string)
	return s
}

func (o object) integer(name string) int {
	n, _ := o[name].(int64)
	return int(n)
}

func (o object) boolean(name string) bool {
	b, _ := o[name].(bool)
	return b
}

func (o object) strings(name string) []string {
	out := []string{}
	elements, _ := o[name].([]any)
	for _, element := range elements {
		if s, ok := element.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func (o object) integers(name string) []int {
	var out []int
	elements, _ := o[name].([]any)
	for _, element := range elements {
		if n, ok := element.(int64); ok {
			out = append(out, int(n))
		}
	}
	return out
}

func (o object) objects(name string) []object {
	var out []object
	elements, _ := o[name].([]any)
	for _, element := range elements {
		if member, ok := element.(object); ok {
			out = append(out, member)
		}
	}
	return out
}

// first is the single element of a block that may appear at most once.
func (o object) first(name string) (object, bool) {
	elements := o.objects(name)
	if len(elements) == 0 {
		return nil, false
	}
	return elements[0], true
}

// numericID reads the resource's id, which Terraform keeps as a string.
func (o object) numericID() (int, error) {
	id, err := strconv.Atoi(o.str("id"))
	if err != nil {
		return 0, fmt.Errorf("cannot read the id %q as a number: %w", o.str("id"), err)
	}
	return id, nil
}

// changed tells whether an attribute differs between two objects.
func changed(name string, prior, planned object) bool {
	return !reflect.DeepEqual(prior[name], planned[name])
}

// optional gives a pointer to a set attribute, nil for an absent one.
func optional[T any](o object, name string, get func(string) T) *T {
	if !o.has(name) {
		return nil
	}
	value := get(name)
	return &value
}

// list makes the elements that attributes of collection types hold.
func list[T any](in []T) []any {
	out := make([]any, len(in))
	for i, element := range in {
		v := reflect.ValueOf(element)
		switch {
		case v.Kind() == reflect.String:
			out[i] = v.String()
		case v.CanInt():
			out[i] = v.Int()
		default:
			out[i] = element
		}
	}
	return out
}

// set is list in the order in which sets are compared.
func set[T any](in []T) []any {
	out := list(in)
	sortElements(out)
	return out
}

// mapped converts every element of an API list into an object.
func mapped[T any](in []T, convert func(T) object) []any {
	out := make([]any, len(in))
	for i, element := range in {
		out[i] = convert(element)
	}
	return out
}

// deref gives null for a missing value of the API.
func deref[T any](p *T) any {
	if p == nil {
		return nil
	}
	v := reflect.ValueOf(*p)
	switch {
	case v.CanInt():
		return v.Int()
	case v.Kind() == reflect.String:
		return v.String()
	}
	return *p
}

func timestamp(t *time.Time) any {
	if t == nil {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}
