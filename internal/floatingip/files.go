package floatingip

import (
	"bytes"
	"context"
	"embed"
	"path"
	"slices"
	"strings"
	"text/template"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// programsPath is where the programs lie that Keepalived and its unit run.
const programsPath = host.ProgramDirectory

// wantedFiles are what the unit, the check, the role and the packet filter need on a
// node, written in one round trip. Keepalived's own configuration is not among them: it
// is tested before it is put in place.
func wantedFiles(s Spec, node host.Node, networkInterface string) []host.File {
	return slices.Concat(
		unitFiles(), checkFiles(s, node), []host.File{roleFile(s, node)}, firewallFiles(s, node, networkInterface))
}

func readFiles(_ Spec, _ string, answers tier.Answers, seen *Machine) { seen.Files = answers.Files }

func planFiles(d *draft) error {
	for _, node := range d.told() {
		if differing, why := differences(d.machine(node), wantedFiles(d.group, node, d.interfaceOf(node))...); len(differing) > 0 {
			d.prepare.On(node.Name, writeStep(node.Name, "write "+fileNames(differing), why, differing...))
		}
	}
	return nil
}

// differences returns those of some files that a machine does not have as they are
// wanted, and what is different.
func differences(machine Machine, wanted ...host.File) ([]host.File, string) {
	var differing []host.File
	var reasons []string
	for _, file := range wanted {
		if difference := file.Difference(machine.Files[file.Path]); difference != "" {
			differing = append(differing, file)
			reasons = append(reasons, difference)
		}
	}
	return differing, strings.Join(reasons, ", ")
}

func fileNames(files []host.File) string {
	var names []string
	for _, file := range files {
		names = append(names, path.Base(file.Path))
	}
	return strings.Join(names, ", ")
}

func paths(files []host.File) []string {
	var paths []string
	for _, file := range files {
		paths = append(paths, file.Path)
	}
	return paths
}

func writeStep(node, title, why string, files ...host.File) Step {
	return step(node, title, why, func(ctx context.Context, h *host.Host) error { return h.WriteFiles(ctx, files...) })
}

// program is a program that is the same on every machine.
func program(script string) host.File {
	content, err := scripts.ReadFile("scripts/" + script + ".sh")
	if err != nil {
		panic(err) // embedded
	}
	return host.File{Path: path.Join(programsPath, "keepalived-"+script), Content: content, Mode: "0755"}
}

//go:embed templates
var templates embed.FS

// fill returns the file that a template makes of values.
func fill(name string, values any) []byte {
	parsed, err := template.New(name).Funcs(template.FuncMap{
		"drainFile":        func() string { return tier.DrainFile },
		"checkAccount":     func() string { return tier.CheckAccount },
		"maintenanceFiles": func() string { return tier.MaintenanceFiles },
		"ofFloatingIPs":    func() string { return tier.MaintenanceFile(Kind, "*") },
		"ofThis":           func(name string) string { return tier.MaintenanceFile(Kind, name) },
	}).ParseFS(templates, "templates/"+name)
	if err != nil {
		panic(err) // embedded and covered by the goldens
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, values); err != nil {
		panic(err)
	}
	return out.Bytes()
}
