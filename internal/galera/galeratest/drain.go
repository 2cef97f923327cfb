package galeratest

import (
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func (at machine) drain() {
	at.query("tier-held", func([]string) (string, int) { return at.m.Files["/run/held"].Content, 0 })
	at.query("tier-drained", func(args []string) (string, int) {
		if strings.TrimSpace(at.m.Files[args[0]].Content) == args[1] {
			return "drained\n", 0
		}
		return "", 0
	})
	at.change("tier-drain", func(c shell.Command) error {
		if _, exists := at.m.Files[c.Args()[0]]; !exists {
			at.m.WriteFile(c.Args()[0], c.Args()[1]+"\n")
		}
		at.m.RemoveAll("/run/held")
		return nil
	})
	at.change("tier-return", func(c shell.Command) error {
		if strings.TrimSpace(at.m.Files[c.Args()[0]].Content) == c.Args()[1] {
			at.m.RemoveAll(c.Args()[0])
		}
		return nil
	})
}
