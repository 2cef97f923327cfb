package website

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

// longestPage bounds what is read of a page.
const longestPage = 1 << 20

// Get loads a page as a new visitor does.
func (s Site) Get(ctx context.Context, path string) (string, error) {
	return s.Load(ctx, http.DefaultClient, path)
}

// Load loads a page over a connection of its own.
func (s Site) Load(ctx context.Context, client *http.Client, path string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+path, nil)
	if err != nil {
		return "", err
	}
	request.Close = true
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, longestPage))
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s: %.200s", path, response.Status, body)
	}
	return string(body), err
}
