package shell

import (
	"embed"
	"encoding/base64"
	"fmt"
	"strconv"
)

//go:embed scripts
var scripts embed.FS

// wholeInputScript runs a script only if its standard input has come whole. A connection that
// breaks ends standard input like one that has said everything, so a script would go on with a
// part of a file or of a statement.
var wholeInputScript = Embedded(scripts, "whole-input")

// Delivery returns what is given to a machine to run the command: a line for its login shell, and
// the standard input. Where the command has data on standard input, it runs only if all of it
// has arrived.
func (c Command) Delivery() (line string, stdin []byte) {
	if len(c.stdin) == 0 {
		return c.Line(), nil
	}
	stdin = []byte(base64.StdEncoding.EncodeToString(c.stdin))
	whole := Script(wholeInputScript, append([]string{strconv.Itoa(len(stdin)), string(c.text)}, c.args...)...)
	return whole.Line(), stdin
}

// ParseDelivery is the inverse of [Command.Delivery], for simulated machines. Standard input that
// is not whole is an error, as it is to a machine.
func ParseDelivery(line string, stdin []byte) (Command, error) {
	command, err := ParseLine(line)
	if err != nil || command.text != wholeInputScript {
		return command, err
	}
	if len(command.args) < 2 || command.args[0] != strconv.Itoa(len(stdin)) {
		return Command{}, fmt.Errorf("cannot read a command with %d bytes of input: they are not all", len(stdin))
	}
	data, err := base64.StdEncoding.DecodeString(string(stdin))
	if err != nil {
		return Command{}, fmt.Errorf("cannot read a command with its input: %w", err)
	}
	return Script(Text(command.args[1]), command.args[2:]...).WithStdin(data), nil
}
