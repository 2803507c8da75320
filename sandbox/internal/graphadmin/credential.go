package graphadmin

import (
	"crypto/rand"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/profilectl/profilectl/sandbox/internal/directory"
	"github.com/profilectl/profilectl/sandbox/internal/odata"
)

// secretLife is the lifetime of a client secret without an endDateTime.
const secretLife = 2

func (a *Admin) addPassword(c call) (res result, e *odata.Error) {
	var body struct {
		Password struct {
			Name  string     `json:"displayName"`
			Start *time.Time `json:"startDateTime"`
			End   *time.Time `json:"endDateTime"`
		} `json:"passwordCredential"`
	}
	if _, e := read(c.raw, &body, "passwordCredential"); e != nil {
		return res, e
	}
	secret := directory.Secret{
		ID:    directory.NewID(),
		Name:  body.Password.Name,
		Value: rand.Text() + "~" + rand.Text()[:13],
		Start: a.Now(),
	}
	secret.End = secret.Start.AddDate(secretLife, 0, 0)
	set(&secret.Start, body.Password.Start)
	set(&secret.End, body.Password.End)
	if !secret.End.After(secret.Start) {
		return res, invalidValue("passwordCredential/endDateTime")
	}
	e = a.update(func(d *directory.State) *odata.Error {
		app, e := a.findApp(d, c.key("app"))
		if e != nil {
			return e
		}
		app.Secrets = append(app.Secrets, secret)
		o := passwordObject(secret, secret.Value)
		o["@odata.context"] = metadata + "microsoft.graph.passwordCredential"
		res = ok(o, "added a client secret to "+app.Name)
		return nil
	})
	return res, e
}

func (a *Admin) removePassword(c call) (res result, e *odata.Error) {
	var body struct {
		ID string `json:"keyId"`
	}
	if _, e := read(c.raw, &body, "keyId"); e != nil {
		return res, e
	}
	e = a.update(func(d *directory.State) *odata.Error {
		app, e := a.findApp(d, c.key("app"))
		if e != nil {
			return e
		}
		i := slices.IndexFunc(app.Secrets, func(s directory.Secret) bool { return strings.EqualFold(s.ID, body.ID) })
		if i < 0 {
			return odata.Rejected("No password credential found with keyId '" + odata.Clean(body.ID) + "'.")
		}
		app.Secrets = slices.Delete(app.Secrets, i, i+1)
		res = done("removed a client secret of " + app.Name)
		return nil
	})
	return res, e
}

const federatedSet = "applications/federatedIdentityCredentials"

func workloadObject(w directory.Workload) odata.Object {
	return odata.Object{
		"id":          w.ID,
		"name":        w.Name,
		"description": orNull(w.Description),
		"issuer":      w.Issuer,
		"subject":     w.Subject,
		"audiences":   orEmpty(w.Audiences),
	}
}

func (a *Admin) listWorkloads(c call) (res result, e *odata.Error) {
	all := []odata.Object{}
	a.Directory.View(func(d *directory.State) {
		var app *directory.App
		if app, e = a.findApp(d, c.key("app")); e == nil {
			for _, w := range app.Workloads {
				all = append(all, workloadObject(w))
			}
		}
	})
	if e != nil {
		return res, e
	}
	return a.collection(c, federatedSet, all)
}

// workloadBody is the body of a request that creates or changes a federated credential.
type workloadBody struct {
	Name        *string  `json:"name"`
	Description *string  `json:"description"`
	Issuer      *string  `json:"issuer"`
	Subject     *string  `json:"subject"`
	Audiences   []string `json:"audiences"`
}

