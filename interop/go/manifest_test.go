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

// TestTheManifestHoldsWhatKubernetesKnows decodes it into Kubernetes' own types,
// which know every field, and looks at what matters most.
func TestTheManifestHoldsWhatKubernetesKnows(t *testing.T) {
	raw, err := os.ReadFile("../../deploy/kubernetes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var deployment appsv1.Deployment
	kinds := map[string]any{"Deployment": &deployment, "Service": &corev1.Service{}, "PodDisruptionBudget": &policyv1.PodDisruptionBudget{}}
	for document := range bytes.SplitSeq(raw, []byte("\n---\n")) {
		var head struct{ Kind string }
		if err := yaml.Unmarshal(document, &head); err != nil {
			t.Fatal(err)
		}
		into, ok := kinds[head.Kind]
		if !ok {
			t.Errorf("%s is not expected", head.Kind)
			continue
		}
		if err := yaml.UnmarshalStrict(document, into); err != nil {
			t.Errorf("%s: %v", head.Kind, err)
		}
	}
	pod := deployment.Spec.Template.Spec
	if len(pod.Containers) != 1 || pod.Containers[0].ReadinessProbe == nil || pod.Containers[0].LivenessProbe == nil ||
		!*pod.SecurityContext.RunAsNonRoot || !*pod.Containers[0].SecurityContext.ReadOnlyRootFilesystem || *pod.Containers[0].SecurityContext.AllowPrivilegeEscalation {
		t.Error("the pod has no probes, or may do more than it should")
	}
}
