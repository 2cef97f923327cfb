package host

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

var (
	readFileScript   = shell.Embedded(scripts, "read-file")
	fileStatesScript = shell.Embedded(scripts, "file-states")
	writeFileScript  = shell.Embedded(scripts, "write-file")
	writeFilesScript = shell.Embedded(scripts, "write-files")
)

// File is a file as it is wanted.
type File struct {
	Path    string
	Content []byte
	// Mode is in octal, as chmod takes it: "0644".
	Mode string
	// Owner and Group are names; empty means root.
	Owner string
	Group string
}

// FileState is a file as it was seen. Content stays on the machine: its digest
// is enough to compare, and it may be secret.
type FileState struct {
	Exists bool
	SHA256 string
	// Mode is in octal with a leading zero.
	Mode  string
	Owner string
	Group string
	// Modified is in seconds since 1970.
	Modified int64
}

// Digest returns the digest of a file's content as [FileState] has it.
func Digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// Difference says in a few words how the file that was seen differs from the
// one that is wanted; empty if it does not.
func (f File) Difference(seen FileState) string {
	base := path.Base(f.Path)
	switch {
	case !seen.Exists:
		return base + " is missing"
	case seen.SHA256 != Digest(f.Content):
		return base + " differs"
	case seen.Mode != f.Mode || seen.Owner != f.owner() || seen.Group != f.group():
		return fmt.Sprintf("%s has mode %s %s:%s instead of %s %s:%s", base, seen.Mode, seen.Owner, seen.Group, f.Mode, f.owner(), f.group())
	}
	return ""
}

func (f File) owner() string {
	if f.Owner == "" {
		return "root"
	}
	return f.Owner
}

func (f File) group() string {
	if f.Group == "" {
		return "root"
	}
	return f.Group
}

// AskFiles asks for the state of files; [ParseFiles] reads the answer.
func AskFiles(name string, paths ...string) shell.Part {
	return shell.Ask(name, fileStatesScript, paths...)
}

// digestLength is how many characters sha256sum prints before two spaces and
// the file's name.
const digestLength = 2 * sha256.Size

// ParseFiles reads the answer to [AskFiles], by path. A path without an entry
// does not exist, or went away between the two looks.
func ParseFiles(answer shell.Answer) map[string]FileState {
	states, sums := map[string]FileState{}, map[string]string{}
	for line := range strings.Lines(answer.Out) {
		line = strings.TrimSuffix(line, "\n")
		if sum, name, found := strings.Cut(line, "  "); found && len(sum) == digestLength && !strings.Contains(sum, " ") {
			sums[name] = sum
			continue
		}
		fields := strings.SplitN(line, " ", 5)
		if len(fields) != 5 {
			continue
		}
		state := FileState{Exists: true, Mode: fields[0], Owner: fields[1], Group: fields[2]}
		// A time that is not a number stays 0: changed long ago.
		_, _ = fmt.Sscan(fields[3], &state.Modified)
		if len(state.Mode) < 4 {
			state.Mode = "0" + state.Mode
		}
		states[fields[4]] = state
	}
	files := map[string]FileState{}
	for name, state := range states {
		if sum, found := sums[name]; found {
			state.SHA256 = sum
			files[name] = state
		}
	}
	return files
}

// WriteFile puts a file in place at once: nobody sees half of it, or the wrong
// owner or mode, and a power cut leaves the old or the new one. Missing parent
// directories are made, with mode 0755.
func (h *Host) WriteFile(ctx context.Context, file File) error {
	command := shell.Script(writeFileScript, file.Path, file.Mode, file.owner(), file.group())
	return h.do(ctx, "write "+file.Path, command.WithStdin(file.Content))
}

// WriteFiles writes files as [Host.WriteFile] does, in one round trip. A file that is
// as wanted keeps its time, and systemd is told of changed units.
func (h *Host) WriteFiles(ctx context.Context, files ...File) error {
	var paths []string
	for _, file := range files {
		paths = append(paths, file.Path)
	}
	return h.do(ctx, "write "+strings.Join(paths, " "), shell.Script(writeFilesScript).WithStdin(EncodeFiles(files...)))
}

// EncodeFiles returns files as standard input of a script that takes several: a line of
// mode, owner and path for each, and a line of its content in base64.
func EncodeFiles(files ...File) []byte {
	var b bytes.Buffer
	for _, file := range files {
		fmt.Fprintf(&b, "%s %s:%s %s\n%s\n", file.Mode, file.owner(), file.group(), file.Path, base64.StdEncoding.EncodeToString(file.Content))
	}
	return b.Bytes()
}

// SetModified sets the time of a file's last change, in seconds since 1970. A file that does
// not exist is not made.
func (h *Host) SetModified(ctx context.Context, file string, at int64) error {
	return h.do(ctx, "set the time of "+file, shell.New("touch", "-c", "-m", "-d", "@"+strconv.FormatInt(at, 10), "--", file))
}

// RemoveFile removes files; one that does not exist is fine.
func (h *Host) RemoveFile(ctx context.Context, paths ...string) error {
	return h.do(ctx, "remove "+strings.Join(paths, " "), shell.New("rm", append([]string{"-f", "--"}, paths...)...))
}

// ReadFile returns a file's content; a missing file is a nil slice.
func (v View) ReadFile(ctx context.Context, file string) ([]byte, error) {
	result, err := v.Query(ctx, shell.Script(readFileScript, file))
	if err != nil {
		return nil, fmt.Errorf("cannot read %s on %s: %w", file, v.name, err)
	}
	if result.Truncated {
		return nil, fmt.Errorf("cannot read %s on %s: it is larger than the output that is kept of one command", file, v.name)
	}
	content, found := bytes.CutPrefix(result.Stdout, []byte("x"))
	if !found {
		return nil, nil
	}
	return content, nil
}

// IsText reports whether content is text that a terminal shows as it is, without
// control characters.
func IsText(content []byte) bool { return shell.Printable(string(content)) == string(content) }

// MakeDirectory makes a directory with its parents and gives it owner and mode.
func (h *Host) MakeDirectory(ctx context.Context, directory, mode, owner, group string) error {
	return h.do(ctx, "make directory "+directory, shell.New("install", "-d", "-m", mode, "-o", owner, "-g", group, "--", directory))
}
