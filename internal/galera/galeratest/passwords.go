package galeratest

import (
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func (at machine) passwords() {
	at.file("galera-password-versions")
	at.change("galera-remember-password-version", func(c shell.Command) error {
		args := c.Args()
		var lines []string
		for line := range strings.Lines(at.m.Files[args[0]].Content) {
			if !strings.HasPrefix(line, args[1]+" ") {
				lines = append(lines, line)
			}
		}
		at.m.WriteFile(args[0], strings.Join(lines, "")+strings.Join(args[1:], " ")+"\n")
		return nil
	})
}
