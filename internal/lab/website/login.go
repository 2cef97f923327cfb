package website

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// LogIn logs in to WordPress by its form and returns the cookies of the session.
func (s Site) LogIn(ctx context.Context, client *http.Client, user, password string) ([]*http.Cookie, error) {
	form := url.Values{"log": {user}, "pwd": {password}, "testcookie": {"1"}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/wp-login.php", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	request.Close = true
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.AddCookie(&http.Cookie{Name: "wordpress_test_cookie", Value: "WP%20Cookie%20check"})
	once := *client
	once.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := once.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	cookies := response.Cookies()
	if !slices.ContainsFunc(cookies, func(c *http.Cookie) bool { return strings.HasPrefix(c.Name, "wordpress_logged_in") }) {
		return nil, fmt.Errorf("%s is not logged in: %s", user, response.Status)
	}
	return cookies, nil
}
