package docstest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Generate writes the reference documentation of the repository at root into
// the directory docs, whose content it replaces.
func Generate(ctx context.Context, root, docs string) error {
	work, err := os.MkdirTemp("", "ha-docs-")
	if err != nil {
		return fmt.Errorf("cannot make a directory to work in: %w", err)
	}
	defer func() { _ = os.RemoveAll(work) }()
	// The generator writes beside what it reads, so it gets copies: a run that
	// breaks off leaves the repository as it was.
	for _, part := range []string{"templates", "examples"} {
		if err := os.CopyFS(filepath.Join(work, part), os.DirFS(filepath.Join(root, part))); err != nil {
			return fmt.Errorf("cannot copy %s: %w", part, err)
		}
	}
	content, err := Schema(ctx)
	if err != nil {
		return err
	}
	schemaFile := filepath.Join(work, "schema.json")
	if err := os.WriteFile(schemaFile, content, 0o600); err != nil {
		return fmt.Errorf("cannot write the schema: %w", err)
	}
	for _, verb := range []string{"generate", "validate"} {
		command := exec.CommandContext(ctx, "go", "tool", "tfplugindocs", verb,
			"--provider-dir", work, "--provider-name", "ha", "--providers-schema", schemaFile)
		command.Dir = filepath.Join(root, "tools")
		if out, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("cannot %s the documentation: %w\n%s", verb, err, out)
		}
	}
	if err := os.RemoveAll(docs); err != nil {
		return fmt.Errorf("cannot replace %s: %w", docs, err)
	}
	if err := os.CopyFS(docs, os.DirFS(filepath.Join(work, "docs"))); err != nil {
		return fmt.Errorf("cannot write %s: %w", docs, err)
	}
	return nil
}
