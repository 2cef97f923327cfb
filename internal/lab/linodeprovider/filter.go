package linodeprovider

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// filtered applies the filter blocks and the order of a data source that
// lists things: every filter must be met, by any of its values.
func filtered(config object, candidates []any) ([]any, error) {
	out := []any{}
	for _, candidate := range candidates {
		member, ok := candidate.(object)
		if !ok {
			continue
		}
		met, err := meetsAll(config.objects("filter"), member)
		if err != nil {
			return nil, err
		}
		if met {
			out = append(out, member)
		}
	}
	order(config, out)
	return out, nil
}

func meetsAll(filters []object, member object) (bool, error) {
	for _, filter := range filters {
		met, err := meets(filter, member)
		if err != nil || !met {
			return false, err
		}
	}
	return true, nil
}

func meets(filter, member object) (bool, error) {
	value, known := member[filter.str("name")]
	if !known {
		return false, fmt.Errorf("cannot filter by %q: there is no such attribute", filter.str("name"))
	}
	values, isList := value.([]any)
	if !isList {
		values = []any{value}
	}
	for _, candidate := range values {
		for _, wanted := range filter.strings("values") {
			met, err := matches(filter.str("match_by"), fmt.Sprint(candidate), wanted)
			if err != nil || met {
				return met, err
			}
		}
	}
	return false, nil
}

func matches(how, candidate, wanted string) (bool, error) {
	switch how {
	case "", "exact":
		return candidate == wanted, nil
	case "substring", "sub":
		return strings.Contains(candidate, wanted), nil
	case "regex", "re":
		return regexp.MatchString(wanted, candidate)
	}
	return false, fmt.Errorf("cannot match by %q: use exact, substring or regex", how)
}

func order(config object, members []any) {
	by := config.str("order_by")
	if by == "" {
		return
	}
	slices.SortStableFunc(members, func(a, b any) int {
		first, _ := a.(object)
		second, _ := b.(object)
		result := compare(first[by], second[by])
		if config.str("order") == "desc" {
			return -result
		}
		return result
	})
}

func compare(a, b any) int {
	first, firstIsNumber := a.(int64)
	second, secondIsNumber := b.(int64)
	if firstIsNumber && secondIsNumber {
		return cmp.Compare(first, second)
	}
	return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b))
}
