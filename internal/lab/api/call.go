package api

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// call is one request on its way to a handler.
type call struct {
	http   *http.Request
	params map[string]string
	body   []byte
}

// id returns a numeric path parameter; the router has checked it.
func (c *call) id(name string) int {
	n, _ := strconv.Atoi(c.params[name])
	return n
}

// decode reads the body into target; fields that the body lacks keep their
// value, which is what an update means. An absent body changes nothing.
func (c *call) decode(target any) error {
	if len(c.body) == 0 {
		return nil
	}
	if err := json.Unmarshal(c.body, target); err != nil {
		return invalid("", "the request's body does not fit: %v", err)
	}
	return nil
}

// has reports whether the body names a top-level field.
func (c *call) has(field string) bool {
	var fields map[string]json.RawMessage
	return json.Unmarshal(c.body, &fields) == nil && fields[field] != nil
}

// none is the empty object with which Linode confirms.
type none struct{}

// list is a collection that is filtered, ordered and paged on answering.
type list struct {
	items any
	// newestFirst is the natural order of events.
	newestFirst bool
}

func encode(c *call, answer any) ([]byte, error) {
	if l, ok := answer.(list); ok {
		page, err := l.page(c)
		if err != nil {
			return nil, err
		}
		answer = page
	}
	return json.Marshal(answer)
}
