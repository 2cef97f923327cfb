package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
)

// route binds one operation to its handler.
type route struct {
	method, path string
	handler      func(*call) (any, error)
	// refresh runs before the state is locked, for what the backend is asked.
	refresh func(*call)
	// beyond says why an operation exists that the contract does not have.
	beyond string
}

// match is a request's operation.
type match struct {
	route
	// operation is nil for routes beyond the contract.
	operation *routers.Route
	params    map[string]string
}

// router finds operations by the paths of the contract. OpenAPI's general
// routers match against servers; the lab is reached by any name.
type router struct {
	doc      *openapi3.T
	routes   map[string]route
	patterns [][]string
}

func newRouter(doc *openapi3.T, routes []route) (*router, error) {
	rt := &router{doc: doc, routes: map[string]route{}}
	for path := range doc.Paths.Map() {
		rt.patterns = append(rt.patterns, strings.Split(path, "/")[1:])
	}
	for _, r := range routes {
		full := "/{apiVersion}" + r.path
		item := doc.Paths.Find(full)
		known := item != nil && item.GetOperation(r.method) != nil
		if known == (r.beyond != "") {
			return nil, fmt.Errorf("cannot route %s %s: it disagrees with the contract about its existence", r.method, r.path)
		}
		if r.beyond != "" {
			rt.patterns = append(rt.patterns, strings.Split(full, "/")[1:])
		}
		rt.routes[r.method+" "+full] = r
	}
	// literal segments first, so that /nodebalancers/types is not an ID
	slices.SortFunc(rt.patterns, func(a, b []string) int {
		return strings.Compare(sortKey(a), sortKey(b))
	})
	return rt, nil
}

func sortKey(pattern []string) string {
	key := ""
	for _, segment := range pattern {
		if strings.HasPrefix(segment, "{") {
			segment = "\x7f"
		}
		key += segment + "/"
	}
	return key
}

func (rt *router) match(r *http.Request) (*match, error) {
	segments := strings.Split(strings.Trim(r.URL.EscapedPath(), "/"), "/")
	if len(segments) == 0 || (segments[0] != "v4" && segments[0] != "v4beta") {
		return nil, errNotFound()
	}
	for _, pattern := range rt.patterns {
		params, ok := matchSegments(pattern, segments)
		if !ok {
			continue
		}
		return rt.operation(r, "/"+strings.Join(pattern, "/"), params)
	}
	return nil, errUnimplemented(r.Method, r.URL.Path)
}

func (rt *router) operation(r *http.Request, path string, params map[string]string) (*match, error) {
	found, ok := rt.routes[r.Method+" "+path]
	if !ok {
		return nil, errUnimplemented(r.Method, r.URL.Path)
	}
	m := &match{route: found, params: params}
	if found.beyond == "" {
		item := rt.doc.Paths.Find(path)
		m.operation = &routers.Route{
			Spec: rt.doc, Path: path, PathItem: item, Method: r.Method, Operation: item.GetOperation(r.Method),
		}
	}
	return m, nil
}

// matchSegments matches a path; identifiers must be numbers, so that an
// unknown literal below a collection is not taken for one.
func matchSegments(pattern, segments []string) (map[string]string, bool) {
	if len(pattern) != len(segments) {
		return nil, false
	}
	params := map[string]string{}
	for i, want := range pattern {
		if !strings.HasPrefix(want, "{") {
			if want != segments[i] {
				return nil, false
			}
			continue
		}
		value, err := url.PathUnescape(segments[i])
		if err != nil {
			return nil, false
		}
		name := strings.Trim(want, "{}")
		if _, err := strconv.Atoi(value); err != nil && numeric(name) {
			return nil, false
		}
		params[name] = value
	}
	return params, true
}

func numeric(name string) bool {
	return strings.HasSuffix(name, "Id") && !slices.Contains([]string{"imageId", "kernelId", "typeId", "regionId"}, name)
}