func (a *Admin) createWorkload(c call) (res result, e *odata.Error) {
	var body workloadBody
	if _, e := read(c.raw, &body, "name", "description", "issuer", "subject", "audiences"); e != nil {
		return res, e
	}
	e = a.update(func(d *directory.State) *odata.Error {
		app, e := a.findApp(d, c.key("app"))
		if e != nil {
			return e
		}
		w := directory.Workload{ID: directory.NewID()}
		if e := body.apply(app, &w); e != nil {
			return e
		}
		app.Workloads = append(app.Workloads, w)
		res = created(entity(c, federatedSet, workloadObject(w)), "added a federated credential to "+app.Name)
		return nil
	})
	return res, e
}

// apply checks and sets the properties of a federated credential (learn.microsoft.com,
// "federatedIdentityCredential resource type"). Names are unique in an app, and so is the
// combination of issuer and subject.
func (b workloadBody) apply(app *directory.App, w *directory.Workload) *odata.Error {
	set(&w.Name, b.Name)
	set(&w.Description, b.Description)
	set(&w.Issuer, b.Issuer)
	set(&w.Subject, b.Subject)
	if b.Audiences != nil {
		w.Audiences = b.Audiences
	}
	const limit = 20
	issuer, err := url.Parse(w.Issuer)
	switch {
	case w.Name == "" || strings.ContainsAny(w.Name, " /"):
		return invalidValue("name")
	case w.Subject == "":
		return invalidValue("subject")
	case len(w.Audiences) != 1 || w.Audiences[0] == "":
		return invalidValue("audiences")
	case err != nil || issuer.Scheme != "https" || issuer.Host == "":
		return invalidValue("issuer")
	case len(app.Workloads) >= limit:
		return odata.Rejected("The number of federated identity credentials exceeds the limit of 20.")
	}
	for _, other := range app.Workloads {
		switch {
		case other.ID == w.ID:
		case strings.EqualFold(other.Name, w.Name):
			return odata.Conflict("FederatedIdentityCredential with name " + odata.Clean(w.Name) + " already exists.")
		case other.Issuer == w.Issuer && other.Subject == w.Subject:
			return odata.Conflict("FederatedIdentityCredential with the same issuer and subject already exists on " +
				"the application.")
		}
	}
	return nil
}

// findWorkload returns the federated credential that a path names, by its id or its name.
func (a *Admin) findWorkload(d *directory.State, c call) (*directory.App, int, *odata.Error) {
	app, e := a.findApp(d, c.key("app"))
	if e != nil {
		return nil, 0, e
	}
	key := c.key("credential")
	if name, ok := strings.CutPrefix(key, "name="); ok {
		key = strings.Trim(name, "'")
	}
	i := slices.IndexFunc(app.Workloads, func(w directory.Workload) bool {
		return strings.EqualFold(w.ID, key) || w.Name == key
	})
	if i < 0 {
		return nil, 0, odata.NoObject(key)
	}
	return app, i, nil
}

func (a *Admin) getWorkload(c call) (res result, e *odata.Error) {
	a.Directory.View(func(d *directory.State) {
		var app *directory.App
		var i int
		if app, i, e = a.findWorkload(d, c); e == nil {
			o := workloadObject(app.Workloads[i])
			res = ok(entity(c, federatedSet, o), "returned a federated credential of "+app.Name)
		}
	})
	return res, e
}

func (a *Admin) updateWorkload(c call) (res result, e *odata.Error) {
	var body workloadBody
	if _, e := read(c.raw, &body, "description", "issuer", "subject", "audiences"); e != nil {
		return res, e
	}
	e = a.update(func(d *directory.State) *odata.Error {
		app, i, e := a.findWorkload(d, c)
		if e != nil {
			return e
		}
		res = done("changed a federated credential of " + app.Name)
		return body.apply(app, &app.Workloads[i])
	})
	return res, e
}

func (a *Admin) deleteWorkload(c call) (res result, e *odata.Error) {
	e = a.update(func(d *directory.State) *odata.Error {
		app, i, e := a.findWorkload(d, c)
		if e != nil {
			return e
		}
		app.Workloads = slices.Delete(app.Workloads, i, i+1)
		res = done("removed a federated credential of " + app.Name)
		return nil
	})
	return res, e
}
