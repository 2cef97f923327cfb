package provider

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// progressVariable names a file to which every step of an apply is written as it
// begins and ends. Terraform itself says nothing while a resource is being changed
// but that it still is.
const progressVariable = "HA_PROGRESS"

// openProgress opens that file for appending; without the variable there is none. A
// run is several processes, one after the other and side by side, and each line is
// one write.
func openProgress() (io.Writer, diag.Diagnostics) {
	var diags diag.Diagnostics
	name := os.Getenv(progressVariable)
	if name == "" {
		return io.Discard, diags
	}
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		diags.AddWarning("Progress Not Written", fmt.Sprintf("%s names a file that cannot be written: %s. Everything else works.", progressVariable, sentence(err)))
		return io.Discard, diags
	}
	return file, diags
}

// progressLine is what happened to a step: "db1: done in 3.9s: start mariadb".
func progressLine(at time.Time, resource, node, event, title string) string {
	where := "ha_" + resource
	if node != "" {
		where += " " + node
	}
	// A line is an event, whatever an error has in it.
	return strings.ReplaceAll(fmt.Sprintf("%s %s: %s: %s", at.UTC().Format(time.RFC3339), where, event, title), "\n", " ") + "\n"
}
