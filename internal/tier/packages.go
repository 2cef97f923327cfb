package tier

import "slices"

// MissingPackages returns those of the wanted packages that are not installed.
func MissingPackages(wanted []string, installed map[string]string) []string {
	return slices.DeleteFunc(slices.Clone(wanted), func(name string) bool { return installed[name] != "" })
}
