package doctorcmd

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/profilectl/profilectl/internal/auth"
	"github.com/profilectl/profilectl/internal/authority"
	"github.com/profilectl/profilectl/internal/challenge"
	"github.com/profilectl/profilectl/internal/cli/command"
	"github.com/profilectl/profilectl/internal/cli/session"
	"github.com/profilectl/profilectl/internal/config"
	"github.com/profilectl/profilectl/internal/doctor"
	"github.com/profilectl/profilectl/internal/fault"
	"github.com/profilectl/profilectl/internal/profile"
	"github.com/profilectl/profilectl/internal/tokenstore"
	"github.com/profilectl/profilectl/internal/upstream"
	"github.com/profilectl/profilectl/internal/wireshape"
)

// journey is a recorded journey: from discovery to the sign-out. Its tokens are kept in
// memory only, and its edit sets the display name to what it is.
type journey struct {
	*session.Session
	http      *http.Client
	read      auth.Token // for the profile
	write     auth.Token // for the mid-tier
	challenge *challenge.Challenge
	name      string // the display name
}

// recording is what was recorded of a journey.
type recording struct {
	shapes []wireshape.Shape
	// ended is the step that failed, or empty.
	ended string
}

// complete returns the shapes of the steps before the one that failed.
func (r recording) complete() []wireshape.Shape {
	return slices.DeleteFunc(slices.Clone(r.shapes), func(s wireshape.Shape) bool { return s.Step == r.ended })
}

// journeyStep is a step of a journey.
type journeyStep struct {
	name string
	take func(context.Context) error
}

// steps returns the steps in order.
func (j *journey) steps() []journeyStep {
	return slices.Concat(
		[]journeyStep{
			{"discovery", j.discover},
			{"keys", func(ctx context.Context) error { return j.send(ctx, http.MethodGet, j.Authority.JWKSURI, "") }},
			{"authorize-silent", j.authorizeSilently},
			{"device-code", j.requestDeviceCode},
		},
		j.wrongTokenRequests(),
		[]journeyStep{
			{"sign-in", j.signIn},
			{"me", j.readProfile},
		},
		j.wrongReads(),
		[]journeyStep{
			{"silent-edit", j.requestSilently},
			{"mid-tier-without-token", j.callWithoutToken},
			{"step-up", j.stepUp},
			{"edit", j.edit},
			{"me-after", j.readProfile},
			{"sign-out", j.signOut},
		},
	)
}

// recordJourney takes the steps in order and records what is sent. around returns what the
// requests pass below the recorder. If a step fails, the recording ends with it.
func recordJourney(
	ctx context.Context,
	env command.Env,
	g *command.Globals,
	around func(http.RoundTripper) http.RoundTripper,
) (recording, error) {
	j, err := newJourney(env, g)
	if err != nil {
		return recording{}, err
	}
	recorder := &wireshape.Recorder{Next: around(j.http.Transport)}
	j.http.Transport = recorder
	for _, step := range j.steps() {
		recorder.Begin(step.name)
		if err := step.take(ctx); err != nil {
			return recording{recorder.Shapes(), step.name}, err
		}
	}
	return recording{shapes: recorder.Shapes()}, nil
}

func newJourney(env command.Env, g *command.Globals) (*journey, error) {
	s := &session.Session{Env: env, Globals: g, Facts: g.Facts(env)}
	var err error
	if s.Progress, err = command.NewProgress(env.Stderr, g.Progress, s.Facts); err != nil {
		return nil, err
	}
	if s.Paths, err = config.LocatePaths(env.GOOS, env.Getenv); err != nil {
		return nil, err
	}
	if s.Tenant, s.Settings, err = g.Settings(env, s.Paths); err != nil {
		return nil, err
	}
	if err := s.Settings.Need("set them first", "edit-scope", "mid-tier"); err != nil {
		return nil, err
	}
	client, err := upstream.New(upstream.Config{
		CAFile:    s.Settings.Text("ca-file"),
		Timeout:   g.Timeout,
		Attempts:  1,
		UserAgent: command.UserAgent(),
		Log:       g.RequestLog(env),
	})
	return &journey{Session: s, http: client}, err
}

