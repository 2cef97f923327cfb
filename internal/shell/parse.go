package shell

import (
	"fmt"
	"slices"
	"strings"
)

// ParseLine is the inverse of [Command.Line]: it returns the command that the
// line was made of, with the parts of a [Batch]. Standard input is not in a
// line. Only what Line could have written is accepted. Simulated machines and
// servers are what it is for; nothing it returns may be run by a real shell on
// the word of somebody else.
func ParseLine(line string) (Command, error) {
	words, rest := splitWords(line)
	start := []string{"env", "LC_ALL=C", "sh", "-c"}
	if rest != "" || len(words) < 6 || !slices.Equal(words[:4], start) || words[5] != "sh" {
		return Command{}, fmt.Errorf("cannot read command line %q: it does not start a script", Tail(line, 200))
	}
	command := Command{text: Text(words[4]), args: words[6:]}
	if command.text == execText && len(command.args) == 0 {
		return Command{}, fmt.Errorf("cannot read command line %q: it names no program", Tail(line, 200))
	}
	if body, isBatch := strings.CutPrefix(words[4], batchLabel); isBatch {
		parts, err := parseParts(body)
		if err != nil {
			return Command{}, err
		}
		command.parts = parts
	}
	if command.Line() != line {
		return Command{}, fmt.Errorf("cannot read command line %q: it is not written the way this program writes", Tail(line, 200))
	}
	return command, nil
}

// parseParts reads the text of a batch after its label.
func parseParts(body string) ([]Part, error) {
	var parts []Part
	for body != "" {
		rest, began := strings.CutPrefix(body, partBegin)
		args, rest := splitWords(rest)
		rest, asked := strings.CutPrefix(rest, partText)
		text, rest := nextWord(rest)
		rest, silenced := strings.CutPrefix(rest, partSilence)
		name, rest := nextWord(rest)
		rest, ended := strings.CutPrefix(rest, partEnd)
		if !began || !asked || !silenced || !ended || len(args) == 0 || args[0] != "--" {
			return nil, fmt.Errorf("cannot read batch at %q", Tail(body, 200))
		}
		parts = append(parts, Part{Name: name, Command: Command{text: Text(text), args: args[1:]}})
		body = rest
	}
	return parts, nil
}

// splitWords undoes [Join] and returns what follows the last word.
func splitWords(s string) (words []string, rest string) {
	for {
		word, after := nextWord(s)
		if after == s {
			return words, s
		}
		words = append(words, word)
		next, more := strings.CutPrefix(after, " ")
		if !more {
			return words, after
		}
		if s = next; s == "" {
			return words, after
		}
	}
}

// nextWord undoes [Quote] for the word that s starts with.
func nextWord(s string) (word, rest string) {
	var b strings.Builder
	for s != "" {
		switch {
		case s[0] == '\'':
			inside, after, closed := strings.Cut(s[1:], "'")
			if !closed {
				return b.String(), s
			}
			b.WriteString(inside)
			s = after
		case strings.HasPrefix(s, `\'`):
			b.WriteByte('\'')
			s = s[2:]
		case s[0] >= 0x80 || unsafe(rune(s[0])):
			return b.String(), s
		default:
			b.WriteByte(s[0])
			s = s[1:]
		}
	}
	return b.String(), ""
}
