package galeratest

import (
	"fmt"
	"slices"
	"strings"
)

func (a *Account) grant(list, object string) {
	privileges := without(strings.Split(list, ", "), []string{"USAGE"})
	all := normalPrivileges(append(a.Grants[object], privileges...))
	if strings.HasSuffix(object, ".*") && object != "*.*" && len(without(all, []string{grantOption})) == allOfSchema {
		all = append(without(all, without(all, []string{grantOption})), everything)
	}
	a.Grants[object] = normalPrivileges(all)
}

// allOfSchema is how many privileges on a schema MariaDB 10.11 has; it calls all
// of them ALL PRIVILEGES.
const allOfSchema = 19

func (a *Account) revoke(list, object string) error {
	have, found := a.Grants[object]
	if !found {
		return fmt.Errorf("ERROR 1141 there is no such grant on %s", object)
	}
	for _, p := range strings.Split(list, ", ") {
		if p == everything {
			have = slices.DeleteFunc(have, func(p string) bool { return p != grantOption })
		}
		have = without(have, []string{p})
	}
	if a.Grants[object] = have; len(have) == 0 {
		delete(a.Grants, object)
	}
	return nil
}

func (a *Account) revokeColumns(privilege, object string, columns []string) error {
	have, found := a.Columns[object][privilege]
	if !found || !slices.Equal(slices.Sorted(slices.Values(have)), slices.Sorted(slices.Values(columns))) {
		return fmt.Errorf("ERROR 1147 there is no such grant of %s on %q of %s", privilege, columns, object)
	}
	delete(a.Columns[object], privilege)
	return nil
}

func remove(list *[]string, item string) error {
	if !slices.Contains(*list, item) {
		return fmt.Errorf("ERROR 1141 there is no such grant of %s", item)
	}
	*list = without(*list, []string{item})
	return nil
}

// normalPrivileges sorts privileges and says ALL the long way, as SHOW GRANTS does.
func normalPrivileges(privileges []string) []string {
	var normal []string
	for _, p := range privileges {
		if p == "ALL" {
			p = everything
		}
		if !slices.Contains(normal, p) {
			normal = append(normal, p)
		}
	}
	if slices.Contains(normal, everything) {
		normal = slices.DeleteFunc(normal, func(p string) bool { return p != everything && p != grantOption })
	}
	slices.Sort(normal)
	return normal
}

func without(list, remove []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(p string) bool { return slices.Contains(remove, p) })
}
