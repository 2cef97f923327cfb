package galera

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// token is a piece of SQL text. Only words and symbols have a meaning in the
// grammar; a name or a string never does, whatever is written in it.
type token struct {
	kind tokenKind
	// text is a word in capitals, a symbol, or what a name or string stands for.
	text string
}

type tokenKind int

const (
	wordToken tokenKind = iota + 1
	nameToken
	stringToken
	symbolToken
)

// tokenize splits one statement as the server prints it: names in backticks, in
// which only a doubled backtick is special, and strings in single quotes ("Schema
// Object Names" and "String Literals" in the manuals of both engines).
func tokenize(sql string) ([]token, error) {
	var tokens []token
	for sql != "" {
		c := sql[0]
		switch {
		case c == ' ':
			sql = sql[1:]
		case c == '`':
			name, rest, closed := quotedText(sql, false)
			if !closed {
				return nil, fmt.Errorf("a name does not end")
			}
			tokens, sql = append(tokens, token{nameToken, name}), rest
		case c == '\'':
			text, rest, closed := quotedText(sql, true)
			if !closed {
				return nil, fmt.Errorf("a string does not end")
			}
			tokens, sql = append(tokens, token{stringToken, text}), rest
		case strings.IndexByte("(),.*@", c) >= 0:
			tokens, sql = append(tokens, token{symbolToken, sql[:1]}), sql[1:]
		case wordByte(c):
			end := 1
			for end < len(sql) && wordByte(sql[end]) {
				end++
			}
			tokens, sql = append(tokens, token{wordToken, strings.ToUpper(sql[:end])}), sql[end:]
		default:
			r, _ := utf8.DecodeRuneInString(sql)
			return nil, fmt.Errorf("%q stands outside of a name", r)
		}
	}
	return tokens, nil
}

func wordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// quotedText reads what is quoted at the beginning of sql; closed is false if the
// quote does not end. A doubled quote stands for one.
func quotedText(sql string, escapes bool) (text, rest string, closed bool) {
	quote := sql[0]
	var b strings.Builder
	for i := 1; i < len(sql); i++ {
		switch {
		case sql[i] == quote && i+1 < len(sql) && sql[i+1] == quote:
			i++
			b.WriteByte(quote)
		case sql[i] == quote:
			return b.String(), sql[i+1:], true
		case escapes && sql[i] == '\\' && i+1 < len(sql):
			i++
			b.WriteByte(sql[i])
		default:
			b.WriteByte(sql[i])
		}
	}
	return "", "", false
}

// cursor reads tokens from the left.
type cursor struct{ tokens []token }

func (c *cursor) peek() token {
	if len(c.tokens) == 0 {
		return token{}
	}
	return c.tokens[0]
}

func (c *cursor) next() token {
	t := c.peek()
	if len(c.tokens) > 0 {
		c.tokens = c.tokens[1:]
	}
	return t
}

// accepts reads words or symbols if all of them come next.
func (c *cursor) accepts(texts ...string) bool {
	if len(c.tokens) < len(texts) {
		return false
	}
	for i, text := range texts {
		if t := c.tokens[i]; t.text != text || t.kind != wordToken && t.kind != symbolToken {
			return false
		}
	}
	c.tokens = c.tokens[len(texts):]
	return true
}

// contains reports whether the words stand anywhere in what is left.
func (c *cursor) contains(words ...string) bool {
	rest := *c
	for len(rest.tokens) > 0 {
		if rest.accepts(words...) {
			return true
		}
		rest.next()
	}
	return false
}

// name reads a name.
func (c *cursor) name() (string, bool) {
	if c.peek().kind != nameToken {
		return "", false
	}
	return c.next().text, true
}

// login reads user@host, in the quotes of either engine.
func (c *cursor) login() (Login, bool) {
	part := func() (string, bool) {
		if kind := c.peek().kind; kind != nameToken && kind != stringToken {
			return "", false
		}
		return c.next().text, true
	}
	user, found := part()
	if !found || !c.accepts("@") {
		return Login{}, false
	}
	host, found := part()
	return Login{Name: user, Host: host}, found
}