func (j *journey) discover(ctx context.Context) error {
	form, err := authority.Parse(j.Settings.Text("authority"))
	if err != nil {
		return err
	}
	if j.Authority, err = authority.Discover(ctx, j.http, form); err != nil {
		return upstream.Fault(err, "cannot reach the tenant")
	}
	j.Store = tokenstore.Memory()
	return j.Connect(j.http)
}

// send sends a request and ignores the response, which the recorder has seen. It follows
// no redirect.
func (j *journey) send(ctx context.Context, method, address, token string) error {
	req, err := http.NewRequestWithContext(ctx, method, address, http.NoBody)
	if err != nil {
		return err
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return j.do(req)
}

// do sends a request, as send does.
func (j *journey) do(req *http.Request) error {
	client := *j.http
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Do(req)
	if err != nil {
		return upstream.Fault(err, "cannot record the request")
	}
	_, err = io.Copy(io.Discard, res.Body)
	return errors.Join(err, res.Body.Close())
}

// authorizeSilently sends the one authorize request that ends without a user: prompt=none.
func (j *journey) authorizeSilently(ctx context.Context) error {
	return j.authorize(ctx, "code", "none")
}

func (j *journey) authorize(ctx context.Context, responseType, prompt string) error {
	return j.send(ctx, http.MethodGet, withQuery(j.Authority.AuthorizationEndpoint, url.Values{
		"client_id":             {j.Settings.Text("client-id")},
		"redirect_uri":          {"http://localhost"},
		"response_type":         {responseType},
		"response_mode":         {"query"},
		"scope":                 {"openid User.Read"},
		"prompt":                {prompt},
		"state":                 {"state"},
		"code_challenge":        {strings.Repeat("a", 43)},
		"code_challenge_method": {"S256"},
	}), "")
}

func (j *journey) requestDeviceCode(ctx context.Context) error {
	return doctor.Registered(ctx, j.http, j.Authority, j.Settings.Text("client-id"))
}

func (j *journey) signIn(ctx context.Context) (err error) {
	j.read, err = j.Auth.Interactive(ctx, auth.Request{Scopes: session.GraphScopes(), Prompt: "login"})
	return err
}

func (j *journey) readProfile(ctx context.Context) error {
	me, err := j.Graph.Me(ctx, j.read.Access)
	if err != nil {
		return err
	}
	if name := me.Values()["displayName"]; name != nil {
		j.name = *name
	}
	return nil
}

func (j *journey) editScopes() []string { return []string{j.Settings.Text("edit-scope")} }

// requestSilently requests a token for edits without a user, which the tenant must
// refuse: without that, the recording would show no second factor.
func (j *journey) requestSilently(ctx context.Context) (err error) {
	_, j.challenge, err = j.Auth.Probe(ctx, j.read.Account, j.editScopes(), nil)
	if err == nil && j.challenge == nil {
		return &fault.Error{
			Kind: fault.Denied,
			What: "the tenant requires no second factor for edits, so there is none to record",
			Fix: "check that the policy is on, and that the sign-in used a password alone, " +
				"with `" + j.Command("profilectl doctor") + "`",
		}
	}
	return err
}

func (j *journey) callWithoutToken(ctx context.Context) error {
	address := strings.TrimSuffix(strings.TrimSuffix(j.Settings.Text("mid-tier"), "/"), "/updateUserInfo")
	return j.send(ctx, http.MethodPost, address+"/updateUserInfo", "")
}

func (j *journey) stepUp(ctx context.Context) (err error) {
	j.write, err = j.Auth.Interactive(ctx, auth.Request{
		Scopes:    j.editScopes(),
		Account:   &j.read.Account,
		Challenge: j.challenge,
	})
	return err
}

// edit sets the display name to what it is.
func (j *journey) edit(ctx context.Context) error {
	change := profile.Change{}
	if err := change.Set("displayName", j.name); err != nil {
		return err
	}
	_, err := j.MidTier.Update(ctx, j.write.Access, change)
	return err
}

func (j *journey) signOut(ctx context.Context) error {
	if j.Authority.EndSessionEndpoint == "" {
		return nil
	}
	return j.send(ctx, http.MethodGet, withQuery(j.Authority.EndSessionEndpoint, url.Values{
		"post_logout_redirect_uri": {"http://localhost"},
	}), "")
}
