package shell

import (
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
)

// Embedded returns the text of scripts/NAME.sh among the files that a package
// embeds, as [Assemble] makes it. It is for variables of a package, which makes a
// script that is missing an error of every start:
//
//	//go:embed scripts/*.sh
//	var scripts embed.FS
//
//	var wipeScript = shell.Embedded(scripts, "wipe")
func Embedded(scripts embed.FS, name string) Text {
	text, err := Assemble(scripts, name)
	if err != nil {
		panic(err) // what is embedded is part of the program
	}
	return Text(text)
}

// include is a line of a script that stands for another file of its folder. A shell
// and shellcheck read it the same way.
var include = regexp.MustCompile(`^\. \./([a-z0-9-]+)\.sh$`)

// Assemble returns the text of scripts/NAME.sh as a machine is sent it. A line
// ". ./OTHER.sh" becomes that file. What is there for readers alone is left out:
// comments on lines of their own, blank lines, and the blanks that a line begins
// with. That is true within quotes as well, and a script has no here-documents.
func Assemble(files fs.FS, name string) (string, error) {
	content, err := fs.ReadFile(files, "scripts/"+name+".sh")
	if err != nil {
		return "", fmt.Errorf("cannot assemble script %s: %w", name, err)
	}
	var lines []string
	for line := range strings.Lines(string(content)) {
		line = strings.TrimLeft(strings.TrimSuffix(line, "\n"), " \t")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if piece := include.FindStringSubmatch(line); piece != nil {
			if line, err = Assemble(files, piece[1]); err != nil {
				return "", err
			}
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n"), nil
}
