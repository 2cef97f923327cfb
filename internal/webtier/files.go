package webtier

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

//go:embed templates/*.tmpl
var templates embed.FS

//go:embed scripts/*.sh
var scripts embed.FS

// setting is a name and its value, in files that are made of such.
type setting struct{ Name, Value string }

var parsedTemplates = template.Must(template.New("").Funcs(template.FuncMap{"pattern": regexp.QuoteMeta}).ParseFS(templates, "templates/*.tmpl"))

// rendered returns a file that is made from a template, which is part of this program
// and cannot fail on data that passed validation.
func rendered(path, mode, name string, data any) host.File {
	var out bytes.Buffer
	if err := parsedTemplates.ExecuteTemplate(&out, name, data); err != nil {
		panic(fmt.Sprintf("template %s: %v", name, err))
	}
	return host.File{Path: path, Content: out.Bytes(), Mode: mode}
}

// files returns every file that the tier puts on a machine, but for its marker and
// records. Those of PHP-FPM are left out while the version of PHP is not known.
func files(s Spec, node string, facts host.Facts, php string) []host.File {
	return slices.Concat(programs(s, node), unitFiles(s, php), mountFiles(s), kernelFiles(s), phpFiles(s, php, facts), apacheFiles(s))
}

// library is where this tier's own scripts lie on a machine.
func (s Spec) library() string { return path.Join(host.ProgramDirectory, "web-"+s.Name) }

func readFiles(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	seen.Facts, seen.Files = answers.Facts, answers.Files
}

// paths returns the paths of files.
func paths(files []host.File) []string {
	var list []string
	for _, file := range files {
		list = append(list, file.Path)
	}
	return list
}

// differing returns the files that differ, and how.
func differing(seen NodeStatus, wanted []host.File) (changed []host.File, reasons []string) {
	for _, file := range wanted {
		if why := file.Difference(seen.Files[file.Path]); why != "" {
			changed = append(changed, file)
			if path.Base(file.Path) == "terraform-ha.conf" {
				why = strings.TrimSuffix(path.Base(path.Dir(file.Path)), ".d") + " drop-in " + why
			}
			reasons = append(reasons, why)
		}
	}
	return changed, reasons
}

func writeFiles(files ...host.File) action {
	return func(ctx context.Context, h *host.Host) error {
		if len(files) == 0 {
			return nil
		}
		return h.WriteFiles(ctx, files...)
	}
}
