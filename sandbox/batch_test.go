package sandbox_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/profilectl/profilectl/sandbox"
)

func TestGraphBatches(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	_, write := c.graphTokens()
	status, members := c.graph(http.MethodPost, "/v1.0/$batch", write, `{"requests":[
		{"id":"read","method":"GET","url":"/me?$select=city","dependsOn":["edit"]},
		{"id":"edit","method":"PATCH","url":"me","headers":{"content-type":"application/json"},"body":{"city":"Bern"}},
		{"id":"bad","method":"PATCH","url":"/me","headers":{"Content-Type":"application/json"},"body":{"city":""}},
		{"id":"after bad","method":"GET","url":"/me","dependsOn":["BAD"]},
		{"id":"text","method":"GET","url":"/me/displayName/$value"},
		{"id":"nested","method":"POST","url":"/$batch"}
	]}`)
	responses, _ := members["responses"].([]any)
	got := map[string]map[string]any{}
	for _, r := range responses {
		response, _ := r.(map[string]any)
		got[fmt.Sprint(response["id"])] = response
	}
	for id, want := range map[string]float64{
		"read": 200, "edit": 204, "bad": 400, "after bad": 424, "text": 200, "nested": 400,
	} {
		if got[id]["status"] != want {
			t.Errorf("%s: got %v, want %v", id, got[id], want)
		}
	}
	body, _ := got["read"]["body"].(map[string]any)
	if status != 200 || body["city"] != "Bern" {
		t.Errorf("the request that depends on the change: got %d %v", status, got["read"])
	}
	if got["text"]["body"] != "Q2FzZXkgSmVuc2Vu" { // base64
		t.Errorf("text: got %v", got["text"])
	}
}

func TestGraphRejectsInvalidBatches(t *testing.T) {
	c := newClient(t, sandbox.Config{})
	_, write := c.graphTokens()
	one := func(id string) string { return `{"id":"` + id + `","method":"GET","url":"/me"}` }
	many := make([]string, 0, 21)
	for i := range 21 {
		many = append(many, one(fmt.Sprint(i)))
	}
	for name, requests := range map[string]string{
		"no requests":          "",
		"21 requests":          strings.Join(many, ","),
		"one id twice":         one("a") + "," + one("A"),
		"no id":                `{"method":"GET","url":"/me"}`,
		"no Content-Type":      `{"id":"1","method":"PATCH","url":"/me","body":{"city":"Bern"}}`,
		"a circle":             `{"id":"1","method":"GET","url":"/me","dependsOn":["1"]}`,
		"an unknown condition": `{"id":"1","method":"GET","url":"/me","dependsOn":["2"]}`,
		"half an object":       `{`,
	} {
		status, members := c.graph(http.MethodPost, "/v1.0/$batch", write, `{"requests":[`+requests+`]}`)
		if code := graphCode(members); status != 400 || code != "BadRequest" {
			t.Errorf("%s: got %d %s", name, status, code)
		}
	}
}
