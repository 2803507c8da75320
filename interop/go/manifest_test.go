package interop

import (
	"bytes"
	"os"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/yaml"
)

// TestManifestDecodesIntoTheTypesOfKubernetes decodes the manifest strictly, so an
// unknown field fails, and checks the probes and the security context.
func TestManifestDecodesIntoTheTypesOfKubernetes(t *testing.T) {
	raw, err := os.ReadFile("../../deploy/kubernetes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var deployment appsv1.Deployment
	kinds := map[string]any{
		"Deployment":          &deployment,
		"Service":             &corev1.Service{},
		"PodDisruptionBudget": &policyv1.PodDisruptionBudget{},
	}
	for document := range bytes.SplitSeq(raw, []byte("\n---\n")) {
		var head struct{ Kind string }
		if err := yaml.Unmarshal(document, &head); err != nil {
			t.Fatal(err)
		}
		into, ok := kinds[head.Kind]
		if !ok {
			t.Errorf("unexpected kind %s", head.Kind)
			continue
		}
		if err := yaml.UnmarshalStrict(document, into); err != nil {
			t.Errorf("%s: %v", head.Kind, err)
		}
	}
	pod := deployment.Spec.Template.Spec
	if len(pod.Containers) != 1 {
		t.Fatalf("the pod has %d containers", len(pod.Containers))
	}
	container := pod.Containers[0]
	if container.ReadinessProbe == nil || container.LivenessProbe == nil {
		t.Error("the container lacks a probe")
	}
	if !*pod.SecurityContext.RunAsNonRoot {
		t.Error("the pod may run as root")
	}
	if !*container.SecurityContext.ReadOnlyRootFilesystem {
		t.Error("the container may write to its root file system")
	}
	if *container.SecurityContext.AllowPrivilegeEscalation {
		t.Error("the container may gain privileges")
	}
}
