package api

import (
	"maps"
	"slices"
)

// sorted returns a collection's objects by identifier.
func sorted[T any](objects map[int]*T) []*T {
	result := make([]*T, 0, len(objects))
	for _, id := range slices.Sorted(maps.Keys(objects)) {
		result = append(result, objects[id])
	}
	return result
}

func find[T any](objects map[int]*T, id int) (*T, error) {
	if object, ok := objects[id]; ok {
		return object, nil
	}
	return nil, errNotFound()
}

// orEmpty answers an absent list as [], never as null.
func orEmpty[T any](values []T) []T {
	if values == nil {
		return []T{}
	}
	return values
}
