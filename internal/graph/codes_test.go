package graph

import "testing"

func TestExplainKnowsEveryCode(t *testing.T) {
	codes := Codes()
	if len(codes) == 0 {
		t.Fatal("no codes")
	}
	for _, code := range codes {
		e, known := Explain(code)
		if !known || e.Code != code || e.Cause == "" || e.Fault.What == "" || e.Fault.Advice() == "" {
			t.Errorf("%s: %+v, %v", code, e, known)
		}
	}
	if e, known := Explain("TOOMANYREQUESTS"); !known || e.Code != "TooManyRequests" {
		t.Errorf("got %+v, %v; want a match that ignores case", e, known)
	}
	if _, known := Explain("nothing"); known {
		t.Error("an unknown code is known")
	}
}
