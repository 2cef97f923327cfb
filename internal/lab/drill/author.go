package drill

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/website"
)

// title is how the titles of the drill's posts begin, by which they are found and removed.
const title = "terraform-ha drill"

// author writes posts and uploads files by WordPress's REST API, as its editor does: with
// the cookies of a login and a nonce. XML-RPC is closed on sites of the web tier.
// https://developer.wordpress.org/rest-api/using-the-rest-api/authentication/
type author struct {
	site        website.Site
	credentials Credentials
	ledger      *Ledger
	client      *http.Client

	cookies []*http.Cookie
	nonce   string
}

// errNotAuthor says that WordPress no longer knows the session.
var errNotAuthor = errors.New("the session has ended")

func (a *author) post(ctx context.Context) error {
	body, err := json.Marshal(map[string]string{"title": title + " " + time.Now().UTC().Format(time.RFC3339Nano), "content": "A post of the drill.", "status": "publish"})
	if err != nil {
		return err
	}
	var made struct {
		ID int
	}
	if err := a.create(ctx, "/wp/v2/posts", http.Header{"Content-Type": {"application/json"}}, body, &made); err != nil {
		return err
	}
	a.ledger.post(strconv.Itoa(made.ID))
	return nil
}

// uploadBytes is the size of an upload.
const uploadBytes = 16 << 10

func (a *author) upload(ctx context.Context) error {
	content := make([]byte, uploadBytes/2)
	if _, err := rand.Read(content); err != nil {
		return err
	}
	content = []byte(hex.EncodeToString(content))
	header := http.Header{"Content-Type": {"text/plain"}}
	header.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s %d.txt"`, title, time.Now().UnixNano()))
	var made struct {
		ID     int
		Source string `json:"source_url"`
	}
	if err := a.create(ctx, "/wp/v2/media", header, content, &made); err != nil {
		return err
	}
	source, err := url.Parse(made.Source)
	if err != nil || source.Path == "" {
		return fmt.Errorf("WordPress calls an upload %q: %w", made.Source, err)
	}
	sum := sha256.Sum256(content)
	a.ledger.file(File{Path: strings.TrimPrefix(source.Path, "/"), SHA256: hex.EncodeToString(sum[:])})
	a.ledger.post(strconv.Itoa(made.ID))
	return nil
}

// create makes an object by the REST API, after a login where there is no session.
func (a *author) create(ctx context.Context, route string, header http.Header, body []byte, made any) error {
	if a.nonce == "" {
		if err := a.logIn(ctx); err != nil {
			return err
		}
	}
	header.Set("X-WP-Nonce", a.nonce)
	answer, err := a.do(ctx, http.MethodPost, "/?rest_route="+url.QueryEscape(route), header, body, http.StatusCreated)
	if errors.Is(err, errNotAuthor) {
		a.nonce = ""
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(answer, made); err != nil {
		return fmt.Errorf("cannot read what %s answers: %w", route, err)
	}
	return nil
}

func (a *author) logIn(ctx context.Context) error {
	cookies, err := a.site.LogIn(ctx, a.client, a.credentials.Author, a.credentials.AuthorPassword)
	if err != nil {
		return err
	}
	a.cookies = cookies
	nonce, err := a.do(ctx, http.MethodGet, "/wp-admin/admin-ajax.php?action=rest-nonce", http.Header{}, nil, http.StatusOK)
	if err != nil {
		return err
	}
	a.nonce = strings.TrimSpace(string(nonce))
	return nil
}

func (a *author) do(ctx context.Context, method, path string, header http.Header, body []byte, want int) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, a.site.URL+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header, request.Close = header, true
	for _, cookie := range a.cookies {
		request.AddCookie(cookie)
	}
	response, err := a.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	switch response.StatusCode {
	case want:
		return answer, nil
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusBadRequest:
		return nil, fmt.Errorf("%w: %s answers %s: %.200s", errNotAuthor, path, response.Status, answer)
	}
	return nil, fmt.Errorf("%s answers %s: %.200s", path, response.Status, answer)
}
