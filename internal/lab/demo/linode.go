package demo

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/hashicorp/go-version"
)

// What LAB_LINODE_PROVIDER may say besides the path of a provider.
const (
	// fromRegistry takes the current version from the registry. That is never done
	// unasked: what a demo does must not hang on what the network answers today.
	fromRegistry = "registry"
	// standIn takes the lab's own, whatever is installed.
	standIn = "stand-in"
)

// linodeChoice says which linode provider is used: the path of Linode's own, if
// one was named or is installed, [fromRegistry], or nothing for the lab's stand-in.
func linodeChoice() string {
	switch choice := os.Getenv("LAB_LINODE_PROVIDER"); choice {
	case "":
		return installedLinode(pluginFolders())
	case standIn:
		return ""
	default:
		return choice
	}
}

// pluginFolders are where Terraform looks for providers before it asks a registry
// ("CLI Configuration", implied local mirror directories), and its cache.
func pluginFolders() []string {
	folders := []string{"/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins"}
	if home, err := os.UserHomeDir(); err == nil {
		folders = append(folders, filepath.Join(home, ".terraform.d", "plugins"), filepath.Join(home, ".local", "share", "terraform", "plugins"))
	}
	if cache := os.Getenv("TF_PLUGIN_CACHE_DIR"); cache != "" {
		folders = append(folders, cache)
	}
	return folders
}

// oldestLinode is the first version that the modules work with.
const oldestLinode = "3.0.0"

// installedLinode returns the path of the newest of Linode's providers in folders
// of the layout HOST/linode/linode/VERSION/PLATFORM; empty if there is none.
func installedLinode(folders []string) string {
	newest, best := version.Must(version.NewVersion(oldestLinode)), ""
	for _, folder := range folders {
		for _, registry := range registries {
			pattern := filepath.Join(folder, registry, "linode", "linode", "*", runtime.GOOS+"_"+runtime.GOARCH, "terraform-provider-linode*")
			found, _ := filepath.Glob(pattern) // the pattern is ours
			slices.Sort(found)
			for _, file := range found {
				number, err := version.NewVersion(filepath.Base(filepath.Dir(filepath.Dir(file))))
				if err == nil && number.GreaterThanOrEqual(newest) {
					newest, best = number, file
				}
			}
		}
	}
	return best
}
