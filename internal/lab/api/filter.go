package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// page filters, orders and pages a list as the request asks.
func (l list) page(c *call) (map[string]any, error) {
	items, err := objects(l.items)
	if err != nil {
		return nil, err
	}
	if l.newestFirst {
		slices.Reverse(items)
	}
	if header := c.http.Header.Get("X-Filter"); header != "" {
		if items, err = applyFilter(header, items); err != nil {
			return nil, err
		}
	}
	page, size := 1, 100
	query := c.http.URL.Query()
	for name, target := range map[string]*int{"page": &page, "page_size": &size} {
		if value := query.Get(name); value != "" {
			if *target, err = strconv.Atoi(value); err != nil || *target < 1 {
				return nil, invalid(name, "Must be a positive number")
			}
		}
	}
	if size < 25 || size > 500 {
		return nil, invalid("page_size", "Must be 25-500")
	}
	pages := max(1, (len(items)+size-1)/size)
	// A page after the last one is empty: Linode's own provider asks for page 100
	// of the types, to see whether its token is good.
	first := len(items)
	if page <= pages {
		first = (page - 1) * size
	}
	return map[string]any{
		"data": items[first:min(first+size, len(items))], "page": page, "pages": pages, "results": len(items),
	}, nil
}

// objects encodes the items, so that filters see what clients see.
func objects(items any) ([]map[string]any, error) {
	data, err := json.Marshal(items)
	if err != nil {
		return nil, err
	}
	result := []map[string]any{}
	if err := json.Unmarshal(data, &result); err != nil {
		return nil, err
	}
	if result == nil {
		result = []map[string]any{}
	}
	return result, nil
}

func applyFilter(header string, items []map[string]any) ([]map[string]any, error) {
	var filter map[string]any
	if err := json.Unmarshal([]byte(header), &filter); err != nil {
		return nil, &apiError{http.StatusBadRequest, "", "Cannot parse X-Filter: " + err.Error()}
	}
	orderBy, _ := filter["+order_by"].(string)
	order, _ := filter["+order"].(string)
	delete(filter, "+order_by")
	delete(filter, "+order")
	kept := []map[string]any{}
	for _, item := range items {
		ok, err := matches(filter, item)
		if err != nil {
			return nil, err
		}
		if ok {
			kept = append(kept, item)
		}
	}
	if orderBy != "" {
		sortBy(kept, orderBy, order == "desc")
	}
	return kept, nil
}

// sortBy orders by a field; equal ones, such as events of the same second,
// are ordered by identifier in the same direction.
func sortBy(items []map[string]any, field string, descending bool) {
	slices.SortStableFunc(items, func(a, b map[string]any) int {
		result := compare(lookup(a, field), lookup(b, field))
		if result == 0 {
			result = compare(a["id"], b["id"])
		}
		if descending {
			return -result
		}
		return result
	})
}

// matches reports whether an item satisfies every condition of a filter.
func matches(filter, item map[string]any) (bool, error) {
	for field, want := range filter {
		var ok bool
		var err error
		switch {
		case field == "+and" || field == "+or":
			ok, err = matchesMany(want, item, field == "+or")
		case strings.HasPrefix(field, "+"):
			err = invalid("", "X-Filter: unknown operator %s", field)
		default:
			ok, err = satisfies(lookup(item, field), want)
		}
		if err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

func matchesMany(conditions any, item map[string]any, anyOf bool) (bool, error) {
	filters, ok := conditions.([]any)
	if !ok {
		return false, invalid("", "X-Filter: +and and +or take a list")
	}
	for _, f := range filters {
		filter, ok := f.(map[string]any)
		if !ok {
			return false, invalid("", "X-Filter: +and and +or take a list of objects")
		}
		matched, err := matches(filter, item)
		if err != nil {
			return false, err
		}
		if matched == anyOf {
			return anyOf, nil
		}
	}
	return !anyOf, nil
}

// satisfies compares a value with a wanted value or an object of operators.
func satisfies(value, want any) (bool, error) {
	operators, ok := want.(map[string]any)
	if !ok {
		return equal(value, want), nil
	}
	for operator, operand := range operators {
		var met bool
		switch operator {
		case "+gt":
			met = value != nil && compare(value, operand) > 0
		case "+gte":
			met = value != nil && compare(value, operand) >= 0
		case "+lt":
			met = value != nil && compare(value, operand) < 0
		case "+lte":
			met = value != nil && compare(value, operand) <= 0
		case "+neq":
			met = !equal(value, operand)
		case "+contains":
			met = contains(value, operand)
		default:
			return false, invalid("", "X-Filter: unknown operator %s", operator)
		}
		if !met {
			return false, nil
		}
	}
	return true, nil
}

// equal compares; a list equals what one of its members equals, and an object
// in a list stands for its label (interfaces are filtered by VLAN that way).
func equal(value, want any) bool {
	if members, ok := value.([]any); ok {
		return slices.ContainsFunc(members, func(m any) bool {
			if object, ok := m.(map[string]any); ok {
				m = object["label"]
			}
			return equal(m, want)
		})
	}
	if reflect.DeepEqual(value, want) {
		return true
	}
	// some clients send identifiers as strings
	return value != nil && want != nil && fmt.Sprint(value) == fmt.Sprint(want)
}

func contains(value, operand any) bool {
	if members, ok := value.([]any); ok {
		return slices.ContainsFunc(members, func(m any) bool { return contains(m, operand) })
	}
	text, ok := value.(string)
	return ok && strings.Contains(text, fmt.Sprint(operand))
}

func compare(a, b any) int {
	x, xok := a.(float64)
	y, yok := b.(float64)
	if xok && yok {
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	}
	// times are strings that sort as they should
	return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
}

// lookup finds a field; "entity.id" is the id inside entity.
func lookup(item map[string]any, field string) any {
	var value any = item
	for _, step := range strings.Split(field, ".") {
		object, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = object[step]
	}
	return value
}
