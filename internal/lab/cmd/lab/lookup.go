package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/machine"
)

// find returns the machine or balancer that a name means: its label, its
// number, its container's name, or the end of its label where only one ends so.
func (c command) find(ctx context.Context, name string) (machine.Resource, error) {
	resources, err := machine.List(ctx, c.client, c.folder.Name)
	if err != nil {
		return machine.Resource{}, err
	}
	return match(resources, name)
}

func match(resources []machine.Resource, name string) (machine.Resource, error) {
	if name == "" {
		return machine.Resource{}, errors.New("cannot find a machine without a name")
	}
	var ends []machine.Resource
	var known []string
	for _, each := range resources {
		if each.ID == "" {
			continue
		}
		if name == each.Label || name == each.ID || name == each.Name {
			return each, nil
		}
		if strings.HasSuffix(each.Label, "-"+name) {
			ends = append(ends, each)
		}
		known = append(known, display(each))
	}
	switch {
	case len(ends) == 1:
		return ends[0], nil
	case len(ends) > 1:
		return machine.Resource{}, fmt.Errorf("cannot tell which machine %s is: %s or %s", name, ends[0].Label, ends[1].Label)
	}
	slices.Sort(known)
	return machine.Resource{}, fmt.Errorf("cannot find a machine named %s: there are %s", name, orNone(known))
}

// display is what a person calls a machine or balancer by.
func display(resource machine.Resource) string {
	if resource.Label != "" {
		return resource.Label
	}
	return resource.ID
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// machines returns the numbers of the machines with some names.
func (c command) machines(ctx context.Context, names []string) ([]int, error) {
	numbers := make([]int, 0, len(names))
	for _, name := range names {
		found, err := c.find(ctx, name)
		if err != nil {
			return nil, err
		}
		number, err := strconv.Atoi(found.ID)
		if err != nil || found.Kind != "machine" {
			return nil, fmt.Errorf("cannot do that to %s: it is a %s", name, found.Kind)
		}
		numbers = append(numbers, number)
	}
	return numbers, nil
}
