package auth

import (
	"context"
	"errors"
	"net/url"
	"sync"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	"github.com/profilectl/profilectl/internal/aadsts"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/tokenstore"
)

// Prompt is what a person has to do on another device (RFC 8628, 3.2).
type Prompt struct {
	Page    string    // to open in any browser
	Code    string    // to type there
	Expires time.Time // of the code
}

// Device signs a person in who opens the page on another device. It shows them
// what to do, with show, and waits. In external tenants the flow is in preview,
// and the page that the tenant names refuses customers (AADSTS500208); the one
// that works is the tenant's own (learn.microsoft.com, "Sign in users in a
// browserless app"), so that is the one shown.
func (c *Client) Device(ctx context.Context, r Request, show func(Prompt)) (Token, error) {
	if err := c.config.Store.Prepare(ctx); err != nil {
		return Token{}, err
	}
	before, err := c.Accounts(ctx)
	if err != nil {
		return Token{}, err
	}
	span := &lockSpan{store: c.config.Store}
	client, err := c.deviceClient(span)
	if err != nil {
		return Token{}, err
	}
	options := []public.AcquireByDeviceCodeOption{}
	if r.Challenge != nil && r.Challenge.Claims != "" {
		options = append(options, public.WithClaims(r.Challenge.Claims))
	}
	ctx, cancel := context.WithTimeout(ctx, c.config.Wait)
	defer cancel()
	device, err := client.AcquireTokenByDeviceCode(ctx, r.Scopes, options...)
	if err != nil {
		return Token{}, aadsts.FromMSAL(err, "sign in")
	}
	page, err := c.devicePage()
	if err != nil {
		return Token{}, err
	}
	show(Prompt{Page: page, Code: device.Result.UserCode, Expires: device.Result.ExpiresOn})
	result, err := device.AuthenticationResult(ctx)
	lost := span.release()
	if err != nil {
		return Token{}, c.deviceFault(ctx, err)
	}
	t := token(result)
	if notSaved, ok := errors.AsType[*tokenstore.NotSaved](lost); ok {
		t.NotSaved = notSaved
	}
	return t, c.sameAccount(ctx, r, t, before)
}

// deviceClient is an MSAL client for this flow alone. Its store is locked only
// from Replace to Export: the person may take minutes before. Its token endpoint
// is under the canonical authority, because MSAL Go makes the device endpoint
// from it by replacing every "token", in a tenant's name too.
func (c *Client) deviceClient(span *lockSpan) (public.Client, error) {
	a := c.config.Authority
	a.TokenEndpoint = a.URL + "/oauth2/v2.0/token"
	httpClient := *c.config.HTTP
	httpClient.Transport = a.Transport(c.config.HTTP.Transport)
	return newMSAL(c.config, span, &httpClient)
}

// devicePage is the tenant's own page for user codes, beside its sign-in page.
func (c *Client) devicePage() (string, error) {
	u, err := url.Parse(c.config.Authority.AuthorizationEndpoint)
	if err != nil {
		return "", &fault.Error{Kind: fault.Usage, What: "the tenant's sign-in page has no address", Fix: signIn, Err: err}
	}
	return u.Scheme + "://" + u.Host + "/common/oauth2/deviceauth", nil
}

func (c *Client) deviceFault(ctx context.Context, err error) error {
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return &fault.Error{Kind: fault.SignIn, What: "nobody typed the code in time", Fix: "run the command again for a new code", Err: err}
	case ctx.Err() != nil:
		return &fault.Error{Kind: fault.Canceled, What: "the sign-in was stopped", Fix: "run the command again to sign in", Err: err}
	}
	return aadsts.FromMSAL(err, "sign in")
}

// sameAccount makes sure that the right person answered a step-up, and keeps
// nothing of a stranger's.
func (c *Client) sameAccount(ctx context.Context, r Request, t Token, before []Account) error {
	if r.Account == nil || r.Account.ID == t.Account.ID {
		return nil
	}
	for _, a := range before {
		if a.ID == t.Account.ID {
			return stranger()
		}
	}
	return errors.Join(stranger(), c.Forget(ctx, t.Account))
}

// lockSpan is a store that is locked from MSAL's Replace to its Export. Locked
// runs in a goroutine meanwhile.
type lockSpan struct {
	store *tokenstore.Store
	mu    sync.Mutex
	open  chan struct{} // closed to end the locked section
	ended chan error    // Locked's result
	last  error
}

var _ cache.ExportReplace = (*lockSpan)(nil)

// Replace locks the store and gives MSAL what is in it.
func (l *lockSpan) Replace(ctx context.Context, into cache.Unmarshaler, hints cache.ReplaceHints) error {
	_ = l.release() // the lock of a Replace that no Export followed
	l.mu.Lock()
	l.open, l.ended = make(chan struct{}), make(chan error, 1)
	open, ended := l.open, l.ended
	l.mu.Unlock()
	inside := make(chan struct{})
	go func() {
		ended <- l.store.Locked(ctx, func(context.Context) error {
			close(inside)
			<-open
			return nil
		})
	}()
	select {
	case <-inside:
		return l.store.Replace(ctx, into, hints)
	case err := <-ended:
		ended <- nil
		return err
	}
}

// Export saves MSAL's cache and unlocks the store.
func (l *lockSpan) Export(ctx context.Context, from cache.Marshaler, hints cache.ExportHints) error {
	err := l.store.Export(ctx, from, hints)
	l.last = l.release()
	return err
}

// release ends the locked section, if there is one, and returns why what was
// saved is in memory only, if it is.
func (l *lockSpan) release() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open == nil {
		return l.last
	}
	close(l.open)
	l.open = nil
	return <-l.ended
}
