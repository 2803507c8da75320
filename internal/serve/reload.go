package serve

import (
	"context"
	"log/slog"
)

// Reload describes a reload of the settings.
type Reload struct {
	// Settings are the new settings, of which Rate, ExchangeRate, AllowOrigin, DrainDelay
	// and the SecretExpires of both credentials count. Nil keeps the old ones, because the new ones cannot
	// be used.
	Settings *Settings
	// Applied are the names of the settings that changed and count, for the log.
	Applied []string
	// Restart are the names of the settings that changed and need a restart, for the log.
	Restart []string
}

// reloadable is something that is read from files.
type reloadable struct {
	name   string // the setting
	reload func() (changed bool, err error)
	err    func() error // why the files cannot be used since they changed last
}

// reloadables returns what is read from files.
func (s *Server) reloadables() []reloadable {
	all := []reloadable{{s.settings.Credential.kind(""), s.credential.Reload, s.credential.Err}}
	if c := s.certificate.Load(); c != nil {
		all = append(all, reloadable{"tls-cert", c.Reload, c.Err})
	}
	if store := s.parts.shared; store != nil {
		all = append(all, reloadable{"cache-key-file", store.ReloadKey, store.KeyErr})
	}
	if audit := s.parts.audit; audit != nil {
		all = append(all, reloadable{"audit-log", s.reopenAudit, audit.Err})
	}
	return append(all, s.parts.attributes.reloadables()...)
}

// Reload checks all files for changes now and applies new settings. What cannot be used
// is logged as an error, and the old value stays in use. Reload logs one line with what
// it did. It must not be called concurrently.
func (s *Server) Reload(ctx context.Context, r Reload) {
	notify(ctx, s.settings.NotifySocket, "RELOADING=1")
	defer notify(ctx, s.settings.NotifySocket, "READY=1")
	var changed, failed []string
	for _, file := range s.reloadables() {
		switch fresh, err := file.reload(); {
		case err != nil:
			failed = append(failed, file.name)
		case fresh:
			changed = append(changed, file.name)
		}
	}
	if t := s.tenant.Load(); t != nil {
		s.recheck(ctx, t) // perhaps with a new credential
	}
	s.settingsFailed.Store(r.Settings == nil)
	if r.Settings == nil {
		failed = append(failed, "settings")
	} else {
		s.applySettings(*r.Settings)
	}
	level := slog.LevelInfo
	if len(failed) > 0 {
		level = slog.LevelError
	}
	s.log.LogAttrs(ctx, level, "reloaded",
		names("files", changed), names("settings", r.Applied), names("restart", r.Restart), names("failed", failed))
}

// recheck checks the credentials.
func (s *Server) recheck(ctx context.Context, t *tenant) {
	if t.probe != nil {
		t.probe.Recheck()
	}
	if t.application != nil {
		s.tryApplication(ctx, t.application)
	}
}

// names returns an attribute, or an empty one, which is not logged, if there are no names.
func names(key string, names []string) slog.Attr {
	if len(names) == 0 {
		return slog.Attr{}
	}
	return slog.Any(key, names)
}

// applySettings applies the settings that can change while the mid-tier runs. The counts of the
// users' requests start again only if the limit changes.
func (s *Server) applySettings(next Settings) {
	l := *s.live.Load()
	if next.Rate != l.rates.perMinute {
		l.rates = newRates(next.Rate, s.parts.shared)
	}
	if next.ExchangeRate != l.exchangeRate {
		l.exchangeRate = next.ExchangeRate
		s.parts.pacing.pacer.SetRate(next.ExchangeRate)
	}
	l.allowOrigin, l.drainDelay = next.AllowOrigin, next.DrainDelay
	l.secretExpires = next.Credential.SecretExpires
	l.attributesSecretExpires = next.Attributes.Credential.SecretExpires
	s.live.Store(&l)
}

// reloaded reports whether the current files and settings are in use. It is false if one
// of them changed and cannot be used.
func (s *Server) reloaded() bool {
	ok := !s.settingsFailed.Load()
	for _, file := range s.reloadables() {
		ok = ok && file.err() == nil
	}
	return ok
}
