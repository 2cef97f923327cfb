package api

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// apiError is a refusal in Linode's shape.
type apiError struct {
	status int
	field  string
	reason string
}

func (e *apiError) Error() string {
	if e.field != "" {
		return e.field + ": " + e.reason
	}
	return e.reason
}

func invalid(field, format string, args ...any) error {
	return &apiError{http.StatusBadRequest, field, fmt.Sprintf(format, args...)}
}

func errNotFound() error { return &apiError{http.StatusNotFound, "", "Not found"} }

func errUnimplemented(method, path string) error {
	return &apiError{http.StatusNotImplemented, "", fmt.Sprintf("the lab does not implement %s %s", method, path)}
}

func writeError(w http.ResponseWriter, err *apiError) {
	reason := map[string]string{"reason": err.reason}
	if err.field != "" {
		reason["field"] = err.field
	}
	body, _ := json.Marshal(map[string]any{"errors": []any{reason}})
	writeJSON(w, err.status, body)
}

func writeJSON(w http.ResponseWriter, status int, body []byte) {
	// linodego compares the content type as a whole: no charset.
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
