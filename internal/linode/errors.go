package linode

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/linode/linodego"
)

// TokenError says that the API did not accept the token.
type TokenError struct {
	// URL is the API that was asked.
	URL string
	// Status is 401 where the token is unknown or has expired, and 403 where it
	// may not do what was asked.
	Status int
}

// Error says what to check; it does not hold the token.
func (e *TokenError) Error() string {
	return fmt.Sprintf("the Linode API at %s does not accept the token (%d): check that it is complete, not expired and allowed to read and write NodeBalancers", e.URL, e.Status)
}

// NotFoundError says that the API does not know an object.
type NotFoundError struct {
	// Object names it in words: "NodeBalancer 12, configuration 34".
	Object string
}

// Error names the object.
func (e *NotFoundError) Error() string {
	return fmt.Sprintf("%s does not exist, or the token may not see it (404)", e.Object)
}

// failure turns an error of linodego into one of this package's. The cause is
// taken from ctx where that has ended, because linodego keeps only its text.
func (c *Client) failure(ctx context.Context, verb, object string, err error) error {
	if err == nil {
		return nil
	}
	switch status := statusOf(err); status {
	case http.StatusUnauthorized, http.StatusForbidden:
		err = &TokenError{URL: c.url, Status: status}
	case http.StatusNotFound:
		err = &NotFoundError{Object: object}
	default:
		if ctx.Err() != nil {
			err = fmt.Errorf("%w (%w)", ctx.Err(), err)
		}
	}
	return fmt.Errorf("cannot %s %s: %w", verb, object, err)
}

// statusOf returns the HTTP status that an error of linodego stands for.
// linodego returns its error as a pointer, and as a value when the answer was
// not what its content type promised.
func statusOf(err error) int {
	var pointer *linodego.Error
	if errors.As(err, &pointer) {
		return pointer.Code
	}
	var value linodego.Error
	if errors.As(err, &value) {
		return value.Code
	}
	return 0
}

// PlainHTTPError says that the token would travel unencrypted to another machine.
type PlainHTTPError struct{ URL string }

// Error says what is possible instead.
func (e *PlainHTTPError) Error() string {
	return fmt.Sprintf("cannot use %q as the Linode API's address: the token would travel unencrypted; use https, or http to this machine itself (localhost, 127.0.0.1, ::1)", e.URL)
}
